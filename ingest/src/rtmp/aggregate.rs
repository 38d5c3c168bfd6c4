//! Aggregate messages: several FLV tags in one RTMP message (RTMP 1.0, 7.1.6).

use bytes::{Buf, Bytes};

const AUDIO: u8 = 8;
/// Type, size, timestamp with its extension, stream id.
const TAG_HEADER: usize = 11;
/// The size of the tag before, repeated behind it.
const BACK_POINTER: usize = 4;

/// The audio tags of an aggregate that came at `timestamp`, each with its own time. Stops where the bytes
/// make no tag.
pub(super) fn audio_tags(timestamp: u32, mut payload: Bytes) -> impl Iterator<Item = (u32, Bytes)> {
    let mut first_tag_time = None;
    std::iter::from_fn(move || {
        while payload.remaining() >= TAG_HEADER {
            let kind = payload.get_u8();
            let size = payload.get_uint(3) as usize;
            let low = payload.get_uint(3) as u32;
            let tag_time = low | u32::from(payload.get_u8()) << 24;
            payload.advance(3);
            if payload.remaining() < size {
                return None;
            }
            let body = payload.split_to(size);
            payload.advance(BACK_POINTER.min(payload.remaining()));
            let first = *first_tag_time.get_or_insert(tag_time);
            if kind == AUDIO {
                return Some((timestamp.wrapping_add(tag_time.wrapping_sub(first)), body));
            }
        }
        None
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(kind: u8, time: u32, body: &[u8]) -> Vec<u8> {
        let mut bytes = vec![kind, 0, 0, body.len() as u8];
        bytes.extend(&time.to_be_bytes()[1..]);
        bytes.push((time >> 24) as u8);
        bytes.extend([0, 0, 0]);
        bytes.extend(body);
        bytes.extend((body.len() as u32 + 11).to_be_bytes());
        bytes
    }

    #[test]
    fn audio_tags_keep_their_distance_from_the_first() {
        let payload = [tag(9, 500, b"video"), tag(8, 510, b"one"), tag(8, 533, b"two")].concat();
        let tags: Vec<_> = audio_tags(u32::MAX, payload.into()).collect();
        assert_eq!(tags, [(9, Bytes::from("one")), (32, Bytes::from("two"))]);
    }

    #[test]
    fn a_cut_aggregate_gives_what_is_whole() {
        let payload = [tag(8, 0, b"one"), tag(8, 23, b"two")].concat();
        for end in 0..payload.len() {
            let whole = audio_tags(0, Bytes::copy_from_slice(&payload[..end])).count();
            assert_eq!(whole, usize::from(end >= 14) + usize::from(end >= 32), "{end}");
        }
    }
}
