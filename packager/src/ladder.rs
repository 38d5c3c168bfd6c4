//! Which renditions a run lists, and what a multivariant playlist says of them.

use media::{AudioProfile, Codec, Rung, RungId};

use crate::fragment::overhead;
use crate::moment;
use crate::{Grid, LatencyMode};

/// The renditions of a run: every rung is packaged, those whose frames divide a part are listed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Ladder {
    grid: Grid,
    rungs: [Rung; 3],
}

impl Ladder {
    /// The ladder of `profile` in `mode`.
    pub const fn new(profile: AudioProfile, mode: LatencyMode) -> Self {
        Self { grid: Grid::new(mode), rungs: profile.rungs() }
    }

    /// The grid it is cut on.
    pub const fn grid(&self) -> Grid {
        self.grid
    }

    /// Every rung that is encoded.
    pub const fn rungs(&self) -> &[Rung; 3] {
        &self.rungs
    }

    /// The rungs that playlists list: AAC first, Opus last, and Opus not in `ultra`, whose parts no
    /// Opus frame divides.
    pub fn listed(&self) -> impl Iterator<Item = &Rung> + Clone {
        let part = self.grid.part().ticks();
        self.rungs.iter().filter(move |rung| part.is_multiple_of(rung.unit_frames()))
    }

    /// Whether playlists list `rung`.
    pub fn lists(&self, rung: RungId) -> bool {
        self.listed().any(|listed| listed.id == rung)
    }

    /// `AVERAGE-BANDWIDTH`: coded bits plus the boxes around them, per second. Most of the time nobody writes a
    /// message, so those do not count.
    pub fn average_bandwidth(&self, rung: &Rung) -> u64 {
        let part = self.grid.part().ticks();
        let bits = 8 * overhead((part / rung.unit_frames()) as usize) as u64;
        u64::from(rung.bit_rate) + (bits * 48_000).div_ceil(part)
    }

    /// `BANDWIDTH`: an upper bound of any segment. Encoders are constant in rate; what varies is how
    /// full AAC's bit reservoir is at the cut, at most 6,144 bits a channel, and how much is said beside the sound.
    pub fn bandwidth(&self, rung: &Rung) -> u64 {
        let reservoir = 6_144 * rung.channels.count() as u64 * 48_000 / Grid::SLOT.ticks();
        (self.average_bandwidth(rung) + reservoir) * 21 / 20 + 8 * moment::PEAK
    }
}

/// `CODECS` of what we encode (RFC 6381): AAC-LC, or Opus by its sample entry's name.
pub(crate) fn codecs(rung: Rung) -> &'static str {
    match rung.codec {
        Codec::Opus => "Opus",
        _ => "mp4a.40.2",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(mode: LatencyMode) -> Vec<RungId> {
        Ladder::new(AudioProfile::Standard, mode).listed().map(|rung| rung.id).collect()
    }

    #[test]
    fn opus_is_listed_last_and_never_in_ultra() {
        assert_eq!(listed(LatencyMode::Low), [RungId::Main, RungId::Low, RungId::Opus]);
        assert_eq!(listed(LatencyMode::Standard), [RungId::Main, RungId::Low, RungId::Opus]);
        assert_eq!(listed(LatencyMode::Ultra), [RungId::Main, RungId::Low]);
    }

    #[test]
    fn the_average_counts_the_boxes_around_the_sound() {
        let ladder = Ladder::new(AudioProfile::Standard, LatencyMode::Low);
        let main = ladder.rungs()[0];
        let average = ladder.average_bandwidth(&main);
        assert!((96_000..101_000).contains(&average), "{average}");
        assert!(ladder.bandwidth(&main) > average);
    }
}
