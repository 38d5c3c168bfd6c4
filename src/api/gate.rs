//! What every request of the API passes on its way in and out: a name, limits, and headers that keep
//! browsers safe.

use std::any::Any;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::header::{
    AUTHORIZATION, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, REFERRER_POLICY,
    RETRY_AFTER, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::cors::{AllowOrigin, CorsLayer};
use tower_http::set_header::SetResponseHeaderLayer;
use tracing::{Instrument, debug, error, info_span};
use uuid::Uuid;

use super::error::Problem;
use super::limits::{Limiter, household};
use crate::auth::proxies::TrustedProxies;
use crate::http::server::{Peer, Scheme};
use crate::settings::ApiSettings;
use crate::webrtc::negotiation;

/// Longest request body, unless an endpoint says otherwise. The longest of ours is a description of
/// 5,000 characters, which JSON may write in 6 bytes each.
const BODY_MAX: usize = 64 * 1024;

/// Longest that an answer may take. A body has 20 s to arrive, a database 2 s to be there.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long a browser may rely on what it was told about another origin.
const PREFLIGHT_AGE: Duration = Duration::from_mins(10);

/// Longest name of a request that is taken from outside; a UUID has 36.
const REQUEST_ID_MAX: usize = 64;

/// The name of a request, for its log lines and for whoever asks about it.
pub const X_REQUEST_ID: &str = "x-request-id";

/// For a year (RFC 6797). Neighbouring names are not ours to promise for.
pub const HSTS: &str = "max-age=31536000";

/// An answer of the API is read by programs; a browser that opens one is to run nothing.
const POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

/// Puts the gate before every route of `api` and of `doors`, the endpoints of WebRTC: these are open to pages of
/// any site, those to the ones in the settings. `proxies` are believed about who is behind them.
pub fn gate(api: Router, doors: Router, settings: &ApiSettings, proxies: &TrustedProxies) -> Router {
    let gate = Arc::new(Gate {
        proxies: proxies.clone(),
        by_address: Limiter::per_second(settings.rate_per_address),
        by_caller: CallerRate(Arc::new(Limiter::per_second(settings.rate_per_user))),
    });
    let mut api = admitted(api, &gate);
    if !settings.cors_origins.is_empty() {
        api = api.layer(cors(&settings.cors_origins));
    }
    api.merge(admitted(doors, &gate).layer(from_fn(negotiation::open)))
        .layer(header(CACHE_CONTROL, "no-store"))
        .layer(header(CONTENT_SECURITY_POLICY, POLICY))
        .layer(header(REFERRER_POLICY, "no-referrer"))
        .layer(header(X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(from_fn_with_state(gate, follow))
}

/// Within bounds, and never without an answer.
fn admitted(router: Router, gate: &Arc<Gate>) -> Router {
    router
        .layer(DefaultBodyLimit::max(BODY_MAX))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(from_fn(confess))
        .layer(from_fn(hurry))
        .layer(from_fn_with_state(gate.clone(), admit))
}

struct Gate {
    proxies: TrustedProxies,
    by_address: Limiter<IpAddr>,
    by_caller: CallerRate,
}

/// How often one caller may ask; it travels with each request to whoever finds out who the caller is.
#[derive(Clone, Debug)]
pub struct CallerRate(Arc<Limiter<String>>);

impl CallerRate {
    /// Takes one from the allowance of `caller`, an account's id or an API key; 429 where nothing is left.
    pub fn admit(&self, caller: &str) -> Result<(), Problem> {
        self.0.check(&caller.to_owned()).map_err(Problem::too_many)
    }
}

/// A header of every answer that does not say otherwise.
fn header(name: HeaderName, value: &'static str) -> SetResponseHeaderLayer<HeaderValue> {
    SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
}

/// Only these origins, and they may send what identifies their user.
fn cors(origins: &[HeaderValue]) -> CorsLayer {
    CorsLayer::new()
        .allow_origin(AllowOrigin::list(origins.iter().cloned()))
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([
            AUTHORIZATION,
            CONTENT_TYPE,
            HeaderName::from_static(X_REQUEST_ID),
            HeaderName::from_static("x-api-key"),
            HeaderName::from_static("x-api-secret"),
            HeaderName::from_static("x-onair-client"),
        ])
        .expose_headers([HeaderName::from_static(X_REQUEST_ID), RETRY_AFTER, LOCATION])
        .allow_credentials(true)
        .max_age(PREFLIGHT_AGE)
}

/// Names the request, logs it under that name, and tells the name.
async fn follow(State(gate): State<Arc<Gate>>, mut request: Request, next: Next) -> Response {
    let id = request_id(request.headers());
    let span = info_span!("request", id = id.to_str().unwrap_or_default());
    let secure = request.extensions().get::<Peer>().is_some_and(|peer| {
        gate.proxies.scheme(peer.address.ip(), peer.scheme, request.headers()) == Scheme::Https
    });
    request.headers_mut().insert(X_REQUEST_ID, id.clone());
    let (method, path) = (request.method().clone(), told(request.uri().path()).to_owned());
    async move {
        let begun = Instant::now();
        let mut response = next.run(request).await;
        let status = response.status().as_u16();
        let milliseconds = begun.elapsed().as_secs_f64() * 1e3;
        debug!(http.method = %method, http.path = path, http.status = status, milliseconds, "{method} {path} {status}");
        let headers = response.headers_mut();
        headers.insert(X_REQUEST_ID, id);
        if secure {
            headers.insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(HSTS));
        }
        response
    }
    .instrument(span)
    .await
}

/// As much of a path as may stand in a log: the rest of some is a secret.
fn told(path: &str) -> &str {
    let secret = ["/api/calendars/", "/unsubscribe/"].into_iter().find(|below| path.starts_with(below));
    secret.unwrap_or(path)
}

/// The name that came with the request, where it can stand in a log line; a new one otherwise.
fn request_id(headers: &HeaderMap) -> HeaderValue {
    let given = headers.get(X_REQUEST_ID).filter(|value| {
        let bytes = value.as_bytes();
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        (1..=REQUEST_ID_MAX).contains(&bytes.len()) && bytes.iter().all(plain)
    });
    given.cloned().unwrap_or_else(|| {
        HeaderValue::try_from(Uuid::now_v7().to_string()).expect("a UUID is letters, digits and dashes")
    })
}

/// Turns away who asks too often from one address. Probes are not counted: a station that is flooded
/// still has to be found alive.
async fn admit(State(gate): State<Arc<Gate>>, mut request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let counted = ["/api/", "/podcasts/", "/unsubscribe/", "/whip/", "/whep/", "/stage/", "/ws/"]
        .iter()
        .any(|below| path.starts_with(below));
    let peer = request.extensions().get::<Peer>().filter(|_| counted);
    if let Some(peer) = peer {
        let client = gate.proxies.client(peer.address.ip(), request.headers());
        if let Err(wait) = gate.by_address.check(&household(client)) {
            return Problem::too_many(wait).into_response();
        }
    }
    request.extensions_mut().insert(gate.by_caller.clone());
    next.run(request).await
}

/// Gives up on an answer that does not come.
async fn hurry(request: Request, next: Next) -> Response {
    let answer = tokio::time::timeout(PATIENCE, next.run(request)).await;
    answer.unwrap_or_else(|_| {
        Problem::unavailable(Duration::from_secs(1))
            .because(format!("no answer within {} s; try again", PATIENCE.as_secs()))
            .into_response()
    })
}

/// Tells a fault of the station by the request's name, which its log has too.
async fn confess(request: Request, next: Next) -> Response {
    let id = request.headers().get(X_REQUEST_ID).and_then(|id| id.to_str().ok()).map(str::to_owned);
    let response = next.run(request).await;
    match id {
        Some(id) if response.status() == StatusCode::INTERNAL_SERVER_ERROR => {
            Problem::internal().with_request_id(id).into_response()
        }
        _ => response,
    }
}

/// `cause` is what a panic was called with.
#[expect(clippy::needless_pass_by_value, reason = "the layer gives it away")]
fn panicked(cause: Box<dyn Any + Send>) -> Response {
    let text = cause.downcast_ref::<&str>().copied().or_else(|| cause.downcast_ref().map(String::as_str));
    error!("a request was not answered because of a panic: {}", text.unwrap_or("it said nothing"));
    Problem::internal().into_response()
}

#[cfg(test)]
mod tests;
