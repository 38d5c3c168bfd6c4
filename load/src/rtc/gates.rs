//! What a run has to reach to count as passed.

use std::time::Duration;

use super::report::Report;

/// Bounds of a run, each of which fails it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gates {
    /// Packets that nobody heard may be at most this many of a hundred.
    pub max_loss: f64,
    /// At least this many of a hundred listeners have to hear something.
    pub min_join: f64,
    /// 95 % of those who join have to hear something by then.
    pub max_join_p95: Duration,
    /// At least this many of a hundred windows of 100 ms have to have the tone, where one is listened for.
    pub min_tone: f64,
}

impl Default for Gates {
    fn default() -> Self {
        Self { max_loss: 2.0, min_join: 99.0, max_join_p95: Duration::from_secs(2), min_tone: 90.0 }
    }
}

impl Gates {
    /// The gates that `report` fails, each as a line with figure and bound.
    pub fn failed(&self, report: &Report) -> Vec<String> {
        let mut failed = Vec::new();
        let joined = report.join_percent();
        if joined < self.min_join {
            failed.push(format!("{joined:.2} % joined, at least {} % have to", self.min_join));
        }
        let loss = report.loss_percent();
        if loss > self.max_loss {
            failed.push(format!("{loss:.3} % of the packets lost, at most {} % may be", self.max_loss));
        }
        let (p95, bound) = (report.join.p95_ms, self.max_join_p95.as_secs_f64() * 1000.0);
        if p95 > bound {
            failed.push(format!("join p95 {p95:.0} ms, at most {bound:.0} ms allowed"));
        }
        if report.packets.received == 0 {
            failed.push("nothing was heard".to_owned());
        }
        if let Some(tone) = report.tone_percent()
            && tone < self.min_tone
        {
            failed
                .push(format!("the tone is in {tone:.1} % of what was heard, at least {} %", self.min_tone));
        }
        if report.dropped > 0 {
            failed.push(format!("{} listeners lost their connection", report.dropped));
        }
        failed
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Figures;
    use crate::rtc::reception::Counts;

    /// A hundred listeners, all well.
    fn well() -> Report {
        Report {
            wanted: 100,
            joined: 100,
            join: Figures { p95_ms: 100.0, ..Figures::default() },
            packets: Counts { received: 10_000, ..Counts::default() },
            ..Report::default()
        }
    }

    #[test]
    fn a_run_where_all_is_well_passes() {
        assert_eq!(Gates::default().failed(&well()), Vec::<String>::new());
    }

    #[test]
    fn each_gate_fails_the_run_beyond_its_bound_and_not_at_it() {
        let lossy = |lost, received| Counts { received, lost, ..Counts::default() };
        let slow = |p95_ms| Figures { p95_ms, ..Figures::default() };
        let at_bound = [
            Report { joined: 99, ..well() },
            Report { packets: lossy(200, 9800), ..well() },
            Report { join: slow(2000.0), ..well() },
            Report { tone: Some((90, 100)), ..well() },
        ];
        for report in at_bound {
            assert_eq!(Gates::default().failed(&report), Vec::<String>::new());
        }
        let beyond = [
            (Report { joined: 98, ..well() }, "98.00 % joined"),
            (Report { packets: lossy(201, 9799), ..well() }, "2.010 % of the packets lost"),
            (Report { join: slow(2001.0), ..well() }, "join p95 2001 ms"),
            (Report { tone: Some((89, 100)), ..well() }, "the tone is in 89.0 %"),
            (Report { packets: Counts::default(), ..well() }, "nothing was heard"),
            (Report { dropped: 1, ..well() }, "1 listeners lost"),
        ];
        for (report, reason) in beyond {
            let failed = Gates::default().failed(&report);
            assert!(failed.len() == 1 && failed[0].starts_with(reason), "{failed:?} for {reason}");
        }
    }
}
