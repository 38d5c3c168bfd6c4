//! Redundant audio (RFC 2198): each packet repeats the ones before it.

use bytes::{BufMut, Bytes, BytesMut};

use crate::batch::DATAGRAM;
use crate::srtp::OVERHEAD;

/// A block's offset has 14 bits.
const OFFSET_MAX: u32 = (1 << 14) - 1;

/// A block's length has ten bits.
const LENGTH_MAX: usize = (1 << 10) - 1;

/// What fits into a datagram beside the RTP header and the seal.
const PAYLOAD_MAX: usize = DATAGRAM - 12 - OVERHEAD;

/// Blocks that are looked at in a packet: more than anybody sends, and a bound for what a stranger costs.
const BLOCKS_MAX: usize = 8;

/// How many earlier frames a packet repeats.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub(crate) enum Redundancy {
    /// None: a packet is a frame.
    #[default]
    None,
    /// The one before: a single loss is made good.
    One,
    /// The two before: two losses in a row are.
    Two,
}

/// One frame of the programme: an Opus packet and its RTP timestamp.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) time: u32,
    pub(crate) data: Bytes,
}

/// A RED payload whose blocks have yet to be given their payload types, which differ by session.
#[derive(Clone, Debug)]
pub(crate) struct Payload {
    pub(crate) bytes: Bytes,
    /// Frames that it repeats: their headers begin at 0, 4, …, the last one's after them.
    blocks: usize,
}

impl Payload {
    /// `newest`, and as many of `earlier` (newest last) as fit before it into a payload, `most` at most.
    pub(crate) fn new(newest: &Frame, earlier: &[Frame], most: usize) -> Self {
        let mut room = PAYLOAD_MAX.saturating_sub(newest.data.len() + 1);
        let repeated: Vec<&Frame> = earlier
            .iter()
            .rev()
            .take(most)
            // One that cannot be said ends the row: a gap within it would be none the receiver knows of.
            .take_while(|frame| {
                let size = 4 + frame.data.len();
                let fits = size <= room
                    && newest.time.wrapping_sub(frame.time) <= OFFSET_MAX
                    && frame.data.len() <= LENGTH_MAX;
                room = room.saturating_sub(size);
                fits
            })
            .collect();
        let size: usize = repeated.iter().map(|frame| 4 + frame.data.len()).sum();
        let mut bytes = BytesMut::with_capacity(size + 1 + newest.data.len());
        for frame in repeated.iter().rev() {
            let offset = newest.time.wrapping_sub(frame.time);
            bytes.put_u8(0x80);
            bytes.put_uint(u64::from(offset << 10) | frame.data.len() as u64, 3);
        }
        bytes.put_u8(0);
        for frame in repeated.iter().rev() {
            bytes.put_slice(&frame.data);
        }
        bytes.put_slice(&newest.data);
        Self { bytes: bytes.freeze(), blocks: repeated.len() }
    }

    /// Writes the payload to the beginning of `to`, with its blocks' payload type; its length.
    pub(crate) fn write(&self, to: &mut [u8], block: u8) -> usize {
        to[..self.bytes.len()].copy_from_slice(&self.bytes);
        for header in 0..=self.blocks {
            to[4 * header] |= block;
        }
        self.bytes.len()
    }
}

/// One block of a received RED payload.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Block<'a> {
    /// Its payload type.
    pub(crate) payload_type: u8,
    /// How much earlier it is than the packet; in ticks of the RTP clock.
    pub(crate) offset: u32,
    /// What it carries.
    pub(crate) data: &'a [u8],
}

/// The blocks of a received RED payload, oldest first, the packet's own last; nothing of one that is damaged.
pub(crate) fn blocks(payload: &[u8]) -> Vec<Block<'_>> {
    parse(payload).unwrap_or_default()
}

fn parse(payload: &[u8]) -> Option<Vec<Block<'_>>> {
    let mut headers = Vec::with_capacity(3);
    let mut rest = payload;
    let primary = loop {
        let first = *rest.first()?;
        if first & 0x80 == 0 {
            rest = &rest[1..];
            break first;
        }
        if headers.len() == BLOCKS_MAX {
            return None;
        }
        let header = u32::from_be_bytes(*rest.first_chunk()?);
        headers.push((first & 0x7f, header >> 10 & OFFSET_MAX, header as usize & LENGTH_MAX));
        rest = &rest[4..];
    };
    let mut found = Vec::with_capacity(headers.len() + 1);
    for (payload_type, offset, length) in headers {
        let (data, after) = rest.split_at_checked(length)?;
        found.push(Block { payload_type, offset, data });
        rest = after;
    }
    found.push(Block { payload_type: primary, offset: 0, data: rest });
    Some(found)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn frame(time: u32, data: &'static [u8]) -> Frame {
        Frame { time, data: Bytes::from_static(data) }
    }

    fn written(payload: &Payload, block: u8) -> Vec<u8> {
        let mut to = vec![0; 1_500];
        let length = payload.write(&mut to, block);
        to.truncate(length);
        to
    }

    #[test]
    fn what_is_repeated_is_read_back_oldest_first() {
        let earlier = [frame(u32::MAX - 959, b"one"), frame(0, b"two")];
        let payload = written(&Payload::new(&frame(960, b"three"), &earlier, 2), 111);
        let expected = [(1_920, &b"one"[..]), (960, b"two"), (0, b"three")];
        let expected = expected.map(|(offset, data)| Block { payload_type: 111, offset, data });
        assert_eq!(blocks(&payload), expected);
        assert_eq!(payload.len(), 4 + 4 + 1 + 3 + 3 + 5);
    }

    #[test]
    fn what_lies_too_far_back_is_not_repeated() {
        let earlier = [frame(0, b"long ago"), frame(19_200, b"lately")];
        let payload = written(&Payload::new(&frame(20_160, b"now"), &earlier, 2), 96);
        assert_eq!(blocks(&payload).len(), 2);
        assert_eq!(blocks(&payload)[0].data, b"lately");
    }

    #[test]
    fn what_does_not_fit_into_a_datagram_is_not_repeated() {
        let large = Frame { time: 0, data: vec![1; 700].into() };
        let earlier = [Frame { time: 960, ..large.clone() }, Frame { time: 1_920, ..large.clone() }];
        let payload = written(&Payload::new(&Frame { time: 2_880, ..large }, &earlier, 2), 96);
        assert_eq!(blocks(&payload).len(), 2);
        assert_eq!(blocks(&payload)[0].offset, 960);
    }

    #[test]
    fn a_damaged_payload_is_no_sound() {
        let whole = written(&Payload::new(&frame(960, b"three"), &[frame(0, b"two")], 1), 111);
        assert_eq!(blocks(&[]), []);
        assert_eq!(blocks(&whole[..4]), [], "a header is cut");
        assert_eq!(blocks(&whole[..7]), [], "a repeated frame is cut");
        assert_eq!(blocks(&[0x80; 400]), [], "more blocks than anybody sends");
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange(payload in proptest::collection::vec(any::<u8>(), 0..200)) {
            let sum: usize = blocks(&payload).iter().map(|block| block.data.len()).sum();
            prop_assert!(sum <= payload.len());
        }
    }
}
