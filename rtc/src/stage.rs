//! Where people who speak hear each other: each sends one voice and is sent those of others, as they are.
//!
//! Who hears whom is decided elsewhere ([`Forwarding`]); here packets come and go.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use bytes::Bytes;

use crate::ear::Heard;
use crate::session::SessionId;
use crate::shard::{Command, Line};

/// Decides who hears whom. Called on the port's thread: it must not wait.
pub trait Forwarding: Send {
    /// Somebody came.
    fn join(&mut self, now: Instant, member: SessionId, entrant: Entrant);

    /// Somebody left.
    fn leave(&mut self, now: Instant, member: SessionId);

    /// Somebody said something.
    fn hear(&mut self, now: Instant, member: SessionId, packet: Heard<'_>);

    /// The next packet to be sent; asked after each of the others, until there is none.
    fn poll_output(&mut self) -> Option<Forward>;
}

/// Somebody who comes onto a stage.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Entrant {
    /// Who it is, by whatever name the station has for people; `None` where nobody knows.
    pub person: Option<Arc<str>>,
    /// What they do there.
    pub part: Part,
}

/// What somebody does on a stage.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Part {
    /// They speak, and can be sent so many voices at once.
    Speaker {
        /// The slots that were negotiated.
        slots: usize,
    },
    /// They are heard and hear nobody: a publisher ([`StageVoice`]).
    Publisher,
}

/// A packet of one voice on its way to somebody else.
#[derive(Clone, Debug)]
pub struct Forward {
    /// To whom.
    pub to: SessionId,
    /// In which of their slots, from 0.
    pub slot: usize,
    /// Extended sequence number, of the slot's own row.
    pub sequence: u64,
    /// RTP timestamp at 48 kHz, of the slot's own clock.
    pub time: u32,
    /// Whether a talk spurt begins (RFC 3551 section 4.1).
    pub marker: bool,
    /// The Opus packet.
    pub data: Bytes,
}

/// Names a stage among those of one port.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) struct StageId(u64);

impl StageId {
    fn fresh() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// What people join who speak. Cheap to clone; of no use once its [`Stage`] is gone.
#[derive(Clone, Debug)]
pub struct StageDoor {
    pub(crate) id: StageId,
    pub(crate) shard: usize,
    pub(crate) members: Arc<AtomicUsize>,
    line: Line,
}

impl StageDoor {
    /// Sessions that are on the stage or about to be; publishers that are heard there are none.
    pub fn members(&self) -> usize {
        self.members.load(Ordering::Relaxed)
    }

    /// Lets somebody be heard on the stage who publishes elsewhere.
    pub fn enter(&self, person: Option<Arc<str>>) -> StageVoice {
        let session = SessionId::fresh(0, 1);
        let entrant = Entrant { person, part: Part::Publisher };
        self.line.tell_surely(Command::Enter(self.id, session, entrant));
        StageVoice { stage: self.id, session, line: self.line.clone() }
    }
}

/// The voice of a publisher on a stage: a member that comes by no session. Dropped, it leaves.
#[derive(Debug)]
pub struct StageVoice {
    stage: StageId,
    session: SessionId,
    line: Line,
}

/// One Opus packet of a [`StageVoice`].
#[derive(Clone, Debug)]
pub struct Said {
    /// As in [`Heard::sequence`].
    pub sequence: u64,
    /// As in [`Heard::time`].
    pub time: u64,
    /// As in [`Heard::level`].
    pub level: Option<u8>,
    /// The Opus packet.
    pub data: Bytes,
}

impl StageVoice {
    /// Lets the others hear a packet. Never waits: a port that is behind by more than a second loses it.
    pub fn say(&self, said: Said) {
        self.line.tell(Command::Say(self.stage, self.session, said));
    }
}

impl Drop for StageVoice {
    fn drop(&mut self) {
        self.line.tell_surely(Command::Exit(self.stage, self.session));
    }
}

/// A stage, all of whose members are on one shard. Dropped, they are let go.
pub struct Stage {
    door: StageDoor,
    line: Line,
}

impl Stage {
    pub(crate) fn new(forwarding: Box<dyn Forwarding>, shard: usize, line: Line) -> Self {
        let door = StageDoor { id: StageId::fresh(), shard, members: Arc::default(), line: line.clone() };
        line.tell_surely(Command::Raise(door.id, forwarding));
        Self { door, line }
    }

    /// What people join.
    pub fn door(&self) -> StageDoor {
        self.door.clone()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        self.line.tell_surely(Command::Strike(self.door.id));
    }
}
