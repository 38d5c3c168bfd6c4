//! The port as the rest of the station sees it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use str0m::config::DtlsCert;
use str0m::media::Mid;
use tokio::sync::oneshot;

use crate::credentials::Credentials;
use crate::ear::Ear;
use crate::engine::{Common, Engine, JoinError, Way, slots};
use crate::fan::Repeating;
use crate::observer::{Farewell, Observer};
use crate::offer::Offer;
use crate::pair::PacketTime;
use crate::peer::{Peer, Role, Seat, Spot};
use crate::port::{BindError, Port};
use crate::programme::{Audience, Clock, Programme};
use crate::session::SessionId;
use crate::shard::{Command, Line, Shard};
use crate::stage::{Forwarding, Stage, StageDoor};
use crate::tap::PROVIDER;

/// Voices that somebody on a stage is sent at once.
const SLOTS_MAX: usize = 8;

/// Where the port is and how much it takes.
#[derive(Clone, Debug)]
pub struct Config {
    /// The address of the first shard; the next ones take the next ports, unless it is 0.
    pub listen: SocketAddr,
    /// Threads, each with a port of its own; 1 to 64.
    pub shards: usize,
    /// Addresses by which a NAT is passed; the port is the shard's.
    pub public: Vec<std::net::IpAddr>,
    /// Whom packets are repeated for.
    pub repeating: Repeating,
    /// How much sound a packet to a listener carries.
    pub packets: PacketTime,
    /// Sessions at once, of every kind.
    pub sessions_max: usize,
}

/// Why the port does not open.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// An address could not be bound.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// The machine gives no threads, or no way to wait for sockets.
    #[error("the WebRTC port cannot be served: {0}")]
    System(#[from] std::io::Error),
    /// The cryptography makes no certificate.
    #[error("no certificate could be made for DTLS")]
    Certificate,
}

struct Shared {
    shards: Vec<(Line, Common)>,
    sessions: Arc<AtomicUsize>,
    sessions_max: usize,
    packets: PacketTime,
    next: AtomicUsize,
}

/// The port, from anywhere; cheap to clone.
#[derive(Clone)]
pub struct Rtc(Arc<Shared>);

/// A session that has been answered. Whether it comes about shows within seconds.
#[derive(Debug)]
pub struct Joined {
    /// Its name.
    pub session: SessionId,
    /// The answer's SDP.
    pub answer: String,
    /// The name of its ICE session: another one after a restart.
    pub ufrag: String,
    /// Told when its handshake has succeeded; dropped where it never does.
    pub connected: oneshot::Receiver<()>,
    /// Told when it is over.
    pub over: oneshot::Receiver<Farewell>,
}

/// There is no such session, or no longer.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("there is no such session")]
pub struct SessionGone;

/// The threads of a port; joined when the station stops.
pub struct Threads {
    lines: Vec<Line>,
    threads: Vec<JoinHandle<std::io::Result<()>>>,
}

impl Threads {
    /// Lets every session go, and waits until that is done.
    pub fn stop(self) {
        for line in &self.lines {
            line.tell_surely(Command::Stop);
        }
        for thread in self.threads {
            match thread.join() {
                Ok(Ok(())) => {}
                Ok(Err(cause)) => tracing::error!("a thread of the WebRTC port stopped by itself: {cause}"),
                Err(_) => tracing::error!("a thread of the WebRTC port had panicked"),
            }
        }
    }
}

impl Rtc {
    /// Opens the port and starts its threads.
    pub fn open(config: &Config, observer: &Arc<dyn Observer>) -> Result<(Self, Threads), OpenError> {
        // One for all sessions: a client compares its fingerprint with the answer's, and nothing else.
        let certificate = PROVIDER.dtls_provider.generate_certificate().ok_or(OpenError::Certificate)?;
        let mut shards = Vec::new();
        let mut threads = Vec::new();
        for number in 0..config.shards.clamp(1, 64) {
            let mut listen = config.listen;
            if listen.port() != 0 {
                listen.set_port(listen.port().saturating_add(number as u16));
            }
            let port = Port::bind(listen)?;
            let common = common(&certificate, &port, config);
            let (line, thread) = start(number, port, config.repeating, observer.clone())?;
            shards.push((line, common));
            threads.push(thread);
        }
        let threads = Threads { lines: shards.iter().map(|(line, _)| line.clone()).collect(), threads };
        let shared = Shared {
            shards,
            sessions: Arc::default(),
            sessions_max: config.sessions_max,
            packets: config.packets,
            next: AtomicUsize::new(0),
        };
        Ok((Self(Arc::new(shared)), threads))
    }

    /// The addresses that datagrams come to; of every shard.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        self.0.shards.iter().flat_map(|(_, common)| common.udp.iter().copied()).collect()
    }

    /// Sessions now, of every kind.
    pub fn sessions(&self) -> usize {
        self.0.sessions.load(Ordering::Relaxed)
    }

    /// Answers somebody who wants to be heard; the sound goes to `ear`.
    pub async fn publish(&self, offer: Offer, ear: Box<dyn Ear>) -> Result<Joined, JoinError> {
        self.join(offer, Way::In, || Role::Publish(ear)).await
    }

    /// Answers somebody who wants to listen to a programme.
    pub async fn listen(&self, offer: Offer, audience: &Audience) -> Result<Joined, JoinError> {
        let seat = Seat::take(audience);
        self.join(offer, Way::Out, move || Role::Listen(seat)).await
    }

    /// Takes a session's new ICE credentials (RFC 9725 section 4.3.2): ours for it.
    pub async fn restart(&self, session: SessionId, theirs: Credentials) -> Result<Credentials, SessionGone> {
        let (answer, answered) = oneshot::channel();
        self.line_of(session).tell(Command::Restart(session, theirs, answer));
        answered.await.map_err(|_| SessionGone)
    }

    /// Lets a session go; one that is gone already is none.
    pub fn close(&self, session: SessionId) {
        let line = self.line_of(session).clone();
        if !line.tell(Command::Close(session, Farewell::Dismissed)) {
            tracing::warn!("the WebRTC port is behind, and a session stays until its client leaves");
        }
    }

    /// Opens a programme's way to its listeners.
    pub fn programme(&self, clock: Clock) -> Programme {
        let lines: Vec<Line> = self.0.shards.iter().map(|(line, _)| line.clone()).collect();
        let programme = Programme::new(clock, self.0.packets, lines.clone());
        for line in lines {
            line.tell_surely(Command::Begin(programme.audience().id, clock));
        }
        programme
    }

    /// Opens a stage; `forwarding` decides there who hears whom.
    pub fn stage(&self, forwarding: Box<dyn Forwarding>) -> Stage {
        let shard = self.0.next.fetch_add(1, Ordering::Relaxed) % self.0.shards.len();
        Stage::new(forwarding, shard, self.0.shards[shard].0.clone())
    }

    /// Answers somebody who comes onto a stage, to be heard there and by `ear`. They are sent as many voices at
    /// once as the offer has sections that receive and do not send, eight at the most. Their client is asked for packets
    /// of 10 ms: half of what the usual ones make others wait. `person` is for [`Forwarding::join`].
    pub async fn speak(
        &self,
        offer: Offer,
        stage: &StageDoor,
        person: Option<Arc<str>>,
        ear: Box<dyn Ear>,
    ) -> Result<Joined, JoinError> {
        let spot = Spot::take(stage, person);
        self.join_at(stage.shard, offer, Way::Talk, |slots| Role::Speak(spot.with(slots), ear)).await
    }

    /// Lets what a session sends go nowhere, or go on again.
    pub fn mute(&self, session: SessionId, muted: bool) {
        let line = self.line_of(session).clone();
        if !line.tell(Command::Mute(session, muted)) {
            tracing::warn!("the WebRTC port is behind, and a session is not muted");
        }
    }

    async fn join(&self, offer: Offer, way: Way, role: impl FnOnce() -> Role) -> Result<Joined, JoinError> {
        let shard = self.0.next.fetch_add(1, Ordering::Relaxed) % self.0.shards.len();
        self.join_at(shard, offer, way, |_| role()).await
    }

    async fn join_at(
        &self,
        shard: usize,
        offer: Offer,
        way: Way,
        role: impl FnOnce(Vec<Mid>) -> Role,
    ) -> Result<Joined, JoinError> {
        let place = Place::take(&self.0).ok_or(JoinError::Full)?;
        let shards = self.0.shards.len();
        let (line, common) = &self.0.shards[shard];
        let session = SessionId::fresh(shard, shards);
        let came = instant();
        let common = common.clone();
        // A millisecond of parsing and key schedules: not on the threads that answer requests.
        let answered = tokio::task::spawn_blocking(move || {
            let (engine, track, answer) = Engine::answer(&common, &offer, way, came)?;
            Ok((engine, track, answer, slots(&offer, SLOTS_MAX)))
        });
        let (engine, track, answer, slots) = answered.await.map_err(|_| JoinError::Away)??;
        let (over, told) = oneshot::channel();
        let (up, connected) = oneshot::channel();
        let peer = Peer::new(session, engine, track, role(slots), came, (up, over), place);
        let ufrag = peer.ufrag.clone();
        if !line.tell(Command::Join(Box::new(peer))) {
            return Err(JoinError::Away);
        }
        Ok(Joined { session, answer, ufrag, connected, over: told })
    }

    fn line_of(&self, session: SessionId) -> &Line {
        &self.0.shards[session.shard(self.0.shards.len())].0
    }
}

/// One of the sessions that the port takes; given back when it is dropped.
pub(crate) struct Place(Arc<AtomicUsize>);

impl Place {
    fn take(shared: &Shared) -> Option<Self> {
        let taken = Self(shared.sessions.clone());
        (taken.0.fetch_add(1, Ordering::Relaxed) < shared.sessions_max).then_some(taken)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Starts a shard. It is made on its own thread: what it hands to the kernel stays there.
fn start(
    number: usize,
    port: Port,
    repeating: Repeating,
    observer: Arc<dyn Observer>,
) -> std::io::Result<(Line, JoinHandle<std::io::Result<()>>)> {
    let (made, ready) = std::sync::mpsc::channel();
    let thread = thread::Builder::new().name(format!("rtc-{number}")).spawn(move || {
        let (shard, line) = Shard::new(port, repeating, observer, instant())?;
        // Whoever starts it waits for this.
        made.send(line).ok();
        shard.run()
    })?;
    if let Ok(line) = ready.recv() {
        return Ok((line, thread));
    }
    match thread.join() {
        Ok(Err(cause)) => Err(cause),
        _ => Err(std::io::Error::other("a thread stopped before it began")),
    }
}

fn common(certificate: &DtlsCert, port: &Port, config: &Config) -> Common {
    let number = port.udp.first().map_or(0, |(_, address)| address.port());
    Common {
        certificate: certificate.clone(),
        udp: port.udp.iter().map(|(_, address)| *address).collect(),
        tcp: port.tcp.iter().map(|(_, address)| *address).collect(),
        public: config.public.iter().map(|ip| SocketAddr::new(*ip, number)).collect(),
    }
}

fn instant() -> Instant {
    Instant::now()
}
