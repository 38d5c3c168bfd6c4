//! Reports of abuse.

use room::{MessageId, PersonId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is wrong with a broadcast.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum ReportReason {
    /// Advertising, or the same over and over.
    Spam,
    /// Somebody is hunted.
    Harassment,
    /// Somebody is despised for what they are.
    Hate,
    /// Violence, or a threat of it.
    Violence,
    /// What is sexual and unwanted.
    Sexual,
    /// Somebody else's work.
    Copyright,
    /// Against the law.
    Illegal,
    /// None of these.
    Other,
}

impl ReportReason {
    /// As it is kept.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Spam => "spam",
            Self::Harassment => "harassment",
            Self::Hate => "hate",
            Self::Violence => "violence",
            Self::Sexual => "sexual",
            Self::Copyright => "copyright",
            Self::Illegal => "illegal",
            Self::Other => "other",
        }
    }
}

/// A report of abuse.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Report {
    /// Of this message.
    pub message: Option<MessageId>,
    /// Of this person.
    pub person: Option<PersonId>,
    /// For this reason.
    pub reason: ReportReason,
    /// In these words.
    pub detail: String,
}
