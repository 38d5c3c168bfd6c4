//! Media Initialization Sections (`EXT-X-MAP`): a CMAF header per rung.

use bytes::Bytes;
use media::{Codec, Rung, Timescale};
use mp4_atom::{
    Audio, Dinf, Dops, Dref, DrefEntry, Encode, Esds, FixedPoint, FourCC, Ftyp, Hdlr, Mdhd, Mdia, Minf, Moov,
    Mp4a, Mvex, Mvhd, Opus, Smhd, Stbl, Stsd, Tkhd, Trak, Trex, Url,
    esds::{DecoderConfig, DecoderSpecific, EsDescriptor, SLConfig},
};

use crate::fragment::TRACK_ID;

/// `sample_depends_on = 2` and not `sample_is_non_sync_sample`: every audio frame is a sync sample.
const SYNC_SAMPLE: u32 = 0x0200_0000;

/// The `ftyp` and `moov` that a player needs before any part of its rung. The same bytes for every run
/// with the same rung and configuration.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct InitSection(Bytes);

impl InitSection {
    /// `config` is the `AudioSpecificConfig` of an AAC rung, and unused for Opus.
    pub fn new(rung: &Rung, config: &[u8]) -> Self {
        let ftyp = Ftyp {
            major_brand: FourCC::new(b"iso6"),
            minor_version: 0,
            // `aid3`: its parts may carry ID3 tags (AOM, Carriage of ID3 Timed Metadata in CMAF, 2.3).
            compatible_brands: [b"iso6", b"cmfc", b"mp41", b"aid3"].map(FourCC::new).into(),
        };
        let mut out = Vec::with_capacity(1_024);
        ftyp.encode(&mut out).expect("an ftyp always encodes");
        moov(*rung, config).encode(&mut out).expect("a moov of our own fields always encodes");
        Self(out.into())
    }

    /// A section that was stored.
    pub const fn from_bytes(bytes: Bytes) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn bytes(&self) -> &Bytes {
        &self.0
    }
}

fn moov(rung: Rung, config: &[u8]) -> Moov {
    Moov {
        mvhd: Mvhd {
            timescale: Timescale::PROGRAMME.hz(),
            rate: FixedPoint::new(1, 0),
            volume: FixedPoint::new(1, 0),
            next_track_id: TRACK_ID + 1,
            ..Mvhd::default()
        },
        mvex: Some(Mvex {
            mehd: None,
            trex: vec![Trex {
                track_id: TRACK_ID,
                default_sample_description_index: 1,
                default_sample_duration: rung.unit_frames() as u32,
                default_sample_size: 0,
                default_sample_flags: SYNC_SAMPLE,
            }],
        }),
        trak: vec![Trak {
            tkhd: Tkhd {
                track_id: TRACK_ID,
                enabled: true,
                in_movie: true,
                volume: FixedPoint::new(1, 0),
                ..Tkhd::default()
            },
            mdia: Mdia {
                mdhd: Mdhd {
                    timescale: Timescale::PROGRAMME.hz(),
                    language: "und".into(),
                    ..Mdhd::default()
                },
                hdlr: Hdlr { handler: FourCC::new(b"soun"), name: "OnAir".into() },
                minf: Minf {
                    smhd: Some(Smhd::default()),
                    dinf: Dinf { dref: Dref { entries: vec![DrefEntry::Url(Url::default())] } },
                    stbl: Stbl { stsd: Stsd { codecs: vec![sample_entry(rung, config)] }, ..Stbl::default() },
                    ..Minf::default()
                },
            },
            ..Trak::default()
        }],
        ..Moov::default()
    }
}

fn sample_entry(rung: Rung, config: &[u8]) -> mp4_atom::Codec {
    let audio = Audio {
        data_reference_index: 1,
        channel_count: rung.channels.count() as u16,
        sample_size: 16,
        sample_rate: FixedPoint::new(48_000, 0),
    };
    match rung.codec {
        Codec::Opus => mp4_atom::Codec::Opus(Opus {
            audio,
            dops: Dops {
                output_channel_count: rung.channels.count() as u8,
                // Access unit n is programme samples [n · 960, (n + 1) · 960): the encoder's delay is
                // already taken off, so a player has nothing to skip.
                pre_skip: 0,
                input_sample_rate: 48_000,
                output_gain: 0,
                channel_mapping: None,
            },
            btrt: None,
        }),
        _ => mp4_atom::Codec::Mp4a(Mp4a {
            audio,
            esds: Esds {
                es_desc: EsDescriptor {
                    es_id: TRACK_ID as u16,
                    dec_config: DecoderConfig {
                        object_type_indication: 0x40,
                        stream_type: 5,
                        max_bitrate: rung.bit_rate,
                        avg_bitrate: rung.bit_rate,
                        dec_specific: Some(DecoderSpecific {
                            raw: config.to_vec(),
                            ..DecoderSpecific::default()
                        }),
                        ..DecoderConfig::default()
                    },
                    sl_config: SLConfig::default(),
                    ..EsDescriptor::default()
                },
            },
            btrt: None,
            taic: None,
        }),
    }
}

#[cfg(test)]
mod tests {
    use media::AudioProfile;
    use mp4_atom::{Decode, DecodeMaybe};

    use super::*;

    fn decoded(rung: &Rung) -> Moov {
        let init = InitSection::new(rung, &[0x11, 0x90]);
        let mut bytes = init.bytes().as_ref();
        Ftyp::decode_maybe(&mut bytes).unwrap().unwrap();
        Moov::decode(&mut bytes).unwrap()
    }

    #[test]
    fn an_aac_section_carries_the_encoders_configuration() {
        let moov = decoded(&AudioProfile::Standard.rungs()[0]);
        let mp4_atom::Codec::Mp4a(entry) = &moov.trak[0].mdia.minf.stbl.stsd.codecs[0] else {
            panic!("not mp4a")
        };
        assert_eq!(entry.esds.es_desc.dec_config.dec_specific.as_ref().unwrap().raw, [0x11, 0x90]);
        assert_eq!(moov.mvex.unwrap().trex[0].default_sample_duration, 1_024);
    }

    #[test]
    fn an_opus_section_skips_nothing() {
        let moov = decoded(&AudioProfile::Standard.rungs()[2]);
        let mp4_atom::Codec::Opus(entry) = &moov.trak[0].mdia.minf.stbl.stsd.codecs[0] else {
            panic!("not Opus")
        };
        assert_eq!((entry.dops.pre_skip, entry.dops.output_channel_count), (0, 2));
        assert_eq!(moov.mvex.unwrap().trex[0].default_sample_duration, 960);
        assert!(moov.trak[0].edts.is_none(), "live media has no edit list");
    }
}
