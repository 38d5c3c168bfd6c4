//! What the kernel knows about this process.

use std::{fs, time::Duration};

/// Figures of this process now.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Process {
    /// Processor time since it began, user and system.
    pub cpu: Duration,
    /// Resident memory.
    pub resident_bytes: u64,
    /// Open file descriptors.
    pub open_fds: u64,
    /// Threads.
    pub threads: u64,
}

impl Process {
    /// Reads `/proc/self`; none where the system has no such thing.
    pub fn read() -> Option<Self> {
        let stat = fs::read_to_string("/proc/self/stat").ok()?;
        let status = fs::read_to_string("/proc/self/status").ok()?;
        // The reading itself holds one descriptor, which is closed when the count is told.
        let open_fds = fs::read_dir("/proc/self/fd").ok()?.count() as u64 - 1;
        Some(Self {
            cpu: cpu(&stat, rustix::param::clock_ticks_per_second())?,
            resident_bytes: field(&status, "VmRSS:")? * 1024,
            open_fds,
            threads: field(&status, "Threads:")?,
        })
    }
}

/// Fields 14 and 15 of `/proc/[pid]/stat` (proc(5)). The second one, the program's name, may hold spaces
/// and brackets, so counting starts after its last bracket.
fn cpu(stat: &str, ticks_per_second: u64) -> Option<Duration> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_ascii_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    Some(Duration::from_secs_f64((user + system) as f64 / ticks_per_second.max(1) as f64))
}

fn field(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_ascii_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processor_time_is_found_behind_a_name_with_brackets() {
        let stat = "42 (a) b) S 1 2 3 4 5 6 7 8 9 10 150 50 0 0 20 0 8 0 99";
        assert_eq!(cpu(stat, 100), Some(Duration::from_secs(2)));
        assert_eq!(cpu("42 (onair", 100), None);
    }

    #[test]
    fn a_field_of_the_status_is_its_first_number() {
        let status = "Name:\tonair\nVmRSS:\t   2048 kB\nThreads:\t8\n";
        assert_eq!((field(status, "VmRSS:"), field(status, "Threads:")), (Some(2048), Some(8)));
        assert_eq!(field(status, "VmSwap:"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn this_process_has_memory_threads_and_descriptors() {
        let process = Process::read().unwrap();
        assert!(process.resident_bytes > 100_000 && process.threads >= 1 && process.open_fds >= 1);
    }
}
