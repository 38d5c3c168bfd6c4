//! The fan-out: one packet of a programme, sealed for each of its listeners and handed to the kernel in batches.
//!
//! Of everything that the station does this is done most often. What every listener gets alike is made once;
//! per listener there is a header of twelve bytes, one copy, one seal.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::outlet::{Outlet, Route};
use crate::programme::{Clock, Packet};
use crate::red::Redundancy;
use crate::rtcp::{REPORT, Reception, SenderReport};
use crate::srtp::{End, Keys, Opener, Sealer};

/// Bytes of an RTP header without extensions.
const HEADER: usize = 12;

/// Frames from one sender report to the next: five seconds of 20 ms.
const REPORT_EVERY: u32 = 250;

/// Reports without loss after which packets are repeated less.
const CALM: u8 = 4;

/// A share lost of which one repetition no longer makes up, in 256ths: a tenth.
const HEAVY_LOSS: u8 = 26;

/// Whom packets are repeated for (RFC 2198).
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Repeating {
    /// For those who lose packets.
    #[default]
    Auto,
    /// For everybody who can.
    Always,
    /// For nobody.
    Off,
}

/// What a listener's stream is made with.
pub(crate) struct Stream {
    pub(crate) peer: usize,
    pub(crate) route: Route,
    pub(crate) ssrc: u32,
    pub(crate) opus: u8,
    pub(crate) red: Option<u8>,
    pub(crate) keys: Keys,
    pub(crate) we: End,
    /// Of the first packet; below 2^15, so that a lost first packet cannot be mistaken for a roll-over
    /// (RFC 3711 section 3.3.1).
    pub(crate) sequence: u16,
}

/// One listener of a programme.
struct Listener {
    peer: usize,
    route: Route,
    sealer: Sealer,
    ssrc: u32,
    opus: u8,
    red: Option<u8>,
    redundancy: Redundancy,
    /// Extended: the upper half is SRTP's roll-over counter.
    sequence: u32,
    packets: u32,
    octets: u32,
    rest: Box<Rest>,
}

/// What is needed once in five seconds.
struct Rest {
    opener: Opener,
    /// Reports in a row that told of no loss.
    calm: u8,
    /// The newest sender report: the middle of its time, and when it left.
    report: Option<(u32, Instant)>,
}

/// The listeners of one programme on one shard.
pub(crate) struct Fan {
    clock: Clock,
    repeating: Repeating,
    listeners: Vec<Listener>,
}

/// How a listener hears us.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Heard {
    pub(crate) reception: Reception,
    pub(crate) round_trip: Option<Duration>,
}

impl Fan {
    pub(crate) fn new(clock: Clock, repeating: Repeating) -> Self {
        Self { clock, repeating, listeners: Vec::new() }
    }

    /// Adds a listener; its place, until [`remove`](Self::remove) moves another there.
    pub(crate) fn add(&mut self, stream: Stream) -> usize {
        let Stream { peer, route, ssrc, opus, red, keys, we, sequence } = stream;
        let they = if we == End::Server { End::Client } else { End::Server };
        let rest = Rest { opener: Opener::new(&keys, they), calm: 0, report: None };
        self.listeners.push(Listener {
            peer,
            route,
            sealer: Sealer::new(&keys, we, ssrc),
            ssrc,
            opus,
            red,
            redundancy: if self.repeating == Repeating::Always { Redundancy::One } else { Redundancy::None },
            sequence: u32::from(sequence),
            packets: 0,
            octets: 0,
            rest: Box::new(rest),
        });
        self.listeners.len() - 1
    }

    /// Removes the listener of a place; the peer that has the place from now on, if it was not the last.
    pub(crate) fn remove(&mut self, place: usize) -> Option<usize> {
        self.listeners.swap_remove(place);
        self.listeners.get(place).map(|moved| moved.peer)
    }

    /// Sends to a listener by another way from now on.
    pub(crate) fn reroute(&mut self, place: usize, route: Route) {
        self.listeners[place].route = route;
    }

    /// Sends a packet to everybody. The caller flushes.
    pub(crate) fn send(&mut self, packet: &Arc<Packet>, now: Instant, outlet: &mut Outlet) {
        for (place, listener) in self.listeners.iter_mut().enumerate() {
            listener.send(packet, outlet);
            // Spread over the interval; the first one at once, since players align by it.
            let due = packet.first_frame().wrapping_add(place as u32) % REPORT_EVERY < packet.frames();
            if due || listener.packets == 1 {
                listener.report(packet, self.clock, now, outlet);
            }
        }
    }

    /// Takes what a listener reports, sealed; `None` where it says nothing of our stream.
    pub(crate) fn hear(&mut self, place: usize, datagram: &mut [u8], now: Instant) -> Option<Heard> {
        let repeating = self.repeating;
        let listener = &mut self.listeners[place];
        let said = listener.rest.opener.rtcp(datagram)?;
        let reception = crate::rtcp::reception_of(said, listener.ssrc)?;
        listener.adapt(reception.fraction_lost, repeating);
        let delay = Duration::from_micros(u64::from(reception.delay) * 1_000_000 / 65_536);
        let sent = listener.rest.report.filter(|(middle, _)| *middle == reception.last_report);
        let round_trip = sent.and_then(|(_, left)| now.saturating_duration_since(left).checked_sub(delay));
        Some(Heard { reception, round_trip })
    }
}

impl Listener {
    #[inline]
    fn send(&mut self, packet: &Packet, outlet: &mut Outlet) {
        let repeated = match self.red {
            Some(red) if self.redundancy != Redundancy::None => {
                packet.repeating(self.redundancy).map(|payload| (red, payload))
            }
            _ => None,
        };
        let Self { route, sealer, ssrc, opus, sequence, octets, .. } = self;
        outlet.send(route, |datagram| {
            datagram[0] = 0x80;
            datagram[2..4].copy_from_slice(&(*sequence as u16).to_be_bytes());
            datagram[4..8].copy_from_slice(&packet.time().to_be_bytes());
            datagram[8..12].copy_from_slice(&ssrc.to_be_bytes());
            let (kind, length) = if let Some((red, payload)) = repeated {
                (red, payload.write(&mut datagram[HEADER..], *opus))
            } else {
                let frame = packet.frame();
                datagram[HEADER..HEADER + frame.len()].copy_from_slice(frame);
                (*opus, frame.len())
            };
            datagram[1] = kind;
            *octets = octets.wrapping_add(length as u32);
            sealer.rtp(datagram, HEADER, length, *sequence >> 16)
        });
        self.sequence = self.sequence.wrapping_add(1);
        self.packets = self.packets.wrapping_add(1);
    }

    fn report(&mut self, packet: &Packet, clock: Clock, now: Instant, outlet: &mut Outlet) {
        let (ntp, time) = (clock.ntp(packet.instant()), packet.time());
        let report = SenderReport { ssrc: self.ssrc, ntp, time, packets: self.packets, octets: self.octets };
        self.rest.report = Some((ntp.middle(), now));
        let Self { route, sealer, .. } = self;
        outlet.send(route, |datagram| {
            report.write(datagram);
            sealer.rtcp(datagram, REPORT)
        });
    }

    /// Repeats more for a listener that loses packets, and less once it has lost none for a while.
    fn adapt(&mut self, lost: u8, repeating: Repeating) {
        if repeating == Repeating::Off {
            return;
        }
        let least = if repeating == Repeating::Always { Redundancy::One } else { Redundancy::None };
        let rest = &mut self.rest;
        if lost > 0 {
            rest.calm = 0;
            let wanted = if lost >= HEAVY_LOSS { Redundancy::Two } else { Redundancy::One };
            self.redundancy = self.redundancy.max(wanted);
        } else {
            rest.calm = rest.calm.saturating_add(1);
            if rest.calm >= CALM {
                rest.calm = 0;
                self.redundancy = match self.redundancy {
                    Redundancy::Two => Redundancy::One,
                    Redundancy::One | Redundancy::None => least,
                };
            }
        }
    }
}
