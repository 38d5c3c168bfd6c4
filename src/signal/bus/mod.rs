//! How the rooms of several stations hear each other.
//!
//! A room lives in every station that has somebody in it. What one of them does it says on the [`Bus`], and the
//! others hear it, in order. Saying never waits and never fails: while Redis is away a station's own people go on
//! with each other, and what they said is told when it is back.
//!
//! What cannot be told any more, because a bound was met or Redis lost it, shows at the other end as
//! [`Received::Gap`]: the room asks for the state of the others again.

mod backoff;
mod desk;
mod entry;
mod exchange;
mod followed;
mod inbox;
mod losses;
mod reader;
mod redis_url;
mod writer;

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use uuid::Uuid;

use crate::metrics::Metrics;
use desk::Desk;
pub use exchange::Exchange;
use inbox::Inbox;
use reader::Reader;
pub use redis_url::RedisUrl;
use writer::Writer;

/// A station among those that share a bus: by chance, anew for each process.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub struct NodeId(Uuid);

impl NodeId {
    fn random() -> Self {
        Self(Uuid::new_v4())
    }

    fn parse(text: &[u8]) -> Option<Self> {
        Uuid::try_parse_ascii(text).ok().map(Self)
    }
}

impl fmt::Display for NodeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.simple().fmt(f)
    }
}

/// Something that another station said in a room.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Envelope {
    /// Who said it.
    pub node: NodeId,
    /// Grows with everything that this station says, in whatever room; none comes twice.
    pub sequence: u64,
    /// What was said.
    pub payload: Bytes,
}

/// What a room hears of the others.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Received {
    /// Something was said.
    Envelope(Envelope),
    /// Something may have been missed before what comes next: the moment to ask for the state of the others.
    ///
    /// Every subscription begins with one, as soon as it hears whatever is said from then on.
    Gap,
}

/// One station's end of the bus. Cheap to clone; clones are the same station.
#[derive(Clone, Debug)]
pub struct Bus {
    desk: Arc<Desk>,
    exchange: Option<Arc<Exchange>>,
}

impl Bus {
    /// The bus of a station that is alone.
    pub fn alone() -> Self {
        Exchange::new().bus()
    }

    /// A bus by Redis, on two connections however many rooms there are. Connecting goes on in the background, for
    /// as long as it takes; `tasks` holds what does it until `shutdown`, and what was said before that is sent.
    pub fn redis(
        url: &RedisUrl,
        metrics: &Metrics,
        tasks: &TaskTracker,
        shutdown: &CancellationToken,
    ) -> Self {
        let desk = Arc::new(Desk::new(NodeId::random(), metrics.bus.clone()));
        tasks.spawn(Reader::new(url.clone(), desk.clone()).run(shutdown.clone()));
        tasks.spawn(Writer::new(url.clone(), desk.clone()).run(shutdown.clone()));
        Self { desk, exchange: None }
    }

    /// This station.
    pub fn node(&self) -> NodeId {
        self.desk.node()
    }

    /// Says something in a room, to all stations that are subscribed to it but this one.
    ///
    /// Never waits. While Redis is away up to 10,000 messages and 16 MiB are kept; beyond that the oldest go. A
    /// payload of more than 256 KiB is not sent. Both are counted and logged, and show as a gap at the others.
    pub fn publish(&self, room: &str, payload: Bytes) {
        match &self.exchange {
            Some(exchange) => exchange.publish(&self.desk, room, payload),
            None => self.desk.publish(room, payload),
        }
    }

    /// Hears what other stations say in a room, from about now on; the first [`Received::Gap`] says from when.
    pub fn subscribe(&self, room: &str) -> Subscription {
        let inbox = Arc::new(Inbox::new(self.desk.counts().clone()));
        self.desk.subscribe(room, inbox.clone());
        if self.exchange.is_some() {
            inbox.begin();
        }
        Subscription { room: room.into(), inbox, desk: self.desk.clone() }
    }
}

/// One room's ear. Dropping it ends what is done for it.
#[derive(Debug)]
pub struct Subscription {
    room: Arc<str>,
    inbox: Arc<Inbox>,
    desk: Arc<Desk>,
}

impl Subscription {
    /// What was said next; `None` when the bus has stopped. May be dropped while it waits: nothing is lost.
    ///
    /// Up to 1,024 messages and 4 MiB wait for who is slow; beyond that the oldest go, and a gap stands for them.
    pub async fn next(&mut self) -> Option<Received> {
        self.inbox.next().await
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.desk.unsubscribe(&self.room, &self.inbox);
    }
}

/// The largest payload, in bytes: a room's whole state fits, and ten thousand messages of a room are still bounded.
const MAX_PAYLOAD: usize = 256 * 1024;
