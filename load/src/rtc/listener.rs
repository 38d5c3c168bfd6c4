//! One who listens by WHEP.

use std::time::{Duration, Instant};

use webrtc::rtp;

use super::link::Link;
use super::reception::{Arrival, Reception};
use super::red;
use super::report::JoinFault;
use super::session::{RED, Stage};
use super::tone::Ear;

/// How far a listener has come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum State {
    /// The endpoint has been asked for a session.
    Asking,
    /// The broadcast was not on air yet; it asks again then.
    Waiting(Instant),
    /// There is a session and no sound.
    Joining,
    /// Sound comes.
    Hearing,
    /// Nothing was heard.
    Failed(JoinFault),
    /// Connected once, and no longer.
    Dropped,
    /// The server said goodbye.
    Ended,
}

/// A listener, from the request until the end.
pub(super) struct Listener {
    pub(super) link: Link,
    pub(super) state: State,
    /// When it asked.
    pub(super) asked: Instant,
    /// Kept until the endpoint takes it, in case it is to be asked again.
    pub(super) offer: String,
    /// The path of its session.
    pub(super) session: Option<String>,
    pub(super) reception: Reception,
    pub(super) ear: Option<Ear>,
}

/// What a packet was to the listener.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Heard {
    /// The first one, and how long after the request it came.
    pub(super) joined: Option<Duration>,
    /// How long after the quickest one.
    pub(super) delay: Option<Duration>,
}

impl Listener {
    pub(super) fn new(link: Link, offer: String, ear: Option<Ear>, now: Instant) -> Self {
        let reception = Reception::new();
        Self { link, state: State::Asking, asked: now, offer, session: None, reception, ear }
    }

    /// Takes what has come from the network; tells of each packet.
    pub(super) fn read(&mut self, buffer: &mut [u8], mut tell: impl FnMut(Heard)) {
        let Self { link, state, asked, reception, ear, .. } = self;
        link.read(buffer, |packet, now| {
            let joined = (*state == State::Joining).then(|| now.saturating_duration_since(*asked));
            if joined.is_some() {
                *state = State::Hearing;
            }
            let delay = hear(reception, ear.as_mut(), &packet, now);
            tell(Heard { joined, delay });
        });
        self.follow();
    }

    /// Looks whether the connection still stands. It may have gone with what came or with time.
    pub(super) fn follow(&mut self) {
        self.state = match (self.state, self.link.stage()) {
            (State::Hearing, Stage::Failed) => State::Dropped,
            (State::Hearing, Stage::Closed) => State::Ended,
            (State::Joining, Stage::Failed | Stage::Closed) => State::Failed(self.missing()),
            _ => return,
        };
    }

    /// Why there is no sound so far.
    pub(super) fn missing(&self) -> JoinFault {
        match self.link.furthest() {
            _ if self.state == State::Asking => JoinFault::Unreachable,
            Stage::Searching => JoinFault::Ice,
            Stage::Reached => JoinFault::Dtls,
            Stage::Connected | Stage::Failed | Stage::Closed => JoinFault::Silent,
        }
    }

    /// It still waits for something.
    pub(super) fn is_pending(&self) -> bool {
        matches!(self.state, State::Asking | State::Waiting(_) | State::Joining)
    }
}

fn hear(
    reception: &mut Reception,
    ear: Option<&mut Ear>,
    packet: &rtp::Packet,
    now: Instant,
) -> Option<Duration> {
    let header = &packet.header;
    let arrival = Arrival {
        sequence: header.sequence_number,
        timestamp: header.timestamp,
        bytes: packet.payload.len(),
        at: now,
    };
    let delay = reception.push(arrival)?;
    let mut sound = &packet.payload[..];
    if header.payload_type == RED
        && let Some(red) = red::parse(sound)
    {
        for back in red.redundant {
            reception.cover(header.sequence_number, back);
        }
        sound = red.primary;
    }
    if let Some(ear) = ear {
        ear.hear(sound);
    }
    Some(delay)
}
