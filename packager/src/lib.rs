//! Access units in; Media Initialization Sections, Partial and Media Segments and playlists out
//! (RFC 8216bis, CMAF).
//!
//! A core: it is told access units and asked what follows. It reads no clock, touches no file and
//! starts nothing. A run's timeline is a grid: a **slot** of 3.84 s is one Media Segment, a whole number
//! of equal parts divides it, and Media Sequence Number, part index, `tfdt` and every media name are
//! functions of the slot alone. So two processes that never met continue the same run.
//!
//! ```
//! use media::{AudioProfile, MediaTime};
//! use packager::{Grid, LatencyMode, Packager, RunId};
//!
//! let run = RunId::parse("0abc").unwrap();
//! let grid = Grid::new(LatencyMode::Low);
//! let mut packager = Packager::new(run, 1, grid, &AudioProfile::Standard.rungs(), Grid::FIRST, false);
//! assert!(packager.poll_output().is_none());
//! assert_eq!(packager.next_time(), MediaTime::from_ticks(8 * 184_320));
//! ```

pub mod annotations;
pub mod archive;
pub mod date_range;
pub mod fragment;
pub mod grid;
pub mod init_section;
pub mod ladder;
pub mod mode;
pub mod moment;
pub mod ogg;
pub mod packaging;
pub mod playlist;
pub mod ranges;
pub mod recording;
pub mod run;
pub mod step;
pub mod wall_clock;
pub mod window;

pub use annotations::Annotations;
pub use archive::{Archive, Kept};
pub use date_range::{DateRange, Detail, RangeClass};
pub use grid::{Grid, Msn, PartIndex, Position};
pub use init_section::InitSection;
pub use ladder::Ladder;
pub use mode::LatencyMode;
pub use packaging::{Packager, PushError};
pub use ranges::ToldRange;
pub use recording::Span;
pub use run::{Fence, RunId};
pub use step::{GridStep, RungPart};
pub use wall_clock::WallClock;
pub use window::Window;
