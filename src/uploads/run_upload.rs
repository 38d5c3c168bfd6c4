//! What the thread that releases a run tells of it.

use packager::{Grid, GridStep, Msn};
use tracing::error;

use super::Uploads;
use super::piece::RunName;

/// A run on air that is stored. Told facts; never waits for anything but a lock that is held for microseconds.
#[derive(Debug)]
pub struct RunUpload {
    uploads: Uploads,
    run: RunName,
    grid: Grid,
    /// The slot that is being filled, and its bytes so far.
    open: Option<(Msn, u64)>,
}

impl RunUpload {
    pub(super) const fn new(uploads: Uploads, run: RunName, grid: Grid) -> Self {
        Self { uploads, run, grid, open: None }
    }

    /// A step is on disk, or the disk refused it, and listed.
    pub fn released(&mut self, step: &GridStep) {
        let msn = step.position.msn;
        if step.discontinuity {
            self.uploads.desk().began_anew(&self.run, msn);
        }
        let bytes: u64 = step.rungs.iter().map(|part| part.bytes.len() as u64).sum();
        let before = match self.open {
            Some((open, bytes)) if open == msn => bytes,
            _ => {
                // The one before was cut short; nothing is added to it any more.
                self.close();
                0
            }
        };
        self.open = Some((msn, before + bytes));
        if step.position.part.0 + 1 == self.grid.parts_per_slot() {
            self.close();
        }
    }

    /// The run is over.
    pub fn ended(&mut self) {
        self.close();
        // It is tidied up after a while, or by the next start.
        if let Err(cause) = self.uploads.owe_tidy(self.run.broadcast(), self.run.run()) {
            error!(broadcast.id = %self.run.broadcast(), "run {} may not be tidied up in the store: {cause}", self.run.run());
        }
        self.uploads.0.ended(&self.run);
    }

    /// The first slot whose files must stay, where there is one.
    pub fn first_pending(&self) -> Option<Msn> {
        self.uploads.desk().first_pending(&self.run)
    }

    fn close(&mut self) {
        if let Some((msn, bytes)) = self.open.take() {
            self.uploads.desk().filled(&self.run, msn, bytes);
            self.uploads.0.news.notify_one();
        }
    }
}
