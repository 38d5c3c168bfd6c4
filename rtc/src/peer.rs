//! One session as its shard holds it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use str0m::media::Mid;
use str0m::rtp::RtpPacket;
use tokio::sync::oneshot;

use crate::ear::{Ear, Heard};
use crate::engine::{Engine, Track};
use crate::handle::Place;
use crate::observer::Farewell;
use crate::outlet::Route;
use crate::programme::{Audience, ProgrammeId};
use crate::red;
use crate::session::SessionId;
use crate::stage::{Entrant, Forwarding, Part, StageDoor, StageId};
use crate::stun::Check;

/// A client that is not heard of for so long has left (RFC 7675 section 5.1).
const CONSENT: Duration = Duration::from_secs(30);

/// How long a handshake may take, from the answer on.
const PATIENCE: Duration = Duration::from_secs(15);

/// Addresses that a session may come from; a phone has a handful.
const ADDRESSES_MAX: usize = 16;

/// A path that was not nominated again for so long is left for any other. Clients repeat it within 2.5 s.
const NOMINATION: Duration = Duration::from_secs(3);

/// What a session is for.
pub(crate) enum Role {
    /// Its client's sound goes to this ear.
    Publish(Box<dyn Ear>),
    /// Its client listens to a programme.
    Listen(Seat),
    /// Its client is on a stage, and its sound goes to an ear as well.
    Speak(Spot, Box<dyn Ear>),
}

/// A speaker's place on a stage.
pub(crate) struct Spot {
    pub(crate) stage: StageId,
    members: Arc<AtomicUsize>,
    person: Option<Arc<str>>,
    /// The sections in which it is sent voices.
    pub(crate) slots: Vec<Mid>,
}

impl Spot {
    pub(crate) fn take(door: &StageDoor, person: Option<Arc<str>>) -> Self {
        door.members.fetch_add(1, Ordering::Relaxed);
        Self { stage: door.id, members: door.members.clone(), person, slots: Vec::new() }
    }

    /// Who comes.
    pub(crate) fn entrant(&self) -> Entrant {
        Entrant { person: self.person.clone(), part: Part::Speaker { slots: self.slots.len() } }
    }

    /// With these sections for voices.
    pub(crate) fn with(mut self, slots: Vec<Mid>) -> Self {
        self.slots = slots;
        self
    }
}

impl Drop for Spot {
    fn drop(&mut self) {
        self.members.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A listener's part of an audience.
pub(crate) struct Seat {
    pub(crate) programme: ProgrammeId,
    listeners: Arc<AtomicUsize>,
    /// Where it stands in the fan, once it is connected.
    pub(crate) place: Option<usize>,
}

impl Seat {
    pub(crate) fn take(audience: &Audience) -> Self {
        audience.listeners.fetch_add(1, Ordering::Relaxed);
        Self { programme: audience.id, listeners: audience.listeners.clone(), place: None }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.listeners.fetch_sub(1, Ordering::Relaxed);
    }
}

/// One session.
pub(crate) struct Peer {
    pub(crate) session: SessionId,
    pub(crate) engine: Engine,
    pub(crate) track: Track,
    pub(crate) role: Role,
    /// The name that its checks ask for.
    pub(crate) ufrag: String,
    pub(crate) came: Instant,
    /// Told when it is connected.
    pub(crate) up: Option<oneshot::Sender<()>>,
    /// Told when it is over, and why.
    pub(crate) over: Option<oneshot::Sender<Farewell>>,
    pub(crate) connected: bool,
    /// What its client sends goes nowhere.
    pub(crate) muted: bool,
    /// The last time that a check with its password arrived.
    pub(crate) checked: Option<Instant>,
    /// When it is to be told the time.
    pub(crate) wake: Option<Instant>,
    /// Where it came from.
    pub(crate) addresses: Vec<SocketAddr>,
    path: Option<Path>,
    /// Given back with it.
    _place: Place,
}

/// The way that the client has nominated.
struct Path {
    route: Route,
    priority: u32,
    nominated: Instant,
}

impl Peer {
    pub(crate) fn new(
        session: SessionId,
        mut engine: Engine,
        track: Track,
        role: Role,
        came: Instant,
        (up, over): (oneshot::Sender<()>, oneshot::Sender<Farewell>),
        place: Place,
    ) -> Self {
        let ufrag = engine.ufrag();
        Self {
            session,
            engine,
            track,
            role,
            ufrag,
            came,
            up: Some(up),
            over: Some(over),
            connected: false,
            muted: false,
            checked: None,
            wake: None,
            addresses: Vec::new(),
            path: None,
            _place: place,
        }
    }

    /// The way to its client.
    pub(crate) fn route(&self) -> Option<Route> {
        self.path.as_ref().map(|path| path.route)
    }

    /// Notes an address of its client; `false` where it has come from too many.
    pub(crate) fn note_address(&mut self, from: SocketAddr) -> bool {
        self.addresses.contains(&from) || {
            let room = self.addresses.len() < ADDRESSES_MAX;
            if room {
                self.addresses.push(from);
            }
            room
        }
    }

    /// Takes notice of a check with its password, which came by `route`. `true` where the way to the client is
    /// another one now.
    ///
    /// Nomination alone is followed: a client that tries several paths at once would else be sent from one to
    /// the other. Where it nominates several (RFC 5245's aggressive way), the best of them holds.
    pub(crate) fn checked(&mut self, now: Instant, check: Check<'_>, route: Route) -> bool {
        self.checked = Some(now);
        if !check.nominates {
            return false;
        }
        let (moved, better) = match &self.path {
            None => (true, true),
            Some(path) if path.route == route => (false, true),
            Some(path) => {
                let stale = now.saturating_duration_since(path.nominated) > NOMINATION;
                (true, stale || check.priority >= path.priority)
            }
        };
        if better {
            self.path = Some(Path { route, priority: check.priority, nominated: now });
        }
        moved && better
    }

    /// Until when it may go on as it is, and why it is over then.
    pub(crate) fn deadline(&self) -> (Instant, Farewell) {
        match (self.connected, self.checked) {
            (true, checked) => (checked.unwrap_or(self.came) + CONSENT, Farewell::Lost),
            (false, Some(_)) => (self.came + PATIENCE, Farewell::NoDtls),
            (false, None) => (self.came + PATIENCE, Farewell::NoIce),
        }
    }

    /// Hands on sound that came: to its ear, and to the stage that it is on.
    pub(crate) fn hear(&mut self, now: Instant, packet: &RtpPacket, mut stage: Option<&mut dyn Forwarding>) {
        let session = self.session;
        let ear = match &mut self.role {
            Role::Publish(ear) | Role::Speak(_, ear) if !self.muted => ear,
            _ => return,
        };
        let mut hand_on = |heard: Heard<'_>| {
            ear.hear(now, heard);
            if let Some(stage) = &mut stage {
                stage.hear(now, session, heard);
            }
        };
        let (sequence, time) = (*packet.seq_no, packet.time.numer());
        let level = packet.header.ext_vals.audio_level.map(i8::unsigned_abs);
        let kind = *packet.header.payload_type;
        if kind == self.track.opus {
            hand_on(Heard { sequence, time, level, data: &packet.payload });
        } else if Some(kind) == self.track.red {
            let blocks = red::blocks(&packet.payload);
            let newest = blocks.len().saturating_sub(1);
            for (place, block) in blocks.iter().enumerate() {
                let distance = (newest - place) as u64;
                let times = (sequence.checked_sub(distance), time.checked_sub(block.offset.into()));
                // Chromium's padding and the silence between talk spurts come as blocks of nothing.
                if let (Some(sequence), Some(time)) = times
                    && block.payload_type == self.track.opus
                    && !block.data.is_empty()
                {
                    hand_on(Heard { sequence, time, level, data: block.data });
                }
            }
        }
    }
}
