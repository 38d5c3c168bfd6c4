//! Takes the noise around one voice away.

use nnnoiseless::DenoiseState;

use super::Tick;
use crate::intake::TICK_FRAMES;

/// Frames that the network works on at once: 10 ms, by which its sound is late.
const FRAME: usize = DenoiseState::FRAME_SIZE;

/// The network knows samples as 16-bit integers have them.
const FULL_SCALE: f32 = 32_768.0;

/// Suppresses what is no voice, in mono; fades in when it begins and out when it ends.
pub(super) struct Denoiser {
    network: Box<DenoiseState<'static>>,
    /// Its first frame rises out of a silence that was none, and is not used.
    warm: bool,
    wanted: bool,
    /// How much of what is heard is denoised, 0 to 1.
    share: f32,
}

impl Denoiser {
    /// One that begins.
    pub(super) fn new() -> Self {
        Self { network: DenoiseState::new(), warm: false, wanted: true, share: 0.0 }
    }

    /// Whether it is wanted from here on.
    pub(super) fn set(&mut self, on: bool) {
        self.wanted = on;
    }

    /// Whether it has faded out, and sound would pass untouched.
    pub(super) fn is_idle(&self) -> bool {
        !self.wanted && self.share == 0.0
    }

    /// Replaces a tick by what of it is voice.
    pub(super) fn process<const C: usize>(&mut self, tick: &mut Tick<C>) {
        const { assert!(TICK_FRAMES.is_multiple_of(FRAME)) }
        let (mut noisy, mut clean) = ([0.0; FRAME], [0.0; FRAME]);
        for frames in tick.chunks_exact_mut(FRAME) {
            for (mean, frame) in noisy.iter_mut().zip(&*frames) {
                *mean = frame.iter().sum::<f32>() * (FULL_SCALE / C as f32);
            }
            self.network.process_frame(&mut clean, &noisy);
            if self.warm {
                self.fade(frames, &clean);
            }
            self.warm = true;
        }
    }

    fn fade<const C: usize>(&mut self, frames: &mut [[f32; C]], clean: &[f32]) {
        let step = if self.wanted { 1.0 } else { -1.0 } / FRAME as f32;
        for (frame, clean) in frames.iter_mut().zip(clean) {
            self.share = (self.share + step).clamp(0.0, 1.0);
            let clean = self.share * clean / FULL_SCALE;
            *frame = frame.map(|sample| (1.0 - self.share) * sample + clean);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(dice: &mut u32) -> f32 {
        *dice = dice.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        0.05 * ((*dice >> 8) as f32 / 8_388_608.0 - 1.0)
    }

    #[test]
    fn noise_alone_becomes_silence_and_comes_back_untouched() {
        let mut denoiser = Denoiser::new();
        let mut dice = 1;
        let mut level = 0.0;
        for tick in 0..100 {
            let mut sound: Tick<2> = std::array::from_fn(|_| [noise(&mut dice), noise(&mut dice)]);
            denoiser.process(&mut sound);
            if tick >= 50 {
                level += sound.as_flattened().iter().map(|sample| sample.powi(2)).sum::<f32>();
                assert!(sound.iter().all(|[left, right]| left == right), "it is mono");
            }
        }
        let level = 10.0 * (level / 96_000.0).log10();
        assert!(level < -50.0, "{level} dB of -31 are left");

        denoiser.set(false);
        assert!(!denoiser.is_idle());
        let sound: Tick<2> = std::array::from_fn(|_| [noise(&mut dice), noise(&mut dice)]);
        let mut heard = sound;
        denoiser.process(&mut heard);
        assert!(denoiser.is_idle());
        assert_eq!(heard[FRAME..], sound[FRAME..]);
    }

    #[test]
    fn it_fades_in_without_a_step() {
        let mut denoiser = Denoiser::new();
        let mut heard: Vec<f32> = Vec::new();
        for tick in 0..10 {
            let tone = |i: usize| 0.5 * ((tick * TICK_FRAMES + i) as f32 * 0.02).sin();
            let mut sound: Tick<1> = std::array::from_fn(|i| [tone(i)]);
            denoiser.process(&mut sound);
            heard.extend_from_slice(sound.as_flattened());
        }
        let step = heard.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
        assert!(step < 0.015, "a step of {step}; the tone's own are 0.01");
    }
}
