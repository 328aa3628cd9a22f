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

    /// Calls of its threads that wrote something so far: to clients, to services, to files.
    ///
    /// # Errors
    /// When `/proc` does not know the process.
    pub fn writes(&self) -> Result<u64, EnvoyError> {
        let io = std::fs::read_to_string(format!("/proc/{}/io", self.process.id()))?;
        let count = io.lines().find_map(|line| line.strip_prefix("syscw:"));
        count.and_then(|it| it.trim().parse().ok()).ok_or_else(|| unreadable("io"))
    }

    /// Resident memory in bytes.
    ///
    /// # Errors
    /// When `/proc` does not know the process.
    pub fn resident_bytes(&self) -> Result<u64, EnvoyError> {
        self.status_bytes("VmRSS:")
    }

    /// The most resident memory, in bytes, since the start or [`Envoy::forget_peak`].
    ///
    /// # Errors
    /// When `/proc` does not know the process.
    pub fn peak_resident_bytes(&self) -> Result<u64, EnvoyError> {
        self.status_bytes("VmHWM:")
    }

    /// Lets [`Envoy::peak_resident_bytes`] begin anew.
    ///
    /// # Errors
    /// When `/proc` does not know the process.
    pub fn forget_peak(&self) -> Result<(), EnvoyError> {
        Ok(std::fs::write(format!("/proc/{}/clear_refs", self.process.id()), "5")?)
    }

    /// The linear memory of all Wasm VMs in bytes: one for each worker that runs a module, and one
    /// for the main thread. It never shrinks.
    ///
    /// # Errors
    /// When `/proc` does not know the process, or V8 keeps it in another way.
    pub fn wasm_memory_bytes(&self) -> Result<u64, EnvoyError> {
        let maps = std::fs::read_to_string(format!("/proc/{}/maps", self.process.id()))?;
        linear_memories(&maps).ok_or_else(|| unreadable("maps"))
    }

    fn status_bytes(&self, name: &str) -> Result<u64, EnvoyError> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        Ok(kilobytes.ok_or_else(|| unreadable("status"))? * 1024)
    }
}

/// V8 reserves all that 32 bits can address for a memory, and makes accessible what the module has
/// grown it to: the one region is followed by the other.
fn linear_memories(maps: &str) -> Option<u64> {
    const ADDRESSABLE: u64 = 4 << 30;
    let regions: Vec<(u64, u64, &str)> = maps.lines().filter_map(region).collect();
    let memories = regions.windows(2).filter_map(|pair| match *pair {
        [(start, end, "rw-p"), (next, reserved, "---p")]
            if end == next && reserved - next >= ADDRESSABLE - (end - start) =>
        {
            Some(end - start)
        }
        _ => None,
    });
    Some(memories.sum()).filter(|sum| *sum > 0)
}

/// Start, end and permissions.
fn region(line: &str) -> Option<(u64, u64, &str)> {
    let mut fields = line.split_whitespace();
    let (start, end) = fields.next()?.split_once('-')?;
    let address = |it| u64::from_str_radix(it, 16).ok();
    Some((address(start)?, address(end)?, fields.next()?))
}

fn unreadable(file: &str) -> EnvoyError {
    io::Error::new(io::ErrorKind::InvalidData, format!("/proc/PID/{file} has an unknown form"))
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_memory_is_what_stands_before_its_reservation() {
        let maps = "\
            7ef68cd40000-7ef68ce60000 rw-p 00000000 00:00 0 \n\
            7ef68ce60000-7ef88cd40000 ---p 00000000 00:00 0 \n\
            7ef88cd5c000-7ef88cd6c000 rw-p 00000000 00:00 0 \n\
            7ef88cd6c000-7ef89cd80000 ---p 00000000 00:00 0 \n\
            7ef8bed50000-7ef8bee60000 rw-p 00000000 00:00 0 \n\
            7ef8bee61000-7efabed50000 ---p 00000000 00:00 0 \n";
        assert_eq!(linear_memories(maps), Some(0x12_0000));
        assert_eq!(linear_memories(""), None);
    }
}
