//! What happens at one instant of a broadcast, in the sound of that instant: `emsg` boxes with an ID3 tag
//! (ISO/IEC 23009-1 5.10.3.3; AOM, Carriage of ID3 Timed Metadata in CMAF).

use std::collections::VecDeque;

use media::{MediaTime, Timescale};
use mp4_atom::{Emsg, EmsgTimestamp, Encode};

use crate::{Grid, Position};

/// Tells players that a box holds an ID3 tag.
pub const SCHEME: &str = "https://aomedia.org/emsg/ID3";

/// The description of the tag's `TXXX` frame: the value is ours, not that of somebody else's tag.
pub const DESCRIPTION: &str = "onair";

/// Longest text of a moment, in bytes: a message of 200 characters of four bytes each, twice that for who
/// said it and when, and room for what is added later.
pub const TEXT_MAX: usize = 1_536;

/// Most bytes of boxes in one part. Phones on bad lines pay for them with each rung: a whole part of
/// [`LatencyMode::Low`](crate::LatencyMode::Low) at 48 kb/s has 3,840 bytes of sound.
pub const PART_MAX: usize = 2_048;

/// Bytes of boxes that a second may bring in the long run, 25.6 kb/s: a part of 0.64 s can be filled each
/// time, parts of 0.128 s share it.
pub const RATE: u64 = 3_200;

/// Most bytes of boxes a second that one segment has.
pub(crate) const PEAK: u64 = RATE + (PART_MAX as u64 * 48_000).div_ceil(Grid::SLOT.ticks());

/// Bytes of boxes that may wait: what the part that is being made takes, and what the second after it does.
/// Beyond that a message would be seen later than a second after its sound.
const WAITING_MAX: usize = PART_MAX + RATE as usize;

/// Boxes that share the numbers of one part; [`PART_MAX`] holds fewer.
const NUMBERS: u64 = 32;

/// Bytes around the text: `emsg` with its scheme, ID3 header, `TXXX` header, encoding and description.
const AROUND: usize = 62 + 10 + 10 + 1 + DESCRIPTION.len() + 1;

/// Why a moment is left out.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum MomentError {
    /// It can never be sent.
    #[error("the text has more than {TEXT_MAX} bytes, or a NUL in it")]
    Unfit,
    /// Too much happens at once; those that came before it go out.
    #[error("more is waiting than the parts of a second hold")]
    Crowded,
}

/// The moments that wait for their part, earliest first. Bounded.
#[derive(Debug, Default)]
pub(crate) struct Moments {
    waiting: VecDeque<Moment>,
    /// Of the boxes of all that wait.
    bytes: usize,
    /// Bytes of boxes that the next part may hold.
    credit: usize,
}

#[derive(Debug)]
struct Moment {
    time: MediaTime,
    text: String,
}

impl Moments {
    /// Takes one; `text` is what the frame's value will be.
    pub(crate) fn push(&mut self, time: MediaTime, text: String) -> Result<(), MomentError> {
        // In ID3 a NUL ends a value.
        if text.len() > TEXT_MAX || text.contains('\0') {
            return Err(MomentError::Unfit);
        }
        let length = text.len() + AROUND;
        if self.bytes + length > WAITING_MAX {
            return Err(MomentError::Crowded);
        }
        self.bytes += length;
        let later = self.waiting.iter().rev().take_while(|moment| moment.time > time).count();
        self.waiting.insert(self.waiting.len() - later, Moment { time, text });
        Ok(())
    }

    /// The boxes of the part at `position`: what happens before its end, as far as there is room. What had no
    /// room in an earlier part, or came too late for it, happens when this one begins: a box may not point out
    /// of its part.
    pub(crate) fn take(&mut self, grid: Grid, position: Position) -> Vec<u8> {
        let (start, end) = (grid.start(position), grid.end(position));
        let earned = RATE * grid.part().ticks() / u64::from(Timescale::PROGRAMME.hz());
        self.credit = PART_MAX.min(self.credit + earned as usize);
        let mut boxes = Vec::new();
        let mut number = grid.ordinal(position) * NUMBERS;
        while let Some(next) = self.waiting.front()
            && next.time < end
            && next.text.len() + AROUND <= self.credit
        {
            let before = boxes.len();
            // A number a box, the same in every rung and never twice in a run; a hundred days of it fit.
            write(&mut boxes, next.time.max(start), number as u32, &next.text);
            number += 1;
            let length = boxes.len() - before;
            self.credit -= length;
            self.bytes -= length;
            self.waiting.pop_front();
        }
        boxes
    }
}

fn write(out: &mut Vec<u8>, time: MediaTime, id: u32, text: &str) {
    let event = Emsg {
        timescale: Timescale::PROGRAMME.hz(),
        presentation_time: EmsgTimestamp::Absolute(time.ticks()),
        // Unknown: an ID3 tag lasts until the next.
        event_duration: u32::MAX,
        id,
        scheme_id_uri: SCHEME.into(),
        value: String::new(),
        message_data: id3(text),
    };
    event.encode(out).expect("an emsg of our own fields always encodes");
}

/// An ID3v2.4 tag with one `TXXX` frame, in UTF-8.
fn id3(text: &str) -> Vec<u8> {
    let frame = 1 + DESCRIPTION.len() + 1 + text.len();
    let mut tag = Vec::with_capacity(20 + frame);
    tag.extend(b"ID3\x04\x00\x00");
    tag.extend(syncsafe(10 + frame));
    tag.extend(b"TXXX");
    tag.extend(syncsafe(frame));
    tag.extend(b"\x00\x00\x03");
    tag.extend(DESCRIPTION.as_bytes());
    tag.push(0);
    tag.extend(text.as_bytes());
    tag
}

/// A length in four bytes of seven bits each (ID3v2.4 structure, 6.2).
fn syncsafe(length: usize) -> [u8; 4] {
    let seven = |shift: usize| (length >> shift & 0x7f) as u8;
    [seven(21), seven(14), seven(7), seven(0)]
}

#[cfg(test)]
mod tests {
    use mp4_atom::Decode;

    use super::*;
    use crate::{LatencyMode, Msn, PartIndex};

    fn at(msn: u64, part: u16) -> Position {
        Position { msn: Msn(msn), part: PartIndex(part) }
    }

    /// What an independent reader finds: time, id, and the tag.
    fn events(mut boxes: &[u8]) -> Vec<(u64, u32, Vec<u8>)> {
        let mut found = Vec::new();
        while !boxes.is_empty() {
            let event = Emsg::decode(&mut boxes).unwrap();
            assert_eq!((event.timescale, event.event_duration), (48_000, u32::MAX));
            assert_eq!((event.scheme_id_uri.as_str(), event.value.as_str()), (SCHEME, ""));
            let EmsgTimestamp::Absolute(time) = event.presentation_time else { panic!("version 0") };
            found.push((time, event.id, event.message_data));
        }
        found
    }

    fn times(boxes: &[u8]) -> Vec<u64> {
        events(boxes).into_iter().map(|(time, ..)| time).collect()
    }

    const LOW: Grid = Grid::new(LatencyMode::Low);

    #[test]
    fn m01_a_moment_is_an_id3_tag_in_the_part_it_falls_into() {
        let mut moments = Moments::default();
        let time = LOW.start(at(8, 1)) + media::MediaDuration::from_ticks(100);
        moments.push(time, "{\"a\":\"é\"}".into()).unwrap();
        assert!(moments.take(LOW, at(8, 0)).is_empty());
        let boxes = moments.take(LOW, at(8, 1));
        assert_eq!(boxes.len(), "{\"a\":\"é\"}".len() + AROUND);
        let found = events(&boxes);
        let tag = b"ID3\x04\0\0\0\0\0\x1bTXXX\0\0\0\x11\0\0\x03onair\0{\"a\":\"\xc3\xa9\"}";
        assert_eq!(found, [(time.ticks(), 49 * 32, tag.to_vec())]);
        assert!(moments.take(LOW, at(8, 2)).is_empty(), "it is sent once");
    }

    #[test]
    fn eight_messages_of_160_bytes_fill_a_part() {
        let mut moments = Moments::default();
        for _ in 0..8 {
            moments.push(LOW.start(at(8, 0)), "x".repeat(160)).unwrap();
        }
        assert_eq!(moments.take(LOW, at(8, 0)).len(), 8 * (89 + 160));
    }

    #[test]
    fn lengths_of_tags_have_seven_bits_a_byte() {
        assert_eq!(syncsafe(127), [0, 0, 0, 127]);
        assert_eq!(syncsafe(1_536), [0, 0, 12, 0]);
    }

    #[test]
    fn what_has_no_room_goes_into_the_next_part_and_points_to_its_beginning() {
        let mut moments = Moments::default();
        let time = LOW.start(at(8, 0)) + media::MediaDuration::from_ticks(7);
        // A third of a part's room each.
        for _ in 0..5 {
            moments.push(time, "x".repeat(682 - AROUND)).unwrap();
        }
        assert_eq!(times(&moments.take(LOW, at(8, 0))), [time.ticks(); 3]);
        assert_eq!(times(&moments.take(LOW, at(8, 1))), [LOW.start(at(8, 1)).ticks(); 2]);
    }

    #[test]
    fn the_earliest_goes_first_whoever_came_first() {
        let mut moments = Moments::default();
        let start = LOW.start(at(8, 0)).ticks();
        for ticks in [30, 10, 20, 10] {
            moments.push(MediaTime::from_ticks(start + ticks), ticks.to_string()).unwrap();
        }
        assert_eq!(times(&moments.take(LOW, at(8, 0))), [10, 10, 20, 30].map(|ticks| start + ticks));
    }

    #[test]
    fn a_flood_costs_its_newest_and_never_more_than_a_part_may_hold() {
        for mode in LatencyMode::ALL {
            let grid = Grid::new(mode);
            let mut moments = Moments::default();
            let (mut position, mut sent, mut refused) = (at(8, 0), 0, 0);
            for _ in 0..10 * grid.parts_per_slot() {
                for _ in 0..20 {
                    let pushed = moments.push(grid.start(position), "x".repeat(200));
                    refused += usize::from(pushed == Err(MomentError::Crowded));
                }
                let boxes = moments.take(grid, position);
                assert!(boxes.len() <= PART_MAX, "{mode}");
                sent += boxes.len();
                position = grid.after(position);
            }
            // 38.4 s.
            assert!(sent <= 38_400 / 10 * RATE as usize / 100 + PART_MAX, "{mode}: {sent}");
            assert!(sent > 30 * RATE as usize && refused > 0, "{mode}: {sent}, {refused}");
        }
    }

    #[test]
    fn a_message_of_the_longest_is_sent_in_every_mode() {
        for mode in LatencyMode::ALL {
            let grid = Grid::new(mode);
            let mut moments = Moments::default();
            moments.push(grid.start(at(8, 0)), "x".repeat(TEXT_MAX)).unwrap();
            let (mut position, mut waited) = (at(8, 0), 1);
            while moments.take(grid, position).is_empty() {
                position = grid.after(position);
                waited += 1;
            }
            assert!(grid.part().ticks() * waited <= 48_000, "{mode}: within a second");
        }
    }

    #[test]
    fn what_can_never_be_sent_is_refused() {
        let mut moments = Moments::default();
        let mut push = |text: String| moments.push(MediaTime::from_ticks(0), text);
        assert_eq!(push("x".repeat(TEXT_MAX + 1)), Err(MomentError::Unfit));
        assert_eq!(push("a\0b".into()), Err(MomentError::Unfit));
        assert_eq!(push("x".repeat(TEXT_MAX)), Ok(()));
    }
}
