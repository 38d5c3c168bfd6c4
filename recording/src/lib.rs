//! What remains of a broadcast, for people to keep: downloads that are made from the segments as they lie on disk,
//! without encoding anything again, and what a page draws of them.
//!
//! A core: files are read through a [`Source`]. A [`Download`] is planned once, which reads the sizes of all access
//! units, and from then on gives any range of its bytes by reading the segments that the range touches. It can be
//! planned for any [`Span`] of a run, to the sample: the file carries what a decoder needs before the first sample,
//! and says how much of it is not to be heard. What was said in it is read and written as a [`Transcript`].
//!
//! Where a run has no sound (the process was away, the disk had failed) the file leaves it out, or is silent: [`Gaps`].
//!
//! It refuses spans of more than [`Span::MAX`], and files of 4 GiB.
//!
//! ```
//! use media::{AudioProfile, MediaTime};
//! use recording::{Chapters, Download, Gaps, PlanError, Source, Span, Tags};
//!
//! /// The third second of a run, 1 KB from the middle of its file.
//! fn middle(run: &dyn Source) -> Result<bytes::Bytes, PlanError> {
//!     let [main, ..] = AudioProfile::Standard.rungs();
//!     let second = Span::new(MediaTime::from_ticks(96_000), MediaTime::from_ticks(144_000)).unwrap();
//!     let (tags, chapters) = (Tags::default(), Chapters::default());
//!     let file = Download::m4a(run, &main, second, Gaps::LeftOut, &tags, &chapters)?;
//!     let middle = file.size() / 2;
//!     Ok(file.read(run, middle..middle + 1_024)?)
//! }
//! ```

pub mod chapters;
pub mod download;
pub mod levels;
mod m4a;
mod ogg_opus;
pub mod peaks;
pub mod source;
pub mod span;
pub mod speaker_track;
pub mod tags;
mod track;
pub mod transcript;
pub mod units;

pub use chapters::{Chapter, Chapters};
pub use download::Download;
pub use levels::{Analysis, Levels};
pub use peaks::Peaks;
pub use source::Source;
pub use span::Span;
pub use tags::{Cover, Tags};
pub use transcript::{Cue, Transcript, TranscriptError};
pub use units::{Gaps, PlanError, Units};
