//! What one listener received of one RTP stream (RFC 3550): loss, order, jitter, lateness.

use std::time::{Duration, Instant};

/// Opus counts RTP time in this many ticks a second, whatever it codes (RFC 7587, 4.1).
pub(crate) const CLOCK: f64 = 48_000.0;
/// Packets back from the newest one that may still come: 1.3 s of 20 ms. Players have given up long before.
const WINDOW: i64 = 64;
/// A jump ahead beyond this is another stream and no loss (`MAX_DROPOUT` of RFC 3550, A.1).
const DROPOUT: i16 = 3000;
/// Behind the quickest packet by more than this is late: what a player's jitter buffer takes in its stride.
pub const LATE: Duration = Duration::from_millis(100);
/// How far two clocks may drift apart: the quickest packet of an hour ago is no measure for today's.
const DRIFT: f64 = 200e-6;

/// What was counted.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Counts {
    /// Packets that came, each once.
    pub received: u64,
    /// Bytes of their payloads.
    pub bytes: u64,
    /// Packets that never came, and that no other one stood in for.
    pub lost: u64,
    /// Packets that never came and were in the redundancy of a later one (RFC 2198).
    pub recovered: u64,
    /// Packets that came after a younger one.
    pub reordered: u64,
    /// Packets that came again.
    pub duplicates: u64,
    /// Packets that came, later than [`LATE`] or after they had been given up.
    pub late: u64,
    /// Times at which the stream began anew.
    pub restarts: u64,
}

impl Counts {
    /// Packets that were sent, as far as a receiver can know.
    pub fn expected(&self) -> u64 {
        self.received + self.lost + self.recovered
    }
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.received += other.received;
        self.bytes += other.bytes;
        self.lost += other.lost;
        self.recovered += other.recovered;
        self.reordered += other.reordered;
        self.duplicates += other.duplicates;
        self.late += other.late;
        self.restarts += other.restarts;
    }
}

/// A packet as it came.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    /// RTP's sequence number.
    pub sequence: u16,
    /// RTP's timestamp.
    pub timestamp: u32,
    /// Bytes of the payload.
    pub bytes: usize,
    /// When it was read from the socket.
    pub at: Instant,
}

/// The newest packets of one stream and what became of them.
#[derive(Debug)]
pub struct Reception {
    counts: Counts,
    stream: Option<Stream>,
}

#[derive(Debug)]
struct Stream {
    /// The newest sequence number.
    newest: u16,
    /// Bit i: the packet i before the newest one came.
    came: u64,
    /// Bit i: its sound came in the redundancy of a later one.
    covered: u64,
    /// Timestamp of the packet that came last, and the same without wrapping, seconds.
    timestamp: u32,
    media: f64,
    /// The first packet's arrival: zero of all times here.
    epoch: Instant,
    /// Arrival less media time of the packet that came last, and the least of them, seconds.
    transit: f64,
    quickest: f64,
    arrived: f64,
    jitter: f64,
}

impl Reception {
    /// Nothing has come yet.
    pub fn new() -> Self {
        Self { counts: Counts::default(), stream: None }
    }

    /// Takes a packet. Says how long after the quickest one it came, unless it had come before.
    pub fn push(&mut self, arrival: Arrival) -> Option<Duration> {
        let Some(stream) = &mut self.stream else {
            self.begin(arrival);
            return Some(Duration::ZERO);
        };
        let ahead = arrival.sequence.wrapping_sub(stream.newest) as i16;
        if !(-DROPOUT..=DROPOUT).contains(&ahead) {
            self.counts.restarts += 1;
            self.give_up_window();
            self.begin(arrival);
            return Some(Duration::ZERO);
        }
        if ahead > 0 {
            stream.advance(i64::from(ahead), &mut self.counts);
            stream.newest = arrival.sequence;
            stream.came |= 1;
        } else {
            let back = -i64::from(ahead);
            if back >= WINDOW {
                // Counted as lost when it left the window; it is there, but nobody waited for it.
                self.counts.late += 1;
                return None;
            }
            if stream.came & (1 << back) != 0 {
                self.counts.duplicates += 1;
                return None;
            }
            stream.came |= 1 << back;
            self.counts.reordered += 1;
        }
        self.counts.received += 1;
        self.counts.bytes += arrival.bytes as u64;
        let delay = stream.time(arrival);
        if delay > LATE {
            self.counts.late += 1;
        }
        Some(delay)
    }

    /// The sound of the packet `back` before `sequence` came with it.
    pub fn cover(&mut self, sequence: u16, back: u16) {
        let Some(stream) = &mut self.stream else { return };
        let back = i64::from(stream.newest.wrapping_sub(sequence.wrapping_sub(back)) as i16);
        if (0..WINDOW).contains(&back) {
            stream.covered |= 1 << back;
        }
    }

    /// What was counted since this was called last. Packets that may still come are in the next counts.
    pub fn take(&mut self) -> Counts {
        std::mem::take(&mut self.counts)
    }

    /// Gives up what has not come so far, then [`Self::take`].
    pub fn finish(&mut self) -> Counts {
        self.give_up_window();
        self.take()
    }

    /// Interarrival jitter now (RFC 3550, 6.4.1).
    pub fn jitter(&self) -> Option<Duration> {
        self.stream.as_ref().map(|stream| Duration::from_secs_f64(stream.jitter))
    }

    fn begin(&mut self, arrival: Arrival) {
        self.counts.received += 1;
        self.counts.bytes += arrival.bytes as u64;
        self.stream = Some(Stream {
            newest: arrival.sequence,
            // What was sent before this one joined is nobody's loss.
            came: u64::MAX,
            covered: 0,
            timestamp: arrival.timestamp,
            media: 0.0,
            epoch: arrival.at,
            transit: 0.0,
            quickest: 0.0,
            arrived: 0.0,
            jitter: 0.0,
        });
    }

    fn give_up_window(&mut self) {
        if let Some(stream) = &mut self.stream {
            stream.advance(WINDOW, &mut self.counts);
            stream.came = u64::MAX;
        }
    }
}

impl Default for Reception {
    fn default() -> Self {
        Self::new()
    }
}

impl Stream {
    /// Moves the window on; what falls out of it without having come is lost.
    fn advance(&mut self, by: i64, counts: &mut Counts) {
        let leaving = by.min(WINDOW);
        let fallen = if leaving == WINDOW { u64::MAX } else { !(u64::MAX >> leaving) };
        let missing = !self.came & fallen;
        counts.recovered += u64::from((missing & self.covered).count_ones());
        counts.lost += u64::from((missing & !self.covered).count_ones());
        // Of a jump longer than the window, the part that was never in it.
        counts.lost += (by - leaving) as u64;
        self.came = self.came.checked_shl(by as u32).unwrap_or(0);
        self.covered = self.covered.checked_shl(by as u32).unwrap_or(0);
    }

    /// Jitter and delay of a packet that has come.
    fn time(&mut self, arrival: Arrival) -> Duration {
        let ticks = arrival.timestamp.wrapping_sub(self.timestamp) as i32;
        self.timestamp = arrival.timestamp;
        self.media += f64::from(ticks) / CLOCK;
        let arrived = arrival.at.saturating_duration_since(self.epoch).as_secs_f64();
        let transit = arrived - self.media;
        self.jitter += ((transit - self.transit).abs() - self.jitter) / 16.0;
        self.quickest = (self.quickest + (arrived - self.arrived) * DRIFT).min(transit);
        (self.transit, self.arrived) = (transit, arrived);
        Duration::from_secs_f64(transit - self.quickest)
    }
}

#[cfg(test)]
mod tests;
