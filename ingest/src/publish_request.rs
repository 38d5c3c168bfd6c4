//! Somebody who wants to publish.

use std::fmt;
use std::net::SocketAddr;
use std::time::Instant;

use tokio::sync::oneshot;

use crate::publication::{Publication, Reading, Sink};
use crate::{Refusal, StreamKey};

/// The protocol that a publisher speaks.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum Protocol {
    /// RTMP in the clear.
    Rtmp,
    /// RTMP over TLS.
    Rtmps,
    /// WHIP: WebRTC (RFC 9725).
    Whip,
    /// WebRTC, by somebody on the stage.
    Stage,
}

impl Protocol {
    /// `rtmp`, `rtmps`, `whip` or `stage`, for logs and labels.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rtmp => "rtmp",
            Self::Rtmps => "rtmps",
            Self::Whip => "whip",
            Self::Stage => "stage",
        }
    }
}

/// Somebody who wants to publish and waits for the answer. Dropped without one, it is refused as
/// [`Refusal::Unavailable`]; the same after ten seconds.
pub struct PublishRequest {
    /// The broadcast's id as the publisher gave it: 1 to 64 letters, digits, `-` and `_`.
    pub broadcast: String,
    /// The key that was shown; nobody has compared it yet.
    pub key: StreamKey,
    /// How the publisher came.
    pub protocol: Protocol,
    /// Where it came from.
    pub peer: SocketAddr,
    /// What the encoder calls itself, at most 64 printable characters.
    pub software: Option<String>,
    /// As in [`Publisher::account`].
    pub account: Option<String>,
    opened: Instant,
    answer: oneshot::Sender<Answer>,
}

/// What the station answered to a door.
#[derive(Debug)]
pub enum Answer {
    /// The publisher is let in, and its media goes here.
    Accepted(Sink),
    /// It is not.
    Rejected(Refusal),
}

/// What a door knows of a publisher before it asks.
#[derive(Clone, Debug)]
pub struct Publisher {
    /// The broadcast's id as the publisher gave it.
    pub broadcast: String,
    /// The key that was shown.
    pub key: StreamKey,
    /// How the publisher came.
    pub protocol: Protocol,
    /// Where it came from.
    pub peer: SocketAddr,
    /// What the encoder calls itself.
    pub software: Option<String>,
    /// The id of the account that publishes, where the door knows it: by what a person signed in with. A stream key
    /// tells no person: whoever was given it may show it.
    pub account: Option<String>,
}

impl PublishRequest {
    /// A request made at `now`, and where its answer will come.
    pub fn new(now: Instant, publisher: Publisher) -> (Self, oneshot::Receiver<Answer>) {
        let (answer, answered) = oneshot::channel();
        let Publisher { broadcast, key, protocol, peer, software, account } = publisher;
        (Self { broadcast, key, protocol, peer, software, account, opened: now, answer }, answered)
    }

    /// Lets the publisher in. If it is gone meanwhile, the publication is closed from the start.
    pub fn accept(self) -> Publication {
        self.accept_reading(Reading::AtOnce)
    }

    /// Lets the publisher in, for a station that comes for units now and then: what has come until
    /// [`Publication::try_recv`] finds no more is read then, in one piece, and is there the next time. The door
    /// is woken once for all of it, not once for each packet. A station that stays away for longer than
    /// [`Limits::rest`](crate::rtmp::Limits::rest) is not waited for.
    pub fn accept_in_step(self) -> Publication {
        self.accept_reading(Reading::InStep)
    }

    fn accept_reading(self, reading: Reading) -> Publication {
        let (sink, publication) = Sink::open(self.opened, reading);
        // A publisher that is gone drops the sink here, which closes the publication.
        drop(self.answer.send(Answer::Accepted(sink)));
        publication
    }

    /// Tells the publisher why not, and closes the connection.
    pub fn reject(self, refusal: Refusal) {
        // A publisher that is gone needs no reason.
        drop(self.answer.send(Answer::Rejected(refusal)));
    }
}

impl fmt::Debug for PublishRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PublishRequest")
            .field("broadcast", &self.broadcast)
            .field("protocol", &self.protocol)
            .field("software", &self.software)
            .finish_non_exhaustive()
    }
}
