//! Redundant audio data: one packet that carries its predecessors as well (RFC 2198).

/// Blocks in one packet, its own sound included. Servers send two or three.
const BLOCKS: usize = 8;

/// A packet taken apart.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Red<'a> {
    /// The sound of the packet itself.
    pub primary: &'a [u8],
    /// How many packets back each redundant block lies that has sound in it, oldest first.
    pub redundant: Vec<u16>,
}

/// Takes a payload apart. None: the bytes are no such packet.
pub fn parse(payload: &[u8]) -> Option<Red<'_>> {
    let (mut at, mut blocks) = (0, Vec::new());
    while payload.get(at)? & 0x80 != 0 {
        let length = payload.get(at + 2..at + 4)?;
        blocks.push(usize::from(length[0] & 3) << 8 | usize::from(length[1]));
        at += 4;
        if blocks.len() == BLOCKS {
            return None;
        }
    }
    at += 1;
    let mut redundant = Vec::with_capacity(blocks.len());
    for (back, length) in (1..=blocks.len() as u16).rev().zip(blocks) {
        at += length;
        if length > 0 {
            redundant.push(back);
        }
    }
    Some(Red { primary: payload.get(at..)?, redundant })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_blocks_are_found_behind_their_headers() {
        // Two redundant blocks of payload type 111 (0x6f), 40 and 20 ms back, of 3 and 2 bytes.
        let payload = [
            [0x80 | 0x6f, 0x1e, 0x00, 3].as_slice(),
            &[0x80 | 0x6f, 0x0f, 0x00, 2],
            &[0x6f],
            &[1, 2, 3, 4, 5, 6, 7],
        ]
        .concat();
        assert_eq!(parse(&payload), Some(Red { primary: &[6, 7], redundant: vec![2, 1] }));
    }

    #[test]
    fn a_packet_without_redundancy_is_its_own_sound() {
        assert_eq!(parse(&[111, 9, 8]), Some(Red { primary: &[9, 8], redundant: vec![] }));
    }

    #[test]
    fn an_empty_block_covers_nothing() {
        assert_eq!(
            parse(&[0x80 | 0x6f, 0x0f, 0x00, 0, 0x6f, 9]),
            Some(Red { primary: &[9], redundant: vec![] })
        );
    }

    #[test]
    fn a_block_longer_than_the_packet_is_refused() {
        assert_eq!(parse(&[0x80 | 0x6f, 0x0f, 0x00, 9, 0x6f, 1, 2]), None);
        assert_eq!(parse(&[0x80 | 0x6f, 0x0f]), None);
        assert_eq!(parse(&[]), None);
        assert_eq!(parse(&[0xff; 64]), None, "headers without end");
    }

    proptest! {
        #[test]
        fn any_bytes_are_taken_apart_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            if let Some(red) = parse(&bytes) {
                prop_assert!(red.primary.len() < bytes.len());
            }
        }
    }
}
