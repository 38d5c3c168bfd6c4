//! What is played when: a slow round of chords and the notes that fall between them.

use super::{BLOCK, RATE};

/// Notes of a chord.
pub(super) const CHORD: usize = 4;

/// Blocks of 10 ms between two places where a note may fall: 400 ms, 75 a minute and their halves.
const STEP: u64 = 40;

/// Steps a chord stands: 8 s.
const CHORD_STEPS: u64 = 20;

/// Semitones from A: A minor 9, F major 9, C major 9, G6, D minor 9, F major 7, E minor 7, G sus 4; low to high.
const ROUND: [[i32; CHORD]; 8] = [
    [-12, 7, 12, 14],
    [-16, 3, 7, 12],
    [-9, 7, 10, 14],
    [-14, 5, 10, 14],
    [-19, 8, 12, 15],
    [-16, 3, 12, 15],
    [-17, 7, 10, 14],
    [-14, 5, 12, 14],
];

/// Scale of the plucked notes above them, in semitones from A: pentatonic, so that none is wrong.
const SCALE: [i32; 8] = [12, 15, 17, 19, 22, 24, 27, 29];

/// A note to be struck.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Note {
    pub(super) hz: f32,
    /// 0 to 1.
    pub(super) loudness: f32,
    /// -1 (left) to 1.
    pub(super) place: f32,
}

/// What begins in a block.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Moment {
    /// The pitches that the pads turn to.
    pub(super) chord: Option<[f32; CHORD]>,
    pub(super) note: Option<Note>,
}

/// The player: goes on for ever, never quite the same.
#[derive(Debug)]
pub(super) struct Score {
    block: u64,
    /// Where the melody stands on the scale.
    degree: usize,
}

impl Score {
    pub(super) fn new() -> Self {
        Self { block: 0, degree: 3 }
    }

    /// What begins in the next block.
    pub(super) fn advance(&mut self) -> Moment {
        let block = self.block;
        self.block += 1;
        if !block.is_multiple_of(STEP) {
            return Moment::default();
        }
        let step = block / STEP;
        let chord = step.is_multiple_of(CHORD_STEPS).then(|| {
            let round = step / CHORD_STEPS;
            ROUND[(round % ROUND.len() as u64) as usize].map(hz)
        });
        Moment { chord, note: self.note(step) }
    }

    fn note(&mut self, step: u64) -> Option<Note> {
        let dice = scatter(step);
        // Four notes in ten steps, more often on the beat.
        let likely = if step.is_multiple_of(4) { 180 } else { 90 };
        if dice & 0xff >= likely {
            return None;
        }
        // The melody walks: at most two degrees at a time.
        let walk = (dice >> 8) as usize % 5;
        self.degree = (self.degree + walk).saturating_sub(2).min(SCALE.len() - 1);
        Some(Note {
            hz: hz(SCALE[self.degree]),
            loudness: 0.5 + (dice >> 16 & 0xff) as f32 / 512.0,
            place: (dice >> 24 & 0xff) as f32 / 160.0 - 0.8,
        })
    }
}

/// The pitch `semitones` above A3.
fn hz(semitones: i32) -> f32 {
    220.0 * 2.0_f32.powf(semitones as f32 / 12.0)
}

/// Turns a count into something that looks like dice (SplitMix64's finisher).
fn scatter(count: u64) -> u64 {
    let mut x = count.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

const _: () = assert!(BLOCK * 100 == RATE as usize, "a block is 10 ms");
