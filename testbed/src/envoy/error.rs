//! What can go wrong with an Envoy, told with the end of its log.

use super::UnexpectedLog;
use std::process::ExitStatus;
use std::time::Duration;

/// Why an Envoy cannot be used.
#[derive(thiserror::Error)]
pub enum EnvoyError {
    /// The environment names no Envoy.
    #[error(
        "ENVOY names no Envoy binary; run the tests by `cargo xtask test e2e`, which gets one, \
         or set ENVOY to an Envoy 1.40.0"
    )]
    NoBinary,
    /// The environment names no library that moves the clock.
    #[error(
        "VOXGATE_CLOCK_LIB names no library, so no clock can be moved; run the tests by \
         `cargo xtask test e2e`, which builds it (on Linux only, for it is preloaded), or by hand: \
         cc -shared -fPIC -o clock.so testbed/clock/clock.c -ldl"
    )]
    NoClock,
    /// Its clock cannot be moved.
    #[error("the Envoy was started without `movable_clock`, so its clock cannot be moved")]
    ClockIsFixed,
    /// It ended before it was ready, as it does when it refuses its configuration.
    #[error("Envoy ended before it was ready ({status}); its log ends:\n{log}")]
    Refused {
        /// How it ended.
        status: ExitStatus,
        /// The end of its log.
        log: String,
    },
    /// It did not become ready in time.
    #[error("Envoy was not ready after {after:?}; its log ends:\n{log}")]
    NotReady {
        /// How long it was waited for.
        after: Duration,
        /// The end of its log.
        log: String,
    },
    /// It ended though nobody asked it to.
    #[error("Envoy ended by itself ({status}); its log ends:\n{log}")]
    Crashed {
        /// How it ended.
        status: ExitStatus,
        /// The end of its log.
        log: String,
    },
    /// It logged what nobody expected.
    #[error(transparent)]
    Log(#[from] UnexpectedLog),
    /// An awaited line did not come.
    #[error("Envoy never logged {text:?}; its log ends:\n{log}")]
    NotLogged {
        /// What was awaited.
        text: String,
        /// The end of its log.
        log: String,
    },
    /// An awaited access-log entry did not come.
    #[error("the access log has no entry that was waited for; it holds {entries} entries")]
    NoAccessLogEntry {
        /// How many it holds.
        entries: usize,
    },
    /// An awaited count was not reached.
    #[error("{metric} is {value} and does not become {least}")]
    MetricTooLow {
        /// Its name and labels.
        metric: String,
        /// What it is.
        value: u64,
        /// What was awaited.
        least: u64,
    },
    /// The bootstrap of a push cannot be used.
    #[error("the Envoy was not started by start_dynamic, so nothing can be pushed to it")]
    NotDynamic,
    /// A push showed no outcome in time.
    #[error("Envoy neither took nor refused the push in {after:?}; its log ends:\n{log}")]
    PushUndecided {
        /// How long it was waited for.
        after: Duration,
        /// The end of its log.
        log: String,
    },
    /// The admin interface did not answer as it should.
    #[error("Envoy's admin interface, {path}: {problem}")]
    Admin {
        /// What was asked.
        path: String,
        /// What came.
        problem: String,
    },
    /// A pattern of expected log lines is wrong.
    #[error(transparent)]
    Pattern(#[from] regex::Error),
    /// A file or process could not be used.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// A document is not JSON.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

/// As [`std::fmt::Display`]: a test's `unwrap` prints this, and a log in quotes is unreadable.
impl std::fmt::Debug for EnvoyError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, formatter)
    }
}
