//! What is said beside the sound of a broadcast, and its way to the thread that makes the programme.
//!
//! Whoever listens by HLS finds it with the sound of that moment, and so does who hears the recording. See
//! "What players find beside the sound" in `docs/LLHLS.md`.

use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};

use media::{MediaTime, Timescale};
use packager::moment::MomentError;
use packager::{Annotations, Detail, RangeClass, WallClock};

use crate::metrics::Metrics;
use crate::metrics::labels::AnnotationDropped;

/// Annotations that may wait for a programme, which takes all of them fifty times a second, or 25 times. More than
/// a part can hold; beyond that the newest is left out.
const WAITING: usize = 256;

/// Something to be said beside the sound. Times are by the programme's clock, `EXT-X-PROGRAM-DATE-TIME`; without
/// one it is now. A time more than a minute ago, or a second ahead, is brought to there.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Annotation {
    /// Something that happens at one instant: a message, a burst of reactions. Every rung carries it in an `emsg`
    /// box of that instant's part.
    Moment {
        /// What players are told: a room's message as JSON. At most [`packager::moment::TEXT_MAX`] bytes, no NUL.
        text: String,
        /// When it happens.
        at: Option<WallClock>,
    },
    /// Something begins that lasts: an `EXT-X-DATERANGE` in every playlist. While one of that class and key is
    /// open, a second changes nothing; once it is over, the key may come again.
    RangeOpened {
        /// What it stands for.
        class: RangeClass,
        /// Tells it from others of its class: the id of a user, of a message.
        key: String,
        /// What players are told of it; see [`packager::DateRange::open`] for the bounds.
        details: Vec<(Detail, String)>,
        /// When it begins.
        at: Option<WallClock>,
    },
    /// It is over. One that is not open changes nothing. Who is on stage when a station dies is over with it; pins
    /// and chapters go on after a restart.
    RangeClosed {
        /// As it was opened.
        class: RangeClass,
        /// As it was opened.
        key: String,
        /// When it ended.
        at: Option<WallClock>,
    },
}

/// The way to a programme. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Annotator {
    waiting: SyncSender<Annotation>,
    metrics: Metrics,
}

/// The programme's end of it.
#[derive(Debug)]
pub struct Annotated {
    waiting: Receiver<Annotation>,
    metrics: Metrics,
}

/// A way to the programme of one run.
pub fn open(metrics: &Metrics) -> (Annotator, Annotated) {
    let (sender, receiver) = sync_channel(WAITING);
    let metrics = metrics.clone();
    (Annotator { waiting: sender, metrics: metrics.clone() }, Annotated { waiting: receiver, metrics })
}

impl Annotator {
    /// Says something beside the sound. Never waits; where too much waits already it is left out, and counted.
    pub fn annotate(&self, annotation: Annotation) {
        match self.waiting.try_send(annotation) {
            Err(TrySendError::Full(_)) => {
                self.metrics.annotations_dropped.add(AnnotationDropped::QueueFull, 1);
            }
            // The programme is over, and what is said beside it with it.
            Ok(()) | Err(TrySendError::Disconnected(_)) => {}
        }
    }
}

impl Annotated {
    /// Hands all that waits to `annotations`. `anchor` is the run's, and `now` where its programme is.
    pub fn drain(&self, annotations: &mut Annotations, anchor: WallClock, now: MediaTime) {
        for annotation in self.waiting.try_iter().take(WAITING) {
            let dropped = match annotation {
                Annotation::Moment { text, at } => {
                    annotations.moment(text, at.map(|at| on_timeline(at, anchor)), now).err().map(reason)
                }
                Annotation::RangeOpened { class, key, details, at } => {
                    let opened =
                        annotations.open(class, &key, &details, at.map(|at| on_timeline(at, anchor)), now);
                    opened.err().map(|_| AnnotationDropped::RangesFull)
                }
                Annotation::RangeClosed { class, key, at } => {
                    annotations.close(class, &key, at.map(|at| on_timeline(at, anchor)), now);
                    None
                }
            };
            if let Some(dropped) = dropped {
                self.metrics.annotations_dropped.add(dropped, 1);
            }
        }
    }
}

const fn reason(error: MomentError) -> AnnotationDropped {
    match error {
        MomentError::Crowded => AnnotationDropped::Crowded,
        _ => AnnotationDropped::Unfit,
    }
}

/// Civil time on the timeline of the run anchored at `anchor`.
fn on_timeline(at: WallClock, anchor: WallClock) -> MediaTime {
    let ticks = at.since(anchor).as_micros() * u128::from(Timescale::PROGRAMME.hz()) / 1_000_000;
    MediaTime::from_ticks(u64::try_from(ticks).unwrap_or(u64::MAX))
}
