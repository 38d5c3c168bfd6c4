//! Endless streams: every access unit once, in order, from just behind the live edge to the end.

// Helpers of tests may unwrap as tests do.
#![allow(clippy::unwrap_used)]

mod air;

use air::{Air, unit};
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode};
use http_body_util::BodyExt;
use media::RungId;
use origin::Body;
use packager::{LatencyMode, Msn, PartIndex, Position};

async fn open(air: &Air, name: &str) -> Body {
    let reply = air.origin.serve(&Method::GET, &format!("studio/{name}"), None, &HeaderMap::new(), 7).await;
    assert_eq!(reply.status(), StatusCode::OK);
    assert_eq!(reply.headers()["cache-control"], "no-store");
    reply.into_body()
}

/// The next bytes of a stream; `None` at its end.
async fn chunk(body: &mut Body) -> Option<Bytes> {
    body.frame().await.map(|frame| frame.unwrap().into_data().unwrap())
}

/// The access units in ADTS frames.
fn adts(mut bytes: Bytes) -> Vec<String> {
    let mut units = Vec::new();
    while !bytes.is_empty() {
        assert_eq!(bytes[..2], [0xff, 0xf1], "the sync word");
        let length =
            usize::from(bytes[3] & 3) << 11 | usize::from(bytes[4]) << 3 | usize::from(bytes[5]) >> 5;
        let frame = bytes.split_to(length);
        units.push(String::from_utf8(frame[7..].to_vec()).unwrap());
    }
    units
}

/// The packets in Ogg pages.
fn ogg(mut bytes: Bytes) -> Vec<Bytes> {
    let mut packets = Vec::new();
    while !bytes.is_empty() {
        assert_eq!(&bytes[..4], b"OggS");
        let segments = usize::from(bytes[26]);
        let mut head = bytes.split_to(27 + segments);
        for length in head.split_off(27) {
            assert!(length < 255, "the packets of this test are short");
            packets.push(bytes.split_to(usize::from(length)));
        }
    }
    packets
}

fn units(rung: RungId, msn: u64, parts: std::ops::Range<u16>) -> Vec<String> {
    let place = |part| Position { msn: Msn(msn), part: PartIndex(part) };
    parts.flat_map(|part| (0..3).map(move |index| unit(rung, place(part), index))).collect()
}

#[tokio::test(start_paused = true)]
async fn a_radio_joins_two_seconds_back_and_hears_every_unit_once() {
    let mut air = Air::with(LatencyMode::Low, 3, 5);
    let mut body = open(&air, "stream.aac").await;
    // 2 s are four parts of 0.64 s.
    assert_eq!(adts(chunk(&mut body).await.unwrap()), units(RungId::Main, 11, 1..5));
    for part in 5..6 {
        air.release(1);
        assert_eq!(adts(chunk(&mut body).await.unwrap()), units(RungId::Main, 11, part..part + 1));
    }
    air.release(1);
    assert_eq!(adts(chunk(&mut body).await.unwrap()), units(RungId::Main, 12, 0..1));
    air.interrupt(3);
    air.release(1);
    assert_eq!(adts(chunk(&mut body).await.unwrap()), units(RungId::Main, 16, 0..1), "a gap is passed over");
}

#[tokio::test(start_paused = true)]
async fn opus_begins_with_its_headers() {
    let mut air = Air::with(LatencyMode::Low, 3, 1);
    let mut body = open(&air, "stream.opus").await;
    let packets = ogg(chunk(&mut body).await.unwrap());
    assert!(packets[0].starts_with(b"OpusHead") && packets[1].starts_with(b"OpusTags"));
    air.release(1);
    let packets = ogg(chunk(&mut body).await.unwrap());
    let heard: Vec<_> = packets.iter().map(|packet| String::from_utf8(packet.to_vec()).unwrap()).collect();
    assert_eq!(heard, units(RungId::Opus, 11, 1..2));
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_with_its_run_and_none_begins_after_it() {
    let mut air = Air::with(LatencyMode::Low, 3, 1);
    let mut body = open(&air, "stream.aac").await;
    chunk(&mut body).await.unwrap();
    air.end();
    assert_eq!(chunk(&mut body).await, None);
    assert_eq!(air.ask(Method::GET, "studio/stream.aac", &[]).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test(start_paused = true)]
async fn a_stream_ends_when_the_server_stops() {
    let air = Air::with(LatencyMode::Low, 3, 1);
    let mut body = open(&air, "stream.aac").await;
    chunk(&mut body).await.unwrap();
    air.origin.drain();
    assert_eq!(chunk(&mut body).await, None);
}

#[tokio::test(start_paused = true)]
async fn who_reads_too_slowly_is_moved_to_the_edge() {
    let mut air = Air::with(LatencyMode::Low, 3, 1);
    let mut body = open(&air, "stream.aac").await;
    let mut heard = adts(chunk(&mut body).await.unwrap());
    // Far more than memory holds; the station's tasks run between the steps, the listener takes nothing.
    for _ in 0..40 * 6 {
        air.release(1);
        tokio::task::yield_now().await;
    }
    while air.origin.stats().endless()[0] == 1 && !heard.contains(&"main 51 0 2".to_owned()) {
        heard.extend(adts(chunk(&mut body).await.unwrap()));
    }
    let mut sorted = heard.clone();
    let place = |unit: &String| -> Vec<u64> { unit.split(' ').skip(1).map(|n| n.parse().unwrap()).collect() };
    sorted.sort_by_key(place);
    sorted.dedup();
    assert_eq!(sorted, heard, "in order, none twice");
    assert!(heard.len() < 20 * 18, "what had left memory is left out: {}", heard.len());
    drop(body);
    while air.origin.stats().endless()[0] == 1 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn who_only_asks_for_the_head_costs_no_stream() {
    let air = Air::with(LatencyMode::Low, 3, 1);
    let reply = air.ask(Method::HEAD, "studio/stream.aac", &[]).await;
    assert_eq!(
        (reply.status, reply.header("content-type"), reply.body.len()),
        (StatusCode::OK, Some("audio/aac"), 0)
    );
    assert_eq!(air.origin.stats().endless(), [0, 0]);
}
