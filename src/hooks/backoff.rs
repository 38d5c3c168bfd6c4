//! When a delivery that was not taken is tried again.

use std::time::Duration;

/// How long a delivery is tried, from when it was made or replayed.
pub const PATIENCE: Duration = Duration::from_hours(24);

/// The waits after the first attempts: a receiver that restarts is back within seconds, one that is broken
/// wants hours. The last one repeats.
const WAITS: [Duration; 8] = [
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_mins(2),
    Duration::from_mins(10),
    Duration::from_mins(30),
    Duration::from_hours(1),
    Duration::from_hours(3),
    Duration::from_hours(6),
];

/// Every wait is lengthened by up to this share, so that deliveries which failed together do not come back
/// together.
const JITTER: f64 = 0.2;

/// How long to wait after `attempts` of them, the last of which ended `age` after the delivery was made;
/// `None` when its time is over. `random` is in [0, 1).
pub fn wait(attempts: u32, age: Duration, random: f64) -> Option<Duration> {
    let left = PATIENCE.checked_sub(age).filter(|left| !left.is_zero())?;
    let place = usize::try_from(attempts.saturating_sub(1)).unwrap_or(usize::MAX);
    let wait = WAITS[place.min(WAITS.len() - 1)].mul_f64(1.0 + JITTER * random);
    // The last attempt comes when the time is up, not before.
    Some(wait.min(left))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The moments of all attempts of a delivery that nobody ever takes.
    fn attempts(random: f64) -> Vec<Duration> {
        let mut at = vec![Duration::ZERO];
        while let Some(wait) = wait(at.len() as u32, at[at.len() - 1], random) {
            at.push(at[at.len() - 1] + wait);
        }
        at
    }

    #[test]
    fn attempts_spread_over_a_day_and_end_with_it() {
        let at: Vec<u64> = attempts(0.0).iter().map(Duration::as_secs).collect();
        assert_eq!(at, [0, 5, 35, 155, 755, 2_555, 6_155, 16_955, 38_555, 60_155, 81_755, 86_400]);
    }

    #[test]
    fn two_deliveries_that_failed_together_part() {
        let (one, other) = (attempts(0.0), attempts(0.99));
        assert!(one.iter().zip(&other).skip(1).take(8).all(|(one, other)| other > one));
        assert_eq!(one.last(), other.last());
    }
}
