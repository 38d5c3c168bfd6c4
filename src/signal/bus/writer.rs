//! Sends what the station says, on a connection of its own.

use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use redis::aio::MultiplexedConnection;
use redis::{Pipeline, RedisError, RedisResult, Value};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, info, warn};

use super::backoff::Backoff;
use super::desk::{Desk, Link, Outgoing};
use super::entry;
use super::redis_url::RedisUrl;
use crate::metrics::bus::{Direction, Queue};

/// Messages that go in one round trip.
const BATCH: usize = 256;

/// How long a station that stops tries to send what was said last.
const FAREWELL: Duration = Duration::from_secs(2);

/// Takes messages from the desk and appends them to the streams of their rooms.
pub(super) struct Writer {
    url: RedisUrl,
    desk: Arc<Desk>,
    connection: Option<MultiplexedConnection>,
}

impl Writer {
    pub(super) fn new(url: RedisUrl, desk: Arc<Desk>) -> Self {
        Self { url, desk, connection: None }
    }

    /// Until `shutdown`, and then for as long as a farewell takes.
    pub(super) async fn run(mut self, shutdown: CancellationToken) {
        shutdown.run_until_cancelled(self.write_on()).await;
        match timeout(FAREWELL, self.write_rest()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => debug!("what was said last in rooms did not reach other stations: {error}"),
            Err(_) => debug!("what was said last in rooms did not reach other stations in time"),
        }
    }

    async fn write_on(&mut self) {
        let mut backoff = Backoff::default();
        let mut is_told = false;
        loop {
            let Err(error) = self.write(&mut backoff, &mut is_told).await;
            self.connection = None;
            self.desk.link(Link::Writing, false);
            if is_told {
                debug!("Redis does not take what rooms say: {error}");
            } else {
                warn!("Redis does not take what rooms say; it is kept and tried again: {error}");
                is_told = true;
            }
            sleep(backoff.next()).await;
        }
    }

    async fn write(&mut self, backoff: &mut Backoff, is_told: &mut bool) -> RedisResult<Infallible> {
        self.connect().await?;
        loop {
            self.desk.work().await;
            self.write_batch().await?;
            // Not before something was taken: a server that takes connections only is no good.
            backoff.reset();
            if std::mem::take(is_told) {
                info!("Redis takes what rooms say again");
            }
        }
    }

    async fn connect(&mut self) -> RedisResult<()> {
        self.connection = Some(self.url.connect(Duration::ZERO).await?);
        self.desk.link(Link::Writing, true);
        Ok(())
    }

    /// All that waits, once.
    async fn write_rest(&mut self) -> RedisResult<()> {
        if self.connection.is_none() {
            self.connect().await?;
        }
        while !self.desk.batch(1).0.is_empty() {
            self.write_batch().await?;
        }
        Ok(())
    }

    /// The oldest that wait. They are forgotten when Redis has taken them, so that what was half sent before an
    /// error is sent again; who heard it already knows its number.
    async fn write_batch(&mut self) -> RedisResult<()> {
        let Some(connection) = &mut self.connection else { return Ok(()) };
        let (batch, wake) = self.desk.batch(BATCH);
        let node = self.desk.node();
        let mut pipeline = Pipeline::with_capacity(2 * batch.len() + 2);
        for outgoing in &batch {
            pipeline.add_command(entry::add(node, outgoing));
        }
        let rooms: HashSet<&str> = batch.iter().map(|outgoing| &*outgoing.room).collect();
        for room in rooms {
            pipeline.add_command(entry::expire(&entry::room_key(room)));
        }
        if wake {
            pipeline.add_command(entry::wake(node));
            pipeline.add_command(entry::expire(&entry::wake_key(node)));
        }
        let replies: Vec<RedisResult<Value>> = pipeline.ignore_errors().query_async(connection).await?;
        let refused = self.refused(&batch, replies)?;
        self.desk.counts().messages.add(Direction::Out, (batch.len() - refused) as u64);
        self.desk.sent(&batch, wake);
        Ok(())
    }

    /// How many of a batch cannot be written, ever: their key holds something that is not ours. Any other error
    /// may pass.
    fn refused(&self, batch: &[Outgoing], replies: Vec<RedisResult<Value>>) -> Result<usize, RedisError> {
        let mut refused = 0;
        for (place, reply) in replies.into_iter().enumerate() {
            match (reply, batch.get(place)) {
                (Ok(_), _) => {}
                (Err(error), Some(outgoing)) if error.code() == Some("WRONGTYPE") => {
                    refused += 1;
                    let key = entry::room_key(&outgoing.room);
                    error!("{key} in Redis is no stream; what is said in this room reaches no other station");
                }
                (Err(error), _) => return Err(error),
            }
        }
        self.desk.counts().dropped.add(Queue::Outbox, refused as u64);
        Ok(refused)
    }
}
