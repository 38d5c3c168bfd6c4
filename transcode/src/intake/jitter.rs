//! How much of a source has to wait so that late arrivals are in time.

/// Kept on top of what was seen: a tick takes 20 ms at once, and the next delay may be a little worse.
const RESERVE: f64 = 0.020 + 0.010;

/// What an underrun adds at least, so that a target that was too small doesn't fail again and again.
const AFTER_UNDERRUN: f64 = 0.020;

/// What a quiet second takes back. The resampler walks after it unheard.
const SHRINK: f64 = 0.001;

/// The same for a source that ran dry again after it had been given more: what delays it comes back now and
/// then, and is waited for.
const SHRINK_WARILY: f64 = 0.000_25;

/// The target of one source's buffer, in seconds.
#[derive(Debug)]
pub(super) struct Jitter {
    least: f64,
    most: f64,
    /// What the worst arrival needed, slowly forgotten.
    needed: f64,
    /// Times it ran dry for want of buffer. The first may be a connection's own beginning.
    failed: u32,
}

impl Jitter {
    pub(super) fn new(least: f64, most: f64) -> Self {
        Self { least, most, needed: least, failed: 0 }
    }

    pub(super) fn target(&self) -> f64 {
        self.needed.clamp(self.least, self.most)
    }

    /// Sound arrived when the buffer stood `below` its usual level. What no buffer of ours could have
    /// covered is a stall and teaches nothing.
    pub(super) fn observe(&mut self, below: f64) {
        if below <= self.most {
            self.needed = self.needed.max(below + RESERVE).min(self.most);
        }
    }

    /// A buffer that usually stood at `level` ran dry, and `after` seconds later sound came again. Like
    /// `observe`, this learns nothing from a stall.
    pub(super) fn underran(&mut self, level: f64, after: f64) {
        if after <= self.most {
            self.failed = self.failed.saturating_add(1);
            let missed = level + after + RESERVE;
            self.needed = missed.max(self.target() + AFTER_UNDERRUN).min(self.most);
        }
    }

    pub(super) fn shrink(&mut self, seconds: f64) {
        let pace = if self.failed > 1 { SHRINK_WARILY } else { SHRINK };
        self.needed = (self.needed - pace * seconds).max(self.least);
    }
}
