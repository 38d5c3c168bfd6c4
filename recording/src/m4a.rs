//! The beginning of an M4A file: everything that comes before the sound.

use bytes::{BufMut, Bytes};
use mp4_atom::{
    Chpl, ChplEntry, Codec, Dinf, Dref, DrefEntry, Edts, Elst, ElstEntry, Encode, FixedPoint, FourCC, Ftyp,
    Hdlr, Mdhd, Mvhd, Smhd, Stco, Stsc, StscEntry, Stsd, Stsz, StszSamples, Stts, SttsEntry, Tkhd,
    TrackReferenceTypeBox, Tref, Url,
};

use media::Timescale;

use crate::chapters::Entry;
use crate::{PlanError, Tags, Units};

const SOUND: u32 = 1;
const CHAPTERS: u32 = 2;

/// Access units of a chunk: about a second, so that a player finds a place without reading far.
const CHUNK_UNITS: usize = 48;

/// An `mdat` header, its size in 32 bits.
const MDAT_HEADER: u64 = 8;

/// What follows a chapter's title: `encd`, which says that it is UTF-8.
const UTF_8: [u8; 12] = *b"\0\0\0\x0cencd\0\0\x01\0";

/// `ftyp`, `moov`, and of the `mdat` its header and the chapters' titles. The access units of `units` come next, one after
/// the other.
///
/// `entry` is the sample entry of the rung's init section.
pub(crate) fn head(
    units: &Units,
    entry: Codec,
    tags: &Tags,
    chapters: &[Entry<'_>],
) -> Result<Bytes, PlanError> {
    let titles: Vec<Bytes> = chapters.iter().map(|chapter| title_sample(chapter.title)).collect();
    let titles_size: u64 = titles.iter().map(|title| title.len() as u64).sum();
    let sound_size: u64 = units.sizes().iter().map(|&size| u64::from(size)).sum();
    let file = File { units, entry, tags, chapters, titles: &titles };

    let mut out = Vec::with_capacity(4 * units.sizes().len() + 16 * 1024);
    // Where the sound begins changes no size, so the first pass tells it to the second.
    file.write(&mut out, 0);
    let payload = out.len() as u64 + MDAT_HEADER;
    if payload + titles_size + sound_size > u64::from(u32::MAX) {
        return Err(PlanError::TooLarge);
    }
    out.clear();
    file.write(&mut out, payload as u32);
    out.put_u32((MDAT_HEADER + titles_size + sound_size) as u32);
    out.put_slice(b"mdat");
    for title in &titles {
        out.put_slice(title);
    }
    Ok(out.into())
}

/// A sample of the chapter track (QuickTime File Format, Text Media): a title.
fn title_sample(title: &str) -> Bytes {
    let mut sample = Vec::with_capacity(2 + title.len() + UTF_8.len());
    sample.put_u16(title.len() as u16);
    sample.put_slice(title.as_bytes());
    sample.put_slice(&UTF_8);
    sample.into()
}

struct File<'a> {
    units: &'a Units,
    entry: Codec,
    tags: &'a Tags,
    chapters: &'a [Entry<'a>],
    titles: &'a [Bytes],
}

impl File<'_> {
    /// `ftyp` and `moov`; `payload` is where the content of the `mdat` begins.
    fn write(&self, out: &mut Vec<u8>, payload: u32) {
        put(
            out,
            &Ftyp {
                major_brand: FourCC::new(b"M4A "),
                minor_version: 0,
                compatible_brands: [b"M4A ", b"mp42", b"isom"].map(FourCC::new).into(),
            },
        );
        boxed(out, *b"moov", |out| {
            put(
                out,
                &Mvhd {
                    timescale: Timescale::PROGRAMME.hz(),
                    duration: self.units.frames(),
                    rate: FixedPoint::new(1, 0),
                    volume: FixedPoint::new(1, 0),
                    next_track_id: CHAPTERS + 1,
                    ..Mvhd::default()
                },
            );
            self.sound(out, payload);
            if !self.chapters.is_empty() {
                self.chapter_track(out, payload);
            }
            boxed(out, *b"udta", |out| self.user_data(out));
        });
    }

    fn sound(&self, out: &mut Vec<u8>, payload: u32) {
        let units = self.units;
        let heard = units.frames();
        let titles: usize = self.titles.iter().map(Bytes::len).sum();
        boxed(out, *b"trak", |out| {
            put(
                out,
                &Tkhd {
                    track_id: SOUND,
                    duration: heard,
                    enabled: true,
                    in_movie: true,
                    volume: FixedPoint::new(1, 0),
                    ..Tkhd::default()
                },
            );
            // From the first sample that is to be heard, to the last.
            put(
                out,
                &Edts {
                    elst: Some(Elst {
                        entries: vec![ElstEntry {
                            segment_duration: heard,
                            media_time: Some(units.lead()),
                            media_rate: FixedPoint::new(1, 0),
                        }],
                    }),
                },
            );
            if !self.chapters.is_empty() {
                put(
                    out,
                    &Tref {
                        track_reference_type_boxes: vec![TrackReferenceTypeBox {
                            reference_type: FourCC::new(b"chap"),
                            track_ids: vec![CHAPTERS],
                        }],
                    },
                );
            }
            boxed(out, *b"mdia", |out| {
                media_header(out, units.lead() + heard, *b"soun");
                boxed(out, *b"minf", |out| {
                    put(out, &Smhd::default());
                    data_here(out);
                    boxed(out, *b"stbl", |out| {
                        put(out, &Stsd { codecs: vec![self.entry.clone()] });
                        put(out, &Stts { entries: sound_durations(units) });
                        let sizes = units.sizes();
                        put(out, &chunk_lengths(sizes.len()));
                        put(
                            out,
                            &Stsz {
                                samples: StszSamples::Different {
                                    sizes: sizes.iter().map(|&size| size.into()).collect(),
                                },
                            },
                        );
                        let mut at = payload + titles as u32;
                        let chunks = sizes.chunks(CHUNK_UNITS).map(|chunk| {
                            let begin = at;
                            // What would not fit is refused before this is written for good.
                            at = chunk.iter().fold(at, |at, &size| at.wrapping_add(size.into()));
                            begin
                        });
                        put(out, &Stco { entries: chunks.collect() });
                        pre_roll(out, sizes.len());
                    });
                });
            });
        });
    }

    /// The titles as a text track that is not shown by itself (QuickTime File Format, Chapter Lists).
    fn chapter_track(&self, out: &mut Vec<u8>, payload: u32) {
        let heard = self.units.frames();
        boxed(out, *b"trak", |out| {
            put(out, &Tkhd { track_id: CHAPTERS, duration: heard, in_movie: true, ..Tkhd::default() });
            boxed(out, *b"mdia", |out| {
                media_header(out, heard, *b"text");
                boxed(out, *b"minf", |out| {
                    text_media(out);
                    data_here(out);
                    boxed(out, *b"stbl", |out| {
                        boxed(out, *b"stsd", |out| {
                            out.put_u32(0);
                            out.put_u32(1);
                            text_entry(out);
                        });
                        let starts = self.chapters.iter().map(|chapter| chapter.start.ticks());
                        let ends = starts.clone().skip(1).chain([heard]);
                        let durations = starts.zip(ends).map(|(start, end)| SttsEntry {
                            sample_count: 1,
                            sample_delta: (end - start) as u32,
                        });
                        put(out, &Stts { entries: durations.collect() });
                        put(
                            out,
                            &Stsc {
                                entries: vec![StscEntry {
                                    first_chunk: 1,
                                    samples_per_chunk: self.titles.len() as u32,
                                    sample_description_index: 1,
                                }],
                            },
                        );
                        let sizes = self.titles.iter().map(|title| title.len() as u32).collect();
                        put(out, &Stsz { samples: StszSamples::Different { sizes } });
                        put(out, &Stco { entries: vec![payload] });
                    });
                });
            });
        });
    }

    fn user_data(&self, out: &mut Vec<u8>) {
        if !self.chapters.is_empty() {
            let entries = self.chapters.iter().map(|chapter| ChplEntry {
                // In 100 ns; 48,000 frames are 10,000,000 of them.
                start: chapter.start.ticks() * 625 / 3,
                title: chapter.title.to_owned(),
            });
            put(out, &Chpl { entries: entries.collect() });
        }
        boxed(out, *b"meta", |out| {
            out.put_u32(0);
            boxed(out, *b"hdlr", |out| {
                out.put_u64(0);
                out.put_slice(b"mdirappl");
                out.put_bytes(0, 9);
            });
            boxed(out, *b"ilst", |out| self.items(out));
        });
    }

    /// The tags under the names that iTunes gave them.
    fn items(&self, out: &mut Vec<u8>) {
        let tags = self.tags;
        for (name, text) in [
            (*b"\xa9nam", tags.title.as_str()),
            (*b"\xa9ART", &tags.artist),
            (*b"\xa9alb", &tags.album),
            (*b"\xa9day", &tags.date),
            (*b"\xa9cmt", &tags.comment),
            (*b"\xa9too", "OnAir"),
        ] {
            if !text.is_empty() {
                item(out, name, 1, Tags::written(text).as_bytes());
            }
        }
        if let Some((cover, kind)) = tags.cover.as_ref().and_then(|cover| Some((cover, cover.mp4_type()?))) {
            item(out, *b"covr", kind, cover.bytes());
        }
    }
}

/// A tag; `kind` 1 is text in UTF-8.
fn item(out: &mut Vec<u8>, name: [u8; 4], kind: u32, value: &[u8]) {
    boxed(out, name, |out| {
        boxed(out, *b"data", |out| {
            out.put_u32(kind);
            out.put_u32(0);
            out.put_slice(value);
        });
    });
}

fn media_header(out: &mut Vec<u8>, duration: u64, handler: [u8; 4]) {
    put(
        out,
        &Mdhd { timescale: Timescale::PROGRAMME.hz(), duration, language: "und".into(), ..Mdhd::default() },
    );
    put(out, &Hdlr { handler: FourCC::new(&handler), name: "OnAir".into() });
}

/// `dinf`: the media lies in this file.
fn data_here(out: &mut Vec<u8>) {
    put(out, &Dinf { dref: Dref { entries: vec![DrefEntry::Url(Url::default())] } });
}

/// Each unit as long as the codec has it, but the last, which ends where the span ends: some readers look at the edit
/// list's end, others at this.
fn sound_durations(units: &Units) -> Vec<SttsEntry> {
    let count = units.sizes().len() as u32;
    let unit = units.rung().unit_frames() as u32;
    let total = units.lead() + units.frames();
    let last = (total - u64::from(count - 1) * u64::from(unit)) as u32;
    let mut entries = vec![SttsEntry { sample_count: count - 1, sample_delta: unit }];
    entries.retain(|entry| entry.sample_count > 0);
    entries.push(SttsEntry { sample_count: 1, sample_delta: last });
    entries
}

fn chunk_lengths(units: usize) -> Stsc {
    let (whole, rest) = (units / CHUNK_UNITS, units % CHUNK_UNITS);
    let entry = |first: usize, length: usize| StscEntry {
        first_chunk: first as u32,
        samples_per_chunk: length as u32,
        sample_description_index: 1,
    };
    let mut entries = Vec::new();
    if whole > 0 {
        entries.push(entry(1, CHUNK_UNITS));
    }
    if rest > 0 {
        entries.push(entry(whole + 1, rest));
    }
    Stsc { entries }
}

/// `sgpd` and `sbgp`: who begins at a unit decodes the one before it first (ISO 14496-12 10.1).
fn pre_roll(out: &mut Vec<u8>, units: usize) {
    boxed(out, *b"sgpd", |out| {
        out.put_u32(1 << 24);
        out.put_slice(b"roll");
        out.put_u32(2);
        out.put_u32(1);
        out.put_i16(-1);
    });
    boxed(out, *b"sbgp", |out| {
        out.put_u32(0);
        out.put_slice(b"roll");
        out.put_u32(1);
        out.put_u32(units as u32);
        out.put_u32(1);
    });
}

const UNITY_MATRIX: [u32; 9] = [0x1_0000, 0, 0, 0, 0x1_0000, 0, 0, 0, 0x4000_0000];

/// `gmhd`: the header of media that is neither sound nor picture (QuickTime File Format).
fn text_media(out: &mut Vec<u8>) {
    boxed(out, *b"gmhd", |out| {
        boxed(out, *b"gmin", |out| {
            out.put_u32(0);
            // Copied as it is, on grey, in the middle.
            out.put_u16(0x40);
            for _ in 0..3 {
                out.put_u16(0x8000);
            }
            out.put_u32(0);
        });
        boxed(out, *b"text", |out| {
            for value in UNITY_MATRIX {
                out.put_u32(value);
            }
        });
    });
}

/// A text sample entry of nothing in particular: chapters are shown in a list.
fn text_entry(out: &mut Vec<u8>) {
    boxed(out, *b"text", |out| {
        out.put_bytes(0, 6);
        out.put_u16(1);
        // Display flags, justification, background, box.
        out.put_u32(1);
        out.put_bytes(0, 2 + 4 + 8);
        // Style: from the first to no character, in font 1.
        out.put_slice(&[0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
        boxed(out, *b"ftab", |out| {
            out.put_u16(1);
            out.put_u16(1);
            out.put_u8(0);
        });
    });
}

/// A box around what `content` writes.
fn boxed(out: &mut Vec<u8>, kind: [u8; 4], content: impl FnOnce(&mut Vec<u8>)) {
    let begin = out.len();
    out.put_u32(0);
    out.put_slice(&kind);
    content(out);
    let size = (out.len() - begin) as u32;
    out[begin..begin + 4].copy_from_slice(&size.to_be_bytes());
}

fn put(out: &mut Vec<u8>, atom: &impl Encode) {
    atom.encode(out).expect("a box of sizes, times and short texts always encodes");
}
