use media::{AudioProfile, Pcm};

use super::*;
use crate::decode::Decoder;

const PROFILES: [AudioProfile; 3] = [AudioProfile::Voice, AudioProfile::Standard, AudioProfile::Music];

/// Frames of one tick of the programme.
const TICK: usize = 960;

/// `ticks` of stereo in which no two moments are alike: a chirp that sweeps from 100 Hz to 3 kHz in every
/// second on the left, and one that sweeps back on the right.
fn chirps(ticks: usize) -> Vec<f32> {
    let (mut up, mut down) = (0.0_f64, 0.0_f64);
    (0..ticks * TICK)
        .flat_map(|frame| {
            let place = (frame % 48_000) as f64 / 48_000.0;
            up += (100.0 + 2_900.0 * place) / 48_000.0;
            down += (3_000.0 - 2_900.0 * place) / 48_000.0;
            [up, down].map(|turns| 0.3 * (turns * std::f64::consts::TAU).sin() as f32)
        })
        .collect()
}

fn encoded(rung: Rung, first: MediaTime, stereo: &[f32]) -> (Encoder, Vec<AccessUnit>) {
    let mut encoder = Encoder::new(&rung, first).unwrap();
    let mut units = Vec::new();
    for tick in stereo.chunks(2 * TICK) {
        encoder.push(tick.as_chunks::<2>().0).unwrap();
        units.extend(std::iter::from_fn(|| encoder.poll_output()));
    }
    (encoder, units)
}

fn decoded(track: &TrackInfo, units: &[AccessUnit]) -> Pcm {
    let mut decoder = Decoder::new(track).unwrap();
    let mut all = Pcm::silence(48_000, track.channels, 0);
    for unit in units {
        let pcm = decoder.decode(unit).unwrap();
        assert_eq!((pcm.rate, pcm.channels), (48_000, track.channels));
        all.samples.extend_from_slice(&pcm.samples);
    }
    all
}

/// One channel of interleaved sound.
fn channel(samples: &[f32], count: usize, index: usize) -> Vec<f32> {
    samples.iter().skip(index).step_by(count).copied().collect()
}

/// By how many frames `late` is behind `early` where the two agree best, and how well (1 is equal).
fn lag(early: &[f32], late: &[f32]) -> (isize, f64) {
    const REACH: usize = 2_400;
    let middle = REACH..early.len().min(late.len()) - REACH;
    let at = |lag: isize| {
        let (mut product, mut a2, mut b2) = (0.0, 0.0, 0.0);
        for i in middle.clone() {
            let (a, b) = (f64::from(early[i]), f64::from(late[i.strict_add_signed(lag)]));
            product += a * b;
            a2 += a * a;
            b2 += b * b;
        }
        (lag, product / (a2 * b2).sqrt())
    };
    (-(REACH as isize)..=REACH as isize).map(at).max_by(|a, b| a.1.total_cmp(&b.1)).unwrap()
}

#[test]
fn unit_n_of_every_rung_decodes_to_the_same_programme_samples() {
    let stereo = chirps(60);
    let left = channel(&stereo, 2, 0);
    let right = channel(&stereo, 2, 1);
    let mean: Vec<f32> = left.iter().zip(&right).map(|(l, r)| 0.5 * (l + r)).collect();
    for profile in PROFILES {
        for rung in profile.rungs() {
            let (encoder, units) = encoded(rung, MediaTime::from_ticks(0), &stereo);
            let pcm = decoded(&encoder.track(), &units);
            let voices = match rung.channels {
                Channels::Mono => vec![(&mean, channel(&pcm.samples, 1, 0))],
                Channels::Stereo => {
                    vec![(&left, channel(&pcm.samples, 2, 0)), (&right, channel(&pcm.samples, 2, 1))]
                }
            };
            for (input, output) in voices {
                let (lag, likeness) = lag(input, &output);
                assert_eq!(lag, 0, "{profile} {}", rung.id);
                assert!(likeness > 0.97, "{profile} {}: {likeness}", rung.id);
            }
        }
    }
}

#[test]
fn units_follow_each_other_from_the_first_instant_without_a_gap() {
    let first = MediaTime::from_ticks(184_320);
    for rung in AudioProfile::Standard.rungs() {
        let (_, units) = encoded(rung, first, &chirps(64));
        for (n, unit) in units.iter().enumerate() {
            assert_eq!(unit.duration.ticks(), rung.unit_frames());
            assert_eq!(unit.time, first + MediaDuration::from_ticks(n as u64 * rung.unit_frames()));
        }
        // 64 ticks less what the encoder holds back: its delay and an unfilled unit.
        let held = 64 * TICK as u64 - units.len() as u64 * rung.unit_frames();
        assert!(held <= 3 * rung.unit_frames(), "{} holds {held} frames back", rung.id);
    }
}

#[test]
fn every_rung_keeps_its_bit_rate() {
    let stereo = chirps(16 * 32);
    for profile in PROFILES {
        for rung in profile.rungs() {
            let (_, units) = encoded(rung, MediaTime::from_ticks(0), &stereo);
            let bits = units.iter().map(|unit| 8 * unit.data.len()).sum::<usize>() as f64;
            let seconds = (units.len() as u64 * rung.unit_frames()) as f64 / 48_000.0;
            let ratio = bits / seconds / f64::from(rung.bit_rate);
            assert!((0.97..=1.02).contains(&ratio), "{profile} {}: {ratio} of its bit rate", rung.id);
            if rung.codec == Codec::Opus {
                assert!(units.iter().all(|unit| unit.data.len() == units[0].data.len()), "{profile}");
            }
        }
    }
}

#[test]
fn silence_is_encoded_like_any_other_sound() {
    for rung in AudioProfile::Standard.rungs() {
        let (encoder, units) = encoded(rung, MediaTime::from_ticks(0), &vec![0.0; 50 * 2 * TICK]);
        assert!(units.len() >= 44);
        let pcm = decoded(&encoder.track(), &units);
        assert!(pcm.samples.iter().all(|sample| sample.abs() < 1e-4), "{}", rung.id);
    }
}

#[test]
fn the_size_of_a_push_does_not_matter() {
    let stereo = chirps(20);
    for rung in AudioProfile::Standard.rungs() {
        let (_, ticked) = encoded(rung, MediaTime::from_ticks(0), &stereo);
        for frames in [1, 77, 5_000] {
            let mut encoder = Encoder::new(&rung, MediaTime::from_ticks(0)).unwrap();
            for piece in stereo.chunks(2 * frames) {
                encoder.push(piece.as_chunks::<2>().0).unwrap();
            }
            let pieced: Vec<_> = std::iter::from_fn(|| encoder.poll_output()).collect();
            assert_eq!(pieced, ticked, "{} by {frames}", rung.id);
        }
    }
}

#[test]
fn an_aac_rung_tells_its_audio_specific_config() {
    let configs = AudioProfile::Standard
        .rungs()
        .map(|rung| Encoder::new(&rung, MediaTime::from_ticks(0)).unwrap().config());
    // Object type 2, 48 kHz, stereo and mono.
    assert_eq!(configs[0][..2], [0x11, 0x90]);
    assert_eq!(configs[1][..2], [0x11, 0x88]);
    assert_eq!(configs[2][..], *b"OpusHead\x01\x02\x00\x00\x80\xbb\x00\x00\x00\x00\x00");
}

#[test]
fn the_programme_is_never_encoded_as_mp3() {
    let rung = Rung { codec: Codec::Mp3, ..AudioProfile::Standard.rungs()[0] };
    assert!(matches!(Encoder::new(&rung, MediaTime::from_ticks(0)), Err(EncodeError::Codec(Codec::Mp3))));
}
