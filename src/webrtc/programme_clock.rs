//! Which civil time an RTP time of the programme stands for.

use http::HeaderValue;
use packager::WallClock;
use rtc::Clock;

/// RTP times of the programme count its samples at this rate.
const RATE: u64 = 48_000;

/// Samples after which an RTP time begins anew: a bit more than 24 h 51 min.
const TURN: u64 = 1 << 32;

/// The value of `OnAir-Programme-Clock`: `anchor` is the civil time of RTP time 0, by the same clock as
/// `EXT-X-PROGRAM-DATE-TIME`; of the turn of RTP time that is running at `now`.
pub fn programme_clock(clock: Clock, now: WallClock) -> HeaderValue {
    let run = WallClock(0).plus(clock.anchor);
    let samples = u128::from(now.0.saturating_sub(run.0)) * u128::from(RATE) / 1_000_000;
    let turns = samples / u128::from(TURN);
    let past = turns * u128::from(TURN) * 1_000_000 / u128::from(RATE);
    let anchor = WallClock(run.0 + u64::try_from(past).unwrap_or(0));
    // `WallClock` shows milliseconds; what follows them stands before the Z.
    let shown = anchor.to_string();
    let value = format!("anchor=\"{}{:03}Z\", rate={RATE}", shown.trim_end_matches('Z'), anchor.0 % 1_000);
    HeaderValue::try_from(value).expect("digits and punctuation")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2027-01-15T08:00:00Z, and some microseconds.
    const RUN: WallClock = WallClock(1_800_000_000_000_042);
    const CLOCK: Clock = Clock { anchor: std::time::Duration::from_micros(RUN.0) };

    #[test]
    fn rtp_time_0_is_sample_0_of_the_run() {
        let now = WallClock(RUN.0 + 3_600_000_000);
        assert_eq!(programme_clock(CLOCK, now), "anchor=\"2027-01-15T08:00:00.000042Z\", rate=48000");
        assert_eq!(
            programme_clock(CLOCK, WallClock(0)),
            programme_clock(CLOCK, RUN),
            "a clock that was set back"
        );
    }

    #[test]
    fn after_a_day_it_is_the_turn_that_is_running() {
        // 2^32 samples are 89,478.485333… s.
        let before = WallClock(RUN.0 + 89_478_485_333);
        assert_eq!(programme_clock(CLOCK, before), programme_clock(CLOCK, RUN));
        let after = WallClock(RUN.0 + 89_478_485_400);
        assert_eq!(programme_clock(CLOCK, after), "anchor=\"2027-01-16T08:51:18.485375Z\", rate=48000");
    }
}
