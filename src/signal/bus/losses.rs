//! Losses are told once a second, however many there are.

use std::time::{Duration, Instant};

const EVERY: Duration = Duration::from_secs(1);

/// Counts what is lost between two lines of the log.
#[derive(Debug, Default)]
pub(super) struct Losses {
    untold: u64,
    told: Option<Instant>,
}

impl Losses {
    /// Counts one more; the number to tell where the last line is a second old.
    pub(super) fn count(&mut self, now: Instant) -> Option<u64> {
        self.untold += 1;
        if self.told.is_some_and(|told| now.saturating_duration_since(told) < EVERY) {
            return None;
        }
        self.told = Some(now);
        Some(std::mem::take(&mut self.untold))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flood_of_losses_is_a_line_a_second() {
        let start = Instant::now();
        let mut losses = Losses::default();
        let told: Vec<u64> =
            (0..2_500).filter_map(|ms| losses.count(start + Duration::from_millis(ms))).collect();
        assert_eq!(told, [1, 1_000, 1_000]);
    }
}
