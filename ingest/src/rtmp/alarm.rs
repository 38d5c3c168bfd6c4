//! A timer whose deadline moves with every packet.

use std::future::pending;
use std::pin::Pin;
use std::time::Instant;

use tokio::time::{Sleep, sleep_until};

/// One timer for the life of a connection.
///
/// A deadline that moves away leaves the timer where it is: it rings early, sees that there is nothing to do
/// and is set anew. So a packet that only proves that its sender lives costs no timer operation.
pub(super) struct Alarm {
    timer: Pin<Box<Sleep>>,
}

impl Alarm {
    /// An alarm that has not been set; `now` is any moment that has come.
    pub(super) fn new(now: Instant) -> Self {
        Self { timer: Box::pin(sleep_until(now.into())) }
    }

    /// Waits until `deadline`, for ever if there is none. May be dropped and called again.
    pub(super) async fn ring_at(&mut self, deadline: Option<Instant>) {
        let Some(deadline) = deadline else { return pending().await };
        loop {
            if self.timer.is_elapsed() || self.timer.deadline().into_std() > deadline {
                self.timer.as_mut().reset(deadline.into());
            }
            let set_to = self.timer.deadline().into_std();
            self.timer.as_mut().await;
            if set_to >= deadline {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::{self, timeout};

    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[tokio::test(start_paused = true)]
    #[expect(clippy::disallowed_methods, reason = "the test's clock stands still until it is moved")]
    async fn it_rings_at_the_newest_deadline_whichever_way_that_moved() {
        let begun = time::Instant::now();
        let mut alarm = Alarm::new(begun.into_std());
        assert!(timeout(9 * SECOND, alarm.ring_at(None)).await.is_err());
        // What it is set to, when its caller gives up, whether it rings before that, and when that is: seconds.
        for (deadline, given_up, rings, at) in [
            (30, 10, false, 10),
            (20, 11, false, 11),
            (25, 12, false, 12),
            (25, 99, true, 25),
            (5, 99, true, 25),
            (26, 99, true, 26),
        ] {
            let patience = begun + given_up * SECOND - time::Instant::now();
            let deadline = begun + deadline * SECOND;
            let rang = timeout(patience, alarm.ring_at(Some(deadline.into_std()))).await.is_ok();
            assert_eq!((rang, begun.elapsed().as_secs()), (rings, at));
        }
    }
}
