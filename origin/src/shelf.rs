//! The shelf of one run: fed by grid steps, read by every request.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use bytes::Bytes;
use media::RungId;
use packager::playlist::{Kind, multivariant};
use packager::window::ApplyError;
use packager::{Fence, GridStep, InitSection, Ladder, Msn, RunId};
use tokio::sync::watch;

use crate::disk::{Found, RunDir, RunFiles};
use crate::recordings::Recorded;
use crate::view::{Rendered, SegmentBytes, View};

/// Whole segments kept in memory: the live window of 61 s and 24 s after that, for players that are
/// still fetching what has just left the list. Older ones come from disk.
const SEGMENTS_IN_MEMORY: usize = 23;

/// Everything that is served of one run. Cheap to read; written by one releaser.
#[derive(Debug)]
pub struct Shelf {
    run: RunId,
    ladder: Ladder,
    inits: [InitSection; 3],
    multivariants: [Rendered; 3],
    view: watch::Sender<Arc<View>>,
    fence: AtomicU64,
    /// One writer at a time: a step is read, changed and published as one act.
    writer: Mutex<()>,
    files: RunFiles,
    recordings: RwLock<Arc<[Recorded]>>,
    /// Whether it was found on disk when it was over: then nobody hears its end any more.
    stored: bool,
}

/// Why a step was not put on the shelf.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ShelfError {
    /// It belongs to another run.
    #[error("the step belongs to run {0}")]
    OtherRun(RunId),
    /// Its maker has lost the lease of the run; it has to stop.
    #[error("fence {got} has been superseded by {current}")]
    Superseded {
        /// The step's.
        got: Fence,
        /// The newest seen.
        current: Fence,
    },
    /// A rung is missing.
    #[error("the step lacks rung {0}")]
    MissingRung(RungId),
    /// It does not follow.
    #[error(transparent)]
    Apply(#[from] ApplyError),
}

impl Shelf {
    /// A shelf for a run, fresh or as it was found on disk.
    pub fn new(found: Found) -> (Arc<Self>, RunDir) {
        let Found { dir, window, inits, recordings } = found;
        let (run, files, stored) = (dir.record().run.clone(), dir.files(), window.ended());
        let ladder = *window.ladder();
        let view = watch::Sender::new(Arc::new(View::new(window, std::collections::VecDeque::new())));
        let shelf = Self {
            run,
            ladder,
            inits,
            multivariants: Default::default(),
            view,
            fence: AtomicU64::new(0),
            writer: Mutex::new(()),
            files,
            recordings: RwLock::new(recordings.into()),
            stored,
        };
        (Arc::new(shelf), dir)
    }

    /// Which run it holds.
    pub const fn run(&self) -> &RunId {
        &self.run
    }

    /// The run's ladder.
    pub const fn ladder(&self) -> &Ladder {
        &self.ladder
    }

    /// The run as it stands.
    pub fn view(&self) -> Arc<View> {
        self.view.borrow().clone()
    }

    /// The run as it stands, and a way to wait for what follows.
    pub fn watch(&self) -> watch::Receiver<Arc<View>> {
        self.view.subscribe()
    }

    /// A rung's Media Initialization Section.
    pub const fn init(&self, rung: RungId) -> &Bytes {
        self.inits[rung as usize].bytes()
    }

    /// The run's Multivariant Playlist, gzip or plain.
    pub fn multivariant(&self, kind: Kind, gzip: bool) -> Bytes {
        let rendered = &self.multivariants[kind as usize];
        rendered.get(gzip, || multivariant::write(&self.run, &self.ladder, kind)).clone()
    }

    /// Where its older segments lie.
    pub const fn files(&self) -> &RunFiles {
        &self.files
    }

    /// Its recordings, as they stand.
    pub fn recordings(&self) -> Arc<[Recorded]> {
        self.recordings.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Changes its recordings, on disk and in memory. Blocks: one who changes them comes after the other.
    pub fn change_recordings<T>(&self, change: impl FnOnce(&mut Vec<Recorded>) -> T) -> io::Result<T> {
        let mut standing = self.recordings.write().unwrap_or_else(PoisonError::into_inner);
        let mut recordings = standing.to_vec();
        let answer = change(&mut recordings);
        if *recordings != **standing {
            self.files.write_recordings(&recordings)?;
        }
        *standing = recordings.into();
        Ok(answer)
    }

    /// What is played in place of the run once it is over: the longest of its recordings that is published.
    pub fn replay(&self) -> Option<Recorded> {
        let view = self.view();
        if !view.window.ended() {
            return None;
        }
        let end = view.window.end_time();
        let length = |recorded: &Recorded| {
            recorded.span.to.unwrap_or(end).ticks().saturating_sub(recorded.span.from.ticks())
        };
        let recordings = self.recordings();
        recordings
            .iter()
            .filter(|recorded| recorded.is_published())
            .max_by_key(|recorded| length(recorded))
            .cloned()
    }

    /// Whether the segment of that slot may be fetched: of a run that is over, what playlists still list.
    pub(crate) fn offers(&self, view: &View, msn: Msn) -> bool {
        let listed = msn >= view.window.media_sequence();
        let played = |recorded: &Recorded| recorded.span.touches(msn);
        listed || !self.stored || self.recordings().iter().any(played)
    }

    /// Puts one step on the shelf: every rung's part, playlist and report change in one act, and whoever
    /// waited is woken.
    pub fn apply(&self, step: &GridStep) -> Result<(), ShelfError> {
        if step.run != self.run {
            return Err(ShelfError::OtherRun(step.run.clone()));
        }
        let _writing = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let current = self.fence.fetch_max(step.fence, Ordering::Relaxed);
        if step.fence < current {
            return Err(ShelfError::Superseded { got: step.fence, current });
        }
        let view = self.view();
        let mut window = view.window.clone();
        window.apply(step.position, step.discontinuity)?;
        window.enter(&step.ranges);
        let mut segments = view.segments().clone();
        let mut segment = match segments.back() {
            Some(last) if last.msn == step.position.msn => SegmentBytes::clone(last),
            _ => SegmentBytes::new(step.position.msn),
        };
        for rung in RungId::ALL {
            let bytes = step.rung(rung).ok_or(ShelfError::MissingRung(rung))?;
            segment.push(rung, bytes.clone());
        }
        if segments.back().is_some_and(|last| last.msn == segment.msn) {
            segments.pop_back();
        }
        segments.push_back(Arc::new(segment));
        while segments.len() > SEGMENTS_IN_MEMORY {
            segments.pop_front();
        }
        self.view.send_replace(Arc::new(View::new(window, segments)));
        Ok(())
    }

    /// Lists no segment before `msn` any more that has left the live window: their files are gone.
    pub fn forget(&self, msn: Msn) {
        let _writing = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let view = self.view();
        let mut window = view.window.clone();
        window.forget(msn);
        self.view.send_replace(Arc::new(View::new(window, view.segments().clone())));
    }

    /// Closes the run in every playlist at once: `EXT-X-ENDLIST`. Idempotent.
    pub fn end(&self) {
        let _writing = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let view = self.view();
        if !view.window.ended() {
            let mut window = view.window.clone();
            window.end();
            self.view.send_replace(Arc::new(View::new(window, view.segments().clone())));
        }
    }
}
