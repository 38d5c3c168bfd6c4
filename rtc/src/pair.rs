//! Two Opus frames in one packet (RFC 6716, section 3.2): half the packets, and nothing is encoded again.

use bytes::{BufMut, Bytes, BytesMut};
use media::{AccessUnit, MediaDuration, MediaTime};

use crate::programme::FRAME;

/// The low bits of a packet's first byte: how many frames it holds.
const CODE: u8 = 0b11;

/// Longest frame, in bytes.
const FRAME_MAX: usize = 1_275;

/// How much sound a packet to a listener carries.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum PacketTime {
    /// One frame of the programme: the least delay.
    #[default]
    Ms20,
    /// Two: half the packets, and 20 ms more delay.
    Ms40,
}

/// Frames that become packets.
#[derive(Debug, Default)]
pub(crate) struct Pairs {
    waiting: Option<AccessUnit>,
}

impl Pairs {
    /// Takes a frame, and gives the packets that are ready: one of two frames, or frames that no other fits to. Pairs
    /// begin at even frames, so that all programmes and listeners have the same.
    pub(crate) fn push(&mut self, unit: AccessUnit) -> impl Iterator<Item = AccessUnit> + use<> {
        let before = self.waiting.take();
        let (first, second) = match before {
            Some(before) => match both(&before, &unit) {
                Some(data) => (
                    Some(AccessUnit { data, duration: MediaDuration::from_ticks(2 * FRAME), ..before }),
                    None,
                ),
                None => (Some(before), Some(unit)),
            },
            None => (None, Some(unit)),
        };
        let kept = second.as_ref().is_some_and(|unit| is_even(unit.time));
        let second = if kept {
            self.waiting = second;
            None
        } else {
            second
        };
        first.into_iter().chain(second)
    }

    /// Forgets what waits for a second frame.
    pub(crate) fn clear(&mut self) {
        self.waiting = None;
    }
}

fn is_even(time: MediaTime) -> bool {
    (time.ticks() / FRAME).is_multiple_of(2)
}

/// The packet of two frames that follow each other and are coded alike; each comes in a packet of its own.
fn both(one: &AccessUnit, other: &AccessUnit) -> Option<Bytes> {
    let ((&toc, first), (&next, second)) = (one.data.split_first()?, other.data.split_first()?);
    let follows = one.time.ticks() + FRAME == other.time.ticks();
    let single = toc & CODE == 0;
    if !follows || !single || toc != next || first.len().max(second.len()) > FRAME_MAX {
        return None;
    }
    let mut packet = BytesMut::with_capacity(3 + first.len() + second.len());
    if first.len() == second.len() {
        packet.put_u8(toc | 1);
    } else {
        packet.put_u8(toc | 2);
        // A length above 251 takes two bytes: 252 to 255, and how many fours are to be added.
        if let Some(more) = first.len().checked_sub(252) {
            packet.put_u8(252 + (more % 4) as u8);
            packet.put_u8((more / 4) as u8);
        } else {
            packet.put_u8(first.len() as u8);
        }
    }
    packet.put_slice(first);
    packet.put_slice(second);
    Some(packet.freeze())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unit(number: u64, data: &[u8]) -> AccessUnit {
        AccessUnit {
            time: MediaTime::from_ticks(number * FRAME),
            duration: MediaDuration::from_ticks(FRAME),
            data: Bytes::copy_from_slice(data),
        }
    }

    fn packets(frames: &[AccessUnit]) -> Vec<(u64, Vec<u8>)> {
        let mut pairs = Pairs::default();
        let packets = frames.iter().flat_map(|frame| pairs.push(frame.clone()).collect::<Vec<_>>());
        packets.map(|packet| (packet.time.ticks() / FRAME, packet.data.to_vec())).collect()
    }

    #[test]
    fn two_frames_alike_go_in_one_packet() {
        let made = packets(&[unit(4, b"\x08ab"), unit(5, b"\x08cd"), unit(6, b"\x08e"), unit(7, b"\x08fgh")]);
        assert_eq!(made, [(4, b"\x09abcd".to_vec()), (6, b"\x0a\x01efgh".to_vec())]);
    }

    #[test]
    fn frames_that_do_not_fit_together_go_alone_and_in_order() {
        // Another mode; a gap; a beginning between two.
        let made = packets(&[
            unit(5, b"\x08a"),
            unit(6, b"\x08b"),
            unit(7, b"\x0cc"),
            unit(8, b"\x08d"),
            unit(10, b"\x08e"),
            unit(11, b"\x08f"),
        ]);
        let alone = |number, data: &[u8]| (number, data.to_vec());
        assert_eq!(
            made,
            [
                alone(5, b"\x08a"),
                alone(6, b"\x08b"),
                alone(7, b"\x0cc"),
                alone(8, b"\x08d"),
                alone(10, b"\x09ef")
            ]
        );
    }

    #[test]
    fn a_decoder_finds_both_frames() {
        let mut encoder =
            opus::Encoder::new(48_000, opus::Channels::Stereo, opus::Application::Audio).unwrap();
        let tone = |from: usize| -> Vec<f32> {
            (from..from + 960).flat_map(|at| [(at as f32 * 0.05).sin() * 0.5; 2]).collect()
        };
        let frames: Vec<Vec<u8>> = (0..20)
            .map(|frame| {
                // Lengths on both sides of 252.
                encoder
                    .set_bitrate(opus::Bitrate::Bits(if frame % 3 == 0 { 24_000 } else { 160_000 }))
                    .unwrap();
                encoder.encode_vec_float(&tone(frame * 960), 1_275).unwrap()
            })
            .collect();
        let units: Vec<_> = frames.iter().zip(0..).map(|(frame, number)| unit(number, frame)).collect();
        let decode = |packets: &[&[u8]]| -> Vec<f32> {
            let mut decoder = opus::Decoder::new(48_000, opus::Channels::Stereo).unwrap();
            let mut sound = vec![0.0; 2 * 1_920];
            packets
                .iter()
                .flat_map(|packet| {
                    let frames = decoder.decode_float(packet, &mut sound, false).unwrap();
                    sound[..2 * frames].to_vec()
                })
                .collect()
        };
        let paired = packets(&units);
        assert!(paired.len() < 14, "{} packets of 20 frames", paired.len());
        let joined: Vec<&[u8]> = paired.iter().map(|(_, packet)| &packet[..]).collect();
        let single: Vec<&[u8]> = frames.iter().map(|frame| &frame[..]).collect();
        assert_eq!(decode(&joined), decode(&single));
    }
}
