//! Ogg pages with Opus (RFC 3533, RFC 7845).

use bytes::Bytes;
use media::Channels;

/// Writes one listener's logical stream: its own page numbers and granule positions from zero.
#[derive(Debug)]
pub struct Pages {
    serial: u32,
    sequence: u32,
    granule: u64,
}

/// Segments that one page can hold.
const SEGMENTS: usize = 255;

impl Pages {
    /// The stream `serial`, with its two header pages.
    pub fn open(serial: u32, channels: Channels) -> (Self, Vec<u8>) {
        let mut pages = Self { serial, sequence: 0, granule: 0 };
        let mut head = b"OpusHead\x01".to_vec();
        head.push(channels.count() as u8);
        // Nothing to skip: the encoder's delay is already taken off.
        head.extend_from_slice(&0_u16.to_le_bytes());
        head.extend_from_slice(&48_000_u32.to_le_bytes());
        head.extend_from_slice(&[0, 0, 0]);
        let mut tags = b"OpusTags\x05\0\0\0OnAir".to_vec();
        tags.extend_from_slice(&0_u32.to_le_bytes());
        let mut out = Vec::new();
        pages.page(&mut out, 2, &[Bytes::from(head)]);
        pages.page(&mut out, 0, &[Bytes::from(tags)]);
        (pages, out)
    }

    /// Appends 20 ms packets, as few pages as hold them.
    pub fn write(&mut self, out: &mut Vec<u8>, packets: &[Bytes]) {
        let mut from = 0;
        while from < packets.len() {
            let mut segments = 0;
            let fits = packets[from..]
                .iter()
                .take_while(|packet| {
                    segments += packet.len() / 255 + 1;
                    segments <= SEGMENTS
                })
                .count();
            // A packet that fills more than a page (65 KB) is none that an Opus encoder makes.
            if fits == 0 {
                from += 1;
                continue;
            }
            self.granule += 960 * fits as u64;
            self.page(out, 0, &packets[from..from + fits]);
            from += fits;
        }
    }

    fn page(&mut self, out: &mut Vec<u8>, flags: u8, packets: &[Bytes]) {
        let begin = out.len();
        out.extend_from_slice(b"OggS\0");
        out.push(flags);
        out.extend_from_slice(&self.granule.to_le_bytes());
        out.extend_from_slice(&self.serial.to_le_bytes());
        out.extend_from_slice(&self.sequence.to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        let table = out.len();
        out.push(0);
        for packet in packets {
            out.resize(out.len() + packet.len() / 255, 255);
            out.push((packet.len() % 255) as u8);
        }
        out[table] = (out.len() - table - 1) as u8;
        for packet in packets {
            out.extend_from_slice(packet);
        }
        let sum = checksum(&out[begin..]).to_le_bytes();
        out[begin + 22..begin + 26].copy_from_slice(&sum);
        self.sequence = self.sequence.wrapping_add(1);
    }
}

/// CRC-32 with the polynomial 0x04c11db7, not reflected, from zero (RFC 3533 6).
fn checksum(bytes: &[u8]) -> u32 {
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

    /// Splits pages into (granule, packets), checking magic, serial, sequence and checksum.
    fn read(mut bytes: &[u8]) -> Vec<(u64, Vec<usize>)> {
        let mut pages = Vec::new();
        while !bytes.is_empty() {
            assert_eq!(&bytes[..5], b"OggS\0");
            let count = usize::from(bytes[26]);
            let lacing = &bytes[27..27 + count];
            let payload: usize = lacing.iter().map(|&n| usize::from(n)).sum();
            let mut page = bytes[..27 + count + payload].to_vec();
            let sum = u32::from_le_bytes(page[22..26].try_into().unwrap());
            page[22..26].fill(0);
            assert_eq!(checksum(&page), sum);
            assert_eq!(u32::from_le_bytes(page[18..22].try_into().unwrap()) as usize, pages.len());
            let mut sizes = vec![0];
            for &n in lacing {
                *sizes.last_mut().unwrap() += usize::from(n);
                if n < 255 {
                    sizes.push(0);
                }
            }
            sizes.pop();
            pages.push((u64::from_le_bytes(page[6..14].try_into().unwrap()), sizes));
            bytes = &bytes[page.len()..];
        }
        pages
    }

    #[test]
    fn packets_come_back_from_their_pages() {
        let (mut pages, mut out) = Pages::open(1, Channels::Stereo);
        let packets: Vec<_> = [160, 255, 0, 510, 7].iter().map(|&n| Bytes::from(vec![9; n])).collect();
        pages.write(&mut out, &packets);
        let read = read(&out);
        assert_eq!(read[0], (0, vec![19]));
        assert_eq!(read[2], (5 * 960, vec![160, 255, 0, 510, 7]));
    }

    #[test]
    fn more_packets_than_a_page_holds_take_two() {
        let (mut pages, mut out) = Pages::open(1, Channels::Mono);
        let packets = vec![Bytes::from(vec![1; 300]); 200];
        pages.write(&mut out, &packets);
        let read = read(&out);
        assert_eq!(read.len(), 4);
        assert_eq!(read[3].0, 200 * 960);
    }
}
