//! A gentle hall: four delays that feed each other (a feedback delay network).

/// Frames of each delay, prime to each other: 31 to 65 ms.
const DELAYS: [usize; 4] = [1_489, 1_973, 2_521, 3_109];

/// What a round leaves: the hall is silent after about two seconds.
const FEEDBACK: f32 = 0.80;

/// The share of high sound that a round takes: walls are soft.
const DAMPING: f32 = 0.35;

/// How much of the hall is heard.
const LEVEL: f32 = 0.30;

/// Added on the way in, so that the hall never rings out into numbers too small to multiply fast.
const FLOOR: f32 = 1e-12;

#[derive(Debug)]
pub(super) struct Echo {
    lines: [Vec<f32>; 4],
    at: [usize; 4],
    damped: [f32; 4],
}

impl Echo {
    pub(super) fn new() -> Self {
        Self { lines: DELAYS.map(|frames| vec![0.0; frames]), at: [0; 4], damped: [0.0; 4] }
    }

    pub(super) fn add_to(&mut self, block: &mut [[f32; 2]]) {
        for frame in block {
            for (damped, (line, at)) in self.damped.iter_mut().zip(self.lines.iter().zip(self.at)) {
                *damped += (1.0 - DAMPING) * (line[at] - *damped);
            }
            let out = self.damped;
            // Householder's reflection: every line hears all of them, and no sound is lost or won.
            let shared = 0.5 * out.iter().sum::<f32>();
            for line in 0..4 {
                let dry = frame[line % 2] + FLOOR;
                self.lines[line][self.at[line]] = dry * 0.5 + FEEDBACK * (out[line] - shared);
                self.at[line] = if self.at[line] + 1 == DELAYS[line] { 0 } else { self.at[line] + 1 };
            }
            frame[0] += LEVEL * (out[0] + out[2]);
            frame[1] += LEVEL * (out[1] + out[3]);
        }
    }
}
