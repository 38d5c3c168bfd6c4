//! Where requests go: media to the origin by the shortest way, the API to its router, the rest to the
//! web app.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context as TaskContext, Poll, ready};
use std::time::Instant;

use bytes::Bytes;
use http::header::STRICT_TRANSPORT_SECURITY;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;
use ingest::StreamKey;
use origin::Origin;
use origin::serve::Served;
use tower_service::Service as TowerService;

use crate::api::gate::HSTS;
use crate::http::server::{Peer, Scheme};
use crate::link::{Pages, Target};
use crate::live::presence::Attendance;
use crate::live::{HallHandle, Presence};
use crate::metrics::Metrics;
use crate::metrics::labels::{PathClass, StatusClass};
use crate::playback::credential::{Shown, split};
use crate::playback::gate::{Gate, Pass, Refused, now};
use crate::playback::guard::{Guard, refusal, shorten};

/// What is behind every connection.
pub struct Front {
    origin: Option<Arc<Origin>>,
    backstage: Backstage,
    gate: Arc<Gate>,
    presence: Arc<Presence>,
    api: axum::Router,
    metrics: Metrics,
    pages: Arc<Pages>,
    salt: AtomicU32,
}

impl Front {
    /// Serves `origin` (`None` where HLS is off) below `/live/` to whom `gate` lets in, previews below
    /// `/preview/`, `api` where it has routes, and `pages` for the rest. Who hears an endless stream counts
    /// in `presence`.
    pub fn new(
        origin: Option<Arc<Origin>>,
        backstage: Backstage,
        gate: Arc<Gate>,
        presence: Arc<Presence>,
        api: axum::Router,
        metrics: Metrics,
        pages: Arc<Pages>,
    ) -> Arc<Self> {
        Arc::new(Self { origin, backstage, gate, presence, api, metrics, pages, salt: AtomicU32::new(0) })
    }

    /// Media and pages are answered without a task of their own; only what has to wait is boxed.
    fn answer(self: &Arc<Self>, peer: Peer, mut request: Request<Incoming>) -> Answer {
        let path = request.uri().path();
        if let Some((shown, media)) = split(path) {
            return self.media(&request, shown, media);
        }
        if let Some(preview) = path.strip_prefix("/preview/") {
            let Some(media) = self.backstage.opens(preview) else {
                let refused = origin::response::problem(StatusCode::NOT_FOUND, "there is no such preview");
                return Answer::Ready(Some(refused.map(FrontBody::media)));
            };
            let salt = self.salt.fetch_add(1, Ordering::Relaxed);
            let (uri, headers) = (request.uri(), request.headers());
            let served = self.backstage.origin.serve(request.method(), media, uri.query(), headers, salt);
            return Answer::Media(served, None);
        }
        if is_api(path) {
            request.extensions_mut().insert(peer);
            let mut api = self.api.clone();
            return Answer::Api(Box::pin(async move {
                let Ok(response) = api.call(request).await;
                response
            }));
        }
        if let Some(target) = Target::parse(path) {
            let front = self.clone();
            return Answer::Page(Box::pin(async move {
                let (request, _) = request.into_parts();
                let (method, uri, headers) = (&request.method, &request.uri, &request.headers);
                let response = front.pages.with_card(peer, method, uri, headers, &target).await;
                front.page(peer, response)
            }));
        }
        let response = self.pages.plain(request.method(), path, request.headers());
        Answer::Ready(Some(self.page(peer, response)))
    }

    /// A page on its way out.
    fn page(&self, peer: Peer, mut response: Response<origin::Body>) -> Response<FrontBody> {
        if peer.scheme == Scheme::Https {
            response.headers_mut().insert(STRICT_TRANSPORT_SECURITY, HeaderValue::from_static(HSTS));
        }
        self.metrics.egress_bytes.add(PathClass::Page, exact(response.body()));
        response.map(FrontBody::media)
    }

    /// A request for `media`, what lies below `/live/`.
    fn media(&self, request: &Request<Incoming>, shown: Shown<'_>, media: &str) -> Answer {
        let Some(origin) = &self.origin else {
            let refused = origin::response::problem(StatusCode::NOT_FOUND, "HLS is switched off here");
            return Answer::Ready(Some(refused.map(FrontBody::media)));
        };
        let (method, headers) = (request.method(), request.headers());
        let broadcast = media.split_once('/').map_or(media, |(broadcast, _)| broadcast);
        // A preflight shows no cookie and gets no bytes.
        let pass = if *method == Method::OPTIONS {
            Pass::Open
        } else {
            match self.gate.admit(broadcast, shown, headers, now) {
                Ok(pass) => pass,
                Err(refused) => return Answer::Ready(Some(refusal(refused).map(FrontBody::media))),
            }
        };
        let salt = self.salt.fetch_add(1, Ordering::Relaxed);
        let guard = || Guard::new(self.gate.clone(), broadcast, pass);
        match origin.serve(method, media, request.uri().query(), headers, salt) {
            Served::Ready(mut response) => {
                shorten(&mut response, pass, now);
                let listener = matches!(response.body(), origin::Body::Stream(_)).then(|| {
                    let attendance = self.presence.attend(broadcast, Instant::now());
                    Box::new(Listener { guard: guard(), _attendance: attendance })
                });
                Answer::Ready(Some(response.map(|body| FrontBody::Media(body, listener))))
            }
            served @ Served::Later(_) => {
                // What is held for everybody is let go with a part at the most.
                let guard = matches!(pass, Pass::Signed(..)).then(|| Box::new(guard()));
                Answer::Media(served, guard)
            }
        }
    }

    fn count(&self, response: &Response<FrontBody>) {
        if let FrontBody::Api(body) = response.body() {
            self.metrics.egress_bytes.add(PathClass::Api, exact(body));
        }
        self.metrics.http_requests.add(StatusClass::from(response.status()), 1);
    }
}

fn exact(body: &impl HttpBody) -> u64 {
    body.size_hint().exact().unwrap_or(0)
}

fn is_api(path: &str) -> bool {
    // The page about the API is a page of the web app.
    (path.starts_with("/api/") && path != "/api/docs")
        || path == "/api"
        || path.starts_with("/health")
        || path.starts_with("/covers/")
        || path.starts_with("/podcasts/")
        || path.starts_with("/unsubscribe/")
        || ["/whip/", "/whep/", "/stage/", "/ws/"].iter().any(|door| path.starts_with(door))
        || matches!(path, "/readyz" | "/metrics" | "/oembed")
}

/// Where hosts hear a broadcast that is not yet on air. The path holds a key that only they are shown, since a
/// player cannot add a header to what it fetches.
pub struct Backstage {
    /// Who knows the keys.
    pub hall: HallHandle,
    /// Where previews are served.
    pub origin: Arc<Origin>,
}

impl Backstage {
    /// Takes the key off `{key}/{id}/…`; `None` where it does not open that preview.
    fn opens<'a>(&self, path: &'a str) -> Option<&'a str> {
        let (key, media) = path.split_once('/')?;
        let (id, _) = media.split_once('/')?;
        let own = self.hall.broadcast(id)?.preview_key?;
        (own == StreamKey::parse(key).ok()?).then_some(media)
    }
}

/// One connection's way in.
#[derive(Clone)]
pub struct Door {
    front: Arc<Front>,
    peer: Peer,
}

impl Door {
    /// A way in for `peer`.
    pub const fn new(front: Arc<Front>, peer: Peer) -> Self {
        Self { front, peer }
    }
}

impl hyper::service::Service<Request<Incoming>> for Door {
    type Response = Response<FrontBody>;
    type Error = Infallible;
    type Future = Answering;

    fn call(&self, request: Request<Incoming>) -> Answering {
        Answering { answer: self.front.answer(self.peer, request), front: self.front.clone() }
    }
}

enum Answer {
    Ready(Option<Response<FrontBody>>),
    Media(Served, Option<Box<Guard>>),
    Api(Pin<Box<dyn Future<Output = Response<axum::body::Body>> + Send>>),
    Page(Pin<Box<dyn Future<Output = Response<FrontBody>> + Send>>),
}

/// A response in the making, counted when it is there.
pub struct Answering {
    answer: Answer,
    front: Arc<Front>,
}

impl Future for Answering {
    type Output = Result<Response<FrontBody>, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut TaskContext<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let response = match &mut this.answer {
            Answer::Ready(response) => response.take().expect("a future is not polled after its end"),
            Answer::Media(served, guard) => {
                let response = ready!(Pin::new(served).poll(cx));
                watched(response, guard.as_deref_mut()).map(FrontBody::media)
            }
            Answer::Api(later) => ready!(later.as_mut().poll(cx)).map(FrontBody::Api),
            Answer::Page(later) => ready!(later.as_mut().poll(cx)),
        };
        this.front.count(&response);
        Poll::Ready(Ok(response))
    }
}

/// What was held or read for somebody, who may have been barred meanwhile.
fn watched(mut response: Response<origin::Body>, guard: Option<&mut Guard>) -> Response<origin::Body> {
    if let Some(guard) = guard {
        if !guard.holds() {
            return refusal(Refused::Barred);
        }
        shorten(&mut response, guard.pass(), now);
    }
    response
}

/// Whatever a response carries.
pub enum FrontBody {
    /// Media, and pages; with who listens where it goes on for ever.
    Media(origin::Body, Option<Box<Listener>>),
    /// The API's.
    Api(axum::body::Body),
}

/// Who hears an endless stream: counted as long as it goes on, which is as long as they may hear it.
pub struct Listener {
    guard: Guard,
    _attendance: Attendance,
}

impl FrontBody {
    const fn media(body: origin::Body) -> Self {
        Self::Media(body, None)
    }
}

impl HttpBody for FrontBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = self.get_mut();
        if let Self::Media(_, Some(listener)) = this
            && !listener.guard.holds()
        {
            return Poll::Ready(None);
        }
        match this {
            Self::Media(body, _) => Pin::new(body).poll_frame(cx).map_err(|never| match never {}),
            Self::Api(body) => Pin::new(body).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Media(body, _) => body.is_end_stream(),
            Self::Api(body) => body.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Media(body, _) => body.size_hint(),
            Self::Api(body) => body.size_hint(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_not_the_api() {
        assert!(
            is_api("/api/broadcasts") && is_api("/healthz") && is_api("/health/media") && is_api("/metrics")
        );
        assert!(is_api("/unsubscribe/a.b.c"));
        assert!(!is_api("/") && !is_api("/api/docs") && !is_api("/listen/studio") && !is_api("/apis"));
    }
}
