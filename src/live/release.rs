//! The thread that writes a run's steps to disk and releases each at its instant.

use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use media::MediaTime;
use origin::{RunDir, Shelf};
use packager::{Grid, GridStep, Msn};
use tracing::{error, warn};

use super::clock::sleep_until;
use super::lease::Lease;
use super::status::Status;
use crate::metrics::Metrics;
use crate::uploads::RunUpload;

/// How often old segments are swept, in slots: every six minutes.
const SWEEP_SLOTS: u64 = 100;

/// What the programme's thread hands over.
#[derive(Debug)]
pub enum Release {
    /// List this step at this instant.
    Step(GridStep, Instant),
    /// The run is over.
    End,
}

/// Writes and releases what it is handed, until the run ends or its maker stops.
pub struct Releaser {
    /// Where the run lies on disk.
    pub dir: RunDir,
    /// Where it is served from.
    pub shelf: Arc<Shelf>,
    /// Where delays are counted.
    pub metrics: Metrics,
    /// The right to release.
    pub lease: Lease,
    /// What can be seen of the run.
    pub status: Arc<Status>,
    /// How long segments stay on disk.
    pub retention: Duration,
    /// Who brings it to the object store, where there is one.
    pub upload: Option<RunUpload>,
}

impl Releaser {
    /// Runs until the sender is dropped, the run ends, or the lease is lost.
    pub fn run(mut self, releases: &Receiver<Release>) {
        while let Ok(release) = releases.recv() {
            match release {
                Release::Step(step, at) => {
                    if !self.release(&step, at) {
                        return;
                    }
                }
                Release::End => return self.end(),
            }
        }
    }

    /// `false` once this process may release no more.
    fn release(&mut self, step: &GridStep, at: Instant) -> bool {
        if let Err(cause) = self.dir.append(step) {
            Status::count(&self.status.disk_failures);
            error!(
                broadcast.id = %self.dir.record().broadcast,
                "segment {} is not kept on disk: {cause}; the broadcast goes on from memory", step.position.msn
            );
        }
        sleep_until(at);
        if !self.lease.is_held() {
            warn!(broadcast.id = %self.dir.record().broadcast, "another process has taken the run over");
            return false;
        }
        if let Err(cause) = self.shelf.apply(step) {
            error!(broadcast.id = %self.dir.record().broadcast, "a step was not listed: {cause}");
            return false;
        }
        if let Some(upload) = &mut self.upload {
            upload.released(step);
        }
        self.metrics.part_release_delay.observe(at.elapsed().as_secs_f64());
        if step.position.part.0 == 0 && step.position.msn.0.is_multiple_of(SWEEP_SLOTS) {
            self.sweep(step.position.msn);
        }
        true
    }

    fn sweep(&mut self, now: Msn) {
        let slot = Grid::SLOT.to_duration(media::Timescale::PROGRAMME).as_millis();
        let kept = u64::try_from(self.retention.as_millis().div_ceil(slot)).unwrap_or(u64::MAX);
        let (old, recordings) = (Msn(now.0.saturating_sub(kept)), self.shelf.recordings());
        // What is not stored yet has its only copy here.
        let owed = self.upload.as_ref().and_then(RunUpload::first_pending);
        let before = owed.map_or(old, |owed| owed.min(old));
        // The oldest that is needed; what lies before it need not be remembered.
        let needed =
            recordings.iter().map(|recorded| recorded.kept.from).fold(before.start(), MediaTime::min);
        self.shelf.forget(Grid::slot_of(needed));
        if let Err(cause) = self.dir.sweep(before, &recordings) {
            warn!(broadcast.id = %self.dir.record().broadcast, "old segments could not be removed: {cause}");
        }
    }

    fn end(&mut self) {
        // Listed first: listeners must learn of the end even where the disk is full.
        self.shelf.end();
        if let Err(cause) = self.dir.mark_ended() {
            error!(broadcast.id = %self.dir.record().broadcast, "the end is not on disk: {cause}");
        }
        if let Some(upload) = &mut self.upload {
            upload.ended();
        }
    }
}
