//! Instants and lengths on a media timeline.

use std::num::NonZeroU32;
use std::time::Duration;

/// Ticks per second of a track; never zero.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct Timescale(NonZeroU32);

impl Timescale {
    /// One tick is one frame of the programme: 48 kHz.
    pub const PROGRAMME: Self = Self(NonZeroU32::new(48_000).unwrap());
    /// One tick is a millisecond, as in RTMP and FLV.
    pub const MILLIS: Self = Self(NonZeroU32::new(1_000).unwrap());

    /// `None` when `hz` is zero.
    pub const fn new(hz: u32) -> Option<Self> {
        match NonZeroU32::new(hz) {
            Some(hz) => Some(Self(hz)),
            None => None,
        }
    }

    /// Ticks per second.
    pub const fn hz(self) -> u32 {
        self.0.get()
    }
}

/// An instant on one track's media timeline, in ticks of that track's [`Timescale`].
///
/// An instant, not a number: two of them subtract to a [`MediaDuration`], they never add.
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct MediaTime(u64);

impl MediaTime {
    /// The instant `ticks` after the timeline's origin.
    pub const fn from_ticks(ticks: u64) -> Self {
        Self(ticks)
    }

    /// Ticks since the timeline's origin.
    pub const fn ticks(self) -> u64 {
        self.0
    }

    /// How far `self` lies after `earlier`; `None` when it lies before it.
    pub fn since(self, earlier: Self) -> Option<MediaDuration> {
        self.0.checked_sub(earlier.0).map(MediaDuration)
    }

    /// This instant measured from the origin as civil time, at `timescale`.
    pub fn to_duration(self, timescale: Timescale) -> Duration {
        MediaDuration(self.0).to_duration(timescale)
    }
}

impl std::ops::Add<MediaDuration> for MediaTime {
    type Output = Self;

    fn add(self, length: MediaDuration) -> Self {
        Self(self.0 + length.0)
    }
}

impl std::ops::AddAssign<MediaDuration> for MediaTime {
    fn add_assign(&mut self, length: MediaDuration) {
        self.0 += length.0;
    }
}

/// A length on one track's media timeline, in ticks of that track's [`Timescale`].
#[derive(Clone, Copy, Debug, Default, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct MediaDuration(u64);

impl MediaDuration {
    /// A length of `ticks`.
    pub const fn from_ticks(ticks: u64) -> Self {
        Self(ticks)
    }

    /// The length in ticks.
    pub const fn ticks(self) -> u64 {
        self.0
    }

    /// The length as civil time, rounded down to the nanosecond.
    pub fn to_duration(self, timescale: Timescale) -> Duration {
        let hz = u64::from(timescale.hz());
        Duration::new(self.0 / hz, ((self.0 % hz) * 1_000_000_000 / hz) as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_minus_an_earlier_one_is_a_length() {
        let late = MediaTime::from_ticks(1_920);
        assert_eq!(late.since(MediaTime::from_ticks(960)), Some(MediaDuration::from_ticks(960)));
        assert_eq!(MediaTime::from_ticks(960).since(late), None);
    }

    #[test]
    fn a_second_of_programme_is_a_second() {
        let second = MediaDuration::from_ticks(48_000);
        assert_eq!(second.to_duration(Timescale::PROGRAMME), Duration::from_secs(1));
        assert_eq!(
            MediaDuration::from_ticks(30_720).to_duration(Timescale::PROGRAMME),
            Duration::from_millis(640)
        );
    }
}
