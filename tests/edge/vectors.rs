//! What edges check requests with, made by the station's own code: `deploy/edge/vectors.json` for the tests of
//! `deploy/edge/playback.js`.

use std::fs;
use std::path::Path;

use onair::playback::token::{Claims, Signer};
use origin::directives::Directives;
use serde_json::{Value, json};

const NOW: u64 = 1_800_000_000;
const SECRET: &[u8] = b"a secret that is in a test and nowhere else";
const PLAYLIST: &str = "/live/evening/r1/main.m3u8";

/// Queries of a Media Playlist, and what an edge keeps of each; `None` where the station answers 400.
const QUERIES: [(&str, Option<&str>); 20] = [
    ("", Some("")),
    ("_HLS_msn=12", Some("_HLS_msn=12")),
    ("_HLS_msn=12&_HLS_part=3&_HLS_skip=YES", Some("_HLS_msn=12&_HLS_part=3&_HLS_skip=YES")),
    ("_HLS_part=3&_HLS_skip=v2&_HLS_msn=12", Some("_HLS_msn=12&_HLS_part=3&_HLS_skip=v2")),
    ("_HLS_msn=0&_HLS_part=0", Some("_HLS_msn=0&_HLS_part=0")),
    ("_HLS_skip=NO", Some("")),
    ("_HLS_skip=", Some("")),
    ("_HLS_msn=12&_HLS_skip=yes", Some("_HLS_msn=12")),
    ("CMCD=bl%3D1900&_HLS_msn=12", Some("_HLS_msn=12")),
    ("session=x&_HLS_push=1", Some("")),
    ("_HLS_MSN=4", Some("")),
    ("_HLS_msn=99999999999999999999", Some("_HLS_msn=99999999999999999999")),
    ("_HLS_part=3", None),
    ("_HLS_msn=007", None),
    ("_HLS_msn=12&_HLS_part=03", None),
    ("_HLS_msn=", None),
    ("_HLS_msn=-1", None),
    ("_HLS_msn=%31", None),
    ("_HLS_msn=12&_HLS_msn=12", None),
    ("_HLS_skip=YES&_HLS_skip=NO", None),
];

fn token(broadcast: &str, who: &str, expires: u64, nonce: u8) -> String {
    let signer = Signer::new(SECRET);
    signer.sign(broadcast, Claims { subject: signer.subject(who), expires }, [nonce; 8])
}

fn vectors() -> Value {
    let signer = Signer::new(SECRET);
    let good = token("evening", "ann", NOW + 60, 7);
    let shown = [
        (good.clone(), "evening", NOW, "is good"),
        (good.clone(), "evening", NOW + 59, "is good to its last second"),
        (good.clone(), "evening", NOW + 60, "has run out"),
        (good.clone(), "morning", NOW, "is another broadcast's"),
        (token("abend-ä", "bob", NOW + 60, 0), "abend-ä", NOW, "names its broadcast in UTF-8"),
        (token("evening", "bob", u64::from(u32::MAX), 255), "evening", NOW, "lives long"),
        (token("evening", "bob", 0, 1), "evening", NOW, "never lived"),
        (good[1..].to_owned(), "evening", NOW, "is short"),
        (format!("{good}A"), "evening", NOW, "is long"),
        (format!("{}=", &good[1..]), "evening", NOW, "is padded"),
        (String::new(), "evening", NOW, "is nothing"),
        ("-".to_owned(), "evening", NOW, "is a dash"),
    ];
    let tokens = shown.map(|(token, broadcast, now, why)| {
        let good = signer.verify(broadcast, &token, now).is_ok();
        json!({"token": token, "broadcast": broadcast, "now": now, "good": good, "why": why})
    });
    let mut queries =
        QUERIES.map(|(query, kept)| json!({"path": PLAYLIST, "query": query, "kept": kept})).to_vec();
    for path in ["/live/evening/index.m3u8", "/live/evening/r1/main/8.m4s", "/live/evening/r1/main/init.mp4"]
    {
        queries.push(json!({"path": path, "query": "_HLS_msn=007&CMCD=x", "kept": ""}));
    }
    json!({"key": Signer::edge_key(SECRET), "now": NOW, "tokens": tokens, "queries": queries})
}

#[test]
fn an_edge_keeps_what_the_station_reads_and_refuses_what_it_refuses() {
    for (query, kept) in QUERIES {
        match (Directives::parse(query), kept) {
            (Ok(read), Some(kept)) => assert_eq!(Directives::parse(kept), Ok(read), "{query}"),
            (Err(_), None) => {}
            (read, kept) => panic!("{query}: the station reads {read:?}, the edge keeps {kept:?}"),
        }
    }
}

#[test]
fn the_vectors_that_are_kept_are_the_stations() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("deploy/edge/vectors.json");
    let made = serde_json::to_string_pretty(&vectors()).unwrap() + "\n";
    if std::env::var_os("UPDATE_DOCS").is_some_and(|value| value == "1") {
        fs::write(&file, &made).unwrap();
    }
    let found = fs::read_to_string(&file).unwrap_or_default();
    assert!(found == made, "vectors.json is behind; UPDATE_DOCS=1 cargo test --test edge");
}
