//! What is counted on the way into the object store.

use super::labels::NoLabel;
use super::series::{Counters, Gauges};

pub use super::labels::UploadFailure;

/// Handles of the upload. Cheap to clone; clones share the values.
#[derive(Clone, Debug)]
pub struct UploadCounts {
    /// What waits to be stored: slots, init sections, files and deletions.
    pub waiting: Gauges<NoLabel>,
    /// Bytes that wait to be stored.
    pub spool: Gauges<NoLabel>,
    /// Seconds for which the oldest of what waits could have been stored.
    pub oldest: Gauges<NoLabel>,
    /// Objects that were stored.
    pub puts: Counters<NoLabel>,
    /// Their bytes.
    pub bytes: Counters<NoLabel>,
    /// Attempts that failed, by why.
    pub failures: Counters<UploadFailure>,
    /// Slots that were given up.
    pub lost: Counters<NoLabel>,
}

impl UploadCounts {
    pub(crate) fn new() -> Self {
        Self {
            waiting: Gauges::new(),
            spool: Gauges::new(),
            oldest: Gauges::new(),
            puts: Counters::new(),
            bytes: Counters::new(),
            failures: Counters::new(),
            lost: Counters::new(),
        }
    }
}

impl From<cdn::Failure> for UploadFailure {
    fn from(failure: cdn::Failure) -> Self {
        match failure {
            cdn::Failure::Unreachable => Self::Unreachable,
            cdn::Failure::Slow => Self::Slow,
            cdn::Failure::Busy => Self::Busy,
            cdn::Failure::Broken => Self::Broken,
            cdn::Failure::Refused => Self::Refused,
            cdn::Failure::Disk => Self::Disk,
        }
    }
}
