//! A grid step: one part of every rung, released in one act.

use bytes::{Buf, BufMut, Bytes, BytesMut};
use media::{MediaTime, RungId};

use crate::{DateRange, Detail, Fence, Msn, PartIndex, Position, RangeClass, RunId};

/// One part of every rung of a run: the only thing a shelf is ever fed. Self-contained, so that it may
/// come from another process.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct GridStep {
    /// Which run it belongs to.
    pub run: RunId,
    /// Which holder of the run's lease made it.
    pub fence: Fence,
    /// Where it lies.
    pub position: Position,
    /// Whether the encoders were started anew before it: `EXT-X-DISCONTINUITY` stands on its slot.
    pub discontinuity: bool,
    /// Date ranges that have begun, or are over, since the step before.
    pub ranges: Vec<DateRange>,
    /// The bytes, in the order of [`RungId::ALL`].
    pub rungs: Vec<RungPart>,
}

/// One rung's share of a step.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct RungPart {
    /// Which rung.
    pub rung: RungId,
    /// A `moof` and its `mdat`, behind the `emsg` boxes of the part.
    pub bytes: Bytes,
}

/// Bytes that are no grid step.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StepError {
    /// They are of another version of this program, or no step at all.
    #[error("not a grid step of format {VERSION}")]
    Format,
    /// They end too early, or say lengths that they do not have.
    #[error("the grid step is cut short")]
    Truncated,
}

const VERSION: u8 = 2;

impl GridStep {
    /// The step as bytes for another process; lengths are big-endian and precede what they measure.
    pub fn encode(&self) -> Bytes {
        let media: usize = self.rungs.iter().map(|rung| rung.bytes.len() + 5).sum();
        let mut out = BytesMut::with_capacity(media + 64);
        out.put_u8(VERSION);
        out.put_u8(self.run.as_str().len() as u8);
        out.put_slice(self.run.as_str().as_bytes());
        out.put_u64(self.fence);
        out.put_u64(self.position.msn.0);
        out.put_u16(self.position.part.0);
        out.put_u8(u8::from(self.discontinuity));
        out.put_u8(self.ranges.len() as u8);
        for range in &self.ranges {
            put_range(&mut out, range);
        }
        out.put_u8(self.rungs.len() as u8);
        for RungPart { rung, bytes } in &self.rungs {
            out.put_u8(*rung as u8);
            out.put_u32(bytes.len() as u32);
            out.put_slice(bytes);
        }
        out.freeze()
    }

    /// The step that [`encode`](Self::encode) wrote; shares `bytes`.
    pub fn parse(mut bytes: Bytes) -> Result<Self, StepError> {
        let short = |_| StepError::Truncated;
        if bytes.try_get_u8().map_err(short)? != VERSION {
            return Err(StepError::Format);
        }
        let length = bytes.try_get_u8().map_err(short)?;
        let name = take(&mut bytes, usize::from(length))?;
        let run = std::str::from_utf8(&name).ok().and_then(RunId::parse).ok_or(StepError::Format)?;
        let fence = bytes.try_get_u64().map_err(short)?;
        let msn = Msn(bytes.try_get_u64().map_err(short)?);
        let part = PartIndex(bytes.try_get_u16().map_err(short)?);
        let discontinuity = bytes.try_get_u8().map_err(short)? != 0;
        let count = bytes.try_get_u8().map_err(short)?;
        let ranges = (0..count).map(|_| take_range(&mut bytes)).collect::<Result<_, _>>()?;
        let count = bytes.try_get_u8().map_err(short)?;
        let mut rungs = Vec::new();
        for _ in 0..count {
            let which = usize::from(bytes.try_get_u8().map_err(short)?);
            let rung = *RungId::ALL.get(which).ok_or(StepError::Format)?;
            let length = bytes.try_get_u32().map_err(short)? as usize;
            rungs.push(RungPart { rung, bytes: take(&mut bytes, length)? });
        }
        Ok(Self { run, fence, position: Position { msn, part }, discontinuity, ranges, rungs })
    }

    /// Its share of `rung`.
    pub fn rung(&self, rung: RungId) -> Option<&Bytes> {
        self.rungs.iter().find(|part| part.rung == rung).map(|part| &part.bytes)
    }
}

fn put_range(out: &mut BytesMut, range: &DateRange) {
    out.put_u8(range.class() as u8);
    put_text(out, range.key());
    out.put_u64(range.start().ticks());
    // The timeline begins above zero, so no range ends there.
    out.put_u64(range.end().map_or(0, MediaTime::ticks));
    out.put_u8(range.details().len() as u8);
    for (detail, text) in range.details() {
        out.put_u8(*detail as u8);
        put_text(out, text);
    }
}

fn take_range(bytes: &mut Bytes) -> Result<DateRange, StepError> {
    let short = |_| StepError::Truncated;
    let class = usize::from(bytes.try_get_u8().map_err(short)?);
    let class = *RangeClass::ALL.get(class).ok_or(StepError::Format)?;
    let key = take_text(bytes)?;
    let start = MediaTime::from_ticks(bytes.try_get_u64().map_err(short)?);
    let end = bytes.try_get_u64().map_err(short)?;
    let count = bytes.try_get_u8().map_err(short)?;
    let mut details = Vec::new();
    for _ in 0..count {
        let which = usize::from(bytes.try_get_u8().map_err(short)?);
        details.push((*Detail::ALL.get(which).ok_or(StepError::Format)?, take_text(bytes)?));
    }
    let range = DateRange::open(class, &key, start, &details);
    Ok(if end == 0 { range } else { range.closed(MediaTime::from_ticks(end)) })
}

/// Texts of ranges are shorter than 64 KiB.
fn put_text(out: &mut BytesMut, text: &str) {
    out.put_u16(text.len() as u16);
    out.put_slice(text.as_bytes());
}

fn take_text(bytes: &mut Bytes) -> Result<String, StepError> {
    let length = usize::from(bytes.try_get_u16().map_err(|_| StepError::Truncated)?);
    String::from_utf8(take(bytes, length)?.into()).map_err(|_| StepError::Format)
}

fn take(bytes: &mut Bytes, length: usize) -> Result<Bytes, StepError> {
    if bytes.len() < length { Err(StepError::Truncated) } else { Ok(bytes.split_to(length)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step() -> GridStep {
        GridStep {
            run: RunId::parse("abc").unwrap(),
            fence: 3,
            position: Position { msn: Msn(9), part: PartIndex(2) },
            discontinuity: true,
            ranges: vec![
                DateRange::open(
                    RangeClass::Pin,
                    "m1",
                    MediaTime::from_ticks(1_500_000),
                    &[(Detail::Text, "Grüße".into()), (Detail::Name, "Ann".into())],
                ),
                DateRange::open(RangeClass::Speaker, "u1", MediaTime::from_ticks(1_400_000), &[])
                    .closed(MediaTime::from_ticks(1_600_000)),
            ],
            rungs: RungId::ALL
                .map(|rung| RungPart { rung, bytes: Bytes::from(rung.name().as_bytes().to_vec()) })
                .into(),
        }
    }

    #[test]
    fn a_step_crosses_to_another_process_unchanged() {
        assert_eq!(GridStep::parse(step().encode()).unwrap(), step());
    }

    #[test]
    fn a_step_that_is_cut_is_refused() {
        let whole = step().encode();
        for cut in 0..whole.len() {
            assert!(GridStep::parse(whole.slice(..cut)).is_err(), "{cut}");
        }
    }
}
