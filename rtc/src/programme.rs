//! A programme on its way to its WebRTC listeners.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use bytes::Bytes;
use media::{AccessUnit, MediaTime, Timescale};

use crate::pair::{PacketTime, Pairs};
use crate::red::{Frame, Payload, Redundancy};
use crate::rtcp::Ntp;
use crate::shard::{Command, Line};

/// Ticks of a frame of 20 ms at 48 kHz.
pub(crate) const FRAME: u64 = 960;

/// Packets that a packet may repeat, at most.
const REPEATED_MAX: usize = 2;

/// The one clock of a programme: RTP timestamps are its samples, at 48 kHz, and sample 0 has a date.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Clock {
    /// The civil time of sample 0, since 1970: what `EXT-X-PROGRAM-DATE-TIME` counts from too.
    pub anchor: Duration,
}

impl Clock {
    /// The civil time of an instant of the programme, as sender reports say it.
    pub(crate) fn ntp(self, instant: MediaTime) -> Ntp {
        Ntp::from_unix(self.anchor + instant.to_duration(Timescale::PROGRAMME))
    }
}

/// One packet of a programme: what all listeners get alike.
#[derive(Debug)]
pub(crate) struct Packet {
    instant: MediaTime,
    frames: u32,
    frame: Bytes,
    one: Payload,
    two: Payload,
}

impl Packet {
    pub(crate) const fn instant(&self) -> MediaTime {
        self.instant
    }

    /// Its RTP timestamp.
    pub(crate) const fn time(&self) -> u32 {
        self.instant.ticks() as u32
    }

    /// The number of its first frame on the programme's timeline; wraps around.
    pub(crate) const fn first_frame(&self) -> u32 {
        (self.instant.ticks() / FRAME) as u32
    }

    /// How many frames it carries.
    pub(crate) const fn frames(&self) -> u32 {
        self.frames
    }

    pub(crate) fn frame(&self) -> &[u8] {
        &self.frame
    }

    /// The payload that repeats as much; `None` for one that repeats nothing.
    pub(crate) const fn repeating(&self, redundancy: Redundancy) -> Option<&Payload> {
        match redundancy {
            Redundancy::None => None,
            Redundancy::One => Some(&self.one),
            Redundancy::Two => Some(&self.two),
        }
    }
}

/// Names a programme among those of one port.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) struct ProgrammeId(u64);

impl ProgrammeId {
    /// One that no other has.
    pub(crate) fn fresh() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// What listeners join: a programme that is on air. Cheap to clone; outlives the programme, and is of no use
/// then.
#[derive(Clone, Debug)]
pub struct Audience {
    pub(crate) id: ProgrammeId,
    pub(crate) clock: Clock,
    pub(crate) listeners: Arc<AtomicUsize>,
}

impl Audience {
    /// The programme's clock.
    pub const fn clock(&self) -> Clock {
        self.clock
    }

    /// Sessions that listen or are about to.
    pub fn listeners(&self) -> usize {
        self.listeners.load(Ordering::Relaxed)
    }
}

/// A programme's way out; the thread that makes the programme holds it. Dropped, its listeners are let go.
pub struct Programme {
    audience: Audience,
    lines: Vec<Line>,
    earlier: VecDeque<Frame>,
    /// Where packets carry two frames.
    pairs: Option<Pairs>,
}

impl Programme {
    pub(crate) fn new(clock: Clock, packets: PacketTime, lines: Vec<Line>) -> Self {
        let audience = Audience { id: ProgrammeId::fresh(), clock, listeners: Arc::default() };
        let pairs = (packets == PacketTime::Ms40).then(Pairs::default);
        Self { audience, lines, earlier: VecDeque::with_capacity(REPEATED_MAX + 1), pairs }
    }

    /// What listeners join.
    pub fn audience(&self) -> Audience {
        self.audience.clone()
    }

    /// Whether anybody listens.
    pub fn is_heard(&self) -> bool {
        self.audience.listeners() > 0
    }

    /// Sends an Opus access unit of the programme, whose time is in [`Timescale::PROGRAMME`]. Never waits: a
    /// port that is behind by more than a second loses it.
    pub fn send(&mut self, unit: &AccessUnit) {
        if !self.is_heard() {
            if let Some(pairs) = &mut self.pairs {
                pairs.clear();
            }
            return self.earlier.clear();
        }
        let Some(pairs) = &mut self.pairs else { return self.tell(unit) };
        for packet in pairs.push(unit.clone()) {
            self.tell(&packet);
        }
    }

    fn tell(&mut self, unit: &AccessUnit) {
        let frame = Frame { time: unit.time.ticks() as u32, data: unit.data.clone() };
        let earlier = self.earlier.make_contiguous();
        let packet = Arc::new(Packet {
            instant: unit.time,
            frames: (unit.duration.ticks() / FRAME).max(1) as u32,
            one: Payload::new(&frame, earlier, 1),
            two: Payload::new(&frame, earlier, REPEATED_MAX),
            frame: unit.data.clone(),
        });
        for line in &self.lines {
            line.tell(Command::Packet(self.audience.id, packet.clone()));
        }
        self.earlier.push_back(frame);
        if self.earlier.len() > REPEATED_MAX {
            self.earlier.pop_front();
        }
    }
}

impl Drop for Programme {
    fn drop(&mut self) {
        for line in &self.lines {
            line.tell_surely(Command::Over(self.audience.id));
        }
    }
}
