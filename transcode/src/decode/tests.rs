//! HE-AAC, made by the encoder's side of the same library.
#![cfg(feature = "he-aac")]

use bytes::Bytes;
use media::{MediaDuration, MediaTime, Timescale};

use super::*;
use crate::fdk::{AacEncoder, AacSettings, ObjectType};

/// Two seconds of two tones, 440 Hz and 15 kHz: the upper one lies where only band replication reaches.
fn he_aac(object_type: ObjectType, channels: Channels) -> (TrackInfo, Vec<AccessUnit>) {
    let mut encoder =
        AacEncoder::new(AacSettings { object_type, rate: 48_000, channels, bit_rate: 48_000 }).unwrap();
    let frames = encoder.frame_length();
    assert_eq!(frames, 2_048);
    let units = (0..48)
        .map(|unit| {
            let samples: Vec<i16> = (unit * frames..(unit + 1) * frames)
                .flat_map(|frame| {
                    let turns = frame as f64 / 48_000.0 * std::f64::consts::TAU;
                    let sound = 8_000.0 * (440.0 * turns).sin() + 4_000.0 * (15_000.0 * turns).sin();
                    vec![sound as i16; channels.count()]
                })
                .collect();
            let data = Bytes::copy_from_slice(encoder.encode(&samples).unwrap());
            AccessUnit { time: MediaTime::default(), duration: MediaDuration::default(), data }
        })
        .collect();
    let track = TrackInfo {
        codec: Codec::HeAac,
        timescale: Timescale::MILLIS,
        sample_rate: 24_000,
        channels,
        config: Bytes::copy_from_slice(encoder.config()),
    };
    (track, units)
}

/// The amplitude of a sine of `hz` in the left channel.
fn amplitude(pcm: &Pcm, hz: f64) -> f64 {
    let (mut cosine, mut sine) = (0.0, 0.0);
    for (i, frame) in pcm.samples.chunks(pcm.channels.count()).enumerate() {
        let phase = i as f64 * hz / f64::from(pcm.rate) * std::f64::consts::TAU;
        cosine += f64::from(frame[0]) * phase.cos();
        sine += f64::from(frame[0]) * phase.sin();
    }
    2.0 * cosine.hypot(sine) / pcm.frames() as f64
}

/// The power above 12 kHz is hard to find as one sine: replication keeps levels, not phases.
fn power_above_the_core(pcm: &Pcm) -> f64 {
    (0..60).map(|step| amplitude(pcm, 13_500.0 + 50.0 * f64::from(step)).powi(2)).sum()
}

fn decode(track: &TrackInfo, units: &[AccessUnit]) -> Pcm {
    let mut decoder = Decoder::new(track).unwrap();
    let mut all = Pcm::silence(0, track.channels, 0);
    for unit in units {
        let pcm = decoder.decode(unit).unwrap();
        // An unannounced replication may show from the second unit on.
        if (pcm.rate, pcm.channels) != (all.rate, all.channels) {
            all = Pcm::silence(pcm.rate, pcm.channels, 0);
        }
        all.samples.extend_from_slice(&pcm.samples);
    }
    all.samples.drain(..8 * 2_048 * all.channels.count());
    all
}

#[test]
fn he_aac_is_heard_with_its_upper_half() {
    for channels in [Channels::Mono, Channels::Stereo] {
        let (track, units) = he_aac(ObjectType::Sbr, channels);
        let pcm = decode(&track, &units);
        // Mono comes in two equal channels.
        assert_eq!((pcm.rate, pcm.channels), (48_000, Channels::Stereo));
        assert!((amplitude(&pcm, 440.0) - 0.244).abs() < 0.03, "{}", amplitude(&pcm, 440.0));
        assert!(power_above_the_core(&pcm) > 1e-4, "{:e}", power_above_the_core(&pcm));
    }
}

#[test]
fn he_aac_that_its_publisher_calls_lc_is_heard_whole_too() {
    let (mut track, units) = he_aac(ObjectType::Sbr, Channels::Stereo);
    track.codec = Codec::AacLc;
    // LC at 24 kHz in stereo, and not a word about band replication.
    track.config = Bytes::from_static(&[0x13, 0x10]);
    let pcm = decode(&track, &units);
    assert_eq!((pcm.rate, pcm.channels), (48_000, Channels::Stereo));
    assert!((amplitude(&pcm, 440.0) - 0.244).abs() < 0.03);
    assert!(power_above_the_core(&pcm) > 1e-4);
}

#[test]
fn parametric_stereo_is_heard_in_two_channels() {
    let mut pair = he_aac(ObjectType::ParametricStereo, Channels::Stereo);
    pair.0.channels = Channels::Mono;
    let pcm = decode(&pair.0, &pair.1);
    assert_eq!((pcm.rate, pcm.channels), (48_000, Channels::Stereo));
    assert!((amplitude(&pcm, 440.0) - 0.244).abs() < 0.05, "{}", amplitude(&pcm, 440.0));
}

#[test]
fn damaged_he_aac_is_an_error_and_the_tone_comes_back() {
    for object_type in [ObjectType::Sbr, ObjectType::ParametricStereo] {
        let (track, units) = he_aac(object_type, Channels::Stereo);
        let mut decoder = Decoder::new(&track).unwrap();
        let mut seed = 0x5eed_u64;
        let mut roll = |sides: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (seed >> 33) as usize % sides
        };
        let mut refused = 0;
        for _ in 0..60 {
            for unit in &units {
                let mut data = unit.data.to_vec();
                match roll(3) {
                    0 => data.truncate(1 + roll(data.len())),
                    1 => (0..=roll(12)).for_each(|_| {
                        let at = roll(data.len());
                        data[at] ^= 1 << roll(8);
                    }),
                    _ => data = (0..=roll(2_000)).map(|_| roll(256) as u8).collect(),
                }
                refused +=
                    usize::from(decoder.decode(&AccessUnit { data: data.into(), ..unit.clone() }).is_err());
                assert!(decoder.conceal().samples.iter().all(|sample| sample.abs() <= LEVEL_MAX));
            }
        }
        assert!(refused > 100, "{refused} of 2,880 damaged units refused");
        let mut all = Pcm::silence(0, track.channels, 0);
        for unit in &units {
            if let Ok(pcm) = decoder.decode(unit) {
                all.rate = pcm.rate;
                all.channels = pcm.channels;
                all.samples.extend_from_slice(&pcm.samples);
            }
        }
        all.samples.drain(..all.samples.len() / 2);
        assert_eq!(all.rate, 48_000);
        assert!((amplitude(&all, 440.0) - 0.244).abs() < 0.05, "{}", amplitude(&all, 440.0));
    }
}
