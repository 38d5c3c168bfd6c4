//! Playback that is signed: who shows nothing hears nothing.

use super::station::Station;

#[test]
fn without_a_token_nothing_of_a_signed_broadcast_is_served() {
    let station = Station::start(&["--signed-playback", "always", "--demo"]);
    for path in ["index.m3u8", "standard.m3u8", "stream.aac", "stream.opus", "20260101T000000Z/main.m3u8"] {
        let refused = station.get(&format!("/live/demo/{path}"));
        let problem: serde_json::Value = serde_json::from_slice(&refused.body).unwrap();
        assert_eq!(refused.status, 403, "{path}: {problem}");
        assert!(problem["detail"].as_str().unwrap().contains("/playback"), "{path}: {problem}");
        assert_eq!(refused.header("cache-control"), Some("no-store"));
        let wrong = station.get(&format!("/s/{}/live/demo/{path}", "A".repeat(60)));
        assert_eq!(wrong.status, 403, "{path}");
    }
    assert_eq!(station.get("/live/nothing/index.m3u8").status, 404);
}
