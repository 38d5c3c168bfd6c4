//! Playlists as text (RFC 8216bis 4).

pub mod media_playlist;
pub mod multivariant;
pub mod recording;

pub use media_playlist::{MediaPlaylist, Skip};
pub use recording::RecordingPlaylist;

use media::RungId;

use crate::{Grid, LatencyMode, Msn, Position};

/// `CAN-SKIP-UNTIL` in seconds: six target durations, the least that is allowed (RFC 8216bis 4.4.3.8).
pub(crate) const SKIP_UNTIL: u64 = 6 * Grid::TARGET_DURATION;

/// Which of the playlists over the same segments.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Kind {
    /// Parts at the live edge (`low`, `ultra`).
    Parts,
    /// Whole segments only.
    Whole,
    /// All that is kept for seeking back, with parts at the live edge where the mode has them.
    Dvr,
}

impl Kind {
    /// What `index.m3u8` lists in `mode`.
    pub const fn of(mode: LatencyMode) -> Self {
        match mode {
            LatencyMode::Standard => Self::Whole,
            LatencyMode::Ultra | LatencyMode::Low => Self::Parts,
        }
    }

    /// Whether parts are listed at the live edge in `mode`.
    pub const fn lists_parts(self, mode: LatencyMode) -> bool {
        match self {
            Self::Parts => true,
            Self::Whole => false,
            Self::Dvr => !matches!(mode, LatencyMode::Standard),
        }
    }
}

/// The name of a rung's playlist below its run: `main.m3u8`, `main.standard.m3u8` without parts, or `main.dvr.m3u8`.
pub fn playlist_name(rung: RungId, kind: Kind) -> String {
    match kind {
        Kind::Parts => format!("{rung}.m3u8"),
        Kind::Whole => format!("{rung}.standard.m3u8"),
        Kind::Dvr => format!("{rung}.dvr.m3u8"),
    }
}

/// The name of a segment below its run: `main/8.m4s`.
pub fn segment_name(rung: RungId, msn: Msn) -> String {
    format!("{rung}/{msn}.m4s")
}

/// The name of a part below its run: `main/8.0.m4s`.
pub fn part_name(rung: RungId, position: Position) -> String {
    format!("{rung}/{}.{}.m4s", position.msn, position.part)
}

/// The name of a rung's Media Initialization Section below its run.
pub fn init_name(rung: RungId) -> String {
    format!("{rung}/init.mp4")
}
