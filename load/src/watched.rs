//! The server's own process, watched from outside: CPU and memory while it was loaded (Linux, proc(5)).

use std::fs;
use std::time::Duration;

use anyhow::Context;
use serde::Serialize;

/// `USER_HZ`: what /proc counts CPU in. Fixed at 100 for user space on every Linux port in use.
const TICKS_A_SECOND: u64 = 100;
/// A page, as /proc counts memory; what x86-64 and nearly every arm64 kernel has.
const PAGE: u64 = 4096;

/// A process to look at.
#[derive(Clone, Copy, Debug)]
pub struct Watched {
    pid: u32,
    rss_before: u64,
    cpu_before: Duration,
}

/// What one process used.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// CPU seconds, user and system, while measuring. In steps of 10 ms.
    pub cpu_seconds: f64,
    /// Resident bytes before the first listener came.
    pub rss_before: u64,
    /// Resident bytes at the end, with every listener there.
    pub rss_after: u64,
}

impl Watched {
    /// Looks at process `pid` for the first time.
    pub fn new(pid: u32) -> anyhow::Result<Self> {
        Ok(Self { pid, rss_before: rss(pid)?, cpu_before: cpu(pid)? })
    }

    /// From here on its CPU counts.
    pub fn start(&mut self) -> anyhow::Result<()> {
        self.cpu_before = cpu(self.pid)?;
        Ok(())
    }

    /// What it used since.
    pub fn usage(&self) -> anyhow::Result<Usage> {
        let cpu_seconds = cpu(self.pid)?.saturating_sub(self.cpu_before).as_secs_f64();
        Ok(Usage { cpu_seconds, rss_before: self.rss_before, rss_after: rss(self.pid)? })
    }
}

fn read(pid: u32, file: &str) -> anyhow::Result<String> {
    fs::read_to_string(format!("/proc/{pid}/{file}")).with_context(|| format!("process {pid} is not there"))
}

fn rss(pid: u32) -> anyhow::Result<u64> {
    let statm = read(pid, "statm")?;
    let pages = statm.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok());
    Ok(pages.context("statm does not read")? * PAGE)
}

fn cpu(pid: u32) -> anyhow::Result<Duration> {
    parse_cpu(&read(pid, "stat")?).context("stat does not read")
}

/// Fields 14 and 15 of proc_pid_stat(5). The name in field 2 may hold spaces and brackets.
fn parse_cpu(stat: &str) -> Option<Duration> {
    let (_, after_name) = stat.rsplit_once(") ")?;
    let mut fields = after_name.split(' ').skip(11);
    let ticks = fields.next()?.parse::<u64>().ok()? + fields.next()?.parse::<u64>().ok()?;
    Some(Duration::from_millis(ticks * 1000 / TICKS_A_SECOND))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cpu_is_user_and_system_time_whatever_the_process_is_called() {
        let stat = "7 (odd) name (x) S 1 7 7 0 -1 4194304 100 0 0 0 250 50 9 9 20 0 3 0 100 1 2";
        assert_eq!(parse_cpu(stat), Some(Duration::from_secs(3)));
        assert_eq!(parse_cpu("7 (short) S 1"), None);
    }

    #[test]
    fn a_process_can_watch_itself_and_not_one_that_is_gone() {
        let watched = Watched::new(std::process::id()).unwrap();
        assert!(watched.usage().unwrap().rss_after > 0);
        assert!(Watched::new(u32::MAX).is_err());
    }
}
