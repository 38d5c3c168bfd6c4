//! WebRTC listeners against a far end that is right, and against one that is wrong in a known way.

mod far_end;

use std::time::Duration;

use far_end::{FarEnd, Mishap, Programme, on_air};
use load::rtc::report::JoinFault;
use load::rtc::tone::Ear;
use load::rtc::{Crowd, Gates, Options, Report, Step, Token};

/// Long enough never to be waited for: the broadcasts here end by themselves.
const LONG: Duration = Duration::from_mins(5);

const PROGRAMME: Programme = Programme { packets: 120, tone: 440.0, red: false, mishap: Mishap::None };

/// A run is judged by what was heard; how quickly a busy machine lets somebody join is no matter here.
const GATES: Gates = Gates { max_loss: 2.0, min_join: 100.0, max_join_p95: LONG, min_tone: 90.0 };

fn options(far_end: &FarEnd) -> Options {
    Options {
        url: far_end.url(),
        broadcast: "demo".to_owned(),
        token: None,
        red: false,
        join_rate: 1000.0,
        patience: LONG,
        listen_for: None,
        publish: None,
        tone: 440.0,
        watch: None,
    }
}

/// What `listeners` hear of a programme.
fn heard(programme: Programme, listeners: usize) -> Report {
    let far_end = on_air(programme);
    hear(&options(&far_end), listeners).0
}

/// The report, and how many sessions were not let go.
fn hear(options: &Options, listeners: usize) -> (Report, usize) {
    let mut crowd = Crowd::open(options).expect("the far end is there");
    let report = crowd.step(Step { listeners, hold: LONG }).expect("the system allows a few sockets");
    (report, crowd.close())
}

#[test]
fn every_listener_hears_every_packet_once_until_the_end() {
    let report = heard(PROGRAMME, 10);
    assert_eq!(GATES.failed(&report), Vec::<String>::new(), "{}", report.table(&GATES));
    assert_eq!((report.joined, report.ended, report.dropped), (10, 10, 0));
    let packets = report.packets;
    assert_eq!((packets.received, packets.lost, packets.reordered, packets.duplicates), (1200, 0, 0, 0));
    assert_eq!((report.join.count, report.delay.count), (10, 1200));
    assert!(report.round_trip.count >= 10, "ICE checked each path: {:?}", report.round_trip);
    assert!(report.packets.bytes > 0);
}

#[test]
fn packets_that_are_not_sent_are_lost() {
    let report = heard(Programme { mishap: Mishap::Lossy(10), ..PROGRAMME }, 3);
    assert_eq!((report.packets.received, report.packets.lost), (3 * 108, 3 * 12));
    assert_eq!(report.loss_percent(), 10.0);
    assert_eq!(report.loss_percent_each.p50, 10.0);
    assert_eq!(GATES.failed(&report), ["10.000 % of the packets lost, at most 2 % may be"]);
}

#[test]
fn packets_that_come_after_their_successors_are_not_lost() {
    let report = heard(Programme { mishap: Mishap::Swapped, ..PROGRAMME }, 3);
    assert_eq!((report.packets.received, report.packets.lost, report.packets.reordered), (360, 0, 36));
}

#[test]
fn redundancy_makes_up_for_single_losses() {
    let programme = Programme { mishap: Mishap::Lossy(10), red: true, ..PROGRAMME };
    let far_end = on_air(programme);
    let (report, _) = hear(&Options { red: true, listen_for: Some(440.0), ..options(&far_end) }, 3);
    assert_eq!((report.packets.received, report.packets.lost, report.packets.recovered), (324, 0, 36));
    assert!(report.tone_percent().unwrap() > 80.0, "{}", report.table(&GATES));
    // A listener who does not offer redundancy gets plain Opus of a server that has both.
    assert_eq!(heard(Programme { red: false, ..programme }, 1).packets.lost, 12);
}

#[test]
fn the_tone_is_found_and_another_is_not() {
    let far_end = on_air(PROGRAMME);
    let (report, _) = hear(&Options { listen_for: Some(440.0), ..options(&far_end) }, 2);
    assert_eq!(GATES.failed(&report), Vec::<String>::new(), "{}", report.table(&GATES));
    let (report, _) = hear(&Options { listen_for: Some(880.0), ..options(&far_end) }, 2);
    assert_eq!(report.tone_percent(), Some(0.0));
    assert_eq!(GATES.failed(&report).len(), 1);
}

#[test]
fn a_server_that_is_full_refuses_and_says_why() {
    let report = heard(Programme { mishap: Mishap::Full(3), ..PROGRAMME }, 5);
    assert_eq!((report.joined, report.faults[&JoinFault::Refused(503)]), (3, 2));
    assert_eq!(report.refusal.as_deref(), Some("status 503, all places are taken"));
    assert_eq!(GATES.failed(&report), ["60.00 % joined, at least 100 % have to"]);
}

#[test]
fn who_hears_nothing_is_counted_by_the_reason() {
    for (mishap, fault) in [
        (Mishap::Silent, JoinFault::Silent),
        (Mishap::Rubbish, JoinFault::Answer),
        (Mishap::Deaf, JoinFault::Ice),
    ] {
        let far_end = on_air(Programme { mishap, ..PROGRAMME });
        let patience = if mishap == Mishap::Deaf { Duration::from_millis(300) } else { LONG };
        let (report, _) = hear(&Options { patience, ..options(&far_end) }, 2);
        assert_eq!((report.joined, report.faults.get(&fault)), (0, Some(&2)), "{mishap:?}");
        assert!(GATES.failed(&report).contains(&"nothing was heard".to_owned()));
    }
    // Nobody listens on a port that was just let go.
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let far_end = on_air(PROGRAMME);
    let nowhere = Options { url: format!("http://127.0.0.1:{port}"), ..options(&far_end) };
    assert_eq!(hear(&nowhere, 1).0.faults.get(&JoinFault::Unreachable), Some(&1));
}

#[test]
fn listeners_of_earlier_steps_stay_while_more_come() {
    let far_end = on_air(Programme { packets: 2000, ..PROGRAMME });
    let options = options(&far_end);
    let mut crowd = Crowd::open(&options).unwrap();
    let first = crowd.step(Step { listeners: 2, hold: Duration::ZERO }).unwrap();
    assert_eq!((first.wanted, first.joined, first.join.count), (2, 2, 2));
    let second = crowd.step(Step { listeners: 5, hold: Duration::ZERO }).unwrap();
    assert_eq!((second.wanted, second.joined, second.join.count), (5, 5, 3), "three of them are new");
    assert_eq!(crowd.close(), 0);
    assert_eq!(far_end.sessions(), (5, 5));
}

#[test]
fn everybody_who_is_still_there_leaves() {
    let far_end = on_air(Programme { packets: u16::MAX, ..PROGRAMME });
    let options = options(&far_end);
    let mut crowd = Crowd::open(&options).unwrap();
    crowd.step(Step { listeners: 4, hold: Duration::ZERO }).unwrap();
    assert_eq!(crowd.close(), 0);
    assert_eq!(far_end.sessions(), (4, 4));
}

#[test]
fn a_server_that_does_not_let_go_is_told_of() {
    let far_end = on_air(Programme { packets: u16::MAX, mishap: Mishap::Sticky, ..PROGRAMME });
    let options = options(&far_end);
    let mut crowd = Crowd::open(&options).unwrap();
    crowd.step(Step { listeners: 2, hold: Duration::ZERO }).unwrap();
    assert_eq!(crowd.close(), 2);
}

#[test]
fn what_is_published_is_the_tone() {
    let far_end = on_air(Programme { packets: 1500, ..PROGRAMME });
    let publish = Some(Token::parse("sekret").unwrap());
    let (_, held) = hear(&Options { publish, tone: 1000.0, ..options(&far_end) }, 1);
    assert_eq!(held, 0);
    let mut ear = Ear::new(1000.0).unwrap();
    for packet in far_end.published() {
        ear.hear(&packet);
    }
    let (with_tone, windows) = ear.take();
    assert!(windows >= 5 && with_tone + 1 >= windows, "{with_tone} of {windows} windows have the tone");
    assert_eq!(far_end.sessions(), (2, 1), "the publisher left; the listener was sent away");
}

#[test]
fn a_wrong_stream_key_is_refused_before_anybody_listens() {
    let far_end = on_air(PROGRAMME);
    let options = Options { publish: Some(Token::parse("guess").unwrap()), ..options(&far_end) };
    let Err(error) = Crowd::open(&options) else { panic!("a wrong key went on air") };
    assert_eq!(error.to_string(), "cannot publish: status 401");
    assert_eq!(far_end.sessions(), (0, 0));
}
