//! What an Envoy costs: processor time and memory, from `/proc` (proc(5)); Linux only.

use super::{Envoy, EnvoyError};
use std::io;
use std::time::Duration;

// === impl Envoy ===

impl Envoy {
    /// Processor time that its threads have spent so far, user and system, to the nanosecond.
    ///
    /// # Errors
    /// When `/proc` does not know the process.
    pub fn cpu_time(&self) -> Result<Duration, EnvoyError> {
        let mut nanos = 0;
        for thread in std::fs::read_dir(format!("/proc/{}/task", self.process.id()))? {
            // `stat`, which every kernel has, counts in hundredths of a second.
            let spent = std::fs::read_to_string(thread?.path().join("schedstat"))?;
            let spent = spent.split_whitespace().next().and_then(|it| it.parse::<u64>().ok());
            nanos += spent.ok_or_else(|| unreadable("schedstat"))?;
        }
        Ok(Duration::from_nanos(nanos))
    }

    /// Resident memory in bytes.
    ///
    /// # Errors
    /// When `/proc` does not know the process.
    pub fn resident_bytes(&self) -> Result<u64, EnvoyError> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        Ok(kilobytes.ok_or_else(|| unreadable("status"))? * 1024)
    }
}

fn unreadable(file: &str) -> EnvoyError {
    io::Error::new(io::ErrorKind::InvalidData, format!("/proc/PID/{file} has an unknown form"))
        .into()
}
