//! The time signal, as radio has it: five short pips and a long one that begins on the minute.

use std::f32::consts::TAU;

use super::RATE;

/// The pitch of all of them.
const HZ: f32 = 1000.0;

/// Clearly above the music, well below full scale: -17 dB.
const LEVEL: f32 = 0.14;

/// The first second of the minute that has a pip.
const FIRST: u64 = 55;

/// Frames of a pip at :55 to :59, and of the one at :00.
const SHORT: u64 = RATE as u64 / 10;
const LONG: u64 = RATE as u64 / 2;

/// Frames over which a pip comes and goes, so that it doesn't click: 2 ms.
const EDGE: u64 = 96;

/// Adds what sounds from `at` on, in frames since the Unix epoch.
pub(super) fn add_to(block: &mut [[f32; 2]], at: u64) {
    for (frame, at) in block.iter_mut().zip(at..) {
        let within = at % u64::from(RATE);
        let length = match at / u64::from(RATE) % 60 {
            0 => LONG,
            FIRST.. => SHORT,
            _ => 0,
        };
        if within >= length {
            continue;
        }
        let edge = within.min(length - 1 - within).min(EDGE) as f32 / EDGE as f32;
        let sample = LEVEL * edge * (TAU * HZ * within as f32 / RATE as f32).sin();
        *frame = frame.map(|music| music + sample);
    }
}
