//! Signed addresses at an edge that checks them itself.

use std::process::Command;

use super::cache::{Edge, SECRET, ask};
use super::proxies::{hint, playlist};
use super::station::Station;
use super::tap::Tap;

fn station() -> Station {
    Station::start(&["--demo", "--signed-playback", "always", "--edge-secret", SECRET])
}

/// What the operator types at the station.
fn key(station: &Station) -> String {
    let data = station.folder().join("data");
    let output = Command::new(env!("CARGO_BIN_EXE_onair"))
        .args(["edge-key", "--data-dir"])
        .arg(data)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// Below which address one listener hears the demo.
fn below(station: &Station) -> String {
    let told = station.json("/api/broadcasts/demo/playback");
    told["hlsUrl"].as_str().unwrap().strip_suffix("/index.m3u8").unwrap().to_owned()
}

fn one_copy_serves_all_who_have_a_token(station: &Station, edge: &Edge, tap: &Tap) {
    let (ann, bob) = (below(station), below(station));
    assert_ne!(ann, bob);
    let path = playlist(&edge.address, &ann);
    let name = path.strip_prefix(&ann).unwrap();
    let (msn, part) = hint(&edge.get(&path).text());
    let query = format!("_HLS_msn={msn}&_HLS_part={part}");
    let hers = edge.get(&format!("{ann}{name}?{query}"));
    let his = edge.get(&format!("{bob}{name}?{query}"));
    assert_eq!((hers.status, his.status), (200, 200), "{} {}", hers.text(), his.text());
    assert_eq!(hers.text(), his.text());
    let asked = tap.asked(&query);
    assert_eq!(asked.len(), 1, "{asked:?}");
    assert!(asked[0].starts_with("GET /live/demo/"), "the token is taken out: {asked:?}");

    let media = format!("{}/{msn}.{part}.m4s", name.strip_suffix(".m3u8").unwrap());
    assert_eq!(
        (edge.get(&format!("{ann}{media}")).status, edge.get(&format!("{bob}{media}")).status),
        (200, 200)
    );
    assert_eq!(tap.asked(&media).len(), 1);
    let kept = edge.get(&format!("{bob}{media}"));
    assert_eq!(
        kept.header("cache-control"),
        Some("public, max-age=31536000, immutable"),
        "as long as any media"
    );

    // The copy is there, and still nobody else has it.
    let plain = format!("/live/demo{media}");
    assert_eq!(edge.get(&plain).status, 403);
    let posed = [("X-OnAir-Edge", "guessed, for want of it"), ("X-OnAir-Signed", "1")];
    assert_eq!(ask(&edge.address, &plain, &posed).status, 403);
    assert_eq!(edge.get(&format!("/s/{}/live/demo{media}", "A".repeat(60))).status, 403);
    assert_eq!(edge.get(&format!("/s/-/live/demo{media}")).status, 403);
    // With the cookie of a page it is the station that decides, for that listener alone.
    let token = ann.split('/').nth(2).unwrap();
    let cookie = ask(&edge.address, &plain, &[("Cookie", &format!("onair_play={token}"))]);
    assert_eq!(cookie.status, 200);
    assert!(cookie.header("cache-control").unwrap().starts_with("private"), "{}", cookie.head);
    assert_eq!(edge.get(&plain).status, 403, "the answer to a cookie was kept for others");

    let log = super::log::whole(edge, "/s/-/live/demo");
    assert!(!log.contains(token), "a log names no token");
}

#[test]
fn behind_nginx_one_copy_serves_all_who_have_a_token() {
    let station = station();
    let tap = Tap::before(&station.web);
    one_copy_serves_all_who_have_a_token(&station, &Edge::nginx(&tap.address, &key(&station)), &tap);
    assert!(tap.asked("/s/").is_empty(), "nginx checks tokens by itself");
}

#[test]
fn behind_varnish_one_copy_serves_all_who_have_a_token() {
    let station = station();
    let tap = Tap::before(&station.web);
    one_copy_serves_all_who_have_a_token(&station, &Edge::varnish(&tap.address), &tap);
    for asked in tap.asked("/s/") {
        assert!(
            asked.lines().next().unwrap().contains("/live/demo/index.m3u8"),
            "one question a token: {asked}"
        );
    }
}
