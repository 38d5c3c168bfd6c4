//! Why a store did not do what it was asked for.

use std::io;
use std::time::Duration;

/// The kinds of failure, a closed set for metrics.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Failure {
    /// No connection, or it broke.
    Unreachable,
    /// No answer in time.
    Slow,
    /// It asks for fewer requests (429, 503).
    Busy,
    /// It has an error of its own (another 5xx).
    Broken,
    /// It refuses this request: credentials, rights, a bucket that is not there (4xx).
    Refused,
    /// The local disk.
    Disk,
}

/// Why an object was not stored, read or deleted.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// No connection, or it broke.
    #[error("the store cannot be reached: {0}")]
    Unreachable(String),
    /// No answer in time.
    #[error("no answer within {0:?}")]
    Slow(Duration),
    /// An answer that is a failure.
    #[error("the store answers {status}: {message}")]
    Answered {
        /// The status of HTTP.
        status: u16,
        /// The store's code and words.
        message: String,
    },
    /// There are no credentials, or a request cannot be made with what is set.
    #[error("no request can be made: {0}")]
    Request(String),
    /// An object that is longer than anything of ours.
    #[error("the object is longer than {0} bytes")]
    TooLong(usize),
    /// The local disk.
    #[error(transparent)]
    Disk(#[from] io::Error),
}

impl StoreError {
    /// What kind of failure it is.
    pub fn failure(&self) -> Failure {
        match self {
            Self::Unreachable(_) => Failure::Unreachable,
            Self::Slow(_) => Failure::Slow,
            Self::Answered { status: 429 | 503, .. } => Failure::Busy,
            Self::Answered { status: 500.., .. } => Failure::Broken,
            Self::Answered { .. } | Self::Request(_) | Self::TooLong(_) => Failure::Refused,
            Self::Disk(_) => Failure::Disk,
        }
    }
}
