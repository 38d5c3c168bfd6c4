//! Noise suppression and levelling as a programme has them.

use media::AudioProfile;

use super::*;

use super::speech::{Dice, RATE, speech};

const TICK: Duration = Duration::from_millis(20);
const SPEAKER: SourceId = SourceId::new(1);

fn decibels(ratio: f64) -> f64 {
    10.0 * ratio.log10()
}

fn energy(samples: impl IntoIterator<Item = f32>) -> f64 {
    samples.into_iter().map(|sample| f64::from(sample).powi(2)).sum()
}

/// A mono source in a programme for `profile`; the mix it leads to, and the programme as it then is.
fn hear(profile: AudioProfile, sound: &[f32], prepare: impl FnOnce(&mut Programme)) -> (Vec<f32>, Programme) {
    let mut programme = Programme::new(&profile.rungs(), MediaTime::from_ticks(0)).unwrap();
    programme.add_source(SPEAKER);
    prepare(&mut programme);
    let mut mix = Vec::new();
    for (tick, sound) in sound.chunks_exact(TICK_FRAMES).enumerate() {
        let now = tick as u32 * TICK;
        let pcm = Pcm { rate: 48_000, channels: Channels::Mono, samples: sound.to_vec() };
        programme.push_pcm(SPEAKER, now, &pcm).unwrap();
        programme.tick(now).unwrap();
        mix.extend_from_slice(programme.mixer.newest());
        while programme.poll_output().is_some() {}
    }
    (mix, programme)
}

/// A voice in a room with a fan: noise with most of its power low.
fn voice_and_noise(seconds: usize) -> (Vec<f32>, Vec<f32>) {
    let mut dice = Dice(9);
    let mut low = 0.0;
    let noise = (0..seconds * RATE).map(|_| {
        low = 0.9 * low + 0.1 * dice.roll();
        (0.4 * low + 0.02 * dice.roll()) as f32
    });
    (speech(seconds), noise.collect())
}

#[test]
fn off_again_is_bit_identical_to_never_on() {
    for profile in [AudioProfile::Standard, AudioProfile::Voice] {
        let sound = speech(8);
        let (never, _) = hear(profile, &sound, |_| {});
        let (off, _) = hear(profile, &sound, |programme| {
            programme.set_denoise(SPEAKER, false).unwrap();
            programme.set_levelling(false);
        });
        assert!(off == never);
        // On and off again before anything is heard.
        let (again, _) = hear(profile, &sound, |programme| {
            programme.set_denoise(SPEAKER, true).unwrap();
            programme.set_denoise(SPEAKER, false).unwrap();
            programme.set_levelling(true);
            programme.set_levelling(false);
        });
        assert!(again == never);
        let (on, _) = hear(profile, &sound, |programme| programme.set_denoise(SPEAKER, true).unwrap());
        assert!(on != never);
        let (on, _) = hear(profile, &sound, |programme| programme.set_levelling(true));
        assert!(on != never);
    }
}

#[test]
fn a_voice_stands_out_of_the_noise_that_was_around_it() {
    let (voice, noise) = voice_and_noise(12);
    let both: Vec<f32> = voice.iter().zip(&noise).map(|(voice, noise)| voice + noise).collect();
    let (clean, _) = hear(AudioProfile::Voice, &voice, |_| {});
    let (noisy, _) = hear(AudioProfile::Voice, &both, |_| {});
    let (denoised, _) = hear(AudioProfile::Voice, &both, |programme| {
        programme.set_denoise(SPEAKER, true).unwrap();
    });
    // Its sound is 10 ms late. The network has had two seconds to know the room.
    let (late, from) = (480, 2 * RATE);
    let snr = |heard: &[f32], late: usize| {
        let clean = &clean[from..clean.len() - late];
        let rest = clean.iter().zip(&heard[from + late..]).map(|(clean, heard)| heard - clean);
        decibels(energy(clean.iter().copied()) / energy(rest))
    };
    let (before, after) = (snr(&noisy, 0), snr(&denoised, late));
    // In pauses of the voice only the noise is heard.
    let quiet = |heard: &[f32], late: usize| {
        let pauses = (from / RATE + 1..11).filter(|second| second % 2 == 1);
        let heard = pauses.flat_map(|second| {
            // The fourth quarter of every second second; the buffer delays it by 40 ms.
            let begin = second * RATE + RATE * 3 / 4 + late + RATE / 10;
            heard[begin..begin + RATE / 10].iter().copied()
        });
        decibels(energy(heard))
    };
    let (noise_before, noise_after) = (quiet(&noisy, 0), quiet(&denoised, late));
    assert!(after > before + 3.0, "SNR {before:.1} dB before, {after:.1} dB after");
    assert!(noise_after < noise_before - 15.0, "pauses: {noise_before:.1} dB before, {noise_after:.1} after");
}

#[test]
fn what_is_no_source_is_refused_by_name() {
    let mut programme = Programme::new(&AudioProfile::Voice.rungs(), MediaTime::from_ticks(0)).unwrap();
    let error = programme.set_denoise(SourceId::new(7), true).unwrap_err();
    assert_eq!(error.to_string(), "source 7 is not in the programme");
}

#[test]
fn soft_and_loud_speech_is_near_the_loudness_sought_after_half_a_minute() {
    let mut sound = speech(30);
    let (_, programme) = hear(AudioProfile::Voice, &sound[..8 * RATE], |_| {});
    let mut loudness = programme.loudness().integrated.unwrap();
    let table = [
        (AudioProfile::Voice, -24.0, -16.0),
        (AudioProfile::Voice, -30.0, -18.0),
        (AudioProfile::Standard, -8.0, -16.0),
    ];
    for (profile, spoken, reached) in table {
        let gain = 10_f64.powf((spoken - loudness) / 20.0) as f32;
        for sample in &mut sound {
            *sample *= gain;
        }
        loudness = spoken;
        let (mix, programme) = hear(profile, &sound, |programme| programme.set_levelling(true));
        let heard = programme.loudness().short_term.unwrap();
        assert!((heard - reached).abs() < 1.5, "{profile}: {spoken} LUFS became {heard:.1}");
        assert!(mix.iter().all(|sample| sample.abs() <= 1.0));
    }
}
