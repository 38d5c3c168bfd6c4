//! An Ogg Opus file (RFC 7845): its header pages, and the pages that its packets go into.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::{BufMut, Bytes};
use media::Timescale;
use packager::ogg::{CONTINUED, FIRST, HEADER, LAST, NO_PACKET_ENDS, Page, SEGMENTS, segments};

use crate::chapters::Entry;
use crate::units::Stretch;
use crate::{Tags, Units};

/// Packets of a page, 0.64 s: they fit whatever their size, and a slot is a whole number of pages, so each page is made of one
/// segment.
const PAGE_PACKETS: usize = 32;

/// Bytes of a packet that fill a page.
const STRETCH: usize = 255 * SEGMENTS;

/// What all pages of a file follow from.
#[derive(Clone, Debug)]
pub(crate) struct Pages {
    serial: u32,
    /// The number of each stretch's first page.
    firsts: Vec<u32>,
    packets: usize,
    /// The granule position of the end: what is skipped, and what is heard.
    end: u64,
    unit_frames: u64,
}

impl Pages {
    /// The header pages, and how the packets of `units` follow them.
    pub(crate) fn open(units: &Units, tags: &Tags, chapters: &[Entry<'_>], serial: u32) -> (Bytes, Self) {
        let mut head = Vec::new();
        let page = Page { serial, sequence: 0, granule: 0, flags: FIRST };
        page.write(&mut head, &[opus_head(units)]);
        let mut next = 1 + write_tags(&mut head, serial, &opus_tags(tags, chapters));
        let firsts = units.stretches().iter().map(|stretch| {
            let first = next;
            next += pages_of(stretch) as u32;
            first
        });
        let pages = Self {
            serial,
            firsts: firsts.collect(),
            packets: units.sizes().len(),
            end: units.lead() + units.frames(),
            unit_frames: units.rung().unit_frames(),
        };
        (head.into(), pages)
    }

    /// Bytes of the pages of a stretch whose packets have these sizes.
    pub(crate) fn size(stretch: &Stretch, sizes: &[u16]) -> u64 {
        let packets: usize = sizes.iter().map(|&size| usize::from(size) + segments(size.into())).sum();
        (pages_of(stretch) * HEADER + packets) as u64
    }

    /// The pages of stretch number `place`.
    pub(crate) fn write(&self, place: usize, stretch: &Stretch, packets: &[Bytes]) -> Vec<u8> {
        let mut out = Vec::with_capacity(packets.iter().map(|packet| packet.len() + HEADER).sum());
        let mut sequence = self.firsts[place];
        let mut next = 0;
        while next < packets.len() {
            let until = (next + PAGE_PACKETS - (stretch.skip + next) % PAGE_PACKETS).min(packets.len());
            let count = stretch.begin + until;
            let last = count == self.packets;
            let page = Page {
                serial: self.serial,
                sequence,
                granule: if last { self.end } else { count as u64 * self.unit_frames },
                flags: if last { LAST } else { 0 },
            };
            page.write(&mut out, &packets[next..until]);
            sequence += 1;
            next = until;
        }
        out
    }
}

/// Pages are cut where slots are, and every [`PAGE_PACKETS`] in a slot.
fn pages_of(stretch: &Stretch) -> usize {
    let length = stretch.end - stretch.begin;
    (stretch.skip + length).div_ceil(PAGE_PACKETS) - stretch.skip / PAGE_PACKETS
}

/// `OpusHead` (RFC 7845 5.1).
fn opus_head(units: &Units) -> Bytes {
    let mut head = Vec::with_capacity(19);
    head.put_slice(b"OpusHead\x01");
    head.put_u8(units.rung().channels.count() as u8);
    head.put_u16_le(units.lead() as u16);
    head.put_u32_le(Timescale::PROGRAMME.hz());
    // No gain, mapping family 0.
    head.put_bytes(0, 3);
    head.into()
}

/// `OpusTags` (RFC 7845 5.2), with chapters as players read them (`CHAPTERnnn`) and the cover as FLAC has it.
fn opus_tags(tags: &Tags, chapters: &[Entry<'_>]) -> Bytes {
    let mut comments: Vec<String> = [
        ("TITLE", &tags.title),
        ("ARTIST", &tags.artist),
        ("ALBUM", &tags.album),
        ("DATE", &tags.date),
        ("COMMENT", &tags.comment),
    ]
    .into_iter()
    .filter(|(_, text)| !text.is_empty())
    .map(|(name, text)| format!("{name}={}", Tags::written(text)))
    .collect();
    for (number, chapter) in chapters.iter().enumerate() {
        let millis = chapter.start.to_duration(Timescale::PROGRAMME).as_millis();
        let (hours, minutes) = (millis / 3_600_000, millis / 60_000 % 60);
        let (seconds, millis) = (millis / 1_000 % 60, millis % 1_000);
        comments.push(format!("CHAPTER{number:03}={hours:02}:{minutes:02}:{seconds:02}.{millis:03}"));
        comments.push(format!("CHAPTER{number:03}NAME={}", chapter.title));
    }
    if let Some(cover) = &tags.cover {
        let mut picture = Vec::with_capacity(64 + cover.bytes().len());
        // The front cover, without a description; width, height, depth and colours are for the reader to find.
        picture.put_u32(3);
        picture.put_u32(cover.media_type().len() as u32);
        picture.put_slice(cover.media_type().as_bytes());
        picture.put_bytes(0, 5 * 4);
        picture.put_u32(cover.bytes().len() as u32);
        picture.put_slice(cover.bytes());
        comments.push(format!("METADATA_BLOCK_PICTURE={}", STANDARD.encode(picture)));
    }
    let mut out = b"OpusTags\x05\0\0\0OnAir".to_vec();
    out.put_u32_le(comments.len() as u32);
    for comment in comments {
        out.put_u32_le(comment.len() as u32);
        out.put_slice(comment.as_bytes());
    }
    out.into()
}

/// Writes the second packet, over as many pages as it takes; how many those are.
fn write_tags(out: &mut Vec<u8>, serial: u32, packet: &Bytes) -> u32 {
    let mut sequence = 1;
    let mut at = 0;
    loop {
        let rest = packet.len() - at;
        // A stretch that fills its page leaves no lacing value to end the packet with.
        let ends = rest < STRETCH;
        let until = at + rest.min(STRETCH);
        let page = Page {
            serial,
            sequence,
            granule: if ends { 0 } else { NO_PACKET_ENDS },
            flags: if at == 0 { 0 } else { CONTINUED },
        };
        page.write_stretch(out, &packet.slice(at..until), ends);
        if ends {
            return sequence;
        }
        sequence += 1;
        at = until;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The packets of pages without looking into them, and how often a page goes on with the one before.
    fn packets(mut bytes: &[u8]) -> (Vec<Vec<u8>>, usize) {
        let mut packets = vec![Vec::new()];
        let mut continued = 0;
        while !bytes.is_empty() {
            let (lacing, mut rest) = bytes[HEADER..].split_at(usize::from(bytes[26]));
            continued += usize::from(bytes[5] & CONTINUED);
            let ends = lacing.iter().any(|&length| length < 255);
            assert_eq!(bytes[6..14] == NO_PACKET_ENDS.to_le_bytes(), !ends);
            for &length in lacing {
                let (now, later) = rest.split_at(length.into());
                packets.last_mut().unwrap().extend_from_slice(now);
                rest = later;
                if length < 255 {
                    packets.push(Vec::new());
                }
            }
            bytes = rest;
        }
        assert_eq!(packets.pop(), Some(Vec::new()), "the last page ends its packet");
        (packets, continued)
    }

    #[test]
    fn tags_go_over_as_many_pages_as_they_take() {
        for (length, pages) in [(0, 1), (STRETCH - 1, 1), (STRETCH, 2), (STRETCH + 1, 2), (2 * STRETCH, 3)] {
            let packet: Vec<u8> = (0..length).map(|n| n as u8).collect();
            let mut out = Vec::new();
            assert_eq!(write_tags(&mut out, 1, &packet.clone().into()), pages, "{length}");
            assert_eq!(packets(&out), (vec![packet], pages as usize - 1));
        }
    }
}
