//! What listeners get through an edge, and what the edge asks the station for.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;

use super::cache::{Edge, PATIENCE, SECRET, ask};
use super::log;
use super::station::{Reply, Station, until};
use super::tap::Tap;

/// A key that opens nothing: where no address is signed, none is needed.
const NO_KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

fn station() -> Station {
    Station::start(&["--demo", "--edge-secret", SECRET])
}

/// The path of the rung `main` of the demo, once it lists parts.
pub(crate) fn playlist(address: &str, below: &str) -> String {
    let index =
        until("the demo is on air", || Some(ask(address, &format!("{below}/index.m3u8"), &[])).filter(ok));
    let name = index.text().lines().find(|line| line.ends_with("/main.m3u8")).unwrap().to_owned();
    let path = format!("{below}/{name}");
    until("parts are listed", || {
        Some(()).filter(|()| ask(address, &path, &[]).text().contains("#EXT-X-PART:"))
    });
    path
}

pub(crate) fn ok(reply: &Reply) -> bool {
    reply.status == 200
}

/// The part that the playlist hints at, as `(segment, part)`.
pub(crate) fn hint(text: &str) -> (u64, u64) {
    let line = text.lines().find(|line| line.starts_with("#EXT-X-PRELOAD-HINT:")).expect("it is live");
    let name = line.split('"').nth(1).unwrap().trim_start_matches("main/").trim_end_matches(".m4s");
    let (msn, part) = name.split_once('.').unwrap();
    (msn.parse().unwrap(), part.parse().unwrap())
}

/// `low` has six parts in a segment.
fn after((msn, part): (u64, u64), steps: u64) -> (u64, u64) {
    let ordinal = 6 * msn + part + steps;
    (ordinal / 6, ordinal % 6)
}

fn part_path(playlist: &str, (msn, part): (u64, u64)) -> String {
    format!("{}/{msn}.{part}.m4s", playlist.strip_suffix(".m3u8").unwrap())
}

/// Two ask for the same at once.
fn both(address: &str, paths: [String; 2]) -> [Reply; 2] {
    let asking = paths.map(|path| {
        let address = address.to_owned();
        thread::spawn(move || ask(&address, &path, &[]))
    });
    asking.map(|thread| thread.join().unwrap())
}

/// What every cache holds to.
fn a_cache_is_one_listener_to_the_station(edge: &Edge, tap: &Tap) {
    let playlist = playlist(&edge.address, "/live/demo");

    // Held, by two listeners whose players write the same question in two ways.
    let (msn, part) = after(hint(&edge.get(&playlist).text()), 1);
    let plain = format!("{playlist}?_HLS_msn={msn}&_HLS_part={part}");
    let other = format!("{playlist}?CMCD=bl%3D1900%2Csid%3D%22a%22&_HLS_part={part}&_HLS_msn={msn}");
    let [first, second] = both(&edge.address, [plain.clone(), other]);
    assert_eq!((first.status, second.status), (200, 200), "{} {}", first.text(), second.text());
    assert_eq!(first.text(), second.text());
    // It left the station with this part, so nothing that came later can be in it.
    assert_eq!(hint(&first.text()), after((msn, part), 1), "{}", first.text());
    assert_eq!(tap.asked(&format!("_HLS_msn={msn}&_HLS_part={part}")).len(), 1, "{:?}", tap.asked("_HLS"));
    assert!(tap.asked("CMCD").is_empty(), "what players tell of themselves stays at the edge");

    // The part that is hinted at is held as well.
    let ahead = hint(&first.text());
    let path = part_path(&playlist, ahead);
    let [first, second] = both(&edge.address, [path.clone(), format!("{path}?CMCD=bs")]);
    assert_eq!((first.status, second.status), (200, 200));
    assert!(first.body == second.body && first.body.len() > 1_000);
    assert_eq!(tap.asked(&path).len(), 1, "{:?}", tap.asked(&path));

    // A range of what is there is cut from the copy.
    let range = ask(&edge.address, &path, &[("Range", "bytes=100-299")]);
    assert_eq!((range.status, &range.body[..]), (206, &first.body[100..300]));
    assert_eq!(tap.asked(&path).len(), 1, "a range asks the station for nothing");

    // Too early is not for ever: it is there when the playlist says so.
    let early = after(ahead, 4);
    let path = part_path(&playlist, early);
    assert_eq!(edge.get(&path).status, 404);
    let (msn, part) = early;
    let listed = edge.get(&format!("{playlist}?_HLS_msn={msn}&_HLS_part={part}"));
    assert_eq!(listed.status, 200, "{}", listed.text());
    assert_eq!(edge.get(&path).status, 200, "the 404 was kept");

    // What the station would refuse, it is not asked.
    let refused = edge.get(&format!("{playlist}?_HLS_msn=007"));
    assert_eq!(refused.status, 400, "{}", refused.text());
    assert_eq!(edge.get(&format!("{playlist}?_HLS_part=1")).status, 400);
    assert_eq!(edge.get(&format!("{playlist}?_HLS_msn=1&_HLS_msn=1")).status, 400);
    assert!(tap.asked("007").is_empty());

    // The rest of the station is there, and nothing of it is kept.
    for _ in 0..2 {
        assert_eq!(edge.get("/healthz").status, 200);
    }
    assert_eq!(tap.asked("/healthz").len(), 2);
    log::tells_what_happened(edge);
}

#[test]
fn behind_nginx_the_station_has_one_listener() {
    let station = station();
    let tap = Tap::before(&station.web);
    a_cache_is_one_listener_to_the_station(&Edge::nginx(&tap.address, NO_KEY), &tap);
}

#[test]
fn behind_varnish_the_station_has_one_listener() {
    let station = station();
    let tap = Tap::before(&station.web);
    a_cache_is_one_listener_to_the_station(&Edge::varnish(&tap.address), &tap);
}

#[test]
fn through_caddy_everything_comes_as_it_leaves_the_station() {
    let station = station();
    let tap = Tap::before(&station.web);
    let edge = Edge::caddy(&tap.address);
    let playlist = playlist(&edge.address, "/live/demo");
    let (msn, part) = after(hint(&edge.get(&playlist).text()), 1);
    let held = edge.get(&format!("{playlist}?_HLS_msn={msn}&_HLS_part={part}"));
    assert_eq!((held.status, hint(&held.text())), (200, after((msn, part), 1)));
    let range = ask(&edge.address, &part_path(&playlist, (msn, part)), &[("Range", "bytes=0-99")]);
    assert_eq!((range.status, range.body.len()), (206, 100));
    // An endless stream begins at once, and does not wait for a buffer to fill.
    let mut stream = TcpStream::connect(&edge.address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    write!(stream, "GET /live/demo/stream.aac HTTP/1.1\r\nHost: {}\r\n\r\n", edge.address).unwrap();
    stream.read_exact(&mut [0; 2_000]).unwrap();
    // A listener cannot pose as an edge.
    let posed = ask(&edge.address, &playlist, &[("X-OnAir-Edge", SECRET), ("X-OnAir-Signed", "1")]);
    assert_eq!(posed.status, 200);
    let heads = tap.asked(&playlist);
    assert!(!heads.last().unwrap().to_lowercase().contains("x-onair"), "{heads:?}");
}
