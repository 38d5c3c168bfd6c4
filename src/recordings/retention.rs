//! Deletes recordings that are older than the operator keeps them.

use std::time::Duration;

use serde_json::json;
use store::{Actor, AuditEntry, Entry, Journal, Store, StoreError, Subject, Timestamp};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

/// How often it is looked for old ones.
const LOOK: Duration = Duration::from_secs(600);

/// Recordings that one look deletes: the database has other things to do, and so has the disk.
const AT_ONCE: u32 = 20;

/// How long it is remembered that nothing is left of a run: a station that was away for longer keeps its files.
const REMEMBERED: Duration = Duration::from_secs(30 * 86_400);

/// How long a transcript stays that no recording has: what is deleted takes its own along, but a broadcast that goes does
/// not.
const UNUSED: Duration = Duration::from_secs(86_400);

/// Sweeps. Several stations may: each recording is deleted once.
pub struct Retention {
    /// Where recordings are.
    pub store: Store,
    /// Where it is written down.
    pub journal: Journal,
    /// How long recordings are kept; for ever where it is `None`.
    pub keep: Option<Duration>,
}

impl Retention {
    /// Sweeps now and then until `shutdown`.
    pub async fn run(self, shutdown: CancellationToken) {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while shutdown.run_until_cancelled(looks.tick()).await.is_some() {
            if let Err(cause) = self.sweep(Timestamp::now()).await {
                warn!("old recordings are not deleted for now: {cause}");
            }
        }
    }

    /// Deletes the oldest of those that are too old `now`, at most twenty; says how many there were.
    pub async fn sweep(&self, now: Timestamp) -> Result<usize, StoreError> {
        self.store.recorded_runs().forget(now.minus(REMEMBERED)).await?;
        self.store.recordings().forget_gone(now.minus(REMEMBERED)).await?;
        self.store.transcripts().sweep(now.minus(UNUSED)).await?;
        let Some(keep) = self.keep else { return Ok(0) };
        let mut deleted = 0;
        for recording in self.store.recordings().older(now.minus(keep), AT_ONCE).await? {
            if !self.store.recordings().delete(&recording.id).await? {
                continue;
            }
            deleted += 1;
            let detail = json!({"broadcast": recording.broadcast_id, "title": recording.title, "why": "age"});
            let entry = AuditEntry {
                id: store::id(),
                at: now,
                actor: Actor::System,
                action: "recording.deleted".to_owned(),
                subject: Some(Subject { kind: "recording".to_owned(), id: recording.id.clone() }),
                address: None,
                detail,
            };
            if let Err(full) = self.journal.append(Entry::Audit(entry)) {
                error!(recording.id = %recording.id, "recording.deleted is not in the audit log: {full}");
            }
        }
        if deleted > 0 {
            info!("{deleted} recordings were older than they are kept, and are deleted");
        }
        Ok(deleted)
    }
}
