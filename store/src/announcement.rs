//! What the followers of a host are to be told.

use serde::{Deserialize, Serialize};

use crate::jobs::{JobKind, NewJob};
use crate::time::Timestamp;

/// The payload of [`JobKind::Announcement`]: one page of followers is told; the job that does it makes the one of the
/// next page.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Announcement {
    /// What sort of thing it is.
    pub kind: String,
    /// What happened; who was told of it is not told again.
    pub about: String,
    /// In which broadcast.
    pub broadcast_id: String,
    /// When.
    pub at: Timestamp,
    /// Where in the list of followers the page begins; at the beginning without.
    pub cursor: Option<String>,
}

impl Announcement {
    /// The job that tells this page.
    pub fn job(&self) -> NewJob {
        let page = self.cursor.as_deref().unwrap_or("first");
        NewJob::new(JobKind::Announcement, format!("{}:{}:{page}", self.kind, self.about), self, self.at)
    }
}

/// Announces that a broadcast went on air with this run.
pub(crate) fn live(broadcast_id: &str, run: &str, at: Timestamp) -> NewJob {
    let announcement = Announcement {
        kind: "hostLive".to_owned(),
        about: format!("{broadcast_id}/{run}"),
        broadcast_id: broadcast_id.to_owned(),
        at,
        cursor: None,
    };
    announcement.job()
}
