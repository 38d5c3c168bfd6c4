//! How long to leave a store alone that has failed.

use std::time::Duration;

/// The first wait: a connection that broke is made anew at once, nearly.
const FIRST: Duration = Duration::from_millis(500);

/// The longest wait. A store that comes back is noticed within half a minute.
const LONGEST: Duration = Duration::from_secs(30);

/// How long to wait after `failures` in a row; at least one. It doubles from half a second to half a minute, and lies
/// between half of that and all of it as `dice` in [0, 1) says, so that stations do not come back together.
pub(crate) fn wait(failures: u32, dice: f64) -> Duration {
    let doubled = FIRST.saturating_mul(1 << failures.saturating_sub(1).min(16));
    doubled.min(LONGEST).mul_f64(0.5 + 0.5 * dice.clamp(0.0, 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_half_a_minute_and_spread() {
        let waits: Vec<_> = (1..10).map(|failures| wait(failures, 1.0).as_millis()).collect();
        assert_eq!(waits, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
        assert_eq!(wait(3, 0.0), Duration::from_secs(1));
        assert_eq!(wait(u32::MAX, 0.0), Duration::from_secs(15));
    }
}
