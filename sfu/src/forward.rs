//! One slot's way to a listener: the packets of changing voices as one RTP stream.

use std::time::Duration;

use media::Timescale;

use crate::Voice;

/// RTP ticks of a packet of 20 ms, by which a timestamp rises at least where the voice changes.
const PACKET: u32 = 960;

/// Packets that may overtake others. What is older than these is too late to be heard, and is not told from
/// what has been forwarded.
const WINDOW: u64 = 64;

/// Packets that may be missing at once, 20 s of them; a greater step is a publisher that began anew.
const MISSING_MAX: u16 = 1_000;

/// A publisher's timestamps may be so far from the time that passed, or it began anew: 2 s.
const ASTRAY: u32 = 96_000;

/// What of a packet's RTP header is rewritten (RFC 3550 section 5.1).
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Packet {
    /// Its sequence number.
    pub sequence: u16,
    /// Its timestamp at 48 kHz.
    pub timestamp: u32,
    /// Whether a talk-spurt begins with it (RFC 7587 section 4.2 says the marker bit does so).
    pub marker: bool,
}

/// The same as it leaves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Forwarded {
    /// The extended sequence number: the lower 16 bits go on the wire, those above count how often they rolled
    /// over (RFC 3711 section 3.3.1). None is given twice.
    pub sequence: u64,
    /// Its timestamp at 48 kHz.
    pub timestamp: u32,
    /// Whether a talk-spurt begins with it.
    pub marker: bool,
}

/// How a voice's numbers become the stream's.
#[derive(Clone, Copy, Debug)]
struct Mapping {
    /// The voice's highest sequence number, and which index and timestamp that became.
    sequence: u16,
    index: u64,
    timestamp: u32,
    /// The first index of the voice; what belongs before it came too late.
    first: u64,
    /// To be added to the voice's timestamps.
    shift: u32,
}

/// Rewrites what goes into one slot so that the listener's receiver sees a single stream, whoever speaks.
///
/// A change of voice goes on with the next sequence number, and the timestamp by the time that passed. Packets
/// that are missing stay missing, so that the receiver knows of them; late ones find their place unless another
/// voice began meanwhile.
#[derive(Debug)]
pub struct Forward {
    voice: Option<Voice>,
    mapping: Option<Mapping>,
    /// The newest index, and which of it and those before it have left: bit n for n before it.
    newest: Option<u64>,
    left: u64,
    /// Of the newest one that left.
    timestamp: u32,
    at: Duration,
    /// What the first packet will have.
    start: u64,
}

impl Forward {
    /// A stream that begins with these numbers; RFC 3550 wants them random.
    pub const fn new(sequence: u16, timestamp: u32) -> Self {
        Self {
            voice: None,
            mapping: None,
            newest: None,
            left: 0,
            timestamp,
            at: Duration::ZERO,
            start: sequence as u64,
        }
    }

    /// From here on the slot carries this voice, or nobody.
    pub fn switch(&mut self, voice: Option<Voice>) {
        if self.voice != voice {
            self.voice = voice;
            self.mapping = None;
        }
    }

    /// A packet of some voice at the time of its arrival. `None` if it isn't to be forwarded: another
    /// voice, too late, or a copy.
    pub fn push(&mut self, voice: Voice, packet: Packet, now: Duration) -> Option<Forwarded> {
        if self.voice != Some(voice) {
            return None;
        }
        let mapping = self.mapping.filter(|mapping| self.follows(mapping, packet, now));
        let begins = mapping.is_none();
        let mut mapping = mapping.unwrap_or_else(|| self.begin(packet, now));

        let ahead = i64::from(packet.sequence.wrapping_sub(mapping.sequence).cast_signed());
        let index = mapping.index.checked_add_signed(ahead).filter(|index| *index >= mapping.first)?;
        if !self.note(index) {
            return None;
        }
        let timestamp = packet.timestamp.wrapping_add(mapping.shift);
        if ahead >= 0 {
            mapping = Mapping { sequence: packet.sequence, index, timestamp, ..mapping };
            self.timestamp = timestamp;
            self.at = now;
        }
        self.mapping = Some(mapping);
        Some(Forwarded { sequence: index, timestamp, marker: packet.marker || begins })
    }

    /// Whether a packet belongs to the numbers that the voice has had so far.
    fn follows(&self, mapping: &Mapping, packet: Packet, now: Duration) -> bool {
        let ahead = packet.sequence.wrapping_sub(mapping.sequence).cast_signed();
        if ahead.unsigned_abs() > MISSING_MAX {
            return false;
        }
        let newer =
            packet.timestamp.wrapping_add(mapping.shift).wrapping_sub(mapping.timestamp).cast_signed();
        let passed = i64::from(ticks(now.saturating_sub(self.at)));
        (i64::from(newer) - passed).unsigned_abs() <= u64::from(ASTRAY)
    }

    /// The numbers with which a voice goes on where the stream stands.
    fn begin(&self, packet: Packet, now: Duration) -> Mapping {
        let (index, timestamp) = match self.newest {
            None => (self.start, self.timestamp),
            Some(newest) => {
                let passed = ticks(now.saturating_sub(self.at)).max(PACKET);
                (newest + 1, self.timestamp.wrapping_add(passed))
            }
        };
        let shift = timestamp.wrapping_sub(packet.timestamp);
        Mapping { sequence: packet.sequence, index, timestamp, first: index, shift }
    }

    /// Whether this index leaves for the first time: two packets of one index would be sealed alike, which
    /// gives the key away.
    fn note(&mut self, index: u64) -> bool {
        let newest = self.newest.unwrap_or(index);
        if index > newest || self.newest.is_none() {
            self.left = self.left.checked_shl((index - newest) as u32).unwrap_or(0) | 1;
            self.newest = Some(index);
            return true;
        }
        let back = newest - index;
        if back >= WINDOW || self.left & (1 << back) != 0 {
            return false;
        }
        self.left |= 1 << back;
        true
    }
}

/// RTP ticks of so much time, as timestamps wrap.
fn ticks(time: Duration) -> u32 {
    (time.as_nanos() * u128::from(Timescale::PROGRAMME.hz()) / 1_000_000_000) as u32
}
