//! What somebody is told as it happens, wherever on the pages they are: `GET /ws/me`.

use std::time::{Duration, Instant};

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};
use store::{Notification, Store, StoreError};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{sleep_until, timeout};
use tracing::debug;
use wire::message::{OwnNotice, own_notice};
use wire::websocket::{CloseCode, frame};

use super::line::{Line, Over};
use super::rooms::Place;
use crate::api::Context;
use crate::api::notifications::Notification as Told;
use crate::auth::Pass;
use crate::live::clock::wall_clock;
use crate::notify::bell::{Ear, Ring};
use crate::notify::ways;

/// How long a client may take to say who it is.
const JOIN: Duration = Duration::from_secs(5);

/// How often a client is asked for a sign of life; one that gave none for twice as long is gone.
const PING: Duration = Duration::from_secs(30);

/// The one thing that a client says.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", deny_unknown_fields)]
enum Said {
    /// Its first message.
    Join {
        /// Of `POST /api/notifications/ticket`.
        ticket: String,
    },
}

/// Why a connection ends.
enum Stop {
    /// By itself.
    Over(Over),
    /// It is ended, and the client is told why.
    Refused { code: &'static str, detail: &'static str },
    /// The station stops.
    Leaving,
}

impl From<Over> for Stop {
    fn from(over: Over) -> Self {
        Self::Over(over)
    }
}

/// Looks after one client from its handshake to its end.
pub(super) async fn run<T: AsyncRead + AsyncWrite + Unpin>(io: T, context: &Context, place: Place) {
    let mut line = Line::new(io);
    let mut own = Own { line: &mut line, context, number: 0 };
    let stop = own.serve().await;
    match stop {
        Stop::Over(Over::Violated(violation)) => line.close(violation.code(), &violation.to_string()).await,
        Stop::Over(Over::Gone | Over::Stuck) => {}
        Stop::Over(Over::Failed(cause)) => debug!("somebody's own connection ended: {cause}"),
        Stop::Refused { code, detail } => {
            let number = own.number + 1;
            let told = text(number, &OwnNotice::Error { code, detail: detail.to_owned() });
            if line.write(&told).await.is_ok() {
                line.close(CloseCode::POLICY, code).await;
            }
        }
        Stop::Leaving => line.close(CloseCode::GOING_AWAY, "the station stops; come again").await,
    }
    drop(place);
}

/// One client.
struct Own<'a, T> {
    line: &'a mut Line<T>,
    context: &'a Context,
    /// Messages that were written.
    number: u64,
}

impl<T: AsyncRead + AsyncWrite + Unpin> Own<'_, T> {
    async fn serve(&mut self) -> Stop {
        let entered = timeout(JOIN, self.enter()).await;
        let late = Stop::Refused { code: "noJoin", detail: "the first message must be join, within 5 s" };
        let (pass, mut ear) = match entered.unwrap_or(Err(late)) {
            Ok(entered) => entered,
            Err(stop) => return stop,
        };
        // From here on nothing is missed: what rings before the count is in it.
        match self.attend(&pass, &mut ear).await {
            Ok(never) => match never {},
            Err(stop) => stop,
        }
    }

    /// Waits for the first message; who has sent it, and what rings for them.
    async fn enter(&mut self) -> Result<(Pass, Ear), Stop> {
        let first = loop {
            if let Some(text) = self.line.next().await? {
                break text;
            }
        };
        let Ok(Said::Join { ticket }) = serde_json::from_str(&first) else {
            let detail = "the first message must be join with a ticket";
            return Err(Stop::Refused { code: "noJoin", detail });
        };
        let pass = self.context.auth.passes.take(&ticket, Instant::now());
        let detail = "the ticket is not good, or not any more; ask for a new one";
        let pass = pass.ok_or(Stop::Refused { code: "badTicket", detail })?;
        let detail = "this account is connected as often as it may be";
        let ear = self.context.bell.listen(&pass.user);
        Ok((pass, ear.ok_or(Stop::Refused { code: "tooMany", detail })?))
    }

    /// Tells what rings until the connection ends.
    async fn attend(&mut self, pass: &Pass, ear: &mut Ear) -> Result<std::convert::Infallible, Stop> {
        let mut revoked = self.context.auth.revoked();
        let shutdown = self.context.shutdown.clone();
        let mut heard = tokio::time::Instant::now();
        let mut asked = false;
        let mut joined = false;
        loop {
            if self.context.auth.is_void(pass) {
                let detail = "this sign-in is over, or the account has changed; ask for a new ticket";
                return Err(Stop::Refused { code: "revoked", detail });
            }
            if !joined {
                let unread = unread(self.context, pass).await?;
                self.tell(&OwnNotice::Joined { unread }).await?;
                joined = true;
            }
            let look = heard + if asked { 2 * PING } else { PING };
            tokio::select! {
                message = self.line.next() => {
                    (heard, asked) = (tokio::time::Instant::now(), false);
                    if message?.is_some() {
                        let detail = "nothing is asked for here";
                        return Err(Stop::Refused { code: "badMessage", detail });
                    }
                }
                ring = ear.next() => {
                    let unread = unread(self.context, pass).await?;
                    let told = match ring {
                        Ring::Told(it) => {
                            let told = words(&self.context.store, &it).await.map_err(|_| AWAY)?;
                            told.map(|notification| OwnNotice::Notification { unread, notification })
                        }
                        Ring::Counted => None,
                    };
                    self.tell(&told.unwrap_or(OwnNotice::Unread { unread })).await?;
                }
                changed = revoked.changed() => changed.map_err(|_| Stop::Leaving)?,
                () = sleep_until(look) => {
                    if asked {
                        return Err(Over::Stuck.into());
                    }
                    asked = true;
                    self.line.ping().await?;
                }
                () = shutdown.cancelled() => return Err(Stop::Leaving),
            }
        }
    }

    async fn tell(&mut self, notice: &OwnNotice) -> Result<(), Stop> {
        self.number += 1;
        Ok(self.line.write(&text(self.number, notice)).await?)
    }
}

async fn unread(context: &Context, pass: &Pass) -> Result<i64, Stop> {
    context.store.notifications().unread(&pass.user).await.map_err(|_| AWAY)
}

/// Where the database is away, what a client shows is not true any more: it comes again.
const AWAY: Stop =
    Stop::Refused { code: "notNow", detail: "the station cannot tell at the moment; come again" };

fn text(number: u64, notice: &OwnNotice) -> Bytes {
    frame(&own_notice(&number.to_string(), wall_clock().0, notice))
}

/// What somebody is told, in words for them; `None` where another version wrote it.
pub(super) async fn words(store: &Store, it: &Notification) -> Result<Option<Box<RawValue>>, StoreError> {
    let zone = ways::zone(&store.notification_preferences().load(&it.user_id).await?);
    // Texts alone: there is nothing in it that JSON could not say.
    Ok(Told::of(it.clone(), &zone).and_then(|told| to_raw_value(&told).ok()))
}
