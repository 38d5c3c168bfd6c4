//! The two instruments: a pad that holds a chord's note, and a plucked string.

use std::f32::consts::TAU;

use super::RATE;
use super::score::Note;

/// Blocks over which a pad turns from one note to the next: 2.5 s.
const TURN: f32 = 250.0;

/// How loud one pad is.
const PAD_LEVEL: f32 = 0.057;

/// How loud a pluck begins.
const PLUCK_LEVEL: f32 = 0.14;

/// A turning pair of numbers whose parts are a sine and a cosine: an oscillator for two multiplications.
#[derive(Clone, Copy, Debug)]
struct Phasor {
    now: [f32; 2],
    turn: [f32; 2],
}

impl Phasor {
    fn new(hz: f32) -> Self {
        let (sin, cos) = (TAU * hz / RATE as f32).sin_cos();
        Self { now: [0.0, 1.0], turn: [sin, cos] }
    }

    #[inline]
    fn next(&mut self) -> f32 {
        let ([sin, cos], [turn_sin, turn_cos]) = (self.now, self.turn);
        self.now = [sin * turn_cos + cos * turn_sin, cos * turn_cos - sin * turn_sin];
        sin
    }

    /// Rounding lets the circle grow or shrink; this brings it back.
    fn renormalise(&mut self) {
        let length = (self.now[0].powi(2) + self.now[1].powi(2)).sqrt();
        self.now = self.now.map(|part| part / length);
    }
}

/// One of a pad's two tones: three partials, a little apart on both sides.
#[derive(Clone, Copy, Debug)]
struct Tone {
    sides: [Phasor; 2],
    octaves: [Phasor; 2],
}

impl Tone {
    fn new(hz: f32) -> Self {
        // 0.12 % apart: the beat of a slow chorus between left and right.
        let sides = [hz * 0.9994, hz * 1.0006];
        Self { sides: sides.map(Phasor::new), octaves: sides.map(|hz| Phasor::new(2.0 * hz + 0.3)) }
    }

    #[inline]
    fn next(&mut self, side: usize) -> f32 {
        let ground = self.sides[side].next();
        // The cube adds a soft third partial for less than another oscillator.
        ground * (0.85 + 0.15 * ground * ground) + 0.22 * self.octaves[side].next()
    }

    fn renormalise(&mut self) {
        self.sides.iter_mut().chain(&mut self.octaves).for_each(Phasor::renormalise);
    }
}

/// Holds one note of the chord, and turns softly to the next.
#[derive(Debug)]
pub(super) struct Pad {
    old: Tone,
    new: Tone,
    /// Blocks since the turn began.
    turned: f32,
    breath: Phasor,
    level: f32,
}

impl Pad {
    /// The pad of the chord's note `voice`, the lowest being 0; silent until it is told a note.
    pub(super) fn new(voice: usize) -> Self {
        let silent = Tone::new(0.0);
        // Each breathes at a pace of its own, one turn in half a minute or so. Stepped once a block.
        let breath = Phasor::new((0.027 + 0.007 * voice as f32) * super::BLOCK as f32);
        let level = if voice == 0 { 1.5 * PAD_LEVEL } else { PAD_LEVEL };
        Self { old: silent, new: silent, turned: TURN, breath, level }
    }

    pub(super) fn glide_to(&mut self, hz: f32) {
        self.old = self.new;
        self.new = Tone::new(hz);
        self.turned = 0.0;
    }

    pub(super) fn add_to(&mut self, block: &mut [[f32; 2]]) {
        let level = self.level * (1.0 + 0.25 * self.breath.next());
        self.breath.renormalise();
        let from = (self.turned / TURN).min(1.0);
        self.turned += 1.0;
        let to = (self.turned / TURN).min(1.0);
        let slope = (to - from) / block.len() as f32;
        let turning = from < 1.0;
        for (n, frame) in block.iter_mut().enumerate() {
            let share = from + slope * n as f32;
            for (side, sample) in frame.iter_mut().enumerate() {
                *sample += level * share * self.new.next(side);
                if turning {
                    *sample += level * (1.0 - share) * self.old.next(side);
                }
            }
        }
        self.new.renormalise();
        self.old.renormalise();
    }
}

/// A plucked string: partials that die away, the high ones first.
#[derive(Debug)]
pub(super) struct Pluck {
    partials: [Phasor; 3],
    /// Loudness of each partial, and what a frame leaves of it.
    levels: [f32; 3],
    decays: [f32; 3],
    /// Gains of left and right.
    sides: [f32; 2],
    /// Frames since it was struck; the first few rise.
    age: usize,
}

/// Frames in which a pluck rises: 4 ms.
const RISE: usize = 192;

/// A partial below this has died away.
const INAUDIBLE: f32 = 1e-5;

impl Pluck {
    pub(super) fn new() -> Self {
        Self { partials: [Phasor::new(0.0); 3], levels: [0.0; 3], decays: [0.0; 3], sides: [0.0; 2], age: 0 }
    }

    pub(super) fn strike(&mut self, note: Note) {
        let level = PLUCK_LEVEL * note.loudness;
        self.partials = [1.0, 2.0, 3.01].map(|partial| Phasor::new(partial * note.hz));
        self.levels = [level, 0.35 * level, 0.12 * level];
        // Seconds to fall to a third.
        self.decays = [0.55, 0.28, 0.14].map(|seconds: f32| (-1.0 / (seconds * RATE as f32)).exp());
        let angle = (note.place + 1.0) * TAU / 8.0;
        self.sides = [angle.cos(), angle.sin()];
        self.age = 0;
    }

    pub(super) fn add_to(&mut self, block: &mut [[f32; 2]]) {
        if self.levels[0] < INAUDIBLE {
            return;
        }
        for frame in block.iter_mut() {
            let mut sound = 0.0;
            for partial in 0..3 {
                sound += self.levels[partial] * self.partials[partial].next();
                self.levels[partial] *= self.decays[partial];
            }
            if self.age < RISE {
                sound *= self.age as f32 / RISE as f32;
                self.age += 1;
            }
            frame[0] += self.sides[0] * sound;
            frame[1] += self.sides[1] * sound;
        }
        self.partials.iter_mut().for_each(Phasor::renormalise);
        for level in &mut self.levels {
            // Numbers too small to hear, and slow to multiply.
            if *level < INAUDIBLE * 0.01 {
                *level = 0.0;
            }
        }
    }
}
