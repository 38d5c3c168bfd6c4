//! Playlists as text (RFC 8216bis 4).

pub mod media_playlist;
pub mod multivariant;

pub use media_playlist::{MediaPlaylist, Skip};

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
}

impl Kind {
    /// What `index.m3u8` lists in `mode`.
    pub const fn of(mode: LatencyMode) -> Self {
        match mode {
            LatencyMode::Standard => Self::Whole,
            LatencyMode::Ultra | LatencyMode::Low => Self::Parts,
        }
    }
}

/// The name of a rung's playlist below its run: `main.m3u8`, or `main.standard.m3u8` without parts.
pub fn playlist_name(rung: RungId, kind: Kind) -> String {
    match kind {
        Kind::Parts => format!("{rung}.m3u8"),
        Kind::Whole => format!("{rung}.standard.m3u8"),
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
