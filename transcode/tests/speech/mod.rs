//! A voice: vowels of a gliding pitch in syllables, consonants of noise between, and pauses.
#![allow(dead_code)]

use std::f64::consts::TAU;

/// Frames per second of everything here.
pub(crate) const RATE: usize = 48_000;

/// Formants of a few vowels, in Hz.
const VOWELS: [[f64; 3]; 5] = [
    [730.0, 1_090.0, 2_440.0],
    [270.0, 2_290.0, 3_010.0],
    [530.0, 1_840.0, 2_480.0],
    [570.0, 840.0, 2_410.0],
    [300.0, 870.0, 2_240.0],
];

/// Dice that always fall alike.
pub(crate) struct Dice(pub(crate) u32);

impl Dice {
    /// -1.0..1.0, evenly.
    pub(crate) fn roll(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        f64::from(self.0 >> 8) / 8_388_608.0 - 1.0
    }
}

/// How loud the harmonic at `hz` is in a vowel.
fn formant_gain(vowel: &[f64; 3], hz: f64) -> f64 {
    let peaks = vowel.iter().zip([1.0, 0.5, 0.25]).map(|(centre, level)| {
        let width = 60.0 + 0.05 * centre;
        level / (1.0 + ((hz - centre) / width).powi(2))
    });
    peaks.sum::<f64>() + 0.02
}

/// One person speaking: four syllables a second, every eighth a pause. Mono, a peak of some 0.5.
pub(crate) fn speech(seconds: usize) -> Vec<f32> {
    let mut dice = Dice(0x5eed);
    let mut sound = Vec::with_capacity(seconds * RATE);
    let (mut phase, mut hiss) = (0.0, 0.0);
    let syllable_frames = RATE / 4;
    for syllable in 0..seconds * 4 {
        let vowel = &VOWELS[syllable * 7 % 5];
        let pause = syllable % 8 == 7;
        for frame in 0..syllable_frames {
            let at = frame as f64 / syllable_frames as f64;
            let pitch = 118.0 + 22.0 * (TAU * (syllable as f64 + at) / 9.0).sin() - 14.0 * at;
            phase += pitch / RATE as f64;
            // A breath of noise, then the vowel rises and falls.
            hiss = 0.3 * hiss + 0.7 * dice.roll();
            let consonant = if at < 0.18 { 0.05 * (TAU * at / 0.36).sin() } else { 0.0 };
            let voiced = if at < 0.15 { 0.0 } else { (TAU * (at - 0.15) / 1.7).sin().max(0.0).sqrt() };
            let vowel_sound: f64 = (1..=28)
                .map(|n| formant_gain(vowel, f64::from(n) * pitch) * (TAU * phase * f64::from(n)).sin())
                .sum();
            let level = if pause { 0.0 } else { 1.0 };
            sound.push((level * (0.16 * voiced * vowel_sound + consonant * hiss)) as f32);
        }
    }
    sound
}
