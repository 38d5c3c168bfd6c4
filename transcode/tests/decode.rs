//! Sound as real encoders make it is found after decoding, and damage never ends a decoder.
#![allow(clippy::unwrap_used)]

mod material;

use bytes::Bytes;
use media::{Channels, Codec, Pcm, Timescale, TrackInfo};
use proptest::prelude::*;
use transcode::{DecodeError, Decoder};

use material::{Material, share_of_440_hz, tone, unit};

use Channels::{Mono, Stereo};

/// All of it decoded; every unit must be whole.
fn decode(material: &Material) -> Pcm {
    let mut decoder = Decoder::new(&material.track).unwrap();
    let mut all = Pcm::silence(0, material.track.channels, 0);
    for unit in &material.units {
        let pcm = decoder.decode(unit).unwrap();
        assert_eq!(pcm.channels, all.channels);
        all.rate = pcm.rate;
        all.samples.extend_from_slice(&pcm.samples);
    }
    all
}

/// The tone is in every channel of the middle second, at the rate that was coded.
fn assert_tone(material: &Material, rate: u32) {
    let mut pcm = decode(material);
    let (codec, channels) = (material.track.codec.name(), pcm.channels);
    assert_eq!(pcm.rate, rate, "{codec} {channels:?}");
    let seconds = pcm.frames() as f64 / f64::from(rate);
    assert!((1.49..1.9).contains(&seconds), "{codec} at {rate} Hz lasts {seconds} s");
    let second = rate as usize * channels.count();
    pcm.samples = pcm.samples[second / 4..second / 4 + second].to_vec();
    for channel in 0..channels.count() {
        let share = share_of_440_hz(&pcm, channel);
        assert!(share > 0.9, "{codec} at {rate} Hz, channel {channel} of {channels:?}: {share}");
    }
}

#[test]
fn aac_lc_is_heard_at_every_rate_in_mono_and_stereo() {
    for rate in
        [8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 64_000, 88_200, 96_000]
    {
        // Below, a build without HE-AAC refuses what may be it.
        if rate <= 24_000 && !cfg!(feature = "he-aac") {
            continue;
        }
        for channels in [Mono, Stereo] {
            assert_tone(&tone(Codec::AacLc, rate, channels, 2 * rate), rate);
        }
    }
}

#[test]
fn mp3_is_heard_at_every_rate_in_mono_and_stereo() {
    for (rate, bit_rate) in [
        (8_000, 32_000),
        (11_025, 32_000),
        (12_000, 32_000),
        (16_000, 64_000),
        (22_050, 64_000),
        (24_000, 64_000),
        (32_000, 128_000),
        (44_100, 128_000),
        (48_000, 128_000),
    ] {
        for channels in [Mono, Stereo] {
            assert_tone(&tone(Codec::Mp3, rate, channels, bit_rate), rate);
        }
    }
}

#[test]
fn opus_is_heard_whatever_its_mode() {
    for bit_rate in [12_000, 32_000, 96_000] {
        for channels in [Mono, Stereo] {
            assert_tone(&tone(Codec::Opus, 48_000, channels, bit_rate), 48_000);
        }
    }
}

#[test]
fn an_opus_track_without_a_head_is_heard_with_the_channels_announced() {
    let mut material = tone(Codec::Opus, 48_000, Mono, 32_000);
    material.track.config = Bytes::new();
    assert_tone(&material, 48_000);
    material.track.channels = Stereo;
    assert_tone(&material, 48_000);
}

#[test]
fn an_mp3_publisher_may_change_its_rate_and_channels_in_the_middle() {
    let first = tone(Codec::Mp3, 44_100, Stereo, 128_000);
    let then = tone(Codec::Mp3, 22_050, Mono, 64_000);
    let mut decoder = Decoder::new(&first.track).unwrap();
    for unit in &first.units {
        assert_eq!(decoder.decode(unit).unwrap().rate, 44_100);
    }
    for unit in &then.units {
        let pcm = decoder.decode(unit).unwrap();
        assert_eq!((pcm.rate, pcm.channels), (22_050, Mono));
    }
}

#[test]
fn damaged_units_never_end_a_decoder() {
    for material in [
        tone(Codec::AacLc, 48_000, Stereo, 96_000),
        tone(Codec::AacLc, 44_100, Mono, 64_000),
        tone(Codec::AacLc, 22_050, Stereo, 48_000),
        tone(Codec::Mp3, 44_100, Stereo, 128_000),
        tone(Codec::Mp3, 22_050, Mono, 64_000),
        tone(Codec::Opus, 48_000, Stereo, 96_000),
        tone(Codec::Opus, 48_000, Mono, 12_000),
    ] {
        if material.track.sample_rate <= 24_000
            && material.track.codec == Codec::AacLc
            && !cfg!(feature = "he-aac")
        {
            continue;
        }
        let mut decoder = Decoder::new(&material.track).unwrap();
        let mut dice = Dice(0x5eed);
        let mut refused = 0;
        for round in 0..40 {
            for whole in &material.units {
                match decoder.decode(&unit(damaged(&whole.data, &mut dice))) {
                    Ok(pcm) => assert!(pcm.samples.iter().all(|sample| sample.abs() <= 8.0)),
                    Err(DecodeError::Corrupt { .. }) => {
                        refused += 1;
                        let concealed = decoder.conceal();
                        assert!(concealed.samples.iter().all(|sample| sample.abs() <= 8.0));
                    }
                    Err(error) => panic!("{error} in round {round}"),
                }
            }
        }
        assert!(refused > 0, "{} took all damage for sound", material.track.codec.name());
        // The same decoder still makes the tone of whole units.
        let mut all = Pcm::silence(0, material.track.channels, 0);
        for whole in &material.units {
            let pcm = decoder.decode(whole);
            // What a damaged unit left behind may spoil the first of the whole ones.
            let Ok(pcm) = pcm else { continue };
            all.rate = pcm.rate;
            all.channels = pcm.channels;
            all.samples.extend_from_slice(&pcm.samples);
        }
        let second = all.rate as usize * all.channels.count();
        all.samples = all.samples[second / 4..second / 4 + second].to_vec();
        let share = share_of_440_hz(&all, 0);
        assert!(share > 0.9, "{:?} afterwards: {share}", material.track);
    }
}

#[test]
fn a_unit_that_is_empty_or_enormous_is_refused() {
    for codec in [Codec::AacLc, Codec::Mp3, Codec::Opus] {
        let material = tone(codec, 48_000, Stereo, 96_000);
        let mut decoder = Decoder::new(&material.track).unwrap();
        for size in [0, 16 * 1024 + 1, 1 << 20] {
            let error = decoder.decode(&unit(vec![0xff; size].into())).unwrap_err();
            assert!(matches!(error, DecodeError::Corrupt { .. }), "{error}");
        }
    }
}

#[test]
fn a_concealed_opus_packet_goes_on_with_the_tone() {
    let material = tone(Codec::Opus, 48_000, Mono, 64_000);
    let mut decoder = Decoder::new(&material.track).unwrap();
    for unit in &material.units[..30] {
        decoder.decode(unit).unwrap();
    }
    let concealed = decoder.conceal();
    assert_eq!(concealed.frames(), 960);
    assert!(share_of_440_hz(concealed, 0) > 0.9);
}

#[test]
fn a_concealed_aac_or_mp3_unit_starts_where_the_sound_was_and_ends_in_silence() {
    for codec in [Codec::AacLc, Codec::Mp3] {
        let material = tone(codec, 48_000, Stereo, 128_000);
        let mut decoder = Decoder::new(&material.track).unwrap();
        assert_eq!(decoder.conceal().frames(), 0, "before anything was heard");
        let mut last = [0.0; 2];
        for unit in &material.units[..20] {
            last = *decoder.decode(unit).unwrap().samples.last_chunk().unwrap();
        }
        let samples = &decoder.conceal().samples;
        for channel in 0..2 {
            assert!((samples[channel] - last[channel]).abs() < 0.01, "{}", codec.name());
        }
        assert_eq!(samples.last_chunk(), Some(&[0.0, 0.0]));
    }
}

#[test]
fn a_track_that_cannot_be_decoded_says_why() {
    let track = |codec, config: &'static [u8]| TrackInfo {
        codec,
        timescale: Timescale::MILLIS,
        sample_rate: 48_000,
        channels: Stereo,
        config: Bytes::from_static(config),
    };
    for (track, why) in [
        (track(Codec::AacLc, &[]), "AudioSpecificConfig is cut short"),
        (track(Codec::AacLc, &[0x11, 0xb0]), "channel configuration 6"),
        (track(Codec::HeAac, &[0x09, 0x90]), "object type 1"),
        (track(Codec::Opus, b"OpusHead\x01\x06\0\0\x80\xbb\0\0\0\0\0"), "more than two channels"),
        (track(Codec::Opus, b"OpusHead"), "OpusHead is cut short"),
    ] {
        let error = Decoder::new(&track).err().expect(why);
        assert!(matches!(error, DecodeError::Unsupported { .. }));
        assert!(error.to_string().contains(why), "{error}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_publisher_announces_and_sends_nothing_panics(
        codec in prop::sample::select(vec![Codec::AacLc, Codec::HeAac, Codec::Opus, Codec::Mp3]),
        stereo: bool,
        head in prop::sample::select(vec![&b""[..], b"OpusHead\x01", b"\x11\x90", b"\x13\x10", b"\x2b\x11\x88"]),
        tail in prop::collection::vec(any::<u8>(), 0..24),
        units in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..400), 0..4),
    ) {
        let channels = if stereo { Stereo } else { Mono };
        let config = [head, &tail].concat().into();
        let track = TrackInfo { codec, timescale: Timescale::MILLIS, sample_rate: 48_000, channels, config };
        if let Ok(mut decoder) = Decoder::new(&track) {
            for data in units {
                let sound = match decoder.decode(&unit(data.into())) {
                    Ok(pcm) => pcm,
                    Err(_) => decoder.conceal(),
                };
                prop_assert!(sound.samples.iter().all(|sample| sample.abs() <= 8.0));
            }
        }
    }
}

/// A unit with some bits turned, bytes overwritten, an end cut off or garbage put behind.
fn damaged(unit: &[u8], dice: &mut Dice) -> Bytes {
    let mut bytes = unit.to_vec();
    match dice.roll(5) {
        0 => {
            for _ in 0..=dice.roll(8) {
                let at = dice.roll(bytes.len());
                bytes[at] ^= 1 << dice.roll(8);
            }
        }
        1 => bytes.truncate(1 + dice.roll(bytes.len())),
        2 => {
            for _ in 0..dice.roll(200) {
                bytes.push(dice.roll(256) as u8);
            }
        }
        3 => {
            let from = dice.roll(bytes.len());
            for byte in &mut bytes[from..] {
                *byte = dice.roll(256) as u8;
            }
        }
        _ => bytes = (0..=dice.roll(700)).map(|_| dice.roll(256) as u8).collect(),
    }
    bytes.into()
}

/// The same throws in every run.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % sides
    }
}
