//! What an Envoy costs: processor time and memory, from `/proc` (proc(5)); Linux only.

use super::{Envoy, EnvoyError};
use std::io;
use std::time::Duration;

// === impl Envoy ===

impl Envoy {
    /// Processor time spent so far, user and system, to a hundredth of a second.
    ///
    /// # Errors
    /// When `/proc` does not know the process.
    pub fn cpu_time(&self) -> Result<Duration, EnvoyError> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id()))?;
        // Fields 14 and 15; field 2, the name, may hold spaces and ends with the last ')'.
        let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
        let ticks: Vec<u64> =
            fields.skip(11).take(2).filter_map(|field| field.parse().ok()).collect();
        let [user, system] = ticks[..] else { return Err(unreadable("stat")) };
        let per_second = rustix::param::clock_ticks_per_second() as f64;
        Ok(Duration::from_secs_f64((user + system) as f64 / per_second))
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
