//! Where a fragment of CMAF media lies in time: just enough of ISO/IEC 14496-12 to find gaps and overlaps.

/// Boxes inside one box. Ours have a dozen.
const BOXES_MAX: usize = 1024;

/// Time of the fragments in some bytes, in ticks of the track's timescale.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Span {
    /// `baseMediaDecodeTime` of the first fragment.
    pub start: u64,
    /// The end of the last sample.
    pub end: u64,
}

/// Why bytes cannot be placed in time.
#[derive(Clone, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum FragmentError {
    /// A box is longer than what holds it, or shorter than its header.
    #[error("a box with an impossible length")]
    Length,
    /// A box that must be there is not.
    #[error("no {0} box")]
    Missing(&'static str),
    /// Fragments of one part do not follow each other.
    #[error("a fragment begins at {got} where {expected} was due")]
    Apart {
        /// End of the fragment before.
        expected: u64,
        /// Its own start.
        got: u64,
    },
}

/// What an initialization section says of its one track.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Track {
    /// Ticks a second (`mdhd`); not 0.
    pub timescale: u32,
    /// Ticks of a sample that nothing else tells the duration of (`trex`).
    pub usual: u32,
}

impl Track {
    /// Reads `moov/trak/mdia/mdhd` and, where it is there, `moov/mvex/trex`.
    pub fn parse(init: &[u8]) -> Result<Self, FragmentError> {
        let moov = child(init, "moov")?;
        let mut header = Fields(child(child(child(moov, "trak")?, "mdia")?, "mdhd")?);
        let version = header.u32()? >> 24;
        header.skip(if version == 1 { 16 } else { 8 })?;
        let timescale = header.u32()?;
        if timescale == 0 {
            return Err(FragmentError::Missing("timescale"));
        }
        let usual = match child(moov, "mvex").and_then(|mvex| child(mvex, "trex")) {
            Ok(trex) => {
                let mut fields = Fields(trex);
                fields.skip(12)?;
                fields.u32()?
            }
            Err(FragmentError::Missing(_)) => 0,
            Err(error) => return Err(error),
        };
        Ok(Self { timescale, usual })
    }

    /// Where the fragments in `media` lie, which follow each other without a gap.
    pub fn span(&self, media: &[u8]) -> Result<Span, FragmentError> {
        let mut whole: Option<Span> = None;
        let mut sound_due = false;
        for_each_box(media, |kind, moof| {
            sound_due &= kind != *b"mdat";
            if kind != *b"moof" {
                return Ok(());
            }
            sound_due = true;
            let span = self.fragment(child(moof, "traf")?)?;
            match &mut whole {
                Some(Span { end, .. }) if *end != span.start => {
                    return Err(FragmentError::Apart { expected: *end, got: span.start });
                }
                Some(whole) => whole.end = span.end,
                None => whole = Some(span),
            }
            Ok(())
        })?;
        let whole = whole.ok_or(FragmentError::Missing("moof"))?;
        if sound_due { Err(FragmentError::Missing("mdat")) } else { Ok(whole) }
    }

    fn fragment(&self, traf: &[u8]) -> Result<Span, FragmentError> {
        let mut tfhd = Fields(child(traf, "tfhd")?);
        let flags = tfhd.u32()? & 0x00ff_ffff;
        tfhd.skip(4)?;
        // base-data-offset, sample-description-index
        tfhd.skip(if flags & 0x1 != 0 { 8 } else { 0 })?;
        tfhd.skip(if flags & 0x2 != 0 { 4 } else { 0 })?;
        let usual = if flags & 0x8 != 0 { tfhd.u32()? } else { self.usual };
        let mut tfdt = Fields(child(traf, "tfdt")?);
        let start = if tfdt.u32()? >> 24 == 1 { tfdt.u64()? } else { u64::from(tfdt.u32()?) };
        let mut end = start;
        let mut runs = 0;
        for_each_box(traf, |kind, trun| {
            if kind == *b"trun" {
                runs += 1;
                end = end.checked_add(duration(trun, usual)?).ok_or(FragmentError::Length)?;
            }
            Ok(())
        })?;
        if runs == 0 { Err(FragmentError::Missing("trun")) } else { Ok(Span { start, end }) }
    }
}

/// All samples of a run; `usual` is the duration of those that do not say their own.
fn duration(trun: &[u8], usual: u32) -> Result<u64, FragmentError> {
    let mut fields = Fields(trun);
    let flags = fields.u32()? & 0x00ff_ffff;
    let count = fields.u32()?;
    // data-offset, first-sample-flags
    fields.skip(if flags & 0x1 != 0 { 4 } else { 0 })?;
    fields.skip(if flags & 0x4 != 0 { 4 } else { 0 })?;
    if flags & 0x100 == 0 {
        return Ok(u64::from(count) * u64::from(usual));
    }
    let others = [0x200, 0x400, 0x800].iter().filter(|flag| flags & **flag != 0).count() * 4;
    let mut ticks = 0;
    for _ in 0..count {
        ticks += u64::from(fields.u32()?);
        fields.skip(others)?;
    }
    Ok(ticks)
}

fn for_each_box<'a>(
    mut bytes: &'a [u8],
    mut take: impl FnMut([u8; 4], &'a [u8]) -> Result<(), FragmentError>,
) -> Result<(), FragmentError> {
    for _ in 0..BOXES_MAX {
        if bytes.is_empty() {
            return Ok(());
        }
        let mut header = Fields(bytes);
        let (length, kind) = (header.u32()? as usize, header.u32()?.to_be_bytes());
        if length < 8 || length > bytes.len() {
            return Err(FragmentError::Length);
        }
        take(kind, &bytes[8..length])?;
        bytes = &bytes[length..];
    }
    Err(FragmentError::Length)
}

fn child<'a>(bytes: &'a [u8], wanted: &'static str) -> Result<&'a [u8], FragmentError> {
    let mut found = None;
    for_each_box(bytes, |kind, inner| {
        if kind == *wanted.as_bytes() && found.is_none() {
            found = Some(inner);
        }
        Ok(())
    })?;
    found.ok_or(FragmentError::Missing(wanted))
}

/// Big-endian fields, one after the other.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn skip(&mut self, count: usize) -> Result<(), FragmentError> {
        self.0 = self.0.get(count..).ok_or(FragmentError::Length)?;
        Ok(())
    }

    fn u32(&mut self) -> Result<u32, FragmentError> {
        let (field, rest) = self.0.split_first_chunk().ok_or(FragmentError::Length)?;
        self.0 = rest;
        Ok(u32::from_be_bytes(*field))
    }

    fn u64(&mut self) -> Result<u64, FragmentError> {
        Ok(u64::from(self.u32()?) << 32 | u64::from(self.u32()?))
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use proptest::prelude::*;

    pub(crate) const TRACK: Track = Track { timescale: 48_000, usual: 0 };

    fn a_box(kind: [u8; 4], inner: &[u8]) -> Vec<u8> {
        [&(inner.len() as u32 + 8).to_be_bytes()[..], &kind, inner].concat()
    }

    fn words(words: &[u32]) -> Vec<u8> {
        words.iter().flat_map(|word| word.to_be_bytes()).collect()
    }

    /// A fragment of `count` samples of 1024 ticks; 64-bit time.
    pub(crate) fn moof(start: u32, count: u32) -> Vec<u8> {
        let tfhd = a_box(*b"tfhd", &words(&[0x0002_0008, 1, 1024]));
        let tfdt = a_box(*b"tfdt", &words(&[0x0100_0000, 0, start]));
        let trun = a_box(*b"trun", &words(&[0x0000_0001, count, 0]));
        let traf = a_box(*b"traf", &[tfhd, tfdt, trun].concat());
        [a_box(*b"moof", &traf), a_box(*b"mdat", b"sound")].concat()
    }

    #[test]
    fn a_fragment_spans_its_samples() {
        assert_eq!(TRACK.span(&moof(4096, 30)), Ok(Span { start: 4096, end: 4096 + 30 * 1024 }));
    }

    #[test]
    fn a_segment_spans_all_its_parts() {
        let segment = [moof(0, 30), moof(30 * 1024, 30)].concat();
        assert_eq!(TRACK.span(&segment), Ok(Span { start: 0, end: 60 * 1024 }));
        let torn = [moof(0, 30), moof(31 * 1024, 30)].concat();
        assert_eq!(TRACK.span(&torn), Err(FragmentError::Apart { expected: 30 * 1024, got: 31 * 1024 }));
    }

    #[test]
    fn samples_may_say_their_own_duration() {
        let tfhd = a_box(*b"tfhd", &words(&[0x0002_0000, 1]));
        let tfdt = a_box(*b"tfdt", &words(&[0, 7]));
        let trun = a_box(*b"trun", &words(&[0x0000_0300, 2, 960, 11, 961, 12]));
        let traf = a_box(*b"traf", &[tfhd, tfdt, trun].concat());
        let part = [a_box(*b"moof", &traf), a_box(*b"mdat", b"")].concat();
        assert_eq!(TRACK.span(&part), Ok(Span { start: 7, end: 7 + 1921 }));
    }

    #[test]
    fn an_initialization_section_tells_ticks_and_the_usual_duration() {
        let mdhd = a_box(*b"mdhd", &words(&[0, 1, 2, 48_000, 0]));
        let trak = a_box(*b"trak", &a_box(*b"mdia", &mdhd));
        let trex = a_box(*b"mvex", &a_box(*b"trex", &words(&[0, 1, 1, 960, 0, 0])));
        assert_eq!(Track::parse(&a_box(*b"moov", &trak)), Ok(Track { timescale: 48_000, usual: 0 }));
        let track = Track::parse(&a_box(*b"moov", &[trak, trex].concat())).unwrap();
        assert_eq!(track, Track { timescale: 48_000, usual: 960 });
        let traf = [
            a_box(*b"tfhd", &words(&[0x0002_0000, 1])),
            a_box(*b"tfdt", &words(&[0, 0])),
            a_box(*b"trun", &words(&[0x0000_0205, 3, 8, 0, 11, 12, 13])),
        ];
        let part = [a_box(*b"moof", &a_box(*b"traf", &traf.concat())), a_box(*b"mdat", b"")].concat();
        assert_eq!(track.span(&part), Ok(Span { start: 0, end: 3 * 960 }));
        assert_eq!(Track::parse(b""), Err(FragmentError::Missing("moov")));
    }

    #[test]
    fn half_a_part_is_no_part() {
        let part = moof(0, 3);
        for end in 1..part.len() {
            let cut = TRACK.span(&part[..end]);
            assert!(cut.is_err(), "{end} of {} bytes gave {cut:?}", part.len());
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(noise in prop::collection::vec(any::<u8>(), 0..80), at in 0usize..120) {
            let mut bytes = moof(0, 3);
            let at = at.min(bytes.len());
            let end = (at + noise.len()).min(bytes.len());
            bytes.splice(at..end, noise);
            let _ = TRACK.span(&bytes);
            let _ = Track::parse(&bytes);
        }
    }
}
