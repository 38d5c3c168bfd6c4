//! The stage: somebody speaks, and hears the others who do. Shaped like WHIP.
//!
//! The offer has one audio section that sends, the microphone, and as many that receive as voices are to be heard
//! at once, eight at the most. Nothing is negotiated anew when people come and go: the session's URL tells, as
//! a stream of events, whose voice is in which section.

use std::convert::Infallible;
use std::net::SocketAddr;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::HeaderMap;
use axum::response::Response;
use axum::response::sse::{Event, KeepAlive, Sse};
use ingest::{Protocol, Publisher, StreamKey};
use room::{Action, Name, PersonId, Role, Voice};
use rtc::SessionId;
use serde::Serialize;
use tokio_stream::wrappers::WatchStream;
use tokio_stream::{Stream, StreamExt};

use super::door::Door;
use super::echo_guard::EchoGuard;
use super::endpoint::{created, offer};
use super::hold::Hold;
use super::publishing::{let_in, refused, require_sound, software};
use crate::api::Context;
use crate::api::broadcasts::find;
use crate::api::error::Problem;
use crate::api::params::Path;
use crate::auth::{Caller, Client};
use crate::live::floor::{Board, VoiceId};

/// `POST /stage/{id}`.
pub(super) async fn speak(
    State(context): State<Context>,
    client: Client,
    Path(id): Path<String>,
    caller: Caller,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let station = context.webrtc()?;
    let offer = offer(&headers, &body)?;
    require_sound(&offer)?;
    if matches!(caller, Caller::Anonymous) {
        return Err(Problem::unauthorized("send Authorization: Bearer with an access token to speak"));
    }
    let found = find(&context, &caller, &id).await?;
    let invited =
        caller.account().and_then(|account| context.rooms.voice_of(&found.hosted.broadcast.id, account));
    if invited.is_none() {
        found.require(&caller, Action::Speak)?;
    }
    let row = found.hosted.broadcast;
    let on_air = context.hall.broadcast(&row.id);
    let Some(stage) = on_air.and_then(|held| held.stage) else {
        return Err(Problem::conflict("the broadcast is not on air, and its stage not open yet"));
    };
    let account = caller.account().map(str::to_owned);
    let publisher = Publisher {
        broadcast: row.id.clone(),
        key: StreamKey::parse(row.stream_key.expose()).map_err(|_| Problem::internal())?,
        protocol: Protocol::Stage,
        peer: SocketAddr::new(client.address, 0),
        software: software(&headers),
        account: account.clone(),
    };
    let sink = let_in(station, publisher).await.map_err(|refusal| refused(&refusal, &row.id))?;
    let theirs = offer.credentials().ufrag().to_owned();
    let closing = sink.closing();
    let seat =
        person(&caller, found.role, &context).await.map(|person| context.rooms.take_seat(&row.id, person));
    let named = account.clone().map(Into::into);
    let door = ingest::whip::Door::new(sink);
    let ear: Box<dyn rtc::Ear> = match &account {
        Some(who) => Box::new(EchoGuard::new(door, station, &row.id, context.gate.subject(who))),
        None => Box::new(door),
    };
    let joined = station.rtc.speak(offer, &stage.door, named, ear).await?;
    let session = joined.session;
    let response =
        created(station, Door::Stage, &row.id, &theirs, joined, Hold::Stage { closing, _seat: seat });
    station.sessions.note_speaker(session, account);
    if invited == Some(Voice::Muted) {
        station.rtc.mute(session, true);
    }
    Ok(response)
}

/// Who speaks, as the room knows them; `None` of an API key, which is nobody in it.
async fn person(caller: &Caller, role: Role, context: &Context) -> Option<room::Person> {
    let account = caller.account()?;
    let user = context.store.users().load(account).await.ok().flatten()?;
    let name = Name::parse(&user.display_name).ok()?;
    Some(room::Person { id: PersonId::parse(account).ok()?, name, role, follows: false })
}

/// What somebody on the stage is told: whose voice comes in which section that receives, in their order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Slots {
    /// Their own voice, as the others are told of it.
    voice: VoiceId,
    slots: Vec<Option<Speaker>>,
}

/// Somebody who is heard in a section.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Speaker {
    voice: VoiceId,
    /// Their account; null where that is not known.
    user_id: Option<String>,
    /// They publish by WHIP or RTMP, and are not on the stage themselves.
    publisher: bool,
}

/// `GET /stage/{id}/{session}`: events `slots`, now and whenever they change, until the session is over.
pub(super) async fn slots(
    State(context): State<Context>,
    Path((broadcast, name)): Path<(String, String)>,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let gone = || Problem::not_found("there is no such session, or it is over; POST a new offer");
    let station = context.webrtc()?;
    let session: SessionId = name.parse().map_err(|_| gone())?;
    station.sessions.find(Door::Stage, &broadcast, session).ok_or_else(gone)?;
    let stage = context.hall.broadcast(&broadcast).and_then(|held| held.stage).ok_or_else(gone)?;
    let mut was_there = false;
    let told = WatchStream::new(stage.board).map_while(move |board| {
        let slots = slots_of(&board, session);
        // Before its handshake is over it is not on the stage yet.
        if slots.is_none() && was_there {
            return None;
        }
        was_there |= slots.is_some();
        Some(slots)
    });
    let events = told.filter_map(|slots| {
        let data = serde_json::to_string(&slots?).ok()?;
        Some(Ok(Event::default().event("slots").data(data)))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

fn slots_of(board: &Board, session: SessionId) -> Option<Slots> {
    let seen = board.members.get(&session)?;
    let speaker = |voice: &Option<VoiceId>| {
        let voice = (*voice)?;
        let whose = board.members.values().find(|other| other.voice == voice)?;
        let user_id = whose.person.as_deref().map(str::to_owned);
        Some(Speaker { voice, user_id, publisher: whose.publishes })
    };
    Some(Slots { voice: seen.voice, slots: seen.slots.iter().map(speaker).collect() })
}
