//! Ogg pages (RFC 3533): the framing that Opus has in a file and in an endless stream (RFC 7845).

use bytes::Bytes;

/// The lacing values that one page can hold, 255 bytes of packet each.
pub const SEGMENTS: usize = 255;

/// Bytes of a page before its lacing values.
pub const HEADER: usize = 27;

/// Flag of a page that begins inside a packet.
pub const CONTINUED: u8 = 1;
/// Flag of a logical stream's first page.
pub const FIRST: u8 = 2;
/// Flag of a logical stream's last page.
pub const LAST: u8 = 4;

/// The granule position of a page on which no packet ends.
pub const NO_PACKET_ENDS: u64 = u64::MAX;

/// How many lacing values a packet of `length` bytes takes.
pub const fn segments(length: usize) -> usize {
    length / 255 + 1
}

/// What stands at the head of a page.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Page {
    /// Names the logical stream.
    pub serial: u32,
    /// Counts its pages from 0.
    pub sequence: u32,
    /// The frames of sound up to the end of its last whole packet, or [`NO_PACKET_ENDS`].
    pub granule: u64,
    /// [`CONTINUED`], [`FIRST`] and [`LAST`].
    pub flags: u8,
}

impl Page {
    /// Appends the page with whole `packets`, which take [`SEGMENTS`] lacing values at the most.
    pub fn write(&self, out: &mut Vec<u8>, packets: &[Bytes]) {
        let mut lacing = Vec::with_capacity(SEGMENTS);
        for packet in packets {
            lacing.resize(lacing.len() + packet.len() / 255, 255);
            lacing.push((packet.len() % 255) as u8);
        }
        self.seal(out, &lacing, packets);
    }

    /// Appends the page with one stretch of a packet that is larger than a page. A stretch that does not end the packet is
    /// `255 * SEGMENTS` bytes long; one that does is shorter.
    pub fn write_stretch(&self, out: &mut Vec<u8>, stretch: &Bytes, ends: bool) {
        let mut lacing = vec![255; stretch.len() / 255];
        if ends {
            lacing.push((stretch.len() % 255) as u8);
        }
        self.seal(out, &lacing, std::slice::from_ref(stretch));
    }

    fn seal(&self, out: &mut Vec<u8>, lacing: &[u8], payload: &[Bytes]) {
        let begin = out.len();
        out.extend_from_slice(b"OggS\0");
        out.push(self.flags);
        out.extend_from_slice(&self.granule.to_le_bytes());
        out.extend_from_slice(&self.serial.to_le_bytes());
        out.extend_from_slice(&self.sequence.to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        out.push(lacing.len() as u8);
        out.extend_from_slice(lacing);
        for piece in payload {
            out.extend_from_slice(piece);
        }
        let sum = checksum(&out[begin..]).to_le_bytes();
        out[begin + 22..begin + 26].copy_from_slice(&sum);
    }
}

/// CRC-32 with the polynomial 0x04c11db7, not reflected, from zero (RFC 3533 6).
pub fn checksum(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |sum: u32, &byte| (sum << 8) ^ TABLE[usize::from((sum >> 24) as u8 ^ byte)])
}

const TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut sum = (byte as u32) << 24;
        let mut bit = 0;
        while bit < 8 {
            sum = if sum & 0x8000_0000 == 0 { sum << 1 } else { (sum << 1) ^ 0x04c1_1db7 };
            bit += 1;
        }
        table[byte] = sum;
        byte += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: Page = Page { serial: 7, sequence: 3, granule: 960, flags: 0 };

    #[test]
    fn the_checksum_is_the_one_of_the_rfc() {
        // The remainder of a single one bit is the polynomial itself.
        assert_eq!(checksum(&[1]), 0x04c1_1db7);
        assert_eq!(checksum(&[]), 0);
    }

    #[test]
    fn a_packet_takes_a_lacing_value_for_each_255_bytes_and_one_more() {
        let mut out = Vec::new();
        PAGE.write(&mut out, &[Bytes::from(vec![1; 510]), Bytes::from(vec![2; 3])]);
        assert_eq!(&out[26..31], &[4, 255, 255, 0, 3]);
        assert_eq!(out.len(), HEADER + segments(510) + segments(3) + 513);
    }

    #[test]
    fn a_stretch_that_does_not_end_its_packet_has_no_short_lacing_value() {
        let (mut open, mut closed) = (Vec::new(), Vec::new());
        let stretch = Bytes::from(vec![1; 255 * SEGMENTS]);
        PAGE.write_stretch(&mut open, &stretch, false);
        PAGE.write_stretch(&mut closed, &stretch.slice(..255), true);
        assert_eq!((open[26], open[27 + 254]), (255, 255));
        assert_eq!(&closed[26..29], &[2, 255, 0]);
    }
}
