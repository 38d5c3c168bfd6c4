use super::*;
use crate::webrtc::negotiation::FRAGMENT;

const CANDIDATES: &str = "a=ice-ufrag:Y6PQ\r\na=ice-pwd:lcNVcVsJFeCcEprNTsNGykYV\r\n\
    m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\na=candidate:1 1 udp 2130706431 192.0.2.7 5000 typ host\r\n\
    a=end-of-candidates\r\n";
const RESTART: &str = "a=ice-ufrag:aNewOne1\r\na=ice-pwd:aNewPasswordOf24Letters\r\n\
    m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n";

/// Somebody publishes, with the URL of the session.
async fn publishing() -> (Desk, Person, Made) {
    let (desk, host) = open(&[]).await;
    let id = desk.broadcast(&host, untitled()).await;
    let key = desk.stream_key(&host, &id).await;
    let made = Made::of(desk.ask(offer(format!("/whip/{id}"), PUBLISHER).by(&key)).await);
    (desk, host, made)
}

fn patch(url: &str, if_match: Option<&str>, fragment: &'static str) -> Ask {
    let ask = Ask::new("PATCH", url).bytes(FRAGMENT, fragment);
    match if_match {
        Some(tag) => ask.header("if-match", tag),
        None => ask,
    }
}

#[tokio::test]
async fn candidates_are_taken_for_the_ice_session_that_is_named() {
    let (desk, _, made) = publishing().await;
    for tag in [made.tag.as_str(), "*", "\"*\""] {
        let told = desk.ask(patch(&made.url, Some(tag), CANDIDATES)).await;
        assert_eq!(told.status, 204, "{tag}: {}", told.body);
        assert!(!told.headers.contains_key("etag") && told.bytes.is_empty());
    }
    desk.ask(patch(&made.url, None, CANDIDATES)).await.refused(428);
    desk.ask(patch(&made.url, Some("\"another\""), CANDIDATES)).await.refused(412);
    desk.ask(patch(&made.url, Some(&made.tag), RESTART)).await.refused(422);
    desk.ask(patch(&made.url, Some(&made.tag), "no fragment")).await.refused(400);
    let json = Ask::new("PATCH", &made.url).header("if-match", &made.tag).json(json!({}));
    desk.ask(json).await.refused(415);
}

#[tokio::test]
async fn ice_is_restarted_and_its_old_tag_is_worth_nothing_then() {
    let (desk, _, made) = publishing().await;
    let told = desk.ask(patch(&made.url, Some("*"), RESTART)).await;
    assert_eq!(told.status, 200, "{}", told.body);
    assert_eq!(told.headers["content-type"], FRAGMENT);
    let tag = told.headers["etag"].to_str().unwrap().to_owned();
    assert_ne!(tag, made.tag);
    let fragment = rtc::Fragment::parse(str::from_utf8(&told.bytes).unwrap()).unwrap();
    assert_eq!(format!("\"{}\"", fragment.credentials().unwrap().ufrag()), tag);
    assert_eq!((fragment.mid(), fragment.candidates().is_empty()), ("0", false));
    desk.ask(patch(&made.url, Some(&made.tag), CANDIDATES)).await.refused(412);
    assert_eq!(desk.ask(patch(&made.url, Some(&tag), RESTART)).await.status, 204);
    let again = desk.ask(patch(&made.url, Some("*"), RESTART)).await;
    assert_eq!((again.status.as_u16(), &again.bytes), (200, &told.bytes), "the answer may have been lost");
}

#[tokio::test]
async fn a_session_ends_once_and_lies_at_no_other_address() {
    let (desk, host, made) = publishing().await;
    let name = made.url.rsplit('/').next().unwrap();
    let other = desk.broadcast(&host, untitled()).await;
    let elsewhere =
        [made.url.replace("/whip/", "/whep/"), format!("/whip/{other}/{name}"), format!("{}0", made.url)];
    for wrong in elsewhere {
        desk.ask(Ask::new("DELETE", &wrong)).await.refused(404);
        desk.ask(patch(&wrong, Some("*"), CANDIDATES)).await.refused(404);
    }
    assert_eq!(desk.ask(Ask::new("DELETE", &made.url).header("if-match", "\"any\"")).await.status, 200);
    desk.ask(Ask::new("DELETE", &made.url)).await.refused(404);
    desk.ask(patch(&made.url, Some("*"), RESTART)).await.refused(404);
}
