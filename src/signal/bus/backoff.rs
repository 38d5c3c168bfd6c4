//! How long to wait before Redis is tried again.

use std::time::Duration;

/// A Redis that is started again answers within a second or two.
const FIRST: Duration = Duration::from_millis(100);

/// Long enough not to be a burden, short enough that nobody waits for it.
const LONGEST: Duration = Duration::from_secs(5);

/// Waits that double up to a limit. Each is shortened by up to half, so that stations do not come back together.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// The next wait.
    pub(super) fn next(&mut self) -> Duration {
        // Without randomness all wait the longest: slower, and still right.
        let random = getrandom::u32().unwrap_or(u32::MAX);
        self.after(f64::from(random) / f64::from(u32::MAX))
    }

    /// It went well.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }

    fn after(&mut self, random: f64) -> Duration {
        let longest = FIRST.saturating_mul(1 << self.failures.min(16)).min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        longest.mul_f64(0.5 + random / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_five_seconds_and_start_again() {
        let mut backoff = Backoff::default();
        let waits: Vec<u128> = (0..8).map(|_| backoff.after(1.0).as_millis()).collect();
        assert_eq!(waits, [100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
        assert_eq!(backoff.after(0.0), LONGEST / 2);
        backoff.reset();
        assert_eq!(backoff.after(0.0), FIRST / 2);
    }
}
