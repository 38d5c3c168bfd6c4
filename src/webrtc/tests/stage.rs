use str0m::media::Direction;

use super::client::Client;
use super::*;

const SPEAKER: &str = include_str!("../../../rtc/tests/offers/chromium-stage.sdp");

#[tokio::test]
async fn the_stage_is_for_those_who_may_speak() {
    let (desk, host) = open(&[]).await;
    let (speaker, listener) = (desk.person("bob").await, desk.person("cid").await);
    let id = desk.on_air(&host, untitled()).await;
    desk.let_in(&host, &id, &speaker, "speaker").await;
    let path = format!("/stage/{id}");
    let nobody = desk.ask(offer(&path, SPEAKER)).await;
    assert_eq!(nobody.headers["www-authenticate"], "Bearer");
    nobody.refused(401);
    desk.ask(offer(&path, SPEAKER).by(&listener.token)).await.refused(403);
    desk.ask(offer("/stage/nothing", SPEAKER).by(&host.token)).await.refused(404);
    desk.ask(offer(&path, LISTENER).by(&host.token)).await.refused(422);
    for person in [&host, &speaker] {
        let made = Made::of(desk.ask(offer(&path, SPEAKER).by(&person.token)).await);
        assert!(made.url.starts_with(&format!("{path}/")), "{}", made.url);
        let voices = made.answer.lines().filter(|line| *line == "a=sendonly").count();
        assert_eq!(voices, 8, "{}", made.answer);
        // Short packets are asked for where we receive, and nowhere else.
        let asked = made.answer.split("m=audio").skip(1).map(|section| section.contains("a=ptime:10\r\n"));
        let receives = made.answer.split("m=audio").skip(1).map(|section| section.contains("a=recvonly"));
        assert!(asked.eq(receives), "{}", made.answer);
    }
    let stats = desk.get(&format!("/api/broadcasts/{id}/stats"), &host.token).await.must_be(200);
    let protocols: Vec<_> =
        stats["publishers"].as_array().unwrap().iter().map(|one| &one["protocol"]).collect();
    assert_eq!(protocols, ["stage", "stage"]);
}

#[tokio::test]
async fn nobody_comes_onto_the_stage_of_what_is_not_on_air() {
    let (desk, host) = open(&[]).await;
    let id = desk.broadcast(&host, untitled()).await;
    let told = desk.ask(offer(format!("/stage/{id}"), SPEAKER).by(&host.token)).await.refused(409);
    assert!(told.contains("not on air"), "{told}");
}

#[tokio::test]
async fn the_stage_has_as_many_places_as_its_host_gave_it() {
    let (desk, host) = open(&[]).await;
    let bob = desk.person("bob").await;
    let id = desk.on_air(&host, json!({ "title": "Talk", "maxSpeakers": 1 })).await;
    desk.let_in(&host, &id, &bob, "speaker").await;
    Made::of(desk.ask(offer(format!("/stage/{id}"), SPEAKER).by(&host.token)).await);
    desk.ask(offer(format!("/stage/{id}"), SPEAKER).by(&bob.token)).await.refused(409);
}

#[tokio::test]
async fn whoever_comes_onto_the_stage_hears_the_programme_no_more() {
    let (desk, host) = open(&[]).await;
    let bob = desk.person("bob").await;
    let id = desk.on_air(&host, untitled()).await;
    desk.let_in(&host, &id, &bob, "speaker").await;
    let listen = |token: &str| desk.ask(offer(format!("/whep/{id}"), LISTENER).by(token));
    let others = Made::of(listen(&bob.token).await);
    let anybody = Made::of(desk.ask(offer(format!("/whep/{id}"), LISTENER)).await);
    let elsewhere = desk.on_air(&host, untitled()).await;
    let elsewhere = Made::of(desk.ask(offer(format!("/whep/{elsewhere}"), LISTENER).by(&host.token)).await);
    // The last one: without a handshake the others would be gone before it.
    let own = Made::of(listen(&host.token).await);

    let (mut client, sdp) = Client::offer_of(&[Direction::SendOnly, Direction::RecvOnly]);
    let ask = Ask::new("POST", format!("/stage/{id}")).bytes(SDP, sdp).by(&host.token);
    let made = Made::of(desk.ask(ask).await);
    desk.until_listeners(&host, &id, 3).await;
    client.accept(&made.answer);
    client.until(|client| client.connected);
    desk.until_gone(&own.url).await;
    for stays in [&others, &anybody, &elsewhere] {
        assert_eq!(desk.ask(Ask::new("DELETE", &stays.url)).await.status, 200);
    }
}

#[tokio::test]
async fn whose_voice_is_where_is_told_to_whom_it_concerns() {
    let (desk, host) = open(&[]).await;
    let id = desk.on_air(&host, untitled()).await;
    let made = Made::of(desk.ask(offer(format!("/stage/{id}"), SPEAKER).by(&host.token)).await);
    let other = format!("/stage/{id}/{}", "0".repeat(32));
    desk.ask(Ask::new("GET", other)).await.refused(404);
    assert_eq!(desk.ask(Ask::new("GET", made.url.replace("/stage/", "/whip/"))).await.status, 405);
    assert_eq!(desk.ask(Ask::new("DELETE", &made.url)).await.status, 200);
    desk.until_gone(&made.url).await;
    desk.ask(Ask::new("GET", &made.url)).await.refused(404);
}
