//! A thread, its sockets and its sessions. It alone touches them; others send it commands.

mod command;
mod line;

use std::collections::HashMap;
use std::io::{self, ErrorKind};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use mio::net::TcpListener;
use mio::{Events, Interest, Poll, Token};
use str0m::net::{Protocol, Transmit};
use tracing::debug;

use crate::connections::{Connections, Frame};
use crate::demux::Kind;
use crate::engine::{Arrived, Broken, Word};
use crate::fan::{Fan, Repeating, Stream};
use crate::observer::{Farewell, Observer};
use crate::outlet::{Outlet, Route};
use crate::peer::Role;
use crate::peers::Peers;
use crate::port::Port;
use crate::programme::ProgrammeId;
use crate::stage::{Forwarding, StageId};
use crate::stun::Check;
use crate::timers::Timers;

pub(crate) use command::Command;
pub(crate) use line::{Bell, Line};

/// Datagrams of a socket that are read before anything else has its turn.
const TURN: usize = 256;

/// Between two looks at what nobody else looks after.
const SWEEP: Duration = Duration::from_secs(5);

const BELL: Token = Token(0);

/// Sockets, sessions and listeners of one thread.
pub(crate) struct Shard {
    poll: Poll,
    bell: Arc<Bell>,
    commands: Receiver<Command>,
    listeners: Vec<TcpListener>,
    outlet: Outlet,
    peers: Peers,
    fans: HashMap<ProgrammeId, Fan>,
    stages: HashMap<StageId, Box<dyn Forwarding>>,
    timers: Timers,
    repeating: Repeating,
    observer: Arc<dyn Observer>,
    /// Sockets that had more to read than their turn allows.
    unread: Vec<bool>,
    swept: Instant,
}

impl Shard {
    /// A shard on these sockets, and the line to it.
    pub(crate) fn new(
        port: Port,
        repeating: Repeating,
        observer: Arc<dyn Observer>,
        now: Instant,
    ) -> io::Result<(Self, Line)> {
        let poll = Poll::new()?;
        let registry = poll.registry();
        let (line, bell, commands) = Line::new(registry, BELL)?;
        let mut token = BELL.0;
        let mut next = || {
            token += 1;
            Token(token)
        };
        let Port { mut udp, mut tcp } = port;
        for (socket, _) in &mut udp {
            registry.register(socket, next(), Interest::READABLE)?;
        }
        for (listener, _) in &mut tcp {
            registry.register(listener, next(), Interest::READABLE)?;
        }
        let connections = Connections::new(registry.try_clone()?, next().0);
        let unread = vec![false; udp.len()];
        let shard = Self {
            bell,
            commands,
            listeners: tcp.into_iter().map(|(listener, _)| listener).collect(),
            outlet: Outlet::new(udp, connections),
            peers: Peers::default(),
            fans: HashMap::new(),
            stages: HashMap::new(),
            timers: Timers::default(),
            repeating,
            observer,
            unread,
            swept: now,
            poll,
        };
        Ok((shard, line))
    }

    /// Runs until it is told to stop, or nobody is left to tell it anything.
    pub(crate) fn run(mut self) -> io::Result<()> {
        let mut events = Events::with_capacity(256);
        loop {
            let due = self.timers.next().map_or(SWEEP, |at| at.saturating_duration_since(Instant::now()));
            let wait = if self.unread.contains(&true) { Duration::ZERO } else { due.min(SWEEP) };
            match self.poll.poll(&mut events, Some(wait)) {
                Err(cause) if cause.kind() == ErrorKind::Interrupted => {}
                polled => polled?,
            }
            let now = Instant::now();
            self.attend(&events, now);
            if !self.obey(now) {
                return Ok(());
            }
            self.fire(now);
            self.sweep(now);
            self.outlet.flush();
            let tally = self.outlet.take_tally();
            if tally != crate::batch::Tally::default() {
                self.observer.sent(tally.sent, tally.bytes, tally.dropped);
            }
        }
    }

    fn attend(&mut self, events: &Events, now: Instant) {
        let sockets = self.outlet.sockets();
        for event in events {
            match event.token() {
                BELL => {}
                Token(place) if place <= sockets => self.unread[place - 1] = true,
                token if self.outlet.connections.owns(token) => {
                    for frame in self.outlet.connections.read(token) {
                        self.take_frame(frame, now);
                    }
                }
                Token(place) => {
                    if let Some(listener) = self.listeners.get(place - 1 - sockets) {
                        self.outlet.connections.accept(listener, now);
                    }
                }
            }
        }
        for socket in 0..sockets {
            if self.unread[socket] {
                self.unread[socket] = self.read(socket, now);
            }
        }
    }

    /// Reads a socket's datagrams; `true` where it may have more.
    fn read(&mut self, socket: usize, now: Instant) -> bool {
        let mut buffer = [0; 2_048];
        let to = self.outlet.address(socket);
        for _ in 0..TURN {
            match self.outlet.receive(socket, &mut buffer) {
                Ok((length, from)) => {
                    self.take(&mut buffer[..length], Protocol::Udp, from, to, Route::udp(socket, from), now);
                }
                Err(cause) if cause.kind() == ErrorKind::WouldBlock => return false,
                // A datagram that a client's machine refused, told us by its kernel: the client's affair.
                Err(_) => {}
            }
        }
        true
    }

    fn take_frame(&mut self, frame: Frame, now: Instant) {
        let Frame { connection, from, to, mut bytes } = frame;
        self.take(&mut bytes, Protocol::Tcp, from, to, Route::Tcp(connection), now);
    }

    /// One datagram, or one frame.
    fn take(
        &mut self,
        bytes: &mut [u8],
        protocol: Protocol,
        from: SocketAddr,
        to: SocketAddr,
        route: Route,
        now: Instant,
    ) {
        let known = match route {
            Route::Udp(..) => self.peers.of_address(from),
            Route::Tcp(connection) => self.peers.of_connection(connection),
        };
        let arrived = Arrived { protocol, from, to, bytes };
        let taken = match Kind::of(bytes) {
            Some(Kind::Stun) => self.take_check(arrived, route, now),
            Some(Kind::Rtcp) => match known {
                Some(key) => self.take_report(key, bytes, (protocol, from, to), now),
                None => false,
            },
            Some(Kind::Dtls | Kind::Rtp) => known.is_some_and(|key| self.hear(key, arrived, now)),
            None => false,
        };
        if !taken {
            self.observer.stray();
        }
    }

    fn take_check(&mut self, arrived: Arrived<'_>, route: Route, now: Instant) -> bool {
        let Some(check) = Check::peek(arrived.bytes) else { return false };
        let Some(key) = self.peers.of_ufrag(check.ufrag) else { return false };
        let Some(peer) = self.peers.get_mut(key) else { return false };
        match peer.engine.hear(now, arrived) {
            Ok(true) => {}
            Ok(false) => return false,
            Err(cause) => {
                self.give_up(key, &cause, now);
                return true;
            }
        }
        if peer.checked(now, check, route)
            && let Role::Listen(seat) = &peer.role
            && let Some(place) = seat.place
            && let Some(fan) = self.fans.get_mut(&seat.programme)
        {
            fan.reroute(place, route);
        }
        match route {
            Route::Udp(..) => self.peers.note_address(key, arrived.from),
            Route::Tcp(connection) => {
                self.outlet.connections.vouch(connection);
                self.peers.note_connection(key, connection);
            }
        }
        self.drain(key, now);
        true
    }

    /// RTCP: a listener's is opened here, since its stream is sealed here; everybody else's by the engine.
    fn take_report(
        &mut self,
        key: usize,
        bytes: &mut [u8],
        (protocol, from, to): (Protocol, SocketAddr, SocketAddr),
        now: Instant,
    ) -> bool {
        let Some(peer) = self.peers.get_mut(key) else { return false };
        if let Role::Listen(seat) = &peer.role
            && let Some(place) = seat.place
        {
            let heard = self.fans.get_mut(&seat.programme).and_then(|fan| fan.hear(place, bytes, now));
            if let Some(heard) = heard {
                self.observer.heard(heard.reception, heard.round_trip);
            }
            return true;
        }
        self.hear(key, Arrived { protocol, from, to, bytes }, now)
    }

    fn hear(&mut self, key: usize, arrived: Arrived<'_>, now: Instant) -> bool {
        let Some(peer) = self.peers.get_mut(key) else { return false };
        match peer.engine.hear(now, arrived) {
            Ok(taken) => {
                self.drain(key, now);
                taken
            }
            Err(cause) => {
                self.give_up(key, &cause, now);
                true
            }
        }
    }

    /// Parts from a session whose engine cannot go on. Before it was connected that was its handshake: an engine that has
    /// been through one takes what it does not understand for noise.
    fn give_up(&mut self, key: usize, cause: &Broken, now: Instant) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        debug!("a session cannot go on: {cause}");
        let why = if peer.connected { Farewell::Broken } else { Farewell::NoDtls };
        self.part(key, why, now);
    }

    /// Does what a session's engine asks for, until it has nothing more to say.
    fn drain(&mut self, key: usize, now: Instant) {
        let mut left = false;
        loop {
            let Some(peer) = self.peers.get_mut(key) else { return };
            match peer.engine.poll() {
                Ok(Word::Transmit(transmit)) => {
                    let ours = matches!(&peer.role, Role::Listen(seat) if seat.place.is_some());
                    // Its engine would report on a stream that it does not send.
                    if !(ours && Kind::of(&transmit.contents) == Some(Kind::Rtcp)) {
                        send(&mut self.outlet, &transmit, peer.route());
                    }
                }
                Ok(Word::Connected) => self.connected(key, now),
                Ok(Word::Closed) => left = true,
                Ok(Word::Packet(packet)) => {
                    let spot = if let Role::Speak(spot, _) = &peer.role { Some(spot.stage) } else { None };
                    let stage = spot.and_then(|stage| self.stages.get_mut(&stage));
                    // The shorter life of the box is the stage's in this call.
                    peer.hear(now, &packet, stage.map(|stage| &mut **stage as &mut dyn Forwarding));
                    if let Some(stage) = spot {
                        self.forward(stage, now);
                    }
                }
                Ok(Word::Nothing(until)) => {
                    let until = until.min(peer.deadline().0);
                    if peer.wake.is_none_or(|wake| until < wake) {
                        peer.wake = Some(until);
                        self.timers.set(until, key, peer.session);
                    }
                    break;
                }
                Err(cause) => return self.give_up(key, &cause, now),
            }
        }
        if left {
            self.part(key, Farewell::Left, now);
        }
    }

    fn connected(&mut self, key: usize, now: Instant) {
        let Some(peer) = self.peers.get_mut(key) else { return };
        let after = now.saturating_duration_since(peer.came);
        let route = peer.route();
        match &mut peer.role {
            Role::Publish(ear) => ear.connected(now),
            Role::Speak(spot, ear) => {
                ear.connected(now);
                if let Some(stage) = self.stages.get_mut(&spot.stage) {
                    stage.join(now, peer.session, spot.entrant());
                }
            }
            Role::Listen(seat) => {
                let ssrc = peer.engine.ssrc(peer.track.mid);
                let fan = self.fans.get_mut(&seat.programme);
                let (Some((keys, we)), Some(route), Some(ssrc), Some(fan)) =
                    (peer.engine.keys(), route, ssrc, fan)
                else {
                    return self.part(key, Farewell::Broken, now);
                };
                let mut sequence = [0; 2];
                if getrandom::fill(&mut sequence).is_err() {
                    return self.part(key, Farewell::Broken, now);
                }
                let sequence = u16::from_be_bytes(sequence) >> 1;
                let (opus, red) = (peer.track.opus, peer.track.red);
                seat.place = Some(fan.add(Stream { peer: key, route, ssrc, opus, red, keys, we, sequence }));
            }
        }
        if let Some(peer) = self.peers.get_mut(key) {
            peer.connected = true;
            if let Some(up) = peer.up.take() {
                // Nobody may be waiting for it.
                up.send(()).ok();
            }
            self.observer.connected(after);
        }
    }

    /// Lets a session go. Its engine says farewell where it still can.
    fn part(&mut self, key: usize, why: Farewell, now: Instant) {
        let Some((mut peer, connections)) = self.peers.remove(key) else { return };
        if let Role::Listen(seat) = &peer.role
            && let Some(place) = seat.place
            && let Some(fan) = self.fans.get_mut(&seat.programme)
            && let Some(moved) = fan.remove(place)
            && let Some(Role::Listen(moved)) = self.peers.get_mut(moved).map(|peer| &mut peer.role)
        {
            moved.place = Some(place);
        }
        if !matches!(why, Farewell::Broken | Farewell::Lost | Farewell::NoIce | Farewell::NoDtls)
            && peer.engine.close().is_ok()
        {
            while let Ok(word) = peer.engine.poll() {
                match word {
                    Word::Transmit(transmit) => send(&mut self.outlet, &transmit, peer.route()),
                    Word::Nothing(_) => break,
                    _ => {}
                }
            }
        }
        for connection in connections {
            self.outlet.connections.close(connection);
        }
        match &mut peer.role {
            Role::Publish(ear) => ear.over(now, why),
            Role::Speak(spot, ear) => {
                ear.over(now, why);
                if let Some(stage) = self.stages.get_mut(&spot.stage) {
                    stage.leave(now, peer.session);
                }
                self.forward(spot.stage, now);
            }
            Role::Listen(_) => {}
        }
        if let Some(over) = peer.over.take() {
            // Nobody has to be waiting for it.
            over.send(why).ok();
        }
        self.observer.over(why, peer.connected);
    }

    /// Sends what a stage has decided to forward.
    fn forward(&mut self, stage: StageId, now: Instant) {
        while let Some(packet) = self.stages.get_mut(&stage).and_then(|stage| stage.poll_output()) {
            let Some(key) = self.peers.of_session(packet.to) else { continue };
            let Some(peer) = self.peers.get_mut(key) else { continue };
            let Role::Speak(spot, _) = &peer.role else { continue };
            if let Some(mid) = spot.slots.get(packet.slot) {
                peer.engine.forward(*mid, peer.track.opus, &packet, now);
                self.drain(key, now);
            }
        }
    }

    /// Tells those sessions the time that want to know it.
    fn fire(&mut self, now: Instant) {
        while let Some((at, key, session)) = self.timers.pop(now) {
            let Some(peer) = self.peers.get_mut(key) else { continue };
            if peer.session != session || peer.wake != Some(at) {
                continue;
            }
            peer.wake = None;
            let (until, why) = peer.deadline();
            if until <= now {
                self.part(key, why, now);
            } else if peer.engine.tick(now).is_err() {
                self.part(key, Farewell::Broken, now);
            } else {
                self.drain(key, now);
            }
        }
    }

    fn sweep(&mut self, now: Instant) {
        if now.saturating_duration_since(self.swept) >= SWEEP {
            self.swept = now;
            self.outlet.connections.sweep(now);
        }
    }
}

/// Sends what an engine wants to be sent: datagrams from the socket that it names, frames by the connection
/// that the session came by.
fn send(outlet: &mut Outlet, transmit: &Transmit, route: Option<Route>) {
    let to = match transmit.proto {
        Protocol::Udp => {
            outlet.socket_of(transmit.source).map(|socket| Route::udp(socket, transmit.destination))
        }
        _ => outlet.connections.to(transmit.destination).map(Route::Tcp).or(route),
    };
    let contents: &[u8] = &transmit.contents;
    if let Some(to) = to
        && contents.len() <= crate::batch::DATAGRAM
    {
        outlet.send(&to, |datagram| {
            datagram[..contents.len()].copy_from_slice(contents);
            contents.len()
        });
    }
}
