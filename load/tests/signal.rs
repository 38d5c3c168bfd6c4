//! People in a room that is right, and in one that is wrong in a known way.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod room;

use std::time::Duration;

use load::signal::{ApiKey, Gates, Options, Passes, Report, run};
use room::{Mishap, Room, open};

/// Long enough never to be waited for: nothing here comes late by itself.
const LONG: Duration = Duration::from_mins(5);

/// A run is judged by what came; how soon on a busy machine is no matter here.
const GATES: Gates = Gates { p99: LONG };

/// Eight people, of whom one sends 40 messages as quickly as it can.
fn options(room: &Room) -> Options {
    Options {
        url: room.url(),
        broadcast: "demo".to_owned(),
        passes: Passes::Guests,
        connections: 8,
        joins_per_second: 10_000.0,
        senders: 1,
        messages_per_second: 4_000.0,
        duration: Duration::from_millis(10),
        join_timeout: LONG,
        patience: LONG,
        watch: None,
    }
}

fn seen(mishap: Mishap) -> Report {
    run(&options(&open(mishap))).unwrap()
}

fn failed(report: &Report) -> Vec<String> {
    GATES.failed(report)
}

#[test]
fn every_message_comes_to_everybody_once() {
    let room = open(Mishap::None);
    let three = Options { senders: 3, watch: Some(std::process::id()), ..options(&room) };
    let report = run(&three).unwrap();
    assert_eq!(failed(&report), Vec::<String>::new(), "{}", report.table(&GATES));
    assert_eq!((report.joined, report.sent, report.heard), (8, 40, 320));
    assert_eq!((report.join.figures().count, report.delay.figures().count), (8, 320));
    assert!(report.frames >= 320 && report.server.is_some());
    assert!(room.asked().iter().all(|asked| asked.starts_with("POST /api/broadcasts/demo/ticket ")));
    let json: serde_json::Value = serde_json::from_str(&report.json(&GATES).unwrap()).unwrap();
    assert_eq!((&json["passed"], &json["heard"]), (&true.into(), &320.into()));
}

#[test]
fn a_message_that_one_did_not_get_is_missing() {
    let report = seen(Mishap::Lost(17));
    assert_eq!(failed(&report), ["1 messages are missing"]);
    assert_eq!(report.heard, 319);
}

#[test]
fn a_message_that_comes_twice_is_doubled() {
    assert_eq!(failed(&seen(Mishap::Doubled(17))), ["1 messages came again"]);
    // Also where it is the last of all.
    assert_eq!(failed(&seen(Mishap::Doubled(39))), ["1 messages came again"]);
}

#[test]
fn messages_that_change_places_are_out_of_order() {
    assert_eq!(failed(&seen(Mishap::Swapped(17))), ["1 messages came out of order"]);
    assert_eq!(failed(&seen(Mishap::Swapped(38))), ["1 messages came out of order"]);
}

#[test]
fn a_connection_that_the_room_closes_is_dropped_and_told_why() {
    // The first one sends too: from its end on there is nothing to hear.
    let room = open(Mishap::Dropped(39));
    let report = run(&options(&room)).unwrap();
    assert_eq!(failed(&report), ["1 connections were dropped"]);
    assert_eq!(report.dropped["closed with 1013 \"slow\""], 1);
}

#[test]
fn who_is_not_let_in_is_told() {
    let room = open(Mishap::Shut);
    let brief = Options { join_timeout: Duration::ZERO, patience: Duration::ZERO, ..options(&room) };
    let report = run(&brief).unwrap();
    assert_eq!(failed(&report), ["0 of 8 got in", "nothing was heard"]);
    assert_eq!(report.failures.values().sum::<u64>(), 8);
}

#[test]
fn what_the_room_refuses_is_counted_as_it_says_it() {
    let room = open(Mishap::Mute);
    // Nothing is waited for but the answers to the farewells, and the errors come before them.
    let report = run(&Options { patience: Duration::ZERO, ..options(&room) }).unwrap();
    assert_eq!(failed(&report), ["nothing was heard", "320 messages are missing"]);
    assert_eq!(report.errors["muted"], 40);
}

#[test]
fn an_api_key_mints_a_token_for_each() {
    let room = open(Mishap::None);
    let key = ApiKey::parse("the-key", "the-secret").unwrap();
    let report = run(&Options { passes: Passes::ApiKey(key), ..options(&room) }).unwrap();
    assert_eq!(failed(&report), Vec::<String>::new());
    let asked = room.asked();
    assert_eq!(asked.len(), 8);
    for asked in &asked {
        assert!(asked.starts_with("POST /api/broadcasts/demo/token "), "{asked}");
        assert!(asked.contains("X-API-Key: the-key\r\nX-API-Secret: the-secret\r\n"), "{asked}");
        assert!(asked.ends_with(r#""role":"listener"}"#), "{asked}");
    }
}

#[test]
fn tickets_may_be_given() {
    let room = open(Mishap::None);
    let tickets = (0..8).map(|_| room.ticket()).collect();
    let report = run(&Options { passes: Passes::Given(tickets), ..options(&room) }).unwrap();
    assert_eq!(failed(&report), Vec::<String>::new());
    assert!(room.asked().is_empty());
    let none = run(&Options { passes: Passes::Given(Vec::new()), ..options(&room) });
    assert_eq!(none.unwrap_err().to_string(), "there are too few tickets");
}
