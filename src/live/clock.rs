//! The clocks that a run is led by.

use std::time::{Duration, Instant, SystemTime};

use packager::{Grid, Msn, WallClock};
use rustix::time::{ClockId, clock_gettime};

/// A machine that slept longer than this lost sound: the run goes on from the next slot.
const SUSPENDED: Duration = Duration::from_millis(500);

/// Tells that the machine was asleep: the monotonic clock stands still then, the boot clock does not.
/// Steps of civil time move neither.
#[derive(Debug)]
pub struct SuspendWatch {
    asleep: Duration,
}

impl SuspendWatch {
    /// Watches from now on.
    pub fn start() -> Self {
        Self { asleep: time_asleep() }
    }

    /// Whether the machine has slept since the watch began.
    pub fn has_slept(&self) -> bool {
        time_asleep().saturating_sub(self.asleep) > SUSPENDED
    }
}

/// How long this machine has slept since it was started.
fn time_asleep() -> Duration {
    let read = |clock| {
        let time = clock_gettime(clock);
        Duration::new(u64::try_from(time.tv_sec).unwrap_or(0), u32::try_from(time.tv_nsec).unwrap_or(0))
    };
    let awake = read(ClockId::Monotonic);
    read(ClockId::Boottime).saturating_sub(awake)
}

/// Where and when a run goes on.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Resumption {
    /// The first slot that is filled again.
    pub slot: Msn,
    /// How long from now it begins.
    pub wait: Duration,
}

/// The slot with which a run anchored at `anchor` goes on at civil time `now`: the next that begins, never
/// one that has been filled. Where civil time was set back behind what is already listed, sound does not
/// wait for it to catch up: the next free slot begins at once.
pub fn resume(anchor: WallClock, now: WallClock, last: Option<Msn>) -> Resumption {
    let by_clock = Grid::slot_at_or_after(now.since(anchor)).max(Grid::FIRST);
    match last.map(Msn::next) {
        Some(free) if free > by_clock => {
            let wait = anchor.at(free.start()).since(now);
            let usual = anchor.at(Msn(1).start()).since(anchor);
            Resumption { slot: free, wait: if wait <= usual { wait } else { Duration::ZERO } }
        }
        _ => Resumption { slot: by_clock, wait: anchor.at(by_clock.start()).since(now) },
    }
}

/// Civil time now.
pub fn wall_clock() -> WallClock {
    SystemTime::now().into()
}

/// Sleeps until `instant`; not at all when it has passed.
pub fn sleep_until(instant: Instant) {
    let now = Instant::now();
    if instant > now {
        std::thread::sleep(instant - now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANCHOR: WallClock = WallClock(1_000_000_000);

    fn after(millis: u64) -> WallClock {
        ANCHOR.plus(Duration::from_millis(millis))
    }

    #[test]
    fn a_run_goes_on_with_the_next_slot_by_civil_time() {
        let resumed = resume(ANCHOR, after(40_000), Some(Msn(9)));
        assert_eq!(resumed, Resumption { slot: Msn(11), wait: Duration::from_millis(2_240) });
    }

    #[test]
    fn a_slot_that_was_filled_is_never_filled_again() {
        let resumed = resume(ANCHOR, after(38_400), Some(Msn(10)));
        assert_eq!(resumed, Resumption { slot: Msn(11), wait: Duration::from_millis(3_840) });
    }

    #[test]
    fn a_clock_that_was_set_back_does_not_silence_the_run() {
        let resumed = resume(ANCHOR, after(40_000), Some(Msn(1_000)));
        assert_eq!(resumed, Resumption { slot: Msn(1_001), wait: Duration::ZERO });
    }
}
