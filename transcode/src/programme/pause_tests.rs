//! What is heard of a publisher that sends nothing while it has nothing to say.

use bytes::Bytes;
use media::{AudioProfile, Codec, MediaDuration, Timescale};

use super::*;

use super::speech::{Dice, RATE, speech};

const SPEAKER: SourceId = SourceId::new(1);

/// Frames of a packet: 20 ms.
const PACKET: usize = 960;

/// Seconds of speech, of a quiet room, and of speech again.
const BEFORE: usize = 3;
const PAUSE: usize = 3;
const AFTER: usize = 3;

fn track() -> TrackInfo {
    TrackInfo {
        codec: Codec::Opus,
        timescale: Timescale::PROGRAMME,
        sample_rate: 48_000,
        channels: Channels::Mono,
        config: Bytes::new(),
    }
}

/// Somebody who speaks, thinks and speaks again, as an encoder with DTX makes it: every packet, silent ones
/// included.
fn talk() -> Vec<AccessUnit> {
    let mut dice = Dice(3);
    let mut sound = speech(BEFORE + PAUSE + AFTER);
    sound[BEFORE * RATE..(BEFORE + PAUSE) * RATE].fill(0.0);
    for sample in &mut sound {
        *sample += (0.000_5 * dice.roll()) as f32;
    }

    let mut encoder = opus::Encoder::new(48_000, opus::Channels::Mono, opus::Application::Voip).unwrap();
    encoder.set_bitrate(opus::Bitrate::Bits(24_000)).unwrap();
    encoder.set_dtx(true).unwrap();
    let packets = sound.chunks_exact(PACKET).enumerate();
    packets
        .map(|(n, frames)| AccessUnit {
            time: MediaTime::from_ticks((n * PACKET) as u64),
            duration: MediaDuration::from_ticks(PACKET as u64),
            data: encoder.encode_vec_float(frames, 1_275).unwrap().into(),
        })
        .collect()
}

/// What of `units` is sent, as browsers do it: of silent packets in a row the first one. Without
/// announcements that is lost too, where more than three follow: fewer look like a loss.
fn sent(units: &[AccessUnit], announced: bool) -> Vec<bool> {
    let mut sent = Vec::new();
    for row in units.chunk_by(|a, b| (a.data.len() <= 2) == (b.data.len() <= 2)) {
        let silent = row[0].data.len() <= 2;
        let keep = |n: usize| !silent || if announced { n == 0 } else { row.len() <= 4 };
        sent.extend((0..row.len()).map(keep));
    }
    sent
}

struct Heard {
    mix: Vec<f32>,
    stats: SourceStats,
    /// Sound that waited, after each tick.
    waiting: Vec<Duration>,
}

/// Each unit that is sent arrives `late` after its tick.
fn hear(units: &[AccessUnit], sent: &[bool], late: impl Fn(usize) -> Duration) -> Heard {
    let mut programme = Programme::new(&AudioProfile::Voice.rungs(), MediaTime::from_ticks(0)).unwrap();
    programme.add_source_with(SPEAKER, IntakeConfig::CONVERSATION);
    programme.set_track(SPEAKER, &track()).unwrap();
    let (mut mix, mut waiting) = (Vec::new(), Vec::new());
    for n in 0..units.len() {
        let now = Duration::from_millis(20 * n as u64);
        programme.tick(now).unwrap();
        mix.extend_from_slice(programme.mixer.newest());
        while programme.poll_output().is_some() {}
        if sent[n] {
            programme.push(SPEAKER, now + late(n), &units[n]).unwrap();
        }
        waiting.push(programme.source_stats(SPEAKER).unwrap().intake.buffered);
    }
    Heard { mix, stats: programme.source_stats(SPEAKER).unwrap(), waiting }
}

/// The lag in frames, within 80 ms, at which `heard` is most like `reference`, and how like (0 to 1).
fn lag(reference: &[f32], heard: &[f32]) -> (isize, f64) {
    const REACH: usize = 3_840;
    let middle = &reference[REACH..reference.len() - REACH];
    let energy = |samples: &[f32]| samples.iter().map(|sample| f64::from(*sample).powi(2)).sum::<f64>();
    let likeness = |shift: usize| {
        let heard = &heard[shift..shift + middle.len()];
        let product: f64 = middle.iter().zip(heard).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum();
        product / (energy(middle) * energy(heard)).sqrt()
    };
    let coarse = (0..=2 * REACH).step_by(8).max_by(|a, b| likeness(*a).total_cmp(&likeness(*b))).unwrap();
    let near = coarse.saturating_sub(8)..=(coarse + 8).min(2 * REACH);
    let best = near.max_by(|a, b| likeness(*a).total_cmp(&likeness(*b))).unwrap();
    (best as isize - REACH as isize, likeness(best))
}

/// The largest third difference: a click shows in it.
fn roughness(samples: &[f32]) -> f32 {
    samples.windows(4).map(|w| (w[3] - 3.0 * w[2] + 3.0 * w[1] - w[0]).abs()).fold(0.0, f32::max)
}

/// A second of speech in the middle of what follows the pause.
const SPEECH_AFTER: std::ops::Range<usize> =
    (BEFORE + PAUSE) * RATE + RATE / 2..(BEFORE + PAUSE) * RATE + RATE * 3 / 2;

/// From where the pause begins to well into the speech after it.
const SEAMS: std::ops::Range<usize> = BEFORE * RATE..(BEFORE + PAUSE + 1) * RATE;

#[test]
fn a_pause_that_is_announced_is_background_and_nothing_is_later_for_it() {
    let units = talk();
    let whole = hear(&units, &vec![true; units.len()], |_| Duration::ZERO);
    let sent = sent(&units, true);
    let left_out = sent.iter().filter(|sent| !**sent).count();
    assert!(left_out > 100, "{left_out} packets were left out");

    // Whatever the phase of arrivals against the ticks.
    for late in [0, 7, 19].map(Duration::from_millis) {
        let heard = hear(&units, &sent, |_| late);
        let stats = &heard.stats;
        assert_eq!((stats.intake.underruns, stats.missing, stats.corrupt), (0, 0, 0), "{stats:?}");
        assert_eq!((stats.intake.concealed_frames, stats.intake.cuts), (0, 0), "{stats:?}");
        assert!(stats.pauses >= 5 && stats.intake.target == Duration::from_millis(55), "{stats:?}");
        // A moment before the pause, and a moment after it.
        let (before, after) = (heard.waiting[BEFORE * 50 - 5], heard.waiting[(BEFORE + PAUSE) * 50 + 50]);
        assert!(after <= before + Duration::from_millis(3), "{before:?} waited before, {after:?} after");
    }

    let heard = hear(&units, &sent, |_| Duration::ZERO);
    let (lag, likeness) = lag(&whole.mix[SPEECH_AFTER], &heard.mix[SPEECH_AFTER]);
    assert!(lag.abs() <= 48 && likeness > 0.95, "lag {lag}, likeness {likeness}");
    let [rough, whole] = [&heard, &whole].map(|heard| roughness(&heard.mix[SEAMS]));
    assert!(rough < 1.5 * whole, "roughness {rough}, and {whole} with every packet");
    // The room does not go dead.
    let pause = &heard.mix[(BEFORE + 1) * RATE..(BEFORE + PAUSE) * RATE];
    assert!(pause.chunks(PACKET).all(|tick| tick.iter().any(|sample| *sample != 0.0)));
}

#[test]
fn a_pause_whose_announcement_was_lost_is_no_trouble_either() {
    let units = talk();
    let whole = hear(&units, &vec![true; units.len()], |_| Duration::ZERO);
    let heard = hear(&units, &sent(&units, false), |_| Duration::ZERO);
    let stats = &heard.stats;
    assert_eq!((stats.intake.underruns, stats.missing, stats.intake.cuts), (0, 0, 0), "{stats:?}");
    assert!(stats.pauses >= 5 && stats.intake.target == Duration::from_millis(55), "{stats:?}");
    let (before, after) = (heard.waiting[BEFORE * 50 - 5], heard.waiting[(BEFORE + PAUSE) * 50 + 50]);
    assert!(after <= before + Duration::from_millis(3), "{before:?} waited before, {after:?} after");
    let [rough, whole] = [&heard, &whole].map(|heard| roughness(&heard.mix[SEAMS]));
    assert!(rough < 1.5 * whole, "roughness {rough}, and {whole} with every packet");
}

#[test]
fn a_publisher_that_never_ends_its_pause_falls_silent() {
    let units = talk();
    let mut sent = sent(&units, true);
    let announced = (BEFORE * 50..sent.len()).find(|n| sent[*n] && units[*n].data.len() <= 2).unwrap();
    sent[announced + 1..].fill(false);
    let heard = hear(&units, &sent, |_| Duration::ZERO);
    assert!(heard.mix[heard.mix.len() - RATE..].iter().all(|sample| *sample == 0.0));
    assert_eq!(heard.stats.intake.underruns, 0, "nothing came late");
}

#[test]
fn units_that_are_really_late_still_are_trouble() {
    let units = talk();
    let all = vec![true; units.len()];
    // One arrives 110 ms late, and with it those behind it.
    let mut programme = Programme::new(&AudioProfile::Voice.rungs(), MediaTime::from_ticks(0)).unwrap();
    programme.add_source_with(SPEAKER, IntakeConfig::CONVERSATION);
    programme.set_track(SPEAKER, &track()).unwrap();
    let mut held = Vec::new();
    for n in 0..all.len() {
        let now = Duration::from_millis(20 * n as u64);
        held.push(n);
        if !(100..106).contains(&n) {
            for n in held.drain(..) {
                programme.push(SPEAKER, now, &units[n]).unwrap();
            }
        }
        programme.tick(now).unwrap();
        while programme.poll_output().is_some() {}
    }
    let stats = programme.source_stats(SPEAKER).unwrap();
    assert_eq!((stats.intake.underruns, stats.pauses), (1, 0), "{stats:?}");
}
