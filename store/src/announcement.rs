//! What people are to be told, and who they are.

use serde::{Deserialize, Serialize};

use crate::jobs::{JobKind, NewJob};
use crate::time::Timestamp;

/// The payload of [`JobKind::Announcement`]: one page of people is told; the job that does it makes the one of the
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
    /// Who is told.
    #[serde(default)]
    pub to: Audience,
    /// Who did it, as others see them, where it was not the host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// What they wrote.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// The recording that it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recording_id: Option<String>,
    /// Where in the list of people the page begins; at the beginning without.
    pub cursor: Option<String>,
}

/// Who is told.
#[derive(Clone, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Audience {
    /// Those who follow the host.
    #[default]
    Followers,
    /// The account with this id.
    Person(String),
    /// Those who waited for broadcasts whose plan was changed.
    Waiting {
        /// Whose they are.
        host_id: String,
        /// Which; their places in this list are those of [`PlanAudiences`](crate::PlanAudiences).
        plans: Vec<ChangedPlan>,
    },
}

/// A broadcast as it is told when its plan was changed; it may be gone when it is.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ChangedPlan {
    /// Which.
    pub broadcast_id: String,
    /// What it is called.
    pub title: String,
    /// When it begins now, or would have begun.
    pub start: Option<Timestamp>,
    /// Were those who follow the host to be reminded of it?
    pub reminds_followers: bool,
    /// Was it called off because no host came?
    pub missed: bool,
}

impl Announcement {
    /// That something of this `kind` happened in a broadcast; to be told to its followers.
    pub fn new(kind: &str, about: String, broadcast_id: &str, at: Timestamp) -> Self {
        Self {
            kind: kind.to_owned(),
            about,
            broadcast_id: broadcast_id.to_owned(),
            at,
            to: Audience::Followers,
            by: None,
            text: None,
            recording_id: None,
            cursor: None,
        }
    }

    /// The job that tells this page.
    pub fn job(&self) -> NewJob {
        self.job_at(self.at)
    }

    /// The same, not before `due`.
    pub fn job_at(&self, due: Timestamp) -> NewJob {
        let page = match &self.to {
            Audience::Person(user) => user,
            Audience::Followers | Audience::Waiting { .. } => self.cursor.as_deref().unwrap_or("first"),
        };
        NewJob::new(JobKind::Announcement, format!("{}:{}:{page}", self.kind, self.about), self, due)
    }
}

/// Announces that a broadcast went on air with this run.
pub(crate) fn live(broadcast_id: &str, run: &str, at: Timestamp) -> NewJob {
    Announcement::new("hostLive", format!("{broadcast_id}/{run}"), broadcast_id, at).job()
}
