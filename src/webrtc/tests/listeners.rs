use str0m::media::Direction;

use super::client::Client;
use super::*;
use crate::live::JoinCounts;

#[tokio::test]
async fn anybody_listens_to_a_public_broadcast_and_is_counted_until_they_leave() {
    let (desk, host) = open(&[]).await;
    let id = desk.on_air(&host, untitled()).await;
    let playback = desk.get(&format!("/api/broadcasts/{id}/playback"), &host.token).await.must_be(200);
    assert_eq!((&playback["transport"], &playback["iceServers"]), (&json!("webrtc"), &json!([])));
    let made = Made::of(desk.ask(offer(playback["whepUrl"].as_str().unwrap(), LISTENER)).await);
    assert!(made.url.starts_with(&format!("/whep/{id}/")), "{}", made.url);
    assert!(made.answer.lines().any(|line| line == "a=sendonly"), "{}", made.answer);
    let clock = made.headers["onair-programme-clock"].to_str().unwrap();
    assert!(clock.starts_with("anchor=\"20") && clock.ends_with("Z\", rate=48000"), "{clock}");
    let viewers = desk.get(&format!("/api/broadcasts/{id}/viewers"), &host.token).await.must_be(200);
    let counted = json!({ "broadcastId": id, "listeners": 1, "webrtc": 1, "hls": 0, "edgeEstimate": null });
    assert_eq!(viewers, counted);
    let stats = desk.get(&format!("/api/broadcasts/{id}/stats"), &host.token).await.must_be(200);
    assert_eq!((&stats["listeners"], &stats["webrtcListeners"]), (&json!(1), &json!(1)));
    assert_eq!(desk.ask(Ask::new("DELETE", &made.url)).await.status, 200);
    desk.until_listeners(&host, &id, 0).await;
    // They never came through.
    assert_eq!(desk.presence.joins().take()[&id], JoinCounts { succeeded: 0, failed: 1 });
}

#[tokio::test]
async fn who_comes_through_is_counted_as_joined() {
    let (desk, host) = open(&[]).await;
    let id = desk.on_air(&host, untitled()).await;
    let (mut client, sdp) = Client::offer(Direction::RecvOnly);
    let made = Made::of(desk.ask(Ask::new("POST", format!("/whep/{id}")).bytes(SDP, sdp)).await);
    tokio::task::spawn_blocking(move || {
        client.accept(&made.answer);
        client.until(|client| client.connected);
        client.close();
    })
    .await
    .unwrap();
    desk.until_listeners(&host, &id, 0).await;
    assert_eq!(desk.presence.joins().take()[&id], JoinCounts { succeeded: 1, failed: 0 });
}

#[tokio::test]
async fn what_is_not_on_air_is_not_found_and_may_be_in_a_moment() {
    let (desk, host) = open(&[]).await;
    let id = desk.broadcast(&host, untitled()).await;
    let early = desk.ask(offer(format!("/whep/{id}"), LISTENER)).await;
    assert_eq!(early.headers["retry-after"], "5");
    assert_eq!(early.refused(404), "the broadcast is not on air");
    let unknown = desk.ask(offer("/whep/nothing", LISTENER)).await;
    assert!(!unknown.headers.contains_key("retry-after"));
    unknown.refused(404);
}

#[tokio::test]
async fn who_finds_no_place_is_sent_to_hls() {
    let (desk, host) = open(&[(Key::WebrtcListenersMax, "1")]).await;
    let id = desk.on_air(&host, untitled()).await;
    let first = Made::of(desk.ask(offer(format!("/whep/{id}"), LISTENER)).await);
    let full = desk.ask(offer(format!("/whep/{id}"), LISTENER)).await;
    let link = format!("</live/{id}/index.m3u8>; rel=\"alternate\"; type=\"application/vnd.apple.mpegurl\"");
    assert_eq!(full.headers["link"], link.as_str());
    assert!(full.headers.contains_key("retry-after"));
    full.refused(503);
    let (path, bob) = (format!("/api/broadcasts/{id}/playback"), desk.person("bob").await);
    assert_eq!(desk.get(&path, &bob.token).await.must_be(200)["transport"], "hls");
    desk.ask(offer(format!("/whep/{id}"), LISTENER).by(&bob.token)).await.refused(503);
    assert_eq!(desk.get(&path, &host.token).await.must_be(200)["transport"], "webrtc");
    let own = Made::of(desk.ask(offer(format!("/whep/{id}"), LISTENER).by(&host.token)).await);
    desk.ask(Ask::new("DELETE", &own.url)).await;
    desk.ask(Ask::new("DELETE", &first.url)).await;
    desk.until_listeners(&host, &id, 0).await;
    Made::of(desk.ask(offer(format!("/whep/{id}"), LISTENER)).await);
}

#[tokio::test]
async fn a_private_broadcast_is_heard_by_whom_its_host_let_in() {
    let (desk, host) = open(&[]).await;
    let (member, outsider) = (desk.person("bob").await, desk.person("cid").await);
    let id = desk.on_air(&host, json!({ "title": "Board", "visibility": "private" })).await;
    desk.let_in(&host, &id, &member, "listener").await;
    let listen = |token: &str| desk.ask(offer(format!("/whep/{id}"), LISTENER).by(token));
    let nobody = desk.ask(offer(format!("/whep/{id}"), LISTENER)).await;
    assert_eq!(nobody.headers["www-authenticate"], "Bearer");
    nobody.refused(401);
    listen("nonsense").await.refused(401);
    listen(&outsider.token).await.refused(404);
    for person in [&host, &member] {
        Made::of(listen(&person.token).await);
    }
    let path = format!("/api/broadcasts/{id}/playback");
    let playback = desk.get(&path, &member.token).await.must_be(200);
    Made::of(listen(playback["token"].as_str().unwrap()).await);
    let ask = host.asks("POST", format!("/api/broadcasts/{id}/token")).json(json!({ "subject": "a guest" }));
    let token = desk.ask(ask).await.must_be(200)["token"].as_str().unwrap().to_owned();
    Made::of(listen(&token).await);
    listen(&token).await.refused(401);
}

#[tokio::test]
async fn who_is_blocked_hears_nothing_more() {
    let (desk, host) = open(&[]).await;
    let bob = desk.person("bob").await;
    let id = desk.on_air(&host, untitled()).await;
    let listen = || desk.ask(offer(format!("/whep/{id}"), LISTENER).by(&bob.token));
    let stays = Made::of(desk.ask(offer(format!("/whep/{id}"), LISTENER)).await);
    let made = Made::of(listen().await);
    let ask = host.asks("PUT", format!("/api/broadcasts/{id}/blocks/{}", bob.id)).json(json!({}));
    assert!(desk.ask(ask).await.status.is_success());
    desk.until_gone(&made.url).await;
    desk.until_listeners(&host, &id, 1).await;
    listen().await.refused(403);
    assert_eq!(desk.ask(Ask::new("DELETE", &stays.url)).await.status, 200);
}

#[tokio::test]
async fn listeners_are_let_go_with_the_end_of_the_broadcast() {
    let (desk, host) = open(&[]).await;
    let id = desk.on_air(&host, untitled()).await;
    let made = Made::of(desk.ask(offer(format!("/whep/{id}"), LISTENER)).await);
    desk.ask(host.asks("POST", format!("/api/broadcasts/{id}/end"))).await.must_be(200);
    desk.until_gone(&made.url).await;
}
