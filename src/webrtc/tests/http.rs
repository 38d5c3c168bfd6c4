use super::*;
use crate::webrtc::negotiation::FRAGMENT;

/// Offers that say the same wrong thing to either endpoint.
#[tokio::test]
async fn what_cannot_be_answered_is_refused_with_the_status_that_says_why() {
    let (desk, host) = open(&[]).await;
    let id = desk.on_air(&host, untitled()).await;
    let key = desk.stream_key(&host, &id).await;
    let video: &'static str = PUBLISHER.replace("m=audio", "m=video").leak();
    let many = "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n".repeat(1_000);
    let many: &'static str = PUBLISHER.replace("a=mid:0\r\n", &format!("a=mid:0\r\n{many}")).leak();
    let long: &'static str = format!("{PUBLISHER}a={}\r\n", "x".repeat(1_000_000)).leak();
    for (path, fits) in [("whip", PUBLISHER), ("whep", LISTENER)] {
        let post = || Ask::new("POST", format!("/{path}/{id}")).by(&key);
        // A stream key lets nobody listen, and it need not: what is wrong is said first.
        let cases = [
            (post().bytes("application/json", fits), 415),
            (post(), 415),
            (post().bytes(SDP, fits).header("accept", "text/html"), 406),
            (post().bytes(SDP, long), 413),
            (post().bytes(SDP, ""), 400),
            (post().bytes(SDP, "{\"type\": \"offer\"}"), 400),
            (post().bytes(SDP, &b"v=0\r\ns=\xff\r\n"[..]), 400),
            (post().bytes(SDP, video), 422),
            (post().bytes(SDP, many), 422),
        ];
        for (ask, status) in cases {
            let answer = desk.ask(ask).await;
            assert_eq!(answer.status.as_u16(), status, "{path}: {}", answer.body);
            assert_eq!(answer.headers["access-control-allow-origin"], "*");
            assert!(!answer.body["detail"].as_str().unwrap().is_empty());
        }
    }
    let told = desk.ask(offer(format!("/whip/{id}"), LISTENER).by(&key)).await.refused(422);
    assert!(told.contains("/whep"), "{told}");
    let told = desk.ask(offer(format!("/whep/{id}"), PUBLISHER)).await.refused(422);
    assert!(told.contains("/whip"), "{told}");
}

#[tokio::test]
async fn each_address_takes_the_methods_that_it_tells_pages_of() {
    let (desk, host) = open(&[]).await;
    let id = desk.broadcast(&host, untitled()).await;
    for door in ["whip", "whep"] {
        let (endpoint, session) = (format!("/{door}/{id}"), format!("/{door}/{id}/{}", "0".repeat(32)));
        for (path, methods, accepts, refused) in [
            (
                &endpoint,
                "POST, OPTIONS",
                ("accept-post", SDP),
                &["GET", "HEAD", "PUT", "PATCH", "DELETE"][..],
            ),
            (&session, "PATCH, DELETE, OPTIONS", ("accept-patch", FRAGMENT), &["GET", "HEAD", "POST", "PUT"]),
        ] {
            let told = desk.ask(Ask::new("OPTIONS", path)).await;
            assert_eq!(told.status, 204);
            assert_eq!(told.headers["access-control-allow-methods"], methods);
            assert_eq!(told.headers["access-control-allow-origin"], "*");
            assert_eq!(told.headers[accepts.0], accepts.1);
            let allowed = told.headers["access-control-allow-headers"].to_str().unwrap();
            for header in ["Authorization", "Content-Type", "If-Match"] {
                assert!(allowed.contains(header), "{allowed}");
            }
            assert!(!told.headers.contains_key("access-control-allow-credentials"));
            for method in refused {
                let answer = desk.ask(Ask::new(method, path)).await;
                assert_eq!(answer.status, 405, "{method} {path}");
                assert!(answer.headers.contains_key("allow"));
            }
        }
    }
}

#[tokio::test]
async fn without_the_port_there_are_no_doors() {
    let desk = Desk::open(Database::Sqlite, &[]).await;
    let host = desk.person("amy").await;
    let id = desk.on_air(&host, untitled()).await;
    let key = desk.stream_key(&host, &id).await;
    let told = desk.ask(offer(format!("/whip/{id}"), PUBLISHER).by(&key)).await.refused(404);
    assert_eq!(told, "WebRTC is switched off here");
    desk.ask(offer(format!("/whep/{id}"), LISTENER)).await.refused(404);
    let playback = desk.get(&format!("/api/broadcasts/{id}/playback"), &host.token).await.must_be(200);
    assert_eq!((&playback["transport"], &playback["whepUrl"]), (&json!("hls"), &Value::Null));
}
