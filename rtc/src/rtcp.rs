//! What we report of the programme's stream, and what its listeners report back (RFC 3550 section 6.4).

use std::time::Duration;

/// A sender report with a CNAME, before sealing: 28 bytes and 24.
pub(crate) const REPORT: usize = 52;

const SENDER_REPORT: u8 = 200;
const RECEIVER_REPORT: u8 = 201;
const DESCRIPTION: u8 = 202;

/// The programme's name as a source. The same for every listener: it tells nobody anything.
const CNAME: &[u8; 11] = b"onair-stage";

/// Seconds from 1900 (NTP) to 1970.
const NTP_EPOCH: u64 = 2_208_988_800;

/// A civil instant as NTP writes it: seconds since 1900, and 2^-32 parts of one.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Ntp(u64);

impl Ntp {
    /// From the time since 1970.
    pub(crate) fn from_unix(since: Duration) -> Self {
        let fraction = (u64::from(since.subsec_nanos()) << 32) / 1_000_000_000;
        Self((since.as_secs() + NTP_EPOCH) << 32 | fraction)
    }

    /// The part of it that reports quote: 16 bits of seconds, 16 of fraction.
    pub(crate) const fn middle(self) -> u32 {
        (self.0 >> 16) as u32
    }
}

/// What a sender report says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SenderReport {
    pub(crate) ssrc: u32,
    /// When the sample of `time` belongs into the programme.
    pub(crate) ntp: Ntp,
    pub(crate) time: u32,
    pub(crate) packets: u32,
    pub(crate) octets: u32,
}

impl SenderReport {
    /// Writes it and the source's description to the beginning of `to`; [`REPORT`] bytes.
    pub(crate) fn write(&self, to: &mut [u8]) {
        let mut put = Put(to);
        put.bytes(&[0x80, SENDER_REPORT, 0, 6]);
        put.bytes(&self.ssrc.to_be_bytes());
        put.bytes(&self.ntp.0.to_be_bytes());
        for word in [self.time, self.packets, self.octets] {
            put.bytes(&word.to_be_bytes());
        }
        put.bytes(&[0x81, DESCRIPTION, 0, 5]);
        put.bytes(&self.ssrc.to_be_bytes());
        put.bytes(&[1, CNAME.len() as u8]);
        put.bytes(CNAME);
        put.bytes(&[0; 3]);
    }
}

struct Put<'a>(&'a mut [u8]);

impl Put<'_> {
    fn bytes(&mut self, bytes: &[u8]) {
        let (now, later) = std::mem::take(&mut self.0).split_at_mut(bytes.len());
        now.copy_from_slice(bytes);
        self.0 = later;
    }
}

/// What a listener says of our stream.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Reception {
    /// The share lost since its last report, of 256.
    pub fraction_lost: u8,
    /// Packets lost in all; negative where some came twice.
    pub lost: i32,
    /// Inter-arrival jitter, in ticks of 48 kHz.
    pub jitter: u32,
    /// The middle of the newest sender report's time that it has seen; 0 before any.
    pub last_report: u32,
    /// How long ago that came, in 65,536ths of a second.
    pub delay: u32,
}

/// What a compound packet says of the stream `ssrc`.
pub(crate) fn reception_of(compound: &[u8], ssrc: u32) -> Option<Reception> {
    let mut rest = compound;
    while let Some(head) = rest.first_chunk::<4>() {
        let length = 4 * (usize::from(u16::from_be_bytes([head[2], head[3]])) + 1);
        let (packet, after) = rest.split_at_checked(length)?;
        let blocks = match head[1] {
            SENDER_REPORT => packet.get(28..)?,
            RECEIVER_REPORT => packet.get(8..)?,
            _ => &[],
        };
        let count = usize::from(head[0] & 0x1f);
        let found = blocks.as_chunks::<24>().0.iter().take(count).find(|block| word(block, 0) == ssrc);
        if let Some(block) = found {
            return Some(Reception {
                fraction_lost: block[4],
                // 24 bits with a sign.
                lost: (word(block, 4) << 8) as i32 >> 8,
                jitter: word(block, 12),
                last_report: word(block, 16),
                delay: word(block, 20),
            });
        }
        rest = after;
    }
    None
}

fn word(block: &[u8; 24], at: usize) -> u32 {
    u32::from_be_bytes([block[at], block[at + 1], block[at + 2], block[at + 3]])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_report_is_as_long_as_it_says() {
        let ntp = Ntp::from_unix(Duration::new(1_000_000_000, 500_000_000));
        let report = SenderReport { ssrc: 7, ntp, time: 48_000, packets: 50, octets: 5_000 };
        let mut to = [0xff; REPORT];
        report.write(&mut to);
        assert_eq!(to[..4], [0x80, 200, 0, 6]);
        assert_eq!(to[8..12], (1_000_000_000_u32 + 2_208_988_800).to_be_bytes());
        assert_eq!(to[12..16], [0x80, 0, 0, 0], "half a second");
        assert_eq!(to[28..32], [0x81, 202, 0, 5]);
        assert_eq!(to[REPORT - 3..], [0; 3], "the description ends");
        assert_eq!(ntp.middle(), (3_208_988_800_u64 << 16 | 0x8000) as u32);
    }

    #[test]
    fn a_listeners_word_on_our_stream_is_found_behind_others() {
        let mut compound = vec![0x82, RECEIVER_REPORT, 0, 13];
        compound.extend_from_slice(&9_u32.to_be_bytes());
        for (ssrc, lost) in [(1_u32, [0, 0, 0, 0]), (7, [64, 0xff, 0xff, 0xfe])] {
            compound.extend_from_slice(&ssrc.to_be_bytes());
            compound.extend_from_slice(&lost);
            for word in [0_u32, 480, 0xabcd, 65_536] {
                compound.extend_from_slice(&word.to_be_bytes());
            }
        }
        let found = reception_of(&compound, 7).unwrap();
        assert_eq!((found.fraction_lost, found.lost, found.jitter), (64, -2, 480));
        assert_eq!((found.last_report, found.delay), (0xabcd, 65_536));
        assert_eq!(reception_of(&compound, 8), None);
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange(compound in proptest::collection::vec(any::<u8>(), 0..120), ssrc: u32) {
            reception_of(&compound, ssrc);
        }
    }
}
