//! What is lost on the way from an Opus publisher is filled in for, from the next packet where that repeats it.
#![allow(clippy::unwrap_used)]

mod speech;

use std::time::Duration;

use bytes::Bytes;
use media::{AccessUnit, AudioProfile, Channels, Codec, MediaDuration, MediaTime, Timescale, TrackInfo};
use transcode::{Decoder, Programme, SourceId};

use speech::speech;

/// Frames of a packet: 20 ms.
const PACKET: usize = 960;

const SPEAKER: SourceId = SourceId::new(1);

fn track() -> TrackInfo {
    TrackInfo {
        codec: Codec::Opus,
        timescale: Timescale::PROGRAMME,
        sample_rate: 48_000,
        channels: Channels::Mono,
        config: Bytes::new(),
    }
}

fn unit(index: usize, data: Vec<u8>) -> AccessUnit {
    AccessUnit {
        time: MediaTime::from_ticks((index * PACKET) as u64),
        duration: MediaDuration::from_ticks(PACKET as u64),
        data: data.into(),
    }
}

/// A voice as a browser sends it to a lossy network: 24 kb/s with in-band FEC.
fn with_fec(seconds: usize) -> Vec<AccessUnit> {
    let mut encoder = opus::Encoder::new(48_000, opus::Channels::Mono, opus::Application::Voip).unwrap();
    encoder.set_bitrate(opus::Bitrate::Bits(24_000)).unwrap();
    encoder.set_inband_fec(true).unwrap();
    encoder.set_packet_loss_perc(20).unwrap();
    let packets = speech(seconds);
    let packets = packets.chunks_exact(PACKET);
    packets.enumerate().map(|(n, frames)| unit(n, encoder.encode_vec_float(frames, 1_275).unwrap())).collect()
}

/// One in five, each alone.
fn is_lost(index: usize) -> bool {
    index % 5 == 3
}

/// What stands in for a lost packet.
#[derive(Clone, Copy, PartialEq)]
enum Remedy {
    Concealment,
    Recovery,
}

fn decode(units: &[AccessUnit], lossy: Option<Remedy>) -> (Vec<f32>, usize) {
    let mut decoder = Decoder::new(&track()).unwrap();
    let (mut heard, mut recovered) = (Vec::new(), 0);
    for (n, unit) in units.iter().enumerate() {
        let pcm = match (lossy, is_lost(n)) {
            (Some(Remedy::Recovery), true) => match decoder.recover(&units[n + 1]) {
                Some(pcm) => {
                    recovered += 1;
                    pcm
                }
                None => decoder.conceal(),
            },
            (Some(Remedy::Concealment), true) => decoder.conceal(),
            _ => decoder.decode(unit).unwrap(),
        };
        assert_eq!(pcm.frames(), PACKET);
        heard.extend_from_slice(&pcm.samples);
    }
    (heard, recovered)
}

/// The mean over packets that sound of the ratio between `clean` and what `other` adds to it, in dB, each kept
/// within -10..=35.
fn segmental_snr(clean: &[f32], other: &[f32], counts: impl Fn(usize) -> bool) -> f64 {
    let energy = |samples: &mut dyn Iterator<Item = f32>| samples.map(|s| f64::from(s).powi(2)).sum::<f64>();
    let ratios: Vec<f64> = clean
        .chunks_exact(PACKET)
        .zip(other.chunks_exact(PACKET))
        .enumerate()
        .filter(|(n, _)| counts(*n))
        .filter_map(|(_, (clean, other))| {
            let signal = energy(&mut clean.iter().copied());
            let noise = energy(&mut clean.iter().zip(other).map(|(a, b)| a - b));
            (signal > 1e-3 * PACKET as f64 * 0.01)
                .then(|| (10.0 * (signal / noise).log10()).clamp(-10.0, 35.0))
        })
        .collect();
    assert!(ratios.len() > 50, "{} packets sound", ratios.len());
    ratios.iter().sum::<f64>() / ratios.len() as f64
}

#[test]
fn a_lost_packet_is_nearer_to_what_was_said_when_the_next_one_repeats_it() {
    let units = with_fec(12);
    let units = &units[..units.len() / 5 * 5];
    let (clean, _) = decode(units, None);
    let (concealed, _) = decode(units, Some(Remedy::Concealment));
    let (recovered, count) = decode(units, Some(Remedy::Recovery));
    let lost = units.len() / 5;
    assert!(count * 10 >= lost * 7, "{count} of {lost} were repeated");

    let all = |_| true;
    let [before, after] = [&concealed, &recovered].map(|heard| segmental_snr(&clean, heard, all));
    let [before_lost, after_lost] =
        [&concealed, &recovered].map(|heard| segmental_snr(&clean, heard, is_lost));
    assert!(after > before + 3.0, "segmental SNR {before:.1} dB concealed, {after:.1} dB recovered");
    assert!(after_lost > before_lost + 3.0, "of the lost: {before_lost:.1} dB, {after_lost:.1} dB");
}

/// The units that arrive, each at its own time, in a programme.
fn play(units: &[AccessUnit], is_lost: impl Fn(usize) -> bool) -> transcode::SourceStats {
    let mut programme = Programme::new(&AudioProfile::Voice.rungs(), MediaTime::from_ticks(0)).unwrap();
    programme.add_source(SPEAKER);
    programme.set_track(SPEAKER, &track()).unwrap();
    for (n, unit) in units.iter().enumerate() {
        let now = Duration::from_millis(20 * n as u64);
        if !is_lost(n) {
            programme.push(SPEAKER, now, unit).unwrap();
        }
        programme.tick(now).unwrap();
        while programme.poll_output().is_some() {}
    }
    programme.source_stats(SPEAKER).unwrap()
}

#[test]
fn a_programme_recovers_the_newest_missing_packet_and_conceals_older_ones() {
    let units = with_fec(6);
    let alone = play(&units, is_lost);
    assert_eq!(alone.missing as usize, units.len() / 5);
    assert!(alone.recovered * 10 >= alone.missing * 7, "{alone:?}");
    assert_eq!(alone.intake.underruns, 0, "{alone:?}");

    // Two in a row: the older one has nobody who repeats it.
    let pairs = play(&units, |n| matches!(n % 10, 6 | 7));
    assert_eq!(pairs.missing as usize, units.len() / 5);
    assert!((pairs.missing * 3 / 10..=pairs.missing / 2).contains(&pairs.recovered), "{pairs:?}");
}
