use std::sync::mpsc::{TryRecvError, channel};

use str0m::media::Direction;

use super::client::{Client, Fate};
use super::*;

const OFFERS: [(&str, &str); 5] = [
    ("Firefox", include_str!("../../../rtc/tests/offers/firefox.sdp")),
    ("OBS", include_str!("../../../rtc/tests/offers/obs.sdp")),
    ("GStreamer", include_str!("../../../rtc/tests/offers/gstreamer.sdp")),
    ("aiortc", include_str!("../../../rtc/tests/offers/aiortc.sdp")),
    ("Chromium", PUBLISHER),
];

#[tokio::test]
async fn a_stream_key_publishes_and_puts_the_broadcast_on_air() {
    let turn = [(Key::TurnUrls, "turn:turn.example.org"), (Key::TurnSecret, "a-long-enough-secret")];
    let (desk, host) = open(&turn).await;
    let id = desk.broadcast(&host, untitled()).await;
    let key = desk.stream_key(&host, &id).await;
    let made = Made::of(desk.ask(offer(format!("/whip/{id}"), PUBLISHER).by(&key)).await);
    assert!(made.url.starts_with(&format!("/whip/{id}/")), "{}", made.url);
    assert!(made.tag.starts_with('"') && made.tag.ends_with('"'), "{}", made.tag);
    assert_eq!(made.headers["content-type"], "application/sdp");
    assert_eq!(made.headers["accept-patch"], "application/trickle-ice-sdpfrag");
    let link = made.headers["link"].to_str().unwrap();
    assert!(link.starts_with("<turn:turn.example.org>; rel=\"ice-server\"; username=\""), "{link}");
    let exposed = made.headers["access-control-expose-headers"].to_str().unwrap();
    for header in ["Location", "ETag", "Link", "Accept-Patch"] {
        assert!(exposed.contains(header), "{exposed}");
    }
    assert_eq!(made.headers["access-control-allow-origin"], "*");
    for line in ["a=ice-lite", "a=setup:passive", "a=recvonly", "a=rtcp-mux"] {
        assert!(made.answer.lines().any(|own| own == line), "{line} is not in {}", made.answer);
    }
    let shown = desk.get(&format!("/api/broadcasts/{id}"), &host.token).await.must_be(200);
    assert_eq!(shown["status"], "live");
    assert_eq!(shown["ingest"]["whipUrl"], format!("https://radio.example/whip/{id}"));
    assert_eq!(shown["playback"]["whepUrl"], format!("/whep/{id}"));
    let stats = desk.get(&format!("/api/broadcasts/{id}/stats"), &host.token).await.must_be(200);
    assert_eq!(stats["publishers"][0]["protocol"], "whip");
}

#[tokio::test]
async fn the_offers_of_real_clients_are_answered() {
    let (desk, host) = open(&[]).await;
    for (name, sdp) in OFFERS {
        let id = desk.broadcast(&host, json!({ "title": name })).await;
        let key = desk.stream_key(&host, &id).await;
        let made = Made::of(desk.ask(offer(format!("/whip/{id}"), sdp).by(&key)).await);
        let video = made.answer.split("m=").find(|section| section.starts_with("video"));
        // Refused, not left out: an answer has as many sections as its offer (RFC 3264, 6).
        assert_eq!(video.is_some(), name == "OBS", "{name}");
        assert!(
            video.is_none_or(|video| video.starts_with("video 0 ") || video.contains("a=inactive")),
            "{}",
            made.answer
        );
    }
}

#[tokio::test]
async fn who_may_publish_does_so_with_an_access_token() {
    let (desk, host) = open(&[]).await;
    let (other, admin) = (desk.person("bob").await, desk.admin().await);
    let id =
        desk.broadcast(&host, json!({ "title": "Panel", "singlePublisher": false, "maxSpeakers": 4 })).await;
    let publish = |token: &str| desk.ask(offer(format!("/whip/{id}"), PUBLISHER).by(token));
    for person in [&host, &admin] {
        Made::of(publish(&person.token).await);
    }
    publish(&other.token).await.refused(403);
    let told = publish("no-key-of-anybody").await;
    assert_eq!(told.headers["www-authenticate"], "Bearer");
    told.refused(401);
    let nobody = desk.ask(offer(format!("/whip/{id}"), PUBLISHER)).await;
    assert_eq!(nobody.headers["www-authenticate"], "Bearer");
    nobody.refused(401);
    for unknown in ["nothing", "a%20b", &"x".repeat(65)] {
        desk.ask(offer(format!("/whip/{unknown}"), PUBLISHER).by("some-key")).await.refused(404);
        desk.ask(offer(format!("/whip/{unknown}"), PUBLISHER).by(&host.token)).await.refused(404);
    }
}

#[tokio::test]
async fn a_second_publisher_is_refused_while_the_first_one_lives() {
    let (desk, host) = open(&[]).await;
    let id = desk.broadcast(&host, untitled()).await;
    let key = desk.stream_key(&host, &id).await;
    // It has not delivered anything yet, and is no ghost yet either.
    let _rtmp = desk.publish(&id, &key).await.unwrap();
    let told = desk.ask(offer(format!("/whip/{id}"), PUBLISHER).by(&key)).await.refused(409);
    assert!(told.contains("already publishing"), "{told}");
}

#[tokio::test]
async fn a_publisher_that_comes_back_takes_the_place_of_its_own_ghost() {
    let (desk, host) = open(&[]).await;
    let id = desk.broadcast(&host, untitled()).await;
    let key = desk.stream_key(&host, &id).await;
    let ghost = Made::of(desk.ask(offer(format!("/whip/{id}"), PUBLISHER).by(&key)).await);
    // Its network is gone: nobody says farewell, and nothing comes. It is back before anybody else would notice, and is
    // not refused once.
    let returned = Made::of(desk.ask(offer(format!("/whip/{id}"), PUBLISHER).by(&key)).await);
    desk.until_gone(&ghost.url).await;
    assert_eq!(desk.ask(Ask::new("DELETE", &returned.url)).await.status, 200);
}

#[tokio::test]
async fn whoever_is_heard_keeps_the_place_also_against_a_second_one_like_it() {
    let (desk, host) = open(&[]).await;
    let id = desk.broadcast(&host, untitled()).await;
    let key = desk.stream_key(&host, &id).await;
    let (mut client, sdp) = Client::offer(Direction::SendOnly);
    let made = desk.ask(Ask::new("POST", format!("/whip/{id}")).bytes(SDP, sdp).by(&key)).await;
    client.accept(&Made::of(made).answer);
    client.until(|client| client.connected);
    let (stop, stopped) = channel::<()>();
    let speaks = std::thread::spawn(move || {
        let mut number = 0;
        while stopped.try_recv() == Err(TryRecvError::Empty) {
            client.send(number, b"a frame", Fate::Arrives);
            number += 1;
        }
    });
    desk.ask(offer(format!("/whip/{id}"), PUBLISHER).by(&key)).await.refused(409);
    drop(stop);
    speaks.join().unwrap();
}

#[tokio::test]
async fn a_broadcast_that_has_ended_takes_no_publisher_and_sends_away_the_one_it_had() {
    let (desk, host) = open(&[]).await;
    let id = desk.broadcast(&host, untitled()).await;
    let key = desk.stream_key(&host, &id).await;
    let made = Made::of(desk.ask(offer(format!("/whip/{id}"), PUBLISHER).by(&key)).await);
    desk.ask(host.asks("POST", format!("/api/broadcasts/{id}/end"))).await.must_be(200);
    desk.until_gone(&made.url).await;
    desk.ask(offer(format!("/whip/{id}"), PUBLISHER).by(&key)).await.refused(409);
}
