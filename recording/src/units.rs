//! The access units of one rung over a span, as they will lie in a file.

use std::io;

use bytes::Bytes;
use media::{Codec, MediaTime, Rung};
use packager::{Grid, Msn, fragment};
use transcode::{EncodeError, Encoder};

use crate::{Source, Span};

/// The largest access unit of a recording. AAC of two channels ends at 1,536 bytes and an Opus packet of 20 ms at 1,275;
/// 32 packets of this size fit into an Ogg page.
pub(crate) const UNIT_BYTES_MAX: usize = 1_536;

/// Access units of silence after which an encoder has forgotten that there was ever anything else.
const SETTLED: usize = 50;

/// Why a recording cannot be planned.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// Its files cannot be read, or are none of ours.
    #[error(transparent)]
    Read(#[from] io::Error),
    /// Silence for where it has no sound could not be made.
    #[error("silence cannot be encoded: {0}")]
    Silence(#[from] EncodeError),
    /// The container does not carry the rung's codec: M4A is AAC, Ogg is Opus.
    #[error("such a file does not carry {}", _0.name())]
    Codec(Codec),
    /// There is no sound in the span, and none was to be made up.
    #[error("there is no sound in it")]
    NoSound,
    /// The file would be 4 GiB or more; a shorter span is not.
    #[error("such a file would be too large")]
    TooLarge,
}

/// What becomes of stretches in which nothing was recorded: the process was away, or the disk had failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Gaps {
    /// They are silent, so that positions are time that has passed.
    Silent,
    /// They are left out, as a recording's playlists leave them out.
    LeftOut,
}

/// The access units of one rung that a span needs, by their sizes: two bytes each are kept, and what they contain is
/// read when it is asked for.
///
/// Before the span come the units that a decoder needs to have heard (the *pre-roll*), as far as there are any.
#[derive(Clone, Debug)]
pub struct Units {
    rung: Rung,
    lead: u64,
    heard: u64,
    sizes: Vec<u16>,
    stretches: Vec<Stretch>,
    /// One unit of silence, where any is missing.
    silence: Bytes,
}

/// The units of one slot.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Stretch {
    msn: Msn,
    /// Where its units begin among all sizes, and end.
    pub(crate) begin: usize,
    pub(crate) end: usize,
    /// Units of the slot that come before the first one.
    pub(crate) skip: usize,
    /// How many of its units the segment has; after them comes silence.
    present: usize,
}

impl Units {
    /// Reads the sizes of all units of `rung` that `span` needs: each of its segments once, and the end of what comes
    /// before.
    pub fn plan(source: &dyn Source, rung: &Rung, span: Span, gaps: Gaps) -> Result<Self, PlanError> {
        let unit = rung.unit_frames();
        let wanted = span.from().ticks() / unit;
        let first = wanted - preroll_that_exists(source, rung, wanted)?;
        let end = span.to().ticks().div_ceil(unit);
        let sizes = Vec::with_capacity((end - first) as usize);
        let mut units =
            Self { rung: *rung, lead: 0, heard: 0, sizes, stretches: Vec::new(), silence: Bytes::new() };
        let slot_units = slot_units(rung);
        let mut next = first;
        let (from, to) = (span.from().ticks(), span.to().ticks());
        while next < end {
            let msn = Msn(next / slot_units);
            let slot = msn.0 * slot_units;
            let skip = (next - slot) as usize;
            let until = (end - slot).min(slot_units) as usize;
            let mut sizes: Vec<u16> = read_units(source, rung, msn)?
                .iter()
                .map(|unit| unit.len() as u16)
                .take(until)
                .skip(skip)
                .collect();
            let present = sizes.len();
            if gaps == Gaps::Silent && skip + present < until {
                if units.silence.is_empty() {
                    units.silence = silence(rung)?;
                }
                sizes.resize(until - skip, units.silence.len() as u16);
            }
            if !sizes.is_empty() {
                let (begin, end) = (units.sizes.len(), units.sizes.len() + sizes.len());
                units.sizes.append(&mut sizes);
                units.stretches.push(Stretch { msn, begin, end, skip, present });
                // Most lie within the span; the first may begin before it, and the last end after.
                let (start, over) = (next * unit, (next + (end - begin) as u64) * unit);
                units.lead += over.min(from).saturating_sub(start);
                units.heard += over.min(to).saturating_sub(start.max(from));
            }
            next = slot + until as u64;
        }
        // Nothing but pre-roll is nothing to be heard.
        if units.heard > 0 { Ok(units) } else { Err(PlanError::NoSound) }
    }

    /// Whose units they are.
    pub const fn rung(&self) -> &Rung {
        &self.rung
    }

    /// How many frames come before those that are to be heard.
    pub const fn lead(&self) -> u64 {
        self.lead
    }

    /// How many frames are to be heard.
    pub const fn frames(&self) -> u64 {
        self.heard
    }

    /// Their sizes in bytes, in order.
    pub fn sizes(&self) -> &[u16] {
        &self.sizes
    }

    pub(crate) fn stretches(&self) -> &[Stretch] {
        &self.stretches
    }

    /// Reads the units of a stretch. What is no longer as it was planned is [`io::ErrorKind::InvalidData`].
    pub(crate) fn read(&self, source: &dyn Source, stretch: &Stretch) -> io::Result<Vec<Bytes>> {
        let mut units = Vec::with_capacity(stretch.end - stretch.begin);
        if stretch.present > 0 {
            let read = read_units(source, &self.rung, stretch.msn)?;
            units.extend(read.into_iter().skip(stretch.skip).take(stretch.present));
        }
        units.resize(
            if units.len() == stretch.present { stretch.end - stretch.begin } else { 0 },
            self.silence.clone(),
        );
        let sizes = &self.sizes[stretch.begin..stretch.end];
        if units.iter().map(Bytes::len).eq(sizes.iter().map(|&size| usize::from(size))) {
            Ok(units)
        } else {
            Err(invalid(format!("segment {} of {} has changed", stretch.msn, self.rung.id)))
        }
    }
}

/// Units of a slot of `rung`.
const fn slot_units(rung: &Rung) -> u64 {
    Grid::SLOT.ticks() / rung.unit_frames()
}

/// Units that a decoder has to hear before the one whose sound is to be right.
///
/// AAC overlaps two units. Opus predicts from what came before: 80 ms are the least (RFC 7845 4.6), after 400 ms what it
/// does not know is below the last of 16 bits.
const fn preroll(codec: Codec) -> u64 {
    match codec {
        Codec::Opus => 20,
        _ => 1,
    }
}

/// How many units without a hole stand before unit `wanted`, as far as a decoder needs them.
fn preroll_that_exists(source: &dyn Source, rung: &Rung, wanted: u64) -> io::Result<u64> {
    let slot_units = slot_units(rung);
    let most = preroll(rung.codec).min(wanted);
    let mut found = 0;
    while found < most {
        // The newest unit that is still looked for, and its place in its slot.
        let unit = wanted - found - 1;
        let place = unit % slot_units;
        let present = read_units(source, rung, Msn(unit / slot_units))?.len() as u64;
        if present <= place {
            break;
        }
        found += (place + 1).min(most - found);
    }
    Ok(found)
}

/// The units of segment `msn`, from the beginning of its slot; none where there is no such segment. What a crash cut short is
/// left out.
fn read_units(source: &dyn Source, rung: &Rung, msn: Msn) -> io::Result<Vec<Bytes>> {
    let segment = match source.segment(rung.id, msn) {
        Ok(segment) => segment,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let units: Vec<Bytes> = fragment::split_parts(&segment).iter().flat_map(fragment::units).collect();
    if units.len() as u64 > slot_units(rung) {
        return Err(invalid(format!("segment {msn} of {} has more units than a slot", rung.id)));
    }
    if let Some(unit) = units.iter().find(|unit| unit.is_empty() || unit.len() > UNIT_BYTES_MAX) {
        return Err(invalid(format!("segment {msn} of {} has a unit of {} bytes", rung.id, unit.len())));
    }
    Ok(units)
}

/// A unit of silence that can be repeated.
fn silence(rung: &Rung) -> Result<Bytes, EncodeError> {
    let mut encoder = Encoder::new(rung, MediaTime::default())?;
    let mut newest = Bytes::new();
    let mut made = 0;
    while made < SETTLED {
        encoder.push(&[[0.0_f32]; 1_024])?;
        while let Some(unit) = encoder.poll_output() {
            newest = unit.data;
            made += 1;
        }
    }
    Ok(newest)
}

fn invalid(why: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}
