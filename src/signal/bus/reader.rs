//! Hears what other stations say, on a connection of its own.

use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::streams::{StreamRangeReply, StreamReadReply};
use redis::{Pipeline, RedisResult};
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use super::backoff::Backoff;
use super::desk::{Desk, Link};
use super::entry::{self, Entry, Position};
use super::followed::Followed;
use super::redis_url::RedisUrl;
use crate::metrics::bus::Direction;
use crate::metrics::labels::NoLabel;

/// How long one question waits for something to be said. Also how soon a connection that is dead is noticed.
const BLOCK: Duration = Duration::from_secs(5);

/// Entries of one room in one answer.
const COUNT: u32 = 100;

/// Rooms that are asked about in one round trip.
const ROOMS: usize = 256;

/// A question names every room, so its cost grows with them; so does the pause before the next one. A thousand
/// rooms are asked about at most a hundred times a second, ten rooms as often as somebody speaks.
const PAUSE_PER_ROOM: Duration = Duration::from_micros(10);

/// Reads the streams of all rooms that the station is subscribed to.
pub(super) struct Reader {
    url: RedisUrl,
    desk: Arc<Desk>,
    rooms: HashMap<Arc<str>, Followed>,
    /// Where the stream is read that wakes this reader.
    woken: Position,
}

impl Reader {
    pub(super) fn new(url: RedisUrl, desk: Arc<Desk>) -> Self {
        Self { url, desk, rooms: HashMap::new(), woken: Position::default() }
    }

    /// Until `shutdown`; then nothing is heard any more.
    pub(super) async fn run(mut self, shutdown: CancellationToken) {
        shutdown.run_until_cancelled(self.read_on()).await;
        self.desk.link(Link::Reading, false);
        self.desk.close();
    }

    async fn read_on(&mut self) {
        let mut backoff = Backoff::default();
        let mut is_told = false;
        loop {
            let Err(error) = self.read(&mut backoff, &mut is_told).await;
            self.desk.link(Link::Reading, false);
            if is_told {
                debug!("Redis is still away: {error}");
            } else {
                warn!("Redis is away; rooms go on without other stations: {error}");
                is_told = true;
            }
            sleep(backoff.next()).await;
        }
    }

    async fn read(&mut self, backoff: &mut Backoff, is_told: &mut bool) -> RedisResult<Infallible> {
        let mut connection = self.url.connect(BLOCK).await?;
        self.take_changes();
        let all = self.rooms.keys().cloned().collect();
        self.look(&mut connection, all).await?;
        self.woken = Position::default();
        self.desk.link(Link::Reading, true);
        backoff.reset();
        if std::mem::take(is_told) {
            info!("Redis is back; rooms hear other stations again");
        }
        loop {
            let reply: Option<StreamReadReply> = self.question().query_async(&mut connection).await?;
            // First, so that a room that was left in the meantime is not read for.
            let new = self.take_changes();
            let heard = reply.is_some_and(|reply| self.take(reply));
            self.look(&mut connection, new).await?;
            if heard {
                sleep(PAUSE_PER_ROOM * self.rooms.len() as u32).await;
            }
        }
    }

    /// Learns which rooms there are now. Answers those of which it is not known where their streams end.
    fn take_changes(&mut self) -> Vec<Arc<str>> {
        let mut new = Vec::new();
        for (room, inboxes) in self.desk.take_changes() {
            if inboxes.is_empty() {
                self.rooms.remove(&room);
                continue;
            }
            let is_new = !self.rooms.contains_key(&room);
            let followed = self.rooms.entry(room.clone()).or_default();
            followed.inboxes = inboxes;
            followed.begin();
            if is_new {
                new.push(room);
            }
        }
        new
    }

    /// Asks where the streams of these rooms end.
    async fn look(
        &mut self,
        connection: &mut MultiplexedConnection,
        rooms: Vec<Arc<str>>,
    ) -> RedisResult<()> {
        for some in rooms.chunks(ROOMS) {
            let mut pipeline = Pipeline::with_capacity(some.len());
            for room in some {
                pipeline.cmd("XREVRANGE").arg(entry::room_key(room)).arg("+").arg("-").arg("COUNT").arg(1);
            }
            let ends: Vec<StreamRangeReply> = pipeline.query_async(connection).await?;
            for (room, end) in some.iter().zip(ends) {
                let end = end.ids.first().and_then(|id| id.id.parse().ok());
                if let Some(followed) = self.rooms.get_mut(room) {
                    followed.look(end);
                }
            }
        }
        Ok(())
    }

    /// Whatever is said after what was read, in any room.
    fn question(&self) -> redis::Cmd {
        let mut question = redis::cmd("XREAD");
        question.arg("COUNT").arg(COUNT).arg("BLOCK").arg(BLOCK.as_millis() as u64).arg("STREAMS");
        question.arg(entry::wake_key(self.desk.node()));
        let rooms: Vec<_> = self.rooms.iter().collect();
        for (room, _) in &rooms {
            question.arg(entry::room_key(room));
        }
        question.arg(self.woken.to_string());
        for (_, followed) in &rooms {
            question.arg(followed.at().to_string());
        }
        question
    }

    /// Hands on what was read; answers whether it was anything but a wake.
    fn take(&mut self, reply: StreamReadReply) -> bool {
        let counts = self.desk.counts().clone();
        let mut heard = false;
        for stream in reply.keys {
            let Some(room) = entry::room_of(&stream.key) else {
                if let Some(last) = stream.ids.last().and_then(|id| id.id.parse().ok()) {
                    self.woken = last;
                }
                continue;
            };
            heard = true;
            let Some(followed) = self.rooms.get_mut(room) else { continue };
            for id in stream.ids {
                if let Ok(at) = id.id.parse() {
                    followed.pass(at);
                }
                let Some(entry) = Entry::of(id) else {
                    debug!("an entry in {} is none that a station wrote", stream.key);
                    continue;
                };
                if entry.envelope.node == self.desk.node() {
                    continue;
                }
                let outcome = followed.hear(&entry);
                counts.messages.add(Direction::In, u64::from(outcome.is_new));
                counts.gaps.add(NoLabel::One, u64::from(outcome.gap));
            }
        }
        heard
    }
}
