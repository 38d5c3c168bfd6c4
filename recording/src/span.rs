//! A stretch of a run.

use std::time::Duration;

use media::{MediaDuration, MediaTime, Timescale};

/// A stretch of a run's timeline, in frames at 48 kHz: any sample may be the first or the last.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Span {
    from: MediaTime,
    to: MediaTime,
}

impl Span {
    /// The longest: a day. What is kept of a plan grows with it, six bytes for each of its four million access units.
    pub const MAX: MediaDuration = MediaDuration::from_ticks(24 * 3_600 * 48_000);

    /// From `from` to before `to`. `None` where nothing lies between them, or more than [`Self::MAX`].
    pub fn new(from: MediaTime, to: MediaTime) -> Option<Self> {
        let length = to.since(from)?;
        (length > MediaDuration::default() && length <= Self::MAX).then_some(Self { from, to })
    }

    /// Its first frame.
    pub const fn from(self) -> MediaTime {
        self.from
    }

    /// The first frame after it.
    pub const fn to(self) -> MediaTime {
        self.to
    }

    /// Its length in frames.
    pub const fn frames(self) -> u64 {
        self.to.ticks() - self.from.ticks()
    }

    /// Its length as civil time.
    pub fn duration(self) -> Duration {
        MediaDuration::from_ticks(self.frames()).to_duration(Timescale::PROGRAMME)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(from: u64, to: u64) -> Option<Span> {
        Span::new(MediaTime::from_ticks(from), MediaTime::from_ticks(to))
    }

    #[test]
    fn a_span_has_a_first_frame_and_an_end_within_a_day() {
        assert_eq!(span(10, 11).map(Span::frames), Some(1));
        assert_eq!(span(0, 48_000).map(Span::duration), Some(Duration::from_secs(1)));
        assert!(span(10, 10).is_none() && span(11, 10).is_none());
        let day = Span::MAX.ticks();
        assert!(span(5, day + 5).is_some() && span(5, day + 6).is_none());
    }
}
