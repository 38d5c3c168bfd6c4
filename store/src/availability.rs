//! Who finds the database away tells the others.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Lets calls through while the database answers. After a call that found it away the next ones are refused at once,
/// except for one now and then that looks again.
#[derive(Debug)]
pub(crate) struct Availability {
    opened: Instant,
    /// Milliseconds after `opened` from which one call may look again; 0 while the database answers.
    look_again_at: AtomicU64,
}

/// How long nobody asks a database that was found away. Also how much longer than the database itself we can be away.
const PAUSE: Duration = Duration::from_millis(250);

impl Availability {
    pub(crate) fn new() -> Self {
        Self { opened: Instant::now(), look_again_at: AtomicU64::new(0) }
    }

    /// May a call go to the database?
    pub(crate) fn admits(&self) -> bool {
        self.admits_at(self.opened.elapsed())
    }

    /// A call went through, or found the database away.
    pub(crate) fn learn(&self, away: bool) {
        self.learn_at(self.opened.elapsed(), away);
    }

    fn admits_at(&self, now: Duration) -> bool {
        let due = self.look_again_at.load(Ordering::Acquire);
        let now = now.as_millis() as u64;
        // Only one of those who come when it is due looks again; if it never reports, another does later.
        due == 0
            || now >= due
                && self
                    .look_again_at
                    .compare_exchange(
                        due,
                        now + PAUSE.as_millis() as u64,
                        Ordering::AcqRel,
                        Ordering::Acquire,
                    )
                    .is_ok()
    }

    fn learn_at(&self, now: Duration, away: bool) {
        let due = if away { (now + PAUSE).as_millis() as u64 } else { 0 };
        self.look_again_at.store(due, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    #[test]
    fn one_call_looks_again_and_the_others_are_refused() {
        let availability = Availability::new();
        assert!(availability.admits_at(ms(0)));
        availability.learn_at(ms(1000), true);
        assert!(!availability.admits_at(ms(1249)));
        assert!(availability.admits_at(ms(1250)));
        assert!(!availability.admits_at(ms(1250)));
        assert!(availability.admits_at(ms(1500)), "the one that looked never came back");
    }

    #[test]
    fn an_answer_lets_everybody_through() {
        let availability = Availability::new();
        availability.learn_at(ms(1000), true);
        assert!(availability.admits_at(ms(1250)));
        availability.learn_at(ms(1251), false);
        assert!(availability.admits_at(ms(1251)) && availability.admits_at(ms(1251)));
    }
}
