//! Requests below `/live/`: the shell around [`decision`](crate::decision).

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::ACCEPT_ENCODING;
use http::{HeaderMap, Method, Response, StatusCode};
use media::RungId;
use packager::playlist::{Kind, Skip, multivariant, part_name, segment_name};
use packager::{Grid, LatencyMode, Msn, Position, RunId};
use tokio::sync::watch;
use tokio::time::timeout;

use crate::decision::{Decision, decide, satisfied};
use crate::directives::Directives;
use crate::resource::{Resource, RunResource, parse};
use crate::response::{self, Conditions, Keep};
use crate::stats::{Egress, Miss};
use crate::view::{View, compress};
use crate::{Body, Origin, Shelf, endless};

/// Longest that a request is held: three target durations (RFC 8216bis 6.2.5.2).
const HOLD: Duration = Duration::from_secs(3 * Grid::TARGET_DURATION);

/// How a wait ended.
enum Waited {
    /// With what was asked for.
    Met(Arc<View>),
    /// This process is stopping; this is what there is.
    Drained(Arc<View>),
    /// With nothing in three target durations.
    InVain,
    /// As many requests are held as this process holds.
    Refused,
}

/// The answer to a request: there at once, or later, holding nothing of the request. A held request then
/// costs its connection no buffer.
pub enum Served {
    /// Made without waiting.
    Ready(Response<Body>),
    /// Held, or read from disk.
    Later(Pin<Box<dyn Future<Output = Response<Body>> + Send>>),
}

impl Served {
    pub(crate) fn later(response: impl Future<Output = Response<Body>> + Send + 'static) -> Self {
        Self::Later(Box::pin(response))
    }
}

impl Future for Served {
    type Output = Response<Body>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Response<Body>> {
        match self.get_mut() {
            Self::Ready(response) => Poll::Ready(std::mem::replace(response, Response::new(Body::empty()))),
            Self::Later(response) => response.as_mut().poll(cx),
        }
    }
}

impl From<Response<Body>> for Served {
    fn from(response: Response<Body>) -> Self {
        Self::Ready(response)
    }
}

impl Origin {
    /// Answers a request for `path`, the part of the URL after `/live/`. `salt` is any number; it becomes
    /// the serial number of an endless Ogg stream.
    pub fn serve(
        self: &Arc<Self>,
        method: &Method,
        path: &str,
        query: Option<&str>,
        headers: &HeaderMap,
        salt: u32,
    ) -> Served {
        match *method {
            Method::GET | Method::HEAD => {}
            Method::OPTIONS => return response::preflight().into(),
            _ => return response::method_not_allowed().into(),
        }
        let Some((id, resource)) = parse(path) else { return self.not_found("no such media").into() };
        let shelf = self.channel(id).and_then(|channel| match &resource {
            Resource::OfRun(run, _) => channel.run(run),
            Resource::Multivariant(_) | Resource::Endless(_) => channel.newest(),
        });
        let Some(shelf) = shelf else {
            if self.library.is_none() {
                return self.absent(id, &resource).into();
            }
            return self.from_library(method, path, query, headers, salt);
        };
        match resource {
            Resource::Multivariant(kind) => self.multivariant(&shelf, kind, headers).into(),
            Resource::Endless(rung) => self.endless(method, shelf, rung, salt).into(),
            Resource::OfRun(_, RunResource::Playlist(rung, kind)) => {
                let query = query.unwrap_or_default();
                self.playlist(shelf, rung, kind, query, accepts_gzip(headers))
            }
            Resource::OfRun(_, RunResource::Init(rung)) => {
                self.stats.add_egress(Egress::Init, shelf.init(rung).len());
                response::media(shelf.init(rung), shelf.run().as_str(), &Conditions::of(headers)).into()
            }
            Resource::OfRun(_, RunResource::Segment(rung, msn)) => {
                self.segment(shelf, rung, msn, Conditions::of(headers))
            }
            Resource::OfRun(_, RunResource::Part(rung, position)) => {
                self.part(shelf, rung, position, Conditions::of(headers))
            }
            Resource::OfRun(_, RunResource::Recording(recording, rung)) => {
                self.recording(shelf, recording, rung, headers)
            }
        }
    }

    /// Looks for the end of a broadcast on disk, and answers from it.
    fn from_library(
        self: &Arc<Self>,
        method: &Method,
        path: &str,
        query: Option<&str>,
        headers: &HeaderMap,
        salt: u32,
    ) -> Served {
        let (origin, path, query) = (Arc::clone(self), path.to_owned(), query.map(str::to_owned));
        let (method, headers) = (method.clone(), headers.clone());
        Served::later(async move {
            let Some((id, resource)) = parse(&path) else { return origin.not_found("no such media") };
            let run = match &resource {
                Resource::OfRun(run, _) => RunId::parse(run),
                Resource::Multivariant(_) | Resource::Endless(_) => None,
            };
            if !origin.load(id, run).await {
                return origin.absent(id, &resource);
            }
            // By now it is known, so this does not come here again.
            origin.serve(&method, &path, query.as_deref(), &headers, salt).await
        })
    }

    fn multivariant(&self, shelf: &Shelf, kind: Option<Kind>, headers: &HeaderMap) -> Response<Body> {
        let kind = kind.unwrap_or(Kind::of(shelf.ladder().grid().mode()));
        let gzip = accepts_gzip(headers);
        let bytes = match shelf.replay() {
            Some(recorded) => {
                let folder = format!("{}/rec/{}/", shelf.run(), recorded.id);
                let text = multivariant::of_recording(&folder, shelf.ladder());
                if gzip { compress(text.as_bytes()) } else { text.into() }
            }
            None => shelf.multivariant(kind, gzip),
        };
        self.stats.add_egress(Egress::Playlist, bytes.len());
        response::playlist(bytes, gzip, Keep::Newest)
    }

    fn endless(
        self: &Arc<Self>,
        method: &Method,
        shelf: Arc<Shelf>,
        rung: RungId,
        salt: u32,
    ) -> Response<Body> {
        if shelf.view().window.ended() {
            self.stats.add_miss(Miss::NotLive);
            return response::retry_later(StatusCode::NOT_FOUND, "the broadcast is not on air", 5);
        }
        let content_type = if rung == RungId::Opus { "audio/ogg" } else { "audio/aac" };
        let body =
            if method == Method::HEAD { Body::empty() } else { endless::open(self, shelf, rung, salt) };
        response::stream(body, content_type)
    }

    fn playlist(
        self: &Arc<Self>,
        shelf: Arc<Shelf>,
        rung: RungId,
        kind: Kind,
        query: &str,
        gzip: bool,
    ) -> Served {
        let partless = shelf.ladder().grid().mode() == LatencyMode::Standard;
        if !shelf.ladder().lists(rung) || (partless && kind == Kind::Parts) {
            return self.not_found("this broadcast does not list this rendition").into();
        }
        let directives = match Directives::parse(query) {
            Ok(directives) => directives,
            Err(error) => {
                self.stats.add_miss(Miss::BadDirectives);
                return response::problem(StatusCode::BAD_REQUEST, &error.to_string()).into();
            }
        };
        let view = shelf.view();
        let keep = if directives.blocking() { Keep::Blocking } else { Keep::Newest };
        let skip = directives.skip;
        match decide(&view.window, kind, &directives) {
            Decision::Now => self.listed(&view, rung, kind, skip, gzip, keep).into(),
            Decision::TooFar => {
                self.stats.add_miss(Miss::TooFar);
                let detail = "this lies too far ahead of the live edge; reload the playlist first";
                response::problem(StatusCode::BAD_REQUEST, detail).into()
            }
            Decision::Hold(until) => {
                let origin = Arc::clone(self);
                Served::later(async move {
                    match origin.wait(shelf.watch(), |view| satisfied(&view.window, until)).await {
                        Waited::Met(view) => origin.listed(&view, rung, kind, skip, gzip, keep),
                        Waited::Drained(view) => origin.listed(&view, rung, kind, skip, gzip, Keep::Never),
                        Waited::InVain | Waited::Refused => unavailable(),
                    }
                })
            }
        }
    }

    /// A Media Playlist of one step.
    fn listed(
        &self,
        view: &View,
        rung: RungId,
        kind: Kind,
        skip: Skip,
        gzip: bool,
        keep: Keep,
    ) -> Response<Body> {
        let bytes = view.playlist(rung, kind, skip, gzip);
        self.stats.add_egress(Egress::Playlist, bytes.len());
        response::playlist(bytes, gzip, keep)
    }

    /// A part that exists, or the one that the playlist hints at: held, then sent whole.
    fn part(
        self: &Arc<Self>,
        shelf: Arc<Shelf>,
        rung: RungId,
        position: Position,
        conditions: Conditions,
    ) -> Served {
        let view = shelf.view();
        let name = part_name(rung, position);
        if let Some(bytes) = view.part(rung, position) {
            return self.media(Some(bytes), &name, Egress::Part, &conditions).into();
        }
        let origin = Arc::clone(self);
        if view.window.hint() == Some(position) && shelf.ladder().lists(rung) {
            return Served::later(async move {
                let passed = |view: &View| view.window.hint() != Some(position);
                match origin.wait(shelf.watch(), passed).await {
                    Waited::Met(view) => {
                        origin.media(view.part(rung, position), &name, Egress::Part, &conditions)
                    }
                    Waited::Drained(_) | Waited::InVain | Waited::Refused => unavailable(),
                }
            });
        }
        // Whatever does not exist is refused here: a stranger's guess reads no file.
        if position.part.0 < view.window.parts(position.msn) {
            return Served::later(async move {
                let segment = origin.stored(&shelf, rung, position.msn).await.unwrap_or_default();
                let parts = packager::fragment::split_parts(&segment);
                let bytes = parts.get(usize::from(position.part.0));
                origin.media(bytes, &name, Egress::Part, &conditions)
            });
        }
        self.not_found("no such part").into()
    }

    fn segment(
        self: &Arc<Self>,
        shelf: Arc<Shelf>,
        rung: RungId,
        msn: Msn,
        conditions: Conditions,
    ) -> Served {
        let view = shelf.view();
        let name = segment_name(rung, msn);
        if !view.is_closed(msn) || view.window.parts(msn) == 0 || !shelf.offers(&view, msn) {
            return self.not_found("no such segment").into();
        }
        if let Some(segment) = view.segment(msn) {
            return self.media(Some(segment.whole(rung)), &name, Egress::Segment, &conditions).into();
        }
        let origin = Arc::clone(self);
        Served::later(async move {
            let bytes = origin.stored(&shelf, rung, msn).await;
            origin.media(bytes.as_ref(), &name, Egress::Segment, &conditions)
        })
    }

    /// Media that was found, or a 404.
    fn media(
        &self,
        bytes: Option<&Bytes>,
        name: &str,
        class: Egress,
        conditions: &Conditions,
    ) -> Response<Body> {
        let Some(bytes) = bytes else { return self.not_found("no such media") };
        self.stats.add_egress(class, bytes.len());
        response::media(bytes, name, conditions)
    }

    /// A segment that has left memory.
    async fn stored(&self, shelf: &Arc<Shelf>, rung: RungId, msn: Msn) -> Option<Bytes> {
        let files = shelf.files().clone();
        let read = tokio::task::spawn_blocking(move || files.read_segment(rung, msn)).await.ok()?;
        match read {
            Ok(bytes) => Some(bytes),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => {
                tracing::error!(run = %shelf.run(), %msn, %error, "segment {msn} could not be read");
                None
            }
        }
    }

    /// Waits until `met`, for three target durations at most.
    async fn wait(&self, mut watch: watch::Receiver<Arc<View>>, met: impl Fn(&View) -> bool) -> Waited {
        let Some(_held) = self.stats.hold(self.held_max) else {
            self.stats.add_miss(Miss::TooManyHeld);
            return Waited::Refused;
        };
        let listed = tokio::select! {
            biased;
            listed = timeout(HOLD, watch.wait_for(|view| met(view))) => Some(listed.map(|met| met.map(|view| view.clone()))),
            () = self.drain.cancelled() => None,
        };
        match listed {
            Some(Ok(Ok(view))) => Waited::Met(view),
            None => Waited::Drained(watch.borrow().clone()),
            // The shelf lives as long as its requests, so its sender cannot be gone before the time is up.
            Some(Err(_) | Ok(Err(_))) => {
                self.stats.add_miss(Miss::HeldTooLong);
                Waited::InVain
            }
        }
    }

    pub(crate) fn not_found(&self, detail: &str) -> Response<Body> {
        self.stats.add_miss(Miss::NotFound);
        response::problem(StatusCode::NOT_FOUND, detail)
    }

    /// A broadcast without the run that was asked for.
    fn absent(&self, id: &str, resource: &Resource<'_>) -> Response<Body> {
        if let Resource::OfRun(..) = resource {
            return self.not_found("this run is no longer here");
        }
        if self.channel(id).is_none() {
            return self.not_found("nothing is kept of a broadcast with this id");
        }
        self.stats.add_miss(Miss::NotLive);
        response::retry_later(StatusCode::NOT_FOUND, "the broadcast is not on air yet", 5)
    }
}

fn unavailable() -> Response<Body> {
    response::retry_later(StatusCode::SERVICE_UNAVAILABLE, "the live edge did not move in time", 1)
}

/// Whether gzip is among the codings that a client accepts; `*` stands for all that it does not name
/// (RFC 9110 12.5.3).
pub(crate) fn accepts_gzip(headers: &HeaderMap) -> bool {
    let (mut named, mut others) = (None, None);
    let values = headers.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    for coding in values.flat_map(|value| value.split(',')) {
        let mut pieces = coding.split(';').map(str::trim);
        let name = pieces.next().unwrap_or_default();
        let wanted = !pieces.any(|piece| matches!(piece, "q=0" | "q=0.0" | "q=0.00" | "q=0.000"));
        if name.eq_ignore_ascii_case("gzip") {
            named = Some(wanted);
        } else if name == "*" {
            others = Some(wanted);
        }
    }
    named.or(others).unwrap_or(false)
}
