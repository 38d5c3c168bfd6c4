//! A client on loopback: a full ICE agent with one UDP socket, driven by whoever waits for something.

#![allow(clippy::unwrap_used, reason = "a helper of tests: what cannot be done fails the test")]
#![allow(dead_code, reason = "not every test that has a client asks everything of it")]

use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use str0m::change::{SdpAnswer, SdpPendingOffer};
use str0m::media::{Direction, Frequency, MediaKind, MediaTime, Mid};
use str0m::net::{Protocol, Receive};
use str0m::rtp::RtpPacket;
use str0m::{Candidate, Event, Input, Output, Rtc};

/// How long a test waits for anything.
const PATIENCE: Duration = Duration::from_secs(20);

/// What becomes of a packet.
#[derive(Clone, Copy, Eq, PartialEq)]
pub(crate) enum Fate {
    Arrives,
    Lost,
}

pub(crate) struct Client {
    rtc: Rtc,
    socket: UdpSocket,
    fate: Fate,
    sent: u64,
    address: SocketAddr,
    pending: Option<SdpPendingOffer>,
    pub(crate) mid: Mid,
    pub(crate) connected: bool,
    pub(crate) closed: bool,
    pub(crate) heard: Vec<RtpPacket>,
}

impl Client {
    /// A client and its offer of one audio track.
    pub(crate) fn offer(direction: Direction) -> (Self, String) {
        Self::offer_of(&[direction])
    }

    /// A client and its offer of several; the first one is what it sends by, if it does.
    pub(crate) fn offer_of(directions: &[Direction]) -> (Self, String) {
        // A listener looks at packets; a publisher hands frames over, and its stack repeats them in RED.
        let packets = directions.contains(&Direction::RecvOnly);
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let mut rtc =
            Rtc::builder().set_rtp_mode(packets).clear_codecs().enable_opus(true, true).build(Instant::now());
        rtc.add_local_candidate(Candidate::host(address, "udp").unwrap());
        let mut change = rtc.sdp_api();
        let add = |direction: &_| change.add_media(MediaKind::Audio, *direction, None, None, None);
        let mid = directions.iter().map(add).collect::<Vec<_>>()[0];
        let (offer, pending) = change.apply().unwrap();
        let client = Self {
            rtc,
            socket,
            fate: Fate::Arrives,
            sent: 0,
            address,
            pending: Some(pending),
            mid,
            connected: false,
            closed: false,
            heard: Vec::new(),
        };
        (client, offer.to_sdp_string())
    }

    pub(crate) fn accept(&mut self, answer: &str) {
        let answer = SdpAnswer::from_sdp_string(answer).unwrap();
        let pending = self.pending.take().unwrap();
        self.rtc.sdp_api().accept_answer(pending, answer).unwrap();
    }

    /// Runs until `done` says so.
    pub(crate) fn until(&mut self, mut done: impl FnMut(&mut Self) -> bool) {
        let begin = Instant::now();
        while !done(self) {
            assert!(begin.elapsed() < PATIENCE, "what a test waits for never came");
            self.step();
        }
    }

    /// Sends a frame of 20 ms; `Fate::Lost` loses its packet on the way.
    pub(crate) fn send(&mut self, number: u64, frame: &[u8], fate: Fate) {
        let writer = self.rtc.writer(self.mid).unwrap();
        let pt = writer.payload_params().next().unwrap().pt();
        let time = MediaTime::new(960 * number, Frequency::FORTY_EIGHT_KHZ);
        writer.write(pt, Instant::now(), time, frame).unwrap();
        let before = self.sent;
        self.fate = fate;
        self.until(|client| client.sent > before);
        self.fate = Fate::Arrives;
    }

    pub(crate) fn close(&mut self) {
        self.rtc.close().unwrap();
        self.step();
    }

    fn step(&mut self) {
        loop {
            match self.rtc.poll_output().unwrap() {
                Output::Timeout(until) => return self.wait(until),
                Output::Transmit(transmit) => {
                    let [first, kind, ..] = *transmit.contents else { continue };
                    let is_rtp = first >= 128 && !(192..224).contains(&kind);
                    self.sent += u64::from(is_rtp);
                    if !(is_rtp && self.fate == Fate::Lost) {
                        self.socket.send_to(&transmit.contents, transmit.destination).unwrap();
                    }
                }
                Output::Event(Event::Connected) => self.connected = true,
                Output::Event(Event::Closed) => self.closed = true,
                Output::Event(Event::RtpPacket(packet)) => self.heard.push(packet),
                Output::Event(_) => {}
            }
        }
    }

    fn wait(&mut self, until: Instant) {
        let longest = Duration::from_millis(5);
        let wait = until.saturating_duration_since(Instant::now()).clamp(Duration::from_micros(100), longest);
        self.socket.set_read_timeout(Some(wait)).unwrap();
        let mut buffer = [0; 2_000];
        let input = match self.socket.recv_from(&mut buffer) {
            Ok((length, from)) => {
                let received = Receive::new(Protocol::Udp, from, self.address, &buffer[..length]).unwrap();
                Input::Receive(Instant::now(), received)
            }
            Err(_) => Input::Timeout(Instant::now()),
        };
        self.rtc.handle_input(input).unwrap();
    }
}
