//! One client in a room.

use std::fmt;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use room::{ConnectionId, Moment, Person, Rate, Refusal};
use store::{Notification, StoreError};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, sleep_until, timeout};
use tracing::debug;
use wire::message::{BadMessage, Client as Message, Notice, Request, Stamp, notice};
use wire::websocket::{CloseCode, frame};

use super::entrance::{Entered, NoEntry, admit};
use super::hub::{Asked, Entry, Fresh};
use super::line::{Line, Over};
use super::own;
use super::rooms::{Place, RoomClosed, RoomHandle};
use crate::api::Context;
use crate::auth::{Auth, Client, Pass};
use crate::live::clock::wall_clock;
use crate::notify::bell::{Ear, Ring};

/// How long a client may take to say who it is.
const JOIN: Duration = Duration::from_secs(5);

/// How often a client is asked for a sign of life; one that gave none for twice as long is gone.
const PING: Duration = Duration::from_secs(30);

/// Frames of a client in a second, whatever is in them: more than people make, and few enough to be looked at.
const FRAMES: usize = 30;

/// Reports of abuse that a connection makes in a minute.
const REPORTS: usize = 5;

/// Messages that say nothing, after which a client is let go.
const NONSENSE: u32 = 20;

/// How long it may take to find the words for what somebody is told; it is in their list in any case.
const WORDS: Duration = Duration::from_secs(1);

/// Times that a client comes to a room which closes at that moment.
const TRIES: usize = 3;

/// Looks after one client from its handshake to its end.
pub(super) async fn run<T: AsyncRead + AsyncWrite + Unpin>(
    io: T,
    context: &Context,
    client: Client,
    broadcast: &str,
    place: Place,
) {
    let mut line = Line::new(io);
    let late = |_| Err(Stop::refused("noJoin", "the first message must be join, within 5 s"));
    let entered = timeout(JOIN, enter(&mut line, context, client, broadcast)).await.unwrap_or_else(late);
    let (mut connected, fresh) = match entered {
        Ok(entered) => entered,
        Err(stop) => return stop.carry_out(&mut line, "0").await,
    };
    let stop = connected.serve(&mut line, fresh).await;
    connected.room.leave(connected.id).await;
    stop.carry_out(&mut line, &connected.stamp_id()).await;
    drop(place);
}

/// Why a connection ends.
enum Stop {
    /// By itself.
    Over(Over),
    /// It is ended, and the client is told why before.
    Ended { code: CloseCode, reason: &'static str, told: Option<Box<Notice>> },
}

impl Stop {
    fn refused(code: &'static str, why: impl fmt::Display) -> Self {
        let told = Some(Box::new(error(code, why.to_string(), None)));
        Self::Ended { code: CloseCode::POLICY, reason: code, told }
    }

    async fn carry_out<T: AsyncRead + AsyncWrite + Unpin>(self, line: &mut Line<T>, id: &str) {
        match self {
            Self::Over(Over::Violated(violation)) => {
                line.close(violation.code(), &violation.to_string()).await;
            }
            Self::Over(Over::Gone | Over::Stuck) => {}
            Self::Over(Over::Failed(cause)) => debug!("a connection to a room ended: {cause}"),
            Self::Ended { code, reason, told } => {
                let told = told.map(|told| private(id, &told)).unwrap_or_default();
                if line.write(&told).await.is_ok() {
                    line.close(code, reason).await;
                }
            }
        }
    }
}

impl From<Over> for Stop {
    fn from(over: Over) -> Self {
        Self::Over(over)
    }
}

impl From<RoomClosed> for Stop {
    fn from(_: RoomClosed) -> Self {
        Self::Ended { code: CloseCode::GOING_AWAY, reason: "the room is closed; come again", told: None }
    }
}

impl From<NoEntry> for Stop {
    fn from(no_entry: NoEntry) -> Self {
        Self::refused(no_entry.code(), no_entry)
    }
}

/// Somebody who is in.
struct Connected {
    id: ConnectionId,
    room: RoomHandle,
    person: Arc<Person>,
    /// The last message that was written.
    last: u64,
    /// Which opening of the room it counts from.
    epoch: String,
    begun: Instant,
    frames: Rate,
    reports: Rate,
    nonsense: u32,
    own: Option<OwnNews>,
}

/// What somebody is told beside the room, where it is their own account that is here.
struct OwnNews {
    ear: Ear,
    pass: Pass,
    auth: Arc<Auth>,
}

impl OwnNews {
    /// What they are told next; pending for ever where there is nobody who could be told. May be dropped while it waits.
    async fn next(news: &mut Option<Self>) -> Arc<Notification> {
        loop {
            let Some(own) = news else { return pending().await };
            let ring = own.ear.next().await;
            // Who signed out stays in the room as they came, and hears nothing more of their own.
            if own.auth.is_void(&own.pass) {
                *news = None;
            } else if let Ring::Told(told) = ring {
                return told;
            }
        }
    }

    /// That as a message, with how much was not read; `None` where another version wrote it.
    async fn words(&self, it: &Notification) -> Result<Option<Notice>, StoreError> {
        let store = self.auth.store();
        let unread = store.notifications().unread(&it.user_id).await?;
        let notification = own::words(store, it).await?;
        Ok(notification.map(|notification| Notice::Notification { unread, notification }))
    }
}

/// Waits for the first message and lets its sender in.
async fn enter<T: AsyncRead + AsyncWrite + Unpin>(
    line: &mut Line<T>,
    context: &Context,
    client: Client,
    broadcast: &str,
) -> Result<(Connected, Fresh), Stop> {
    let first = loop {
        if let Some(text) = line.next().await? {
            break text;
        }
    };
    let request = Message::parse(&first).and_then(|message| message.request("join"));
    let Ok(Request::Join { ticket, last_event_id }) = request else {
        return Err(Stop::refused("noJoin", "the first message must be join with a ticket"));
    };
    let Entered { broadcast, person, pass } = admit(context, client, broadcast, &ticket).await?;
    let connection = context.rooms.new_connection();
    for _ in 0..TRIES {
        let room = context.rooms.enter(&broadcast);
        let entry = Entry {
            connection,
            person: person.clone(),
            address: client.address,
            last: last_event_id.clone(),
        };
        match room.join(entry).await {
            Ok(Ok(fresh)) => {
                let connected = Connected {
                    id: connection,
                    room,
                    person: fresh.person.clone(),
                    last: fresh.last,
                    epoch: fresh.epoch.clone(),
                    begun: Instant::now(),
                    frames: Rate::new(FRAMES, Duration::from_secs(1)),
                    reports: Rate::new(REPORTS, Duration::from_mins(1)),
                    nonsense: 0,
                    own: pass.clone().and_then(|pass| {
                        let ear = context.bell.listen(&pass.user)?;
                        Some(OwnNews { ear, pass, auth: context.auth.clone() })
                    }),
                };
                return Ok((connected, fresh));
            }
            Ok(Err(refusal)) => return Err(Stop::refused(refusal.code(), refusal)),
            // It closed between; the next opening is another.
            Err(RoomClosed) => {}
        }
    }
    Err(RoomClosed.into())
}

impl Connected {
    /// Reads and writes until either side ends it.
    async fn serve<T: AsyncRead + AsyncWrite + Unpin>(&mut self, line: &mut Line<T>, fresh: Fresh) -> Stop {
        let mut feed = fresh.feed;
        if let Err(over) = line.write(&fresh.frames).await {
            return over.into();
        }
        let mut heard = Instant::now();
        let mut asked = false;
        loop {
            let look = heard + if asked { 2 * PING } else { PING };
            tokio::select! {
                message = line.next() => {
                    heard = Instant::now();
                    asked = false;
                    let text = match message {
                        Ok(text) => text,
                        Err(over) => return over.into(),
                    };
                    if !self.frames.take(self.begun.elapsed()) {
                        let too_fast = format!("more than {FRAMES} messages within a second");
                        return Stop::refused("tooFast", too_fast);
                    }
                    let Some(text) = text else { continue };
                    if let Err(stop) = self.answer(line, &text).await {
                        return stop;
                    }
                }
                batch = feed.recv() => match batch {
                    Ok(batch) => {
                        let share = batch.share(&self.person, self.last);
                        self.last = share.last;
                        if let Some(person) = share.becomes {
                            self.person = person;
                        }
                        if let Err(over) = line.write(&share.frames).await {
                            return over.into();
                        }
                        if share.ends {
                            return Stop::Ended { code: CloseCode::POLICY, reason: "removed", told: None };
                        }
                    }
                    Err(RecvError::Lagged(_)) => match self.room.show(self.id).await {
                        Ok(fresh) => {
                            (feed, self.last, self.person) = (fresh.feed, fresh.last, fresh.person);
                            if let Err(over) = line.write(&fresh.frames).await {
                                return over.into();
                            }
                        }
                        Err(closed) => return closed.into(),
                    },
                    Err(RecvError::Closed) => return RoomClosed.into(),
                },
                told = OwnNews::next(&mut self.own) => {
                    let Some(told) = self.own_words(&told).await else { continue };
                    if let Err(over) = line.write(&private(&self.stamp_id(), &told)).await {
                        return over.into();
                    }
                }
                () = sleep_until(look) => {
                    if asked {
                        return Over::Stuck.into();
                    }
                    asked = true;
                    if let Err(over) = line.ping().await {
                        return over.into();
                    }
                }
            }
        }
    }

    /// Does what one message asks for, and tells the client where it is not done.
    async fn answer<T: AsyncRead + AsyncWrite + Unpin>(
        &mut self,
        line: &mut Line<T>,
        text: &str,
    ) -> Result<(), Stop> {
        let id = store::id();
        let understood = |message: Message| Ok((message.clone(), message.request(&id)?));
        let request = Message::parse(text).and_then(understood);
        let refusal = match request {
            Ok((_, Request::Leave)) => {
                return Err(Stop::Ended { code: CloseCode::NORMAL, reason: "left", told: None });
            }
            Ok((_, Request::Join { .. })) => error("joined", "you are in the room already".to_owned(), None),
            Ok((_, Request::Report(_))) if !self.reports.take(self.begun.elapsed()) => {
                let why = format!("{REPORTS} reports a minute are enough to be seen");
                error("tooManyReports", why, None)
            }
            Ok((message, request)) => {
                match self.room.ask(Asked { connection: self.id, message, id, request }).await? {
                    Ok(()) => return Ok(()),
                    Err(refusal) if refusal.ends_the_connection() => {
                        return Err(Stop::refused(refusal.code(), refusal));
                    }
                    Err(refusal) => refused(refusal),
                }
            }
            Err(bad) => {
                self.nonsense += 1;
                if self.nonsense > NONSENSE {
                    return Err(Stop::refused("badMessage", "too many messages that say nothing"));
                }
                bad_message(&bad)
            }
        };
        Ok(line.write(&private(&self.stamp_id(), &refusal)).await?)
    }

    /// What they are told, in a moment or not at all: the room goes on.
    async fn own_words(&self, it: &Notification) -> Option<Notice> {
        match timeout(WORDS, self.own.as_ref()?.words(it)).await {
            Ok(Ok(told)) => told,
            Ok(Err(cause)) => {
                debug!("somebody in a room is not told what they are told: {cause}");
                None
            }
            Err(_) => None,
        }
    }

    /// The id of the last message that was written: what is for this client alone is no message of the room's.
    fn stamp_id(&self) -> String {
        format!("{}-{}", self.epoch, self.last)
    }
}

/// A message for one client, as a frame.
fn private(id: &str, told: &Notice) -> Bytes {
    let at = Moment { wall: wall_clock().0, ..Moment::default() };
    frame(&notice(&Stamp { id: id.to_owned(), at }, told))
}

fn refused(refusal: Refusal) -> Notice {
    error(refusal.code(), refusal.to_string(), refusal.wait())
}

fn bad_message(bad: &BadMessage) -> Notice {
    error("badMessage", bad.to_string(), None)
}

fn error(code: &'static str, detail: String, wait: Option<Duration>) -> Notice {
    let retry_after_seconds = wait.map(|wait| wait.as_secs() + u64::from(wait.subsec_nanos() > 0));
    Notice::Error { code, detail, retry_after_seconds }
}
