//! How broadcasts end, and how a station stops without ending them.

use super::ear::is_tone;
use super::listener::Listener;
use super::station::{Station, fetch, until};

#[test]
fn t21_when_nobody_publishes_for_the_grace_every_rung_ends_at_once() {
    let station = Station::start(&["--publisher-grace-seconds", "1"]);
    let host = station.publish_tone(440);
    let listener = Listener::join(&station, "studio");
    listener.hear("main", "the tone", |sound| is_tone(sound, 440.0));
    host.kill();
    let end = listener.follow("main", "the end", |list| list.ended.then(|| list.clone()));
    for name in ["low", "opus", "main.standard", "low.standard", "opus.standard"] {
        let list = listener.playlist(name);
        assert!(list.ended, "{name}");
        assert_eq!(list.last_msn(), end.last_msn(), "{name}");
    }
    assert_eq!(station.json("/api/broadcasts/studio")["status"], "ended");
    assert_eq!(station.get("/live/studio/stream.aac").status, 404, "there is nothing to hear");

    // The next broadcast is a run of its own; who still hears the end of the last one can.
    let _host = station.publish_tone(660);
    let again = until("the next run", || {
        Some(Listener::join(&station, "studio")).filter(|again| again.below != listener.below)
    });
    again.hear("main", "the tone of the next run", |sound| is_tone(sound, 660.0));
    assert_eq!(listener.playlist("main"), end);
    assert!(!listener.sound("main", &[end.segments.last().unwrap().uri.clone().unwrap()]).is_empty());
}

#[test]
fn d14_sigterm_ends_no_broadcast_and_leaves_nobody_waiting() {
    let mut station = Station::start(&["--demo"]);
    let mut host = station.publish_tone(440);
    let listener = Listener::join(&station, "studio");
    listener.hear("main", "the tone", |sound| is_tone(sound, 440.0));
    let list = listener.playlist("main");
    // Held until the segment after the one that is being filled is whole.
    let (web, below) = (station.web.clone(), listener.below.clone());
    let path = format!("{below}/main.m3u8?_HLS_msn={}", list.last_msn().unwrap() + 2);
    let held = std::thread::spawn(move || fetch(&web, &path));
    until("the request is held", || (station.metric("onair_held_requests") >= 1.0).then_some(()));

    let below = listener.below.clone();
    let status = station.terminate();
    assert!(status.success(), "{status}: {}", station.log());
    let reply = held.join().unwrap().unwrap();
    assert_eq!((reply.status, reply.header("cache-control")), (200, Some("no-store")));
    let text = String::from_utf8(reply.body).unwrap();
    assert!(!text.contains("EXT-X-ENDLIST"), "{text}");
    host.stopped();
    assert!(host.words().contains("The server is restarting"), "{}", host.words());
    assert!(station.log().contains("stopped"), "{}", station.log());

    let station = station.started_again();
    let again = Listener::join(&station, "studio");
    assert_eq!(again.below, below, "the run goes on");
    let now = again.playlist("main");
    assert!(!now.ended);
    now.follows(&super::reader::Playlist::read(&text).unwrap()).unwrap();
}
