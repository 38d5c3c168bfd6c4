//! Sound that the server makes itself, so that a newcomer hears something at once: a slow piece that never
//! ends, and the time.

mod echo;
mod pips;
mod score;
mod voice;

use std::time::Duration;

use echo::Echo;
use score::Score;
use voice::{Pad, Pluck};

/// Frames per second.
const RATE: u32 = 48_000;

/// Frames rendered at once; notes begin on these.
const BLOCK: usize = 480;

/// Notes that may ring at once; the oldest gives way. A pluck has died away before seven more are struck.
const PLUCKS: usize = 8;

/// A quiet generated piece with a time signal, 48 kHz stereo, about -18 LUFS.
///
/// Soft chords change every eight seconds, plucked notes fall between them, and a hall answers. At :55 to :59
/// of every minute a short pip of 1 kHz sounds, at :00 a long one; their beginnings lie on the wall clock
/// that the caller told. The piece depends on that time alone: two that begin at the same instant are the
/// same, sample for sample.
#[derive(Debug)]
pub struct Sound {
    /// Frames since the Unix epoch at which the next block sounds.
    at: u64,
    score: Score,
    pads: [Pad; score::CHORD],
    plucks: [Pluck; PLUCKS],
    next_pluck: usize,
    echo: Echo,
    block: [[f32; 2]; BLOCK],
    /// Frames of `block` that were handed out.
    taken: usize,
}

impl Sound {
    /// The sound whose first sample is heard at `epoch_of_sample_0` (since the Unix epoch).
    pub fn new(epoch_of_sample_0: Duration) -> Self {
        Self {
            at: (epoch_of_sample_0.as_nanos() * u128::from(RATE) / 1_000_000_000) as u64,
            score: Score::new(),
            pads: std::array::from_fn(Pad::new),
            plucks: std::array::from_fn(|_| Pluck::new()),
            next_pluck: 0,
            echo: Echo::new(),
            block: [[0.0; 2]; BLOCK],
            taken: BLOCK,
        }
    }

    /// The next `out.len() / 2` frames, interleaved stereo, going on where the last call ended.
    ///
    /// # Panics
    /// When `out` is not a whole number of frames.
    pub fn render(&mut self, out: &mut [f32]) {
        let (mut out, rest) = out.as_chunks_mut::<2>();
        assert!(rest.is_empty(), "whole stereo frames");
        while !out.is_empty() {
            if self.taken == BLOCK {
                self.render_block();
            }
            let frames = out.len().min(BLOCK - self.taken);
            let (now, later) = out.split_at_mut(frames);
            now.copy_from_slice(&self.block[self.taken..self.taken + frames]);
            self.taken += frames;
            out = later;
        }
    }

    fn render_block(&mut self) {
        let moment = self.score.advance();
        if let Some(chord) = moment.chord {
            for (pad, hz) in self.pads.iter_mut().zip(chord) {
                pad.glide_to(hz);
            }
        }
        if let Some(note) = moment.note {
            self.plucks[self.next_pluck].strike(note);
            self.next_pluck = (self.next_pluck + 1) % PLUCKS;
        }

        self.block.fill([0.0; 2]);
        for pad in &mut self.pads {
            pad.add_to(&mut self.block);
        }
        for pluck in &mut self.plucks {
            pluck.add_to(&mut self.block);
        }
        self.echo.add_to(&mut self.block);
        pips::add_to(&mut self.block, self.at);
        self.at += BLOCK as u64;
        self.taken = 0;
    }
}
