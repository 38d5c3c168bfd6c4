//! A small LL-HLS server that speaks blocking reload. It has no clock: the next part is released when
//! every listener is held, so a test lasts as long as its listeners take.

#![allow(clippy::unwrap_used, reason = "a helper of tests: what fails here fails the test")]

use std::collections::HashMap;
use std::fmt::Write as _;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::sync::watch;

/// Parts of a segment.
pub(crate) const PARTS: u64 = 6;

/// What the station does wrong, if anything.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Mishap {
    None,
    /// This part is not found.
    Lost(u64),
    /// This part has another length for every second listener.
    Ragged(u64),
    /// The first reload for this part is refused with 503.
    Busy(u64),
    /// The first reload for this part is answered at once.
    Early(u64),
    /// This part ends after half of the bytes that were promised, and the connection with it.
    Cut(u64),
}

struct Station {
    listeners: usize,
    /// The broadcast ends with this part.
    last: u64,
    mishap: Mishap,
    /// The mishap of a reload has happened.
    slipped: AtomicBool,
    released: watch::Sender<u64>,
    held: Mutex<usize>,
    fetched: Mutex<HashMap<String, usize>>,
}

/// A running station; it ends with the process.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    station: Arc<Station>,
}

impl Running {
    pub(crate) fn url(&self, file: &str) -> String {
        format!("http://{}/live/demo/{file}", self.address)
    }

    /// How often each path below `/live/demo/7/` was fetched.
    pub(crate) fn fetched(&self) -> HashMap<String, usize> {
        self.station.fetched.lock().unwrap().clone()
    }
}

/// Starts a station whose first `begun` parts are out, and that ends after part number `last`.
pub(crate) fn on_air(listeners: usize, begun: u64, last: u64, mishap: Mishap) -> Running {
    let station = Arc::new(Station {
        listeners,
        last,
        mishap,
        slipped: AtomicBool::new(false),
        released: watch::Sender::new(begun),
        held: Mutex::new(0),
        fetched: Mutex::default(),
    });
    let router = Router::new()
        .route("/live/demo/index.m3u8", get(multivariant))
        .route("/live/demo/standard.m3u8", get(standard))
        .route("/live/demo/7/{*path}", get(below))
        .with_state(Arc::clone(&station));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    listener.set_nonblocking(true).unwrap();
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
        runtime.block_on(async {
            axum::serve(tokio::net::TcpListener::from_std(listener).unwrap(), router).await.unwrap();
        });
    });
    Running { address, station }
}

async fn multivariant() -> &'static str {
    "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=110000\n7/main.m3u8\n#EXT-X-STREAM-INF:BANDWIDTH=60000\n7/low.m3u8\n"
}

async fn standard() -> &'static str {
    "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=60000\n7/whole.m3u8\n"
}

async fn below(
    State(station): State<Arc<Station>>,
    Path(path): Path<String>,
    Query(directives): Query<HashMap<String, u64>>,
    headers: HeaderMap,
) -> Response {
    assert!(headers.contains_key("host"));
    if let Some(rung) = path.strip_suffix(".m3u8") {
        return playlist(&station, rung, &directives).await;
    }
    let times = {
        let mut fetched = station.fetched.lock().unwrap();
        let times = fetched.entry(path.clone()).or_default();
        *times += 1;
        *times
    };
    let part = path.strip_suffix(".m4s").and_then(|path| path.split_once('/')).and_then(|(_, name)| {
        let (msn, index) = name.split_once('.')?;
        Some(msn.parse::<u64>().ok()? * PARTS + index.parse::<u64>().ok()?)
    });
    let mut body = path.repeat(20).into_bytes();
    match (station.mishap, part) {
        (Mishap::Lost(lost), Some(part)) if part == lost => return StatusCode::NOT_FOUND.into_response(),
        (Mishap::Ragged(ragged), Some(part)) if part == ragged && times % 2 == 0 => body.push(b'!'),
        (Mishap::Cut(cut), Some(part)) if part == cut => return half(body),
        _ => {}
    }
    body.into_response()
}

/// A body that promises more than it sends.
fn half(body: Vec<u8>) -> Response {
    let cut = Bytes::from(body).slice(..40);
    let stream = axum::body::Body::new(Half(Some(cut)));
    ([("content-length", "400")], stream).into_response()
}

struct Half(Option<Bytes>);

impl axum::body::HttpBody for Half {
    type Data = Bytes;
    type Error = std::io::Error;

    fn poll_frame(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<Result<http_body::Frame<Bytes>, std::io::Error>>> {
        std::task::Poll::Ready(Some(match self.0.take() {
            Some(bytes) => Ok(http_body::Frame::data(bytes)),
            None => Err(std::io::ErrorKind::BrokenPipe.into()),
        }))
    }
}

async fn playlist(station: &Station, rung: &str, directives: &HashMap<String, u64>) -> Response {
    if let (Some(msn), Some(part)) = (directives.get("_HLS_msn"), directives.get("_HLS_part")) {
        let asked = msn * PARTS + part;
        let first = !station.slipped.load(Ordering::Relaxed);
        match station.mishap {
            Mishap::Busy(part) | Mishap::Early(part) if part == asked && first => {
                station.slipped.store(true, Ordering::Relaxed);
                if matches!(station.mishap, Mishap::Busy(_)) {
                    return StatusCode::SERVICE_UNAVAILABLE.into_response();
                }
            }
            _ => hold(station, asked).await,
        }
    }
    let released = *station.released.borrow();
    text(rung, released, released > station.last).into_response()
}

/// Waits until part number `asked` is out. The last listener to wait releases it.
async fn hold(station: &Station, asked: u64) {
    let mut released = station.released.subscribe();
    if *released.borrow_and_update() > asked {
        return;
    }
    {
        let mut held = station.held.lock().unwrap();
        *held += 1;
        if *held == station.listeners {
            *held = 0;
            station.released.send_modify(|released| *released += 1);
        }
    }
    released.wait_for(|released| *released > asked).await.unwrap();
}

fn text(rung: &str, released: u64, ended: bool) -> String {
    let mut text = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXT-X-MAP:URI=\"init.mp4\"\n".to_owned();
    if rung != "whole" {
        text += "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.92\n";
        text += "#EXT-X-PART-INF:PART-TARGET=0.64\n";
    }
    for part in 0..released {
        let (msn, index) = (part / PARTS, part % PARTS);
        if rung != "whole" {
            writeln!(text, "#EXT-X-PART:DURATION=0.64,URI=\"{rung}/{msn}.{index}.m4s\"").unwrap();
        }
        if index == PARTS - 1 {
            writeln!(text, "#EXTINF:3.84,\n{rung}/{msn}.m4s").unwrap();
        }
    }
    if ended {
        text += "#EXT-X-ENDLIST\n";
    }
    text
}
