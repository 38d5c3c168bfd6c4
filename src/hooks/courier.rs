//! Brings one signed request to one address.

use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, USER_AGENT};
use http::{HeaderValue, Method, Request, StatusCode, Uri};
use http_body_util::Full;
use rustls::RootCertStore;

use super::signature;
use crate::http::client::{Client, FetchError, Speaks};
use crate::http::reach::Reach;
use crate::logs::Redacted;

/// The header that names the event.
pub const EVENT: &str = "x-onair-event";

/// The header that names the delivery: the same for every attempt, so that a receiver that has seen it can
/// let it pass.
pub const DELIVERY: &str = "x-onair-delivery";

/// What is read of an answer; only its status counts.
const ANSWER_MAX: usize = 64 * 1024;

/// A request to be brought.
#[derive(Clone, Debug)]
pub struct Letter<'a> {
    /// Where to.
    pub url: &'a str,
    /// Which machines that may be.
    pub reach: Reach,
    /// What it is signed with; a receiver needs to know one of them.
    pub secrets: &'a [Redacted<String>],
    /// The event's name.
    pub event: &'a str,
    /// The delivery's name.
    pub id: &'a str,
    /// The JSON.
    pub body: Bytes,
}

/// Why a letter was not taken.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    /// The receiver said so.
    #[error("the receiver answered {0}")]
    Answered(StatusCode),
    /// No answer came.
    #[error(transparent)]
    Unreachable(#[from] FetchError),
    /// The address cannot be used.
    #[error("the address of the webhook cannot be used: {0}")]
    BadAddress(#[from] http::Error),
    /// What was kept to be sent cannot be read.
    #[error("what is to be sent cannot be read: {0}")]
    Unreadable(serde_json::Error),
}

impl NotTaken {
    /// The status that the receiver answered, where it did.
    pub fn status(&self) -> Option<StatusCode> {
        match self {
            Self::Answered(status) => Some(*status),
            Self::Unreachable(_) | Self::BadAddress(_) | Self::Unreadable(_) => None,
        }
    }
}

/// Brings letters. Cheap to clone.
#[derive(Clone)]
pub struct Courier {
    client: Client,
}

impl Courier {
    /// A courier that trusts `roots` and waits `patience` for a whole answer.
    pub fn new(roots: RootCertStore, patience: Duration) -> Self {
        let client = Client::new(roots).speaking(Speaks::Http1);
        Self { client: client.with_timeout(patience).with_body_limit(ANSWER_MAX) }
    }

    /// Brings `letter` at `now`, in seconds since 1970. Any 2xx takes it; a redirect is not followed.
    pub async fn bring(&self, letter: Letter<'_>, now: u64) -> Result<(), NotTaken> {
        let uri: Uri = letter.url.parse().map_err(http::Error::from)?;
        let secrets = letter.secrets.iter().map(|secret| secret.expose().as_bytes());
        let signature = signature::sign(secrets, now, &letter.body);
        let request = Request::builder()
            .method(Method::POST)
            .uri(uri)
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .header(USER_AGENT, concat!("OnAir/", env!("CARGO_PKG_VERSION")))
            .header(EVENT, letter.event)
            .header(DELIVERY, letter.id)
            .header(signature::HEADER, signature)
            .body(Full::new(letter.body))?;
        let client = self.client.clone().reaching(letter.reach);
        // A TLS handshake under way is large, and whoever waits for this need not be.
        let answer = Box::pin(client.fetch(request)).await?;
        match answer.status() {
            status if status.is_success() => Ok(()),
            status => Err(NotTaken::Answered(status)),
        }
    }
}
