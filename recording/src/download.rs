//! A file that can be read in any order without ever being whole.

use std::io;
use std::ops::Range;

use bytes::Bytes;
use media::{Codec, Rung};

use crate::m4a;
use crate::ogg_opus::Pages;
use crate::{Chapters, Gaps, PlanError, Source, Span, Tags, Units};

/// A file made of what was recorded: its beginning, which is kept, and the access units, which are read from their segments when
/// they are asked for. The same plan is made of the same run, span and tags, and so are the same bytes.
///
/// It keeps some 1 MB an hour.
#[derive(Clone, Debug)]
pub struct Download {
    head: Bytes,
    units: Units,
    /// Where each stretch of the units ends, in bytes from the beginning of the file.
    ends: Vec<u64>,
    body: Body,
}

/// How access units follow each other.
#[derive(Clone, Debug)]
enum Body {
    /// One after the other (`mdat`).
    Bare,
    /// In Ogg pages.
    Pages(Pages),
}

impl Download {
    /// An M4A file (ISO 14496-12, 14496-14) of an AAC `rung`: `moov` first, edit list to the sample, chapters as a QuickTime text
    /// track and as `chpl`, tags as iTunes has them. A cover in WebP is left out.
    ///
    /// Reads each segment of `span` once. `rung` must be one of the run's profile.
    pub fn m4a(
        source: &dyn Source,
        rung: &Rung,
        span: Span,
        gaps: Gaps,
        tags: &Tags,
        chapters: &Chapters,
    ) -> Result<Self, PlanError> {
        if rung.codec != Codec::AacLc {
            return Err(PlanError::Codec(rung.codec));
        }
        let entry = crate::track::sample_entry(&source.init(rung.id)?)?;
        let units = Units::plan(source, rung, span, gaps)?;
        let head = m4a::head(&units, entry, tags, &chapters.of_file(units.frames(), &tags.title))?;
        Ok(Self::new(head, units, Body::Bare))
    }

    /// An Ogg Opus file (RFC 7845) of an Opus `rung`: pre-skip and the last granule position to the sample, tags and chapters as
    /// comments.
    ///
    /// `serial` names its logical stream; anything that differs between files. Reads each segment of `span` once.
    pub fn ogg(
        source: &dyn Source,
        rung: &Rung,
        span: Span,
        gaps: Gaps,
        tags: &Tags,
        chapters: &Chapters,
        serial: u32,
    ) -> Result<Self, PlanError> {
        if rung.codec != Codec::Opus {
            return Err(PlanError::Codec(rung.codec));
        }
        let units = Units::plan(source, rung, span, gaps)?;
        let (head, pages) = Pages::open(&units, tags, &chapters.of_file(units.frames(), &tags.title), serial);
        Ok(Self::new(head, units, Body::Pages(pages)))
    }

    fn new(head: Bytes, units: Units, body: Body) -> Self {
        let mut at = head.len() as u64;
        let ends = units
            .stretches()
            .iter()
            .map(|stretch| {
                let sizes = &units.sizes()[stretch.begin..stretch.end];
                at += match &body {
                    Body::Bare => sizes.iter().map(|&size| u64::from(size)).sum(),
                    Body::Pages(_) => Pages::size(stretch, sizes),
                };
                at
            })
            .collect();
        Self { head, units, ends, body }
    }

    /// Its length in bytes.
    pub fn size(&self) -> u64 {
        self.ends.last().copied().unwrap_or(self.head.len() as u64)
    }

    /// What comes before the sound. It tells the sizes of all units, so two files with the same head are the same but for the
    /// sound itself.
    pub const fn head(&self) -> &Bytes {
        &self.head
    }

    /// The access units that it carries.
    pub const fn units(&self) -> &Units {
        &self.units
    }

    /// The beginning of `range` of its bytes, as much as one segment gives: to be asked again for what remains. Empty where
    /// nothing of the file lies in the range.
    ///
    /// Reads one segment, or none.
    pub fn read(&self, source: &dyn Source, range: Range<u64>) -> io::Result<Bytes> {
        let head = self.head.len() as u64;
        let until = range.end.min(self.size());
        if range.start >= until {
            return Ok(Bytes::new());
        }
        if range.start < head {
            return Ok(self.head.slice(range.start as usize..until.min(head) as usize));
        }
        let place = self.ends.partition_point(|&end| end <= range.start);
        let begin = place.checked_sub(1).map_or(head, |before| self.ends[before]);
        let stretch = &self.units.stretches()[place];
        let units = self.units.read(source, stretch)?;
        let bytes = match &self.body {
            Body::Bare => units.concat(),
            Body::Pages(pages) => pages.write(place, stretch, &units),
        };
        let until = until.min(self.ends[place]);
        Ok(Bytes::from(bytes).slice((range.start - begin) as usize..(until - begin) as usize))
    }
}
