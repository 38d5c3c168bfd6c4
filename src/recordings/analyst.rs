//! Measures recordings, one at a time and after everything else.
//!
//! What is to be measured is what the store does not know the loudness of, so a station that was killed goes on where
//! it was.

use std::collections::HashSet;
use std::io;
use std::time::Duration;

use media::MediaTime;
use packager::RunId;
use store::{Heard, Recording, Store, StoreError, Timestamp};
use tokio::sync::oneshot;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use super::downloads::DownloadError;
use super::waveforms::{Measured, Stretch, Waveforms};

/// How often it is looked for recordings that are to be measured: nobody waits for it.
const LOOK: Duration = Duration::from_secs(60);

/// Recordings that are read at a time.
const BATCH: u32 = 50;

/// Recordings that could not be measured and are remembered, until the station starts anew.
const FAILED_MAX: usize = 10_000;

/// The loudness of silence, in thousandths of a LUFS: where the gate of EBU R128 closes.
const SILENCE: i64 = -70_000;

/// As low as a thread's priority goes.
const NICE: i32 = 19;

/// Measures what this station keeps. Several stations may: each has files of its own.
pub struct Analyst {
    store: Store,
    waveforms: Waveforms,
    /// What lies here and cannot be read is not tried again.
    failed: HashSet<String>,
}

impl Analyst {
    /// Has measured nothing yet.
    pub fn new(store: Store, waveforms: Waveforms) -> Self {
        Self { store, waveforms, failed: HashSet::new() }
    }

    /// Looks every minute until `shutdown`, which also ends what is being measured.
    pub async fn run(mut self, shutdown: CancellationToken) {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while shutdown.run_until_cancelled(looks.tick()).await.is_some() {
            if let Err(cause) = self.look(&shutdown).await {
                warn!("recordings are not measured for now: {cause}");
            }
        }
    }

    /// Measures everything that is to be measured and lies here; says how many there were.
    pub async fn look(&mut self, shutdown: &CancellationToken) -> Result<usize, StoreError> {
        let mut measured = 0;
        let mut last = None;
        loop {
            let batch = self.store.recordings().unmeasured(last.as_deref(), BATCH).await?;
            let Some(newest) = batch.last() else { return Ok(measured) };
            last = Some(newest.id.clone());
            for recording in batch {
                if shutdown.is_cancelled() {
                    return Ok(measured);
                }
                let known = self.failed.contains(&recording.id);
                let Some(stretch) = stretch(&recording).filter(|_| !known) else { continue };
                if let Some(found) = self.measure(stretch, shutdown).await {
                    let milli = |of: f64| (of * 1e3).round() as i64;
                    let heard = Heard {
                        loudness_milli: found.loudness.map_or(SILENCE, milli),
                        range_milli: found.range.map(milli),
                    };
                    let noted = self.store.recordings().analysed(&recording, heard, Timestamp::now());
                    // It may have been cut or deleted meanwhile.
                    measured += usize::from(noted.await?);
                }
            }
        }
    }

    async fn measure(&mut self, stretch: Stretch, shutdown: &CancellationToken) -> Option<Measured> {
        let id = stretch.recording.clone();
        match in_the_background(self.waveforms.clone(), stretch, shutdown.clone()).await {
            Ok(measured) => measured,
            // It lies in another station, or will be swept with its run.
            Err(DownloadError::Gone) => None,
            Err(cause) => {
                warn!(recording.id = %id, "the loudness of recording {id} is not known: {cause}");
                if self.failed.len() < FAILED_MAX {
                    self.failed.insert(id);
                }
                None
            }
        }
    }
}

/// What plays of a recording; `None` while it is being made.
pub fn stretch(recording: &Recording) -> Option<Stretch> {
    Some(Stretch {
        recording: recording.id.clone(),
        broadcast: recording.broadcast_id.clone(),
        run: RunId::parse(&recording.run)?,
        from: MediaTime::from_ticks(recording.plays.from),
        to: MediaTime::from_ticks(recording.plays.to?),
    })
}

/// Measures on a thread of its own, which stands behind all that is on air.
async fn in_the_background(
    waveforms: Waveforms,
    stretch: Stretch,
    shutdown: CancellationToken,
) -> Result<Option<Measured>, DownloadError> {
    let (tell, told) = oneshot::channel();
    let thread = std::thread::Builder::new().name("analyst".to_owned());
    thread.spawn(move || {
        // On Linux this is the thread's own priority.
        if let Err(refused) = rustix::process::nice(NICE) {
            debug!("recordings are measured at the priority of everything else: {refused}");
        }
        // Nobody waits for the answer when the station has stopped meanwhile.
        tell.send(waveforms.measure(&stretch, || !shutdown.is_cancelled())).ok();
    })?;
    told.await.unwrap_or_else(|_| Err(io::Error::other("the thread has ended").into()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use store::Database;

    use super::super::on_disk;
    use super::super::testing::note;
    use super::*;
    use crate::api::testing::Desk;

    #[tokio::test]
    async fn what_is_kept_here_is_measured_once_and_after_a_crash_again() {
        let desk = Desk::open(Database::Sqlite, &[]).await;
        let host = desk.person("ada").await;
        let made = host.asks("POST", "/api/broadcasts").json(json!({"title": "News"}));
        let broadcast = desk.ask(made).await.must_be(201)["id"].as_str().unwrap().to_owned();
        let root = tempfile::tempdir().unwrap();
        on_disk::record(root.path(), &broadcast);
        let (store, waveforms) = (&desk.store, Waveforms::new(root.path().to_owned()));
        // The run has sound from 30.72 s to 38.4 s; of `r2` nothing lies here, and `c` is being made.
        note(store, "a", (&broadcast, "r1"), 31, Some((38, 7))).await;
        note(store, "b", (&broadcast, "r2"), 31, Some((38, 7))).await;
        note(store, "c", (&broadcast, "r1"), 31, None).await;

        let stopping = CancellationToken::new();
        stopping.cancel();
        let mut analyst = Analyst::new(store.clone(), waveforms.clone());
        assert_eq!(analyst.look(&stopping).await.unwrap(), 0);
        let mut analyst = Analyst::new(store.clone(), waveforms.clone());
        assert_eq!(analyst.look(&CancellationToken::new()).await.unwrap(), 1);
        let found = store.recordings().load("a").await.unwrap().unwrap();
        assert!((found.loudness_milli.unwrap() + 12_040).abs() < 300, "{:?}", found.loudness_milli);
        let range = found.loudness_range_milli.unwrap();
        assert!((0..300).contains(&range), "{range}: one tone has next to none");
        assert!(waveforms.load(&stretch(&found).unwrap()).unwrap().is_some());
        assert_eq!(analyst.look(&CancellationToken::new()).await.unwrap(), 0, "it is known now");
    }
}
