//! How often something may be done.

use std::collections::VecDeque;
use std::time::Duration;

/// So many within any stretch of a given length.
#[derive(Clone, Debug)]
pub struct Rate {
    most: usize,
    within: Duration,
    lately: VecDeque<Duration>,
}

impl Rate {
    /// At most `most` within any stretch `within`; holds that many times, and nothing before the first.
    pub const fn new(most: usize, within: Duration) -> Self {
        Self { most, within, lately: VecDeque::new() }
    }

    /// Counts one at `now`, which never goes back; `false` where that is one too many, which is not counted.
    pub fn take(&mut self, now: Duration) -> bool {
        while self.lately.front().is_some_and(|then| now.saturating_sub(*then) >= self.within) {
            self.lately.pop_front();
        }
        if self.lately.len() >= self.most {
            return false;
        }
        self.lately.push_back(now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn five_a_second_are_five_in_any_second() {
        let mut rate = Rate::new(5, ms(1_000));
        let taken: Vec<bool> = (0..7).map(|n| rate.take(ms(100 * n))).collect();
        assert_eq!(taken, [true, true, true, true, true, false, false]);
        assert!(!rate.take(ms(999)));
        assert!(rate.take(ms(1_000)) && !rate.take(ms(1_050)) && rate.take(ms(1_100)));
    }
}
