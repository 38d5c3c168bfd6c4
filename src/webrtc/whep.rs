//! WHEP: somebody listens to the programme (draft-ietf-wish-whep).

use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::extract::rejection::BytesRejection;
use axum::http::header::LINK;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use sfu::Standing;

use super::door::Door;
use super::endpoint::{created, offer};
use super::hold::Hold;
use super::listener::Shown;
use super::places::Person;
use super::programme_clock::programme_clock;
use super::standing;
use crate::api::Context;
use crate::api::broadcasts::find;
use crate::api::error::Problem;
use crate::api::params::Path;
use crate::auth::Client;
use crate::live::clock::wall_clock;
use crate::playback::gate::Pass;
use crate::playback::guard::Guard;

/// When a broadcast that is not on air is worth another look.
const NOT_YET: Duration = Duration::from_secs(5);

/// When a place may be free.
const FULL: Duration = Duration::from_secs(10);

/// Maps the RTP time of the programme to civil time.
const PROGRAMME_CLOCK: HeaderName = HeaderName::from_static("onair-programme-clock");

/// `POST /whep/{id}`.
pub(super) async fn listen(
    State(context): State<Context>,
    client: Client,
    Path(id): Path<String>,
    shown: Shown,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, Problem> {
    let station = context.webrtc()?;
    let offer = offer(&headers, &body)?;
    if !offer.audios().iter().any(|audio| audio.direction.receives()) {
        return Err(Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "the offer receives nothing: an audio section must be recvonly or sendrecv; to publish, POST to /whip",
        ));
    }
    let Some(live) = context.hall.live(&id) else { return Err(not_on_air(&context, &shown, &id).await) };
    let caller = shown.caller().clone();
    let pass = shown.admit(&context, &live.card).await?;
    let person = Person { account: caller.account(), address: client.address };
    let place = match station.places.take(&id, person, Standing::Ordinary) {
        Some(place) => Some(place),
        // Whether they are privileged the database tells, and is asked only where it matters.
        None => match find(&context, &caller, &id).await {
            Ok(found) => {
                let standing = standing(&context, &id, person.account, found.role);
                station.places.take(&id, person, standing)
            }
            Err(_) => None,
        },
    };
    let Some(place) = place else { return Ok(full(&id)) };
    let theirs = offer.credentials().ufrag().to_owned();
    let audience = live.audience.as_ref().ok_or_else(Problem::internal)?;
    let joined = station.rtc.listen(offer, audience).await?;
    let listener = match pass {
        Pass::Signed(claims, _) => Some(claims.subject),
        Pass::Open | Pass::Edge => caller.account().map(|account| context.gate.subject(account)),
    };
    let hold = Hold::Leave { guard: Guard::new(context.gate.clone(), &id, pass), listener, _place: place };
    let mut response = created(station, Door::Whep, &id, &theirs, joined, hold);
    response.headers_mut().insert(PROGRAMME_CLOCK, programme_clock(audience.clock(), wall_clock()));
    Ok(response)
}

/// 404: there is no such broadcast, as far as the caller may know, or it is not on air, and may be in a moment.
async fn not_on_air(context: &Context, shown: &Shown, id: &str) -> Problem {
    match find(context, shown.caller(), id).await {
        Ok(_) => Problem::not_found("the broadcast is not on air").after(NOT_YET),
        Err(problem) => problem,
    }
}

/// 503, and where the broadcast is heard instead.
fn full(id: &str) -> Response {
    let hls = format!("</live/{id}/index.m3u8>; rel=\"alternate\"; type=\"application/vnd.apple.mpegurl\"");
    let link = HeaderValue::try_from(hls).expect("ids are letters, digits, - and _");
    let problem = Problem::unavailable(FULL)
        .because("as many people hear this broadcast by WebRTC as may; the header Link tells where HLS is");
    ([(LINK, link)], problem).into_response()
}
