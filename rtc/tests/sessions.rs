//! Sessions over loopback, with a full ICE agent at the other end.

#![allow(clippy::unwrap_used)]

mod client;

use std::collections::VecDeque;
use std::net::UdpSocket;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use media::{AccessUnit, MediaDuration, MediaTime};
use rtc::{
    Clock, Config, Ear, Entrant, Farewell, Forward, Forwarding, Heard, Observer, Offer, PacketTime, Part,
    Repeating, Rtc, Said, SessionId, Threads,
};
use str0m::media::Direction;

use client::{Client, Fate};

fn config() -> Config {
    Config {
        listen: ([127, 0, 0, 1], 0).into(),
        shards: 2,
        public: Vec::new(),
        repeating: Repeating::Auto,
        packets: PacketTime::Ms20,
        sessions_max: 100,
    }
}

fn open(config: &Config) -> (Rtc, Threads) {
    Rtc::open(config, &(Arc::new(()) as Arc<dyn Observer>)).unwrap()
}

fn unit(number: u64) -> AccessUnit {
    AccessUnit {
        time: MediaTime::from_ticks(960 * number),
        duration: MediaDuration::from_ticks(960),
        data: Bytes::from(format!("frame {number}")),
    }
}

/// What an ear was told.
#[derive(Debug, Eq, PartialEq)]
enum Told {
    Connected,
    Packet(u64, u64, Vec<u8>),
    Over(Farewell),
}

struct Listening(Sender<Told>);

impl Ear for Listening {
    fn connected(&mut self, _: Instant) {
        self.0.send(Told::Connected).ok();
    }

    fn hear(&mut self, _: Instant, packet: Heard<'_>) {
        self.0.send(Told::Packet(packet.sequence, packet.time, packet.data.to_vec())).ok();
    }

    fn over(&mut self, _: Instant, why: Farewell) {
        self.0.send(Told::Over(why)).ok();
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

#[test]
fn a_listener_hears_the_programme_with_its_times() {
    let (rtc, threads) = open(&config());
    let mut programme = rtc.programme(Clock { anchor: Duration::from_secs(1_700_000_000) });
    let (mut client, offer) = Client::offer(Direction::RecvOnly);
    let joined =
        runtime().block_on(rtc.listen(Offer::parse(&offer).unwrap(), &programme.audience())).unwrap();
    assert!(programme.is_heard());
    client.accept(&joined.answer);
    let mut number = 100;
    client.until(|client| {
        programme.send(&unit(number));
        number += 1;
        client.heard.len() >= 20
    });
    for pair in client.heard.windows(2) {
        assert_eq!(*pair[1].seq_no, *pair[0].seq_no + 1);
        assert_eq!(pair[1].header.timestamp, pair[0].header.timestamp + 960);
    }
    for packet in &client.heard {
        let number = packet.header.timestamp / 960;
        assert_eq!(&*packet.payload, format!("frame {number}").as_bytes());
    }
    let last = client.heard.last().unwrap();
    let sender = last.last_sender_info.as_ref().expect("a report came with the first packet");
    let said = sender.ntp_time.duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let expected =
        Duration::from_secs(1_700_000_000) + Duration::from_micros(sender.rtp_time.numer() * 1_000 / 48);
    // A sample of 48 kHz is 20.8 microseconds.
    assert!(said.abs_diff(expected) < Duration::from_micros(20), "{said:?} where {expected:?} is true");
    drop(programme);
    client.until(|client| client.closed);
    assert_eq!(runtime().block_on(joined.over), Ok(Farewell::Over));
    assert_eq!(rtc.sessions(), 0);
    threads.stop();
}

#[test]
fn a_publisher_is_heard_through_red_and_plain() {
    let (rtc, threads) = open(&config());
    let (told, heard) = channel();
    let (mut client, offer) = Client::offer(Direction::SendOnly);
    let offer = Offer::parse(&offer).unwrap();
    assert!(offer.audio().red.is_some());
    let joined = runtime().block_on(rtc.publish(offer, Box::new(Listening(told)))).unwrap();
    client.accept(&joined.answer);
    client.until(|client| client.connected);
    for (number, frame) in [&b"one"[..], b"two", b"three"].into_iter().enumerate() {
        let fate = if frame == b"two" { Fate::Lost } else { Fate::Arrives };
        client.send(number as u64, frame, fate);
    }
    let mut came = Vec::new();
    client.until(|_| {
        came.extend(heard.try_iter());
        matches!(came.last(), Some(Told::Packet(_, 1_920, _)))
    });
    let Told::Packet(first, ..) = came[1] else { panic!("{came:?}") };
    let packet = |number: u64, frame: &str| Told::Packet(first + number, 960 * number, frame.into());
    let expected = [Told::Connected, packet(0, "one"), packet(1, "two"), packet(2, "three")];
    came.dedup();
    assert_eq!(came, expected);
    client.close();
    client.until(|_| {
        came.extend(heard.try_iter());
        came.last() == Some(&Told::Over(Farewell::Left))
    });
    threads.stop();
}

/// Everybody who speaks hears every publisher, in their first slot.
#[derive(Default)]
struct Everybody {
    speakers: Vec<SessionId>,
    forwards: VecDeque<Forward>,
}

impl Forwarding for Everybody {
    fn join(&mut self, _: Instant, member: SessionId, entrant: Entrant) {
        assert_eq!(entrant.person.as_deref(), Some("somebody"));
        if entrant.part == (Part::Speaker { slots: 1 }) {
            self.speakers.push(member);
        }
    }

    fn leave(&mut self, _: Instant, member: SessionId) {
        self.speakers.retain(|speaker| *speaker != member);
    }

    fn hear(&mut self, _: Instant, _: SessionId, packet: Heard<'_>) {
        let Heard { sequence, time, data, .. } = packet;
        let forward = |to: &SessionId| Forward {
            to: *to,
            slot: 0,
            sequence,
            time: time as u32,
            marker: false,
            data: Bytes::copy_from_slice(data),
        };
        self.forwards.extend(self.speakers.iter().map(forward));
    }

    fn poll_output(&mut self) -> Option<Forward> {
        self.forwards.pop_front()
    }
}

#[test]
fn a_publisher_who_is_not_on_the_stage_is_heard_there() {
    let (rtc, threads) = open(&config());
    let stage = rtc.stage(Box::new(Everybody::default()));
    let voice = stage.door().enter(Some("somebody".into()));
    assert_eq!(stage.door().members(), 0, "who publishes is nobody to hear it");
    let (mut client, offer) = Client::offer_of(&[Direction::SendOnly, Direction::RecvOnly]);
    let (told, _heard) = channel();
    let ear = Box::new(Listening(told));
    let offer = Offer::parse(&offer).unwrap();
    let joined = runtime().block_on(rtc.speak(offer, &stage.door(), Some("somebody".into()), ear)).unwrap();
    assert_eq!(stage.door().members(), 1);
    client.accept(&joined.answer);
    let mut number = 0;
    client.until(|client| {
        let data = Bytes::from(format!("said {number}"));
        voice.say(Said { sequence: number, time: 960 * number, level: None, data });
        number += 1;
        client.heard.len() >= 20
    });
    for packet in &client.heard {
        let number = packet.header.timestamp / 960;
        assert_eq!(&*packet.payload, format!("said {number}").as_bytes());
    }
    drop(stage);
    client.until(|client| client.closed);
    threads.stop();
}

#[test]
fn a_session_is_dismissed_by_its_name() {
    let (rtc, threads) = open(&config());
    let (told, heard) = channel();
    let (mut client, offer) = Client::offer(Direction::SendOnly);
    let joined =
        runtime().block_on(rtc.publish(Offer::parse(&offer).unwrap(), Box::new(Listening(told)))).unwrap();
    client.accept(&joined.answer);
    client.until(|client| client.connected);
    rtc.close(joined.session);
    client.until(|client| client.closed);
    assert_eq!(heard.iter().last(), Some(Told::Over(Farewell::Dismissed)));
    threads.stop();
}

#[derive(Default)]
struct Strays(Mutex<u64>);

impl Observer for Strays {
    fn stray(&self) {
        *self.0.lock().unwrap() += 1;
    }
}

#[test]
fn garbage_on_the_port_disturbs_nobody() {
    let strays = Arc::new(Strays::default());
    let observer: Arc<dyn Observer> = strays.clone();
    let (rtc, threads) = Rtc::open(&Config { shards: 1, ..config() }, &observer).unwrap();
    let mut programme = rtc.programme(Clock { anchor: Duration::ZERO });
    let (mut client, offer) = Client::offer(Direction::RecvOnly);
    let joined =
        runtime().block_on(rtc.listen(Offer::parse(&offer).unwrap(), &programme.audience())).unwrap();
    client.accept(&joined.answer);
    client.until(|client| client.connected);
    let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
    let mut sent = 0;
    let mut number = 0;
    client.until(|client| {
        for first in 0..=255_u8 {
            let datagram: Vec<u8> = (0..u32::from(first) * 5).map(|n| (n * 31) as u8 ^ first).collect();
            let datagram = [&[first][..], &datagram].concat();
            stranger.send_to(&datagram, rtc.addresses()[0]).unwrap();
            sent += 1;
        }
        programme.send(&unit(number));
        number += 1;
        client.heard.len() >= 20
    });
    let lost = client.heard.windows(2).filter(|pair| *pair[1].seq_no != *pair[0].seq_no + 1).count();
    assert_eq!(lost, 0);
    assert!(*strays.0.lock().unwrap() > sent / 2);
    threads.stop();
}
