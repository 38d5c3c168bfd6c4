//! CMAF chunks: one `moof` and one `mdat`, which is one Partial Segment; `emsg` boxes may come before. A Media
//! Segment is the concatenation of its parts' bytes.

use bytes::Bytes;
use media::{AccessUnit, MediaTime};
use mp4_atom::{Encode, Mfhd, Moof, Tfdt, Tfhd, Traf, Trun, TrunEntry};

/// The only track of every rendition.
pub(crate) const TRACK_ID: u32 = 1;

/// `moof`, `mfhd`, `traf`, `tfhd`, `tfdt` (64 bit), `trun` without its samples, and the `mdat` header.
const FIXED_OVERHEAD: usize = 96;

/// Bytes of boxes around `units` access units of one part.
pub(crate) const fn overhead(units: usize) -> usize {
    FIXED_OVERHEAD + 4 * units
}

/// One part of one rung: `events`, which are whole `emsg` boxes, a `moof` and its `mdat`. Durations and flags are the track's defaults
/// (`trex`), so a sample costs four bytes.
///
/// `sequence` is the `mfhd` sequence number (ISO 14496-12 8.8.5); `start` becomes the
/// `baseMediaDecodeTime`.
pub(crate) fn write(sequence: u32, start: MediaTime, units: &[AccessUnit], events: &[u8]) -> Bytes {
    let payload: usize = units.iter().map(|unit| unit.data.len()).sum();
    let mut moof = Moof {
        mfhd: Mfhd { sequence_number: sequence },
        traf: vec![Traf {
            tfhd: Tfhd { track_id: TRACK_ID, default_base_is_moof: true, ..Tfhd::default() },
            tfdt: Some(Tfdt { base_media_decode_time: start.ticks() }),
            trun: vec![Trun {
                data_offset: Some(0),
                samples: units
                    .iter()
                    .map(|unit| TrunEntry { size: Some(unit.data.len() as u32), ..TrunEntry::default() })
                    .collect::<Vec<_>>()
                    .into(),
            }],
            ..Traf::default()
        }],
    };
    let mut out = Vec::with_capacity(events.len() + overhead(units.len()) + payload);
    moof.encode(&mut out).expect("a moof of sizes and times always encodes");
    // It counts from the beginning of the moof, whatever comes before.
    let offset = out.len() + 8;
    moof.traf[0].trun[0].data_offset = Some(offset as i32);
    out.clear();
    out.extend_from_slice(events);
    moof.encode(&mut out).expect("a moof of sizes and times always encodes");
    out.extend(((payload + 8) as u32).to_be_bytes());
    out.extend(b"mdat");
    for unit in units {
        out.extend_from_slice(&unit.data);
    }
    out.into()
}

/// The parts of a segment file that a crash may have cut short: from its beginning whole `moof` + `mdat` pairs,
/// each with the `emsg` before it. What follows the last whole pair is left out.
pub fn split_parts(segment: &Bytes) -> Vec<Bytes> {
    let mut parts = Vec::new();
    let mut begin = 0;
    let mut at = 0;
    while let Some((kind, end)) = next_box(segment, at) {
        at = end;
        match &kind {
            b"emsg" | b"moof" => {}
            b"mdat" => {
                parts.push(segment.slice(begin..end));
                begin = end;
            }
            _ => break,
        }
    }
    parts
}

/// The type of the box at `at` and where it ends; `None` at the end of the bytes or where they are cut.
fn next_box(bytes: &[u8], at: usize) -> Option<([u8; 4], usize)> {
    let header = bytes.get(at..at + 8)?;
    let size = u32::from_be_bytes(header[..4].try_into().ok()?) as usize;
    let end = at.checked_add(size)?;
    (size >= 8 && end <= bytes.len()).then_some((header[4..8].try_into().ok()?, end))
}

/// The access units inside a part that this module wrote, without their times. Empty when the bytes are
/// not such a part.
pub fn units(part: &Bytes) -> Vec<Bytes> {
    sizes_and_payload(part)
        .map(|(sizes, mut at)| {
            let mut units = Vec::with_capacity(sizes.len());
            for size in sizes {
                if at + size > part.len() {
                    return Vec::new();
                }
                units.push(part.slice(at..at + size));
                at += size;
            }
            units
        })
        .unwrap_or_default()
}

/// The sample sizes in a part's `trun`, and where its payload begins.
fn sizes_and_payload(part: &[u8]) -> Option<(Vec<usize>, usize)> {
    let mut begin = 0;
    let (mut kind, mut moof_end) = next_box(part, 0)?;
    while &kind == b"emsg" {
        begin = moof_end;
        (kind, moof_end) = next_box(part, begin)?;
    }
    let (mdat, end) = next_box(part, moof_end)?;
    if &kind != b"moof" || &mdat != b"mdat" {
        return None;
    }
    let (_, mfhd_end) = next_box(part, begin + 8)?;
    let (_, tfhd_end) = next_box(part, mfhd_end + 8)?;
    let (_, trun_at) = next_box(part, tfhd_end)?;
    let (kind, trun_end) = next_box(part, trun_at)?;
    let count = u32::from_be_bytes(part.get(trun_at + 12..trun_at + 16)?.try_into().ok()?) as usize;
    let table = part.get(trun_at + 20..trun_end)?;
    if &kind != b"trun" || table.len() != count.checked_mul(4)? {
        return None;
    }
    let sizes: Vec<usize> = table
        .chunks_exact(4)
        .map(|size| u32::from_be_bytes([size[0], size[1], size[2], size[3]]) as usize)
        .collect();
    (sizes.iter().sum::<usize>() == end - moof_end - 8).then_some((sizes, moof_end + 8))
}

#[cfg(test)]
mod tests {
    use media::MediaDuration;
    use mp4_atom::Decode;

    use super::*;

    fn three_units() -> Vec<AccessUnit> {
        [b"one".as_slice(), b"three", b""]
            .into_iter()
            .enumerate()
            .map(|(n, data)| AccessUnit {
                time: MediaTime::from_ticks(n as u64 * 1_024),
                duration: MediaDuration::from_ticks(1_024),
                data: Bytes::from_static(data),
            })
            .collect()
    }

    #[test]
    fn p05_one_access_unit_is_one_sample() {
        let part = write(7, MediaTime::from_ticks(5_000_000_000), &three_units(), &[]);
        let moof = Moof::decode(&mut part.as_ref()).unwrap();
        let traf = &moof.traf[0];
        assert_eq!(moof.mfhd.sequence_number, 7);
        assert_eq!(traf.tfdt.as_ref().unwrap().base_media_decode_time, 5_000_000_000);
        let sizes: Vec<_> = traf.trun[0].samples.iter().map(|sample| sample.size).collect();
        assert_eq!(sizes, [Some(3), Some(5), Some(0)]);
        let offset = traf.trun[0].data_offset.unwrap() as usize;
        assert_eq!(&part[offset..], b"onethree");
        assert_eq!(part.len(), overhead(3) + 8);
    }

    #[test]
    fn the_units_of_a_part_come_back_out() {
        for events in [&[][..], b"\0\0\0\x0cemsg1234\0\0\0\x08emsg"] {
            let part = write(1, MediaTime::from_ticks(0), &three_units(), events);
            assert!(part.starts_with(events));
            assert_eq!(units(&part), [b"one".as_slice(), b"three", b""]);
            for cut in 0..part.len() {
                assert!(units(&part.slice(..cut)).is_empty());
            }
        }
    }

    #[test]
    fn a_segment_cut_by_a_crash_keeps_its_whole_parts() {
        let first = write(1, MediaTime::from_ticks(0), &three_units(), &[]);
        let second = write(2, MediaTime::from_ticks(3_072), &three_units(), b"\0\0\0\x0cemsg1234");
        let whole = Bytes::from([first.as_ref(), second.as_ref()].concat());
        assert_eq!(split_parts(&whole), [first.clone(), second.clone()]);
        for cut in first.len()..whole.len() {
            assert_eq!(split_parts(&whole.slice(..cut)), std::slice::from_ref(&first));
        }
        assert!(split_parts(&Bytes::from_static(b"garbage that is no box")).is_empty());
    }
}
