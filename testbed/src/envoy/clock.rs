//! A wall clock that a test moves while Envoy runs; Linux only, by `LD_PRELOAD`.
//!
//! Envoy's monotonic clock, and so its timers, go on as they do.

use super::{Envoy, EnvoyError};
use crate::fixture;
use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Command;
use voxgate_policy::time::UnixMillis;

/// Where `cargo xtask` says that it has built `testbed/clock/clock.c`.
const LIBRARY: &str = "VOXGATE_CLOCK_LIB";

/// Where that library is told the file with how far the clock is moved.
const FILE: &str = "VOXGATE_CLOCK";

/// How far an Envoy's clock is from ours.
#[derive(Debug)]
pub(super) struct Clock {
    file: File,
    offset_millis: i64,
}

// === impl Clock ===

impl Clock {
    /// A clock that shows the time, for the process that `command` will start.
    pub fn of(command: &mut Command, folder: &Path) -> Result<Self, EnvoyError> {
        let library = std::env::var_os(LIBRARY).filter(|library| !library.is_empty());
        let library = library.ok_or(EnvoyError::NoClock)?;
        let path = folder.join("clock");
        let mut clock = Self { file: File::create(&path)?, offset_millis: 0 };
        clock.set(0)?;
        command.env("LD_PRELOAD", library).env(FILE, path);
        Ok(clock)
    }

    fn set(&mut self, offset_millis: i64) -> Result<(), EnvoyError> {
        let nanoseconds = offset_millis.saturating_mul(1_000_000);
        // Never shorter, for it is mapped; eight aligned bytes at once, for it is being read.
        self.file.write_all_at(&nanoseconds.to_ne_bytes(), 0)?;
        self.offset_millis = offset_millis;
        Ok(())
    }
}

// === impl Envoy ===

impl Envoy {
    /// What its wall clock shows: what tokens for it are to be signed by.
    pub fn now(&self) -> UnixMillis {
        let moved = self.clock.as_ref().map_or(0, |clock| clock.offset_millis);
        UnixMillis(fixture::now().0.saturating_add_signed(moved))
    }

    /// Moves its wall clock by so many seconds, backwards if they are negative; from there it goes
    /// on. It shows the new time at once, to the filters too.
    ///
    /// # Errors
    /// When it was not started with a [movable clock](super::Options::movable_clock).
    pub fn move_clock(&mut self, seconds: i64) -> Result<(), EnvoyError> {
        let clock = self.clock.as_mut().ok_or(EnvoyError::ClockIsFixed)?;
        clock.set(clock.offset_millis.saturating_add(seconds.saturating_mul(1000)))
    }

    /// Sets its wall clock; from there it goes on.
    ///
    /// # Errors
    /// As [`Envoy::move_clock`].
    pub fn set_clock(&mut self, to: UnixMillis) -> Result<(), EnvoyError> {
        let clock = self.clock.as_mut().ok_or(EnvoyError::ClockIsFixed)?;
        let millis = |time: UnixMillis| i64::try_from(time.0).unwrap_or(i64::MAX);
        clock.set(millis(to).saturating_sub(millis(fixture::now())))
    }
}
