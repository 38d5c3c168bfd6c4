//! An endless stream of Opus in Ogg (RFC 7845).

use bytes::Bytes;
use media::Channels;
use packager::ogg::{FIRST, Page, SEGMENTS, segments};

/// Writes one listener's logical stream: its own page numbers and granule positions from zero.
#[derive(Debug)]
pub struct Pages {
    serial: u32,
    sequence: u32,
    granule: u64,
}

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
        pages.page(&mut out, FIRST, &[Bytes::from(head)]);
        pages.page(&mut out, 0, &[Bytes::from(tags)]);
        (pages, out)
    }

    /// Appends 20 ms packets, as few pages as hold them.
    pub fn write(&mut self, out: &mut Vec<u8>, packets: &[Bytes]) {
        let mut from = 0;
        while from < packets.len() {
            let mut taken = 0;
            let fits = packets[from..]
                .iter()
                .take_while(|packet| {
                    taken += segments(packet.len());
                    taken <= SEGMENTS
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
        let page = Page { serial: self.serial, sequence: self.sequence, granule: self.granule, flags };
        page.write(out, packets);
        self.sequence = self.sequence.wrapping_add(1);
    }
}

#[cfg(test)]
mod tests {
    use packager::ogg::checksum;

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
