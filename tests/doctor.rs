//! The doctor finds what is wrong, and only that: with a machine, and with a live stream.
//!
//! The stream comes from a small station written here, so that neither the packager's mistakes nor its
//! virtues can hide the doctor's.

// Helpers of tests may unwrap as tests do.
#![allow(clippy::unwrap_used)]

#[path = "redis/mod.rs"]
mod redis;
#[path = "../cdn/tests/server/mod.rs"]
mod s3_server;

use std::{
    collections::BTreeSet,
    convert::Infallible,
    fmt::Write as _,
    io::Write as _,
    net::{SocketAddr, TcpListener},
    process::ExitCode,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, SystemTime},
};

use bytes::Bytes;
use flate2::{Compression, write::GzEncoder};
use http::{Request, Response};
use http_body_util::Full;
use hyper::{body::Incoming, service::service_fn};
use onair::{
    doctor::{self, CertificateSource, Report, Station, Verdict, machine, stream},
    http::{Limits, Peer, Server},
};
use rcgen::{CertificateParams, KeyPair};
use rustls::RootCertStore;
use tokio_util::sync::CancellationToken;
use url::Url;

/// Parts of 80 ms in a segment of 0.96 s.
const PARTS: u64 = 12;

/// Segments listed.
const WINDOW: u64 = 10;

/// The part that is due when the stream begins: hours of it lie behind.
const FIRST: u64 = 1000 * PARTS;

/// What is wrong with a stream.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Fault {
    None,
    NoBandwidth,
    NoHint,
    WrongHint,
    NeverBlocks,
    HoldBackTooShort,
    ControlDiffers,
    TargetChanges,
    NoDateTime,
    StaleReport,
    NoDelta,
    LongPart,
    NoGzip,
    NoAge,
    ReloadUncached,
    ErrorsCached,
    FutureHeld,
    SegmentDiffers,
    NoInit,
    PartUncached,
    Ended,
}

/// The stream's server. It has no clock: a part is there as soon as somebody is held for it, so that a slow
/// machine sees the same stream.
struct Stream {
    fault: Fault,
    /// The part that is being made.
    now: AtomicU64,
}

impl Stream {
    /// Serves a stream with `fault` and returns the address of its multivariant.
    fn open(fault: Fault) -> (Url, CancellationToken) {
        let server = Server::bind("127.0.0.1:0".parse().unwrap(), None).unwrap();
        let url = format!("http://{}/live/x/index.m3u8", server.local_addr()).parse().unwrap();
        let stream = Arc::new(Self { fault, now: AtomicU64::new(FIRST) });
        let shutdown = CancellationToken::new();
        let service = move |_: Peer| {
            let stream = Arc::clone(&stream);
            service_fn(move |request: Request<Incoming>| {
                let stream = Arc::clone(&stream);
                async move { Ok::<_, Infallible>(stream.answer(request.uri())) }
            })
        };
        tokio::spawn(server.run(service, Limits::default(), shutdown.clone()));
        (url, shutdown)
    }

    fn now(&self) -> u64 {
        self.now.load(Relaxed)
    }

    /// Time goes on until part number `part` is there.
    fn until(&self, part: u64) {
        self.now.fetch_max(part + 1, Relaxed);
    }

    fn answer(&self, uri: &http::Uri) -> Response<Full<Bytes>> {
        let name = uri.path().rsplit('/').next().unwrap();
        let asked = |key: &str| {
            let query = url::form_urlencoded::parse(uri.query().unwrap_or("").as_bytes());
            query.into_iter().find(|(name, _)| name == key).map(|(_, value)| value.into_owned())
        };
        if name == "index.m3u8" {
            return self.playlist(&self.multivariant(), "max-age=0");
        }
        if let Some(rung) = name.strip_suffix(".m3u8") {
            let number = |key: &str| asked(key).map(|value| value.parse::<u64>().unwrap());
            let (msn, index) = (number("_HLS_msn"), number("_HLS_part"));
            let wanted = match (msn, index) {
                (None, Some(_)) => return self.error(400),
                (None, None) => None,
                (Some(msn), _) if msn > self.now() / PARTS + 2 && self.fault != Fault::FutureHeld => {
                    return self.error(400);
                }
                (Some(msn), index) => {
                    Some((msn * PARTS + index.unwrap_or(PARTS - 1)).min(self.now() + PARTS))
                }
            };
            if let Some(wanted) = wanted
                && self.fault != Fault::NeverBlocks
            {
                self.until(wanted);
            }
            let control = match wanted {
                Some(_) if self.fault == Fault::ReloadUncached => "no-cache",
                Some(_) => "max-age=6",
                None => "max-age=0",
            };
            let skip = asked("_HLS_skip").is_some() && self.fault != Fault::NoDelta;
            return self.playlist(&self.media(rung, skip), control);
        }
        self.bytes(name)
    }

    fn bytes(&self, name: &str) -> Response<Full<Bytes>> {
        if name == "init.mp4" && self.fault != Fault::NoInit {
            return self.sound(b"\0\0\0\x08ftyp\0\0\0\x08moov".to_vec());
        }
        let Some(stem) = name.strip_suffix(".m4s") else { return self.error(404) };
        let mut numbers = stem.split('.').map(str::parse::<u64>);
        match (numbers.next(), numbers.next()) {
            (Some(Ok(msn)), None) if msn < self.now() / PARTS => {
                let last = if self.fault == Fault::SegmentDiffers { PARTS - 1 } else { PARTS };
                self.sound((0..last).flat_map(|index| part(msn, index)).collect())
            }
            (Some(Ok(msn)), Some(Ok(index))) if msn * PARTS + index <= self.now() => {
                self.until(msn * PARTS + index);
                self.sound(part(msn, index))
            }
            _ => self.error(404),
        }
    }

    fn multivariant(&self) -> String {
        let bandwidth = if self.fault == Fault::NoBandwidth { 0 } else { 110_000 };
        format!(
            "#EXTM3U\n#EXT-X-VERSION:10\n#EXT-X-INDEPENDENT-SEGMENTS\n\
             #EXT-X-STREAM-INF:BANDWIDTH={bandwidth},CODECS=\"mp4a.40.2\"\nmain.m3u8\n\
             #EXT-X-STREAM-INF:BANDWIDTH=50000,CODECS=\"mp4a.40.2\"\nlow.m3u8\n"
        )
    }

    fn media(&self, rung: &str, skip: bool) -> String {
        let fault = |fault| self.fault == fault;
        let now = self.now();
        let (segment, index) = (now / PARTS, now % PARTS);
        let first = segment - WINDOW;
        let target = if fault(Fault::TargetChanges) && now > FIRST + 6 { 2 } else { 1 };
        let hold_back = if fault(Fault::HoldBackTooShort) { 0.16 } else { 0.24 };
        let whole = if fault(Fault::ControlDiffers) && rung == "low" { 4 } else { 3 };
        let mut text = format!(
            "#EXTM3U\n#EXT-X-VERSION:10\n#EXT-X-TARGETDURATION:{target}\n#EXT-X-PART-INF:PART-TARGET=0.08\n\
             #EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK={hold_back},HOLD-BACK={whole},\
             CAN-SKIP-UNTIL=6\n#EXT-X-MEDIA-SEQUENCE:{first}\n"
        );
        let skipped = if skip { 3 } else { 0 };
        match skipped {
            0 => text.push_str("#EXT-X-MAP:URI=\"init.mp4\"\n"),
            _ => writeln!(text, "#EXT-X-SKIP:SKIPPED-SEGMENTS={skipped}").unwrap(),
        }
        for msn in first + skipped..=segment {
            if !fault(Fault::NoDateTime) {
                writeln!(text, "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:{:02}.000Z", msn % 60).unwrap();
            }
            let parts = if msn == segment { index } else { PARTS };
            for index in (0..parts).filter(|_| msn + 3 >= segment) {
                let duration = if fault(Fault::LongPart) && index == 3 { 0.09 } else { 0.08 };
                writeln!(text, "#EXT-X-PART:DURATION={duration},INDEPENDENT=YES,URI=\"{msn}.{index}.m4s\"")
                    .unwrap();
            }
            if msn < segment {
                writeln!(text, "#EXTINF:0.96000,\n{msn}.m4s").unwrap();
            }
        }
        if fault(Fault::Ended) {
            return text + "#EXT-X-ENDLIST\n";
        }
        if fault(Fault::WrongHint) {
            writeln!(text, "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"{segment}.{}.m4s\"", index.max(1) - 1)
                .unwrap();
        } else if !fault(Fault::NoHint) {
            writeln!(text, "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"{segment}.{index}.m4s\"").unwrap();
        }
        let other = if rung == "main" { "low" } else { "main" };
        let last = now - if fault(Fault::StaleReport) { 3 } else { 1 };
        writeln!(
            text,
            "#EXT-X-RENDITION-REPORT:URI=\"{other}.m3u8\",LAST-MSN={},LAST-PART={}",
            last / PARTS,
            last % PARTS
        )
        .unwrap();
        text
    }

    fn playlist(&self, text: &str, control: &str) -> Response<Full<Bytes>> {
        let mut response = self.open_to_all("application/vnd.apple.mpegurl", control);
        let mut body = text.as_bytes().to_vec();
        if self.fault != Fault::NoGzip {
            let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
            packed.write_all(&body).unwrap();
            body = packed.finish().unwrap();
            response = response.header("content-encoding", "gzip").header("vary", "accept-encoding");
        }
        response.body(Full::new(body.into())).unwrap()
    }

    fn sound(&self, bytes: Vec<u8>) -> Response<Full<Bytes>> {
        let control =
            if self.fault == Fault::PartUncached { "no-cache" } else { "max-age=31536000, immutable" };
        self.open_to_all("audio/mp4", control).body(Full::new(bytes.into())).unwrap()
    }

    fn error(&self, status: u16) -> Response<Full<Bytes>> {
        let control = if self.fault == Fault::ErrorsCached { "max-age=4" } else { "no-store" };
        self.open_to_all("text/plain", control).status(status).body(Full::default()).unwrap()
    }

    fn open_to_all(&self, kind: &str, control: &str) -> http::response::Builder {
        let exposed = if self.fault == Fault::NoAge { "Date" } else { "Age, Date" };
        Response::builder()
            .header("content-type", kind)
            .header("cache-control", control)
            .header("access-control-allow-origin", "*")
            .header("access-control-expose-headers", exposed)
    }
}

/// A box that says which part it is.
fn part(msn: u64, index: u64) -> Vec<u8> {
    [&b"\0\0\0\x18moof"[..], &msn.to_be_bytes(), &index.to_be_bytes()].concat()
}

/// The checks that did not end well.
fn failed(report: &Report) -> BTreeSet<&'static str> {
    let failed = |finding: &&doctor::Finding| finding.verdict == Verdict::Fail;
    report.findings().iter().filter(failed).map(|finding| finding.check).collect()
}

async fn diagnosis(fault: Fault) -> (BTreeSet<&'static str>, String) {
    let (url, shutdown) = Stream::open(fault);
    let report = stream::examine(&url, RootCertStore::empty()).await;
    shutdown.cancel();
    (failed(&report), report.to_string())
}

#[tokio::test]
async fn a_good_stream_passes_every_rule() {
    let (failed, text) = diagnosis(Fault::None).await;
    assert!(failed.is_empty(), "{text}");
    assert_eq!(text.lines().count(), 28, "{text}");
}

#[tokio::test]
async fn each_fault_of_a_stream_is_found_and_nothing_else_is() {
    let faults: [(Fault, &[&str]); 20] = [
        (Fault::NoBandwidth, &["variants"]),
        (Fault::NoHint, &["preload hint", "hinted part"]),
        (Fault::WrongHint, &["hint is the next part"]),
        (Fault::NeverBlocks, &["blocking reload"]),
        (Fault::HoldBackTooShort, &["server control"]),
        (Fault::ControlDiffers, &["same server control"]),
        (Fault::TargetChanges, &["constant tags"]),
        (Fault::NoDateTime, &["program date time"]),
        (Fault::StaleReport, &["rendition reports"]),
        (Fault::NoDelta, &["delta update"]),
        (Fault::LongPart, &["parts"]),
        (Fault::NoGzip, &["gzip"]),
        (Fault::NoAge, &["cross origin"]),
        (Fault::ReloadUncached, &["blocking reload caching"]),
        (Fault::ErrorsCached, &["part without segment", "far future", "unknown part"]),
        (Fault::FutureHeld, &["far future"]),
        (Fault::SegmentDiffers, &["segment of parts"]),
        (Fault::NoInit, &["init section"]),
        (Fault::PartUncached, &["hinted part"]),
        (Fault::Ended, &["on air", "preload hint", "rendition reports"]),
    ];
    let visits = faults.map(|(fault, expected)| (fault, expected, tokio::spawn(diagnosis(fault))));
    for (fault, expected, visit) in visits {
        let (failed, text) = visit.await.unwrap();
        assert_eq!(failed, expected.iter().copied().collect(), "{fault:?}\n{text}");
    }
}

#[tokio::test]
async fn an_address_that_is_no_stream_is_one_line_with_advice() {
    let (url, _shutdown) = Stream::open(Fault::None);
    for path in ["/live/x/main.m3u8", "/nowhere"] {
        let report = stream::examine(&url.join(path).unwrap(), RootCertStore::empty()).await;
        assert_eq!(failed(&report), BTreeSet::from(["multivariant playlist"]), "{report}");
        assert!(report.to_string().contains("-> give the address"), "{report}");
    }
}

/// A machine on which all is well: free ports, a directory, nothing else.
fn station(folder: &std::path::Path) -> Station {
    let free = || -> SocketAddr { TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap() };
    Station {
        http: free(),
        https: None,
        rtmp: free(),
        rtmps: None,
        rtc: Some("127.0.0.1:0".parse().unwrap()),
        rtc_public: Vec::new(),
        redis: None,
        mail: None,
        bucket: None,
        access: cdn::Access::OfTheMachine,
        data_dir: folder.join("data"),
        public_url: None,
        certificate: None,
    }
}

#[tokio::test]
async fn redis_is_asked_where_one_is_set() {
    let folder = tempfile::tempdir().unwrap();
    let alone = station(folder.path());
    assert!(examine(&alone).await.findings().iter().all(|finding| finding.check != "Redis"));

    let server = redis::Redis::start_new();
    let together = Station { redis: server.url().parse().ok(), ..alone };
    assert!(matches!(verdict(&examine(&together).await, "Redis"), Verdict::Ok | Verdict::Warn));
    server.stop();
    assert_eq!(verdict(&examine(&together).await, "Redis"), Verdict::Fail);

    // TLS is asked for, and hung up on.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("rediss://{}", silent.local_addr().unwrap());
    std::thread::spawn(move || silent.incoming().for_each(drop));
    let encrypted = Station { redis: url.parse().ok(), ..together };
    assert_eq!(verdict(&examine(&encrypted).await, "Redis"), Verdict::Fail);
}

#[tokio::test]
async fn a_bucket_is_looked_at_where_one_is_set() {
    let folder = tempfile::tempdir().unwrap();
    let alone = station(folder.path());
    assert!(examine(&alone).await.findings().iter().all(|finding| finding.check != "bucket"));

    let server = s3_server::S3Server::start().await;
    let with_bucket =
        Station { bucket: Some(server.bucket()), access: s3_server::S3Server::access(), ..alone };
    let report = examine(&with_bucket).await;
    assert_eq!(verdict(&report, "bucket"), Verdict::Ok, "{report}");
    assert_eq!(
        std::fs::read_dir(server.file("doctor")).map_or(0, Iterator::count),
        0,
        "nothing is left behind"
    );

    let access = cdn::Access::Keys { id: "AKIDEXAMPLE".into(), secret: "wrong".into(), session_token: None };
    assert_eq!(verdict(&examine(&Station { access, ..with_bucket }).await, "bucket"), Verdict::Fail);
}

fn verdict(report: &Report, check: &str) -> Verdict {
    report
        .findings()
        .iter()
        .find(|finding| finding.check == check)
        .unwrap_or_else(|| panic!("no {check}\n{report}"))
        .verdict
}

async fn examine(station: &Station) -> Report {
    machine::examine(station, RootCertStore::empty()).await
}

#[tokio::test]
async fn a_port_is_free_or_a_stations_or_somebody_elses() {
    let folder = tempfile::tempdir().unwrap();
    let mut station = station(folder.path());
    let report = examine(&station).await;
    assert_eq!(
        (verdict(&report, "HTTP port"), verdict(&report, "RTMP port")),
        (Verdict::Ok, Verdict::Ok),
        "{report}"
    );

    let server = Server::bind("127.0.0.1:0".parse().unwrap(), None).unwrap();
    station.http = server.local_addr();
    let shutdown = CancellationToken::new();
    let healthy = |_: Peer| {
        service_fn(|_: Request<Incoming>| async {
            Ok::<_, Infallible>(Response::new(Full::<Bytes>::default()))
        })
    };
    let running = tokio::spawn(server.run(healthy, Limits::default(), shutdown.clone()));
    // An HTTP server stands on the RTMP port: it is taken, and by no station.
    station.rtmp = station.http;
    let report = examine(&station).await;
    assert_eq!(
        (verdict(&report, "HTTP port"), verdict(&report, "RTMP port")),
        (Verdict::Ok, Verdict::Fail),
        "{report}"
    );
    assert!(report.to_string().contains("served by a running station"), "{report}");
    shutdown.cancel();
    running.await.unwrap();
}

#[tokio::test]
async fn a_data_directory_must_be_a_place_to_write() {
    let folder = tempfile::tempdir().unwrap();
    let mut station = station(folder.path());
    assert_ne!(verdict(&examine(&station).await, "data directory"), Verdict::Fail);
    let file = folder.path().join("a file");
    std::fs::write(&file, b"").unwrap();
    station.data_dir = file.join("data");
    assert_eq!(verdict(&examine(&station).await, "data directory"), Verdict::Fail);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "the probe is gone");
}

#[tokio::test]
async fn a_public_address_must_answer() {
    let folder = tempfile::tempdir().unwrap();
    let mut station = station(folder.path());
    station.public_url = Some(format!("http://{}/", station.http).parse().unwrap());
    assert_eq!(verdict(&examine(&station).await, "public address"), Verdict::Fail);
}

#[tokio::test]
async fn a_certificate_must_hold_and_be_for_the_public_address() {
    let folder = tempfile::tempdir().unwrap();
    let mut station = station(folder.path());
    let (chain, key) = (folder.path().join("chain.pem"), folder.path().join("key.pem"));
    station.certificate = Some(CertificateSource::Files { chain: chain.clone(), key: key.clone() });
    assert_eq!(verdict(&examine(&station).await, "TLS certificate"), Verdict::Fail, "there is no file yet");
    let write = |days: u64| {
        let pair = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(["radio.example".to_owned()]).unwrap();
        params.not_after = (SystemTime::now() + Duration::from_hours(24 * days)).into();
        std::fs::write(&chain, params.self_signed(&pair).unwrap().pem()).unwrap();
        std::fs::write(&key, pair.serialize_pem()).unwrap();
    };
    write(60);
    assert_eq!(verdict(&examine(&station).await, "TLS certificate"), Verdict::Ok);
    write(3);
    assert_eq!(verdict(&examine(&station).await, "TLS certificate"), Verdict::Warn);
    station.public_url = Some("https://127.0.0.1:1/".parse().unwrap());
    assert_eq!(verdict(&examine(&station).await, "TLS certificate"), Verdict::Fail, "it is for another name");
}

#[tokio::test]
async fn the_exit_status_tells_whether_something_fails() {
    let folder = tempfile::tempdir().unwrap();
    let nowhere: Url = "http://127.0.0.1:1/live/x/index.m3u8".parse().unwrap();
    let mut out = Vec::new();
    let code =
        doctor::run(&station(folder.path()), Some(&nowhere), RootCertStore::empty(), &mut out).await.unwrap();
    assert_eq!(format!("{code:?}"), format!("{:?}", ExitCode::FAILURE));
    assert!(out.starts_with(b"FAIL  multivariant playlist: "), "{}", String::from_utf8_lossy(&out));
}
