//! Sound that comes before its publisher is let in.

use std::collections::VecDeque;

use crate::flv::Media;

/// Units held: more than a second of any codec. A key is checked in milliseconds.
const MAX_UNITS: usize = 64;
/// Bytes of units held: a second of AAC at the highest rate anybody sends.
const MAX_BYTES: usize = 64 * 1024;

/// The newest track and the newest units that precede the answer to a publish request. When it is full the
/// oldest unit goes.
#[derive(Debug, Default)]
pub(super) struct Held {
    track: Option<Media>,
    units: VecDeque<Media>,
    bytes: usize,
}

impl Held {
    pub(super) fn push(&mut self, media: Media) {
        match &media {
            Media::Track(_) => *self = Self { track: Some(media), ..Self::default() },
            Media::Unit(unit) => {
                self.bytes += unit.data.len();
                self.units.push_back(media);
                while self.units.len() > MAX_UNITS || self.bytes > MAX_BYTES {
                    let Some(Media::Unit(oldest)) = self.units.pop_front() else { return };
                    self.bytes -= oldest.data.len();
                }
            }
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    pub(super) fn into_media(self) -> impl Iterator<Item = Media> {
        self.track.into_iter().chain(self.units)
    }
}

#[cfg(test)]
mod tests {
    use media::{AccessUnit, Channels, Codec, MediaDuration, MediaTime, Timescale, TrackInfo};

    use super::*;

    fn track(sample_rate: u32) -> Media {
        Media::Track(TrackInfo {
            codec: Codec::AacLc,
            timescale: Timescale::MILLIS,
            sample_rate,
            channels: Channels::Mono,
            config: [0x12, 0x08].as_slice().into(),
        })
    }

    fn unit(time: u64, size: usize) -> Media {
        let time = MediaTime::from_ticks(time);
        Media::Unit(AccessUnit { time, duration: MediaDuration::default(), data: vec![0; size].into() })
    }

    #[test]
    fn the_oldest_units_go_and_the_track_stays() {
        let mut held = Held::default();
        held.push(track(48_000));
        for time in 0..100 {
            held.push(unit(time, 10));
        }
        assert_eq!(held.bytes(), 640);
        let media: Vec<_> = held.into_media().collect();
        assert_eq!(media.len(), 65);
        assert_eq!(media[..2], [track(48_000), unit(36, 10)]);
    }

    #[test]
    fn large_units_are_bounded_by_their_bytes() {
        let mut held = Held::default();
        held.push(track(48_000));
        for time in 0..20 {
            held.push(unit(time, 16_000));
        }
        assert_eq!(held.bytes(), 64_000);
    }

    #[test]
    fn a_new_track_voids_the_units_before_it() {
        let mut held = Held::default();
        held.push(track(48_000));
        held.push(unit(0, 10));
        held.push(track(44_100));
        assert_eq!(held.bytes(), 0);
        assert_eq!(held.into_media().collect::<Vec<_>>(), [track(44_100)]);
    }
}
