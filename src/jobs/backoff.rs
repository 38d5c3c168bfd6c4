//! When a job that failed is tried again.

use std::time::Duration;

/// Attempts of a job; after the last of them it is given up. They spread over about three hours.
pub const ATTEMPTS: u32 = 12;

/// The wait after the first attempt: what was in the way for a moment is gone.
const FIRST: Duration = Duration::from_secs(2);

/// Each wait is so many times the one before.
const GROWTH: u32 = 3;

/// No wait is longer.
const MOST: Duration = Duration::from_mins(30);

/// Every wait is lengthened by up to this share, so that what failed together does not come back together.
const JITTER: f64 = 0.25;

/// How long to wait after `attempts` of them; `None` where it is given up. `random` is in [0, 1).
pub fn wait(attempts: u32, random: f64) -> Option<Duration> {
    if attempts >= ATTEMPTS {
        return None;
    }
    let growth = GROWTH.saturating_pow(attempts.saturating_sub(1));
    Some(FIRST.saturating_mul(growth).min(MOST).mul_f64(1.0 + JITTER * random))
}

/// In [0, 1). Without the system's random numbers jobs only come back together.
pub(super) fn random() -> f64 {
    let bits = getrandom::u32().unwrap_or(0);
    f64::from(bits) / (f64::from(u32::MAX) + 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_half_an_hour_and_end() {
        let waits: Vec<_> =
            (1..).map_while(|attempts| wait(attempts, 0.0)).map(|wait| wait.as_secs()).collect();
        assert_eq!(waits, [2, 6, 18, 54, 162, 486, 1_458, 1_800, 1_800, 1_800, 1_800]);
        assert_eq!(waits.len() as u32, ATTEMPTS - 1);
    }

    #[test]
    fn what_failed_together_parts() {
        assert!(wait(1, 0.9).unwrap() > wait(1, 0.1).unwrap());
        assert_eq!(wait(20, 0.0), None);
    }
}
