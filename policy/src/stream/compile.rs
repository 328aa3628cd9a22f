//! From the `streams` section as written to the validated one.

mod coalesce;
mod fed;
#[cfg(test)]
mod tests;

use std::time::Duration;

use super::baseline::SlowTerms;
use super::listener::ListenerTerms;
use super::observer::ObserverTerms;
use super::rules::StreamRules;
use super::stall::StallTerms;
use crate::error::{Path, PolicyError};
use crate::operation::OperationNames;
use crate::spec::{ConnectionSpec, ListenerSpec, SlowSpec, StreamsSpec};
use crate::tier::Tiers;

pub use coalesce::MAX_RULES;

const STARTS: (Duration, Duration) = (Duration::ZERO, Duration::from_secs(10));
const SILENCES: (Duration, Duration) = (Duration::ZERO, Duration::from_secs(10));
const HOLES: (Duration, Duration) = (Duration::from_millis(10), Duration::from_secs(10));
const STALLS: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(3600));
const PERCENT: (u32, u32) = (110, 10_000);
const LEASTS: (Duration, Duration) = (Duration::ZERO, Duration::from_secs(3600));
const IDLE: (Duration, Duration) = (Duration::ZERO, Duration::from_secs(86_400));

/// RFC 9113 §6.9.2: less than 65,535 is less than the connection's own, which cannot be made smaller.
const WINDOWS: (u32, u32) = (65_535, 16_777_216);

/// Envoy's recommendation for the edge is the least.
const BUFFERS: (u32, u32) = (32_768, 16_777_216);

impl StreamRules {
    /// Compiles the section at `path`; errors are added to `errors`.
    pub fn compile(
        spec: &StreamsSpec,
        path: &Path,
        operations: &OperationNames,
        tiers: &Tiers,
        errors: &mut Vec<PolicyError>,
    ) -> Self {
        let mut compiler = Compiler { operations, tiers, errors };
        let observer = compiler.observer(&spec.listener, &path.key("listener"));
        let stall = spec.stall.as_ref().map(|it| {
            compiler.within(it.after.0, STALLS, &path.key("stall").key("after"));
            StallTerms { after: it.after.0, audio: it.audio, events: it.events }
        });
        let slow = compiler.slow(&spec.slow, &path.key("slow"));
        let coalesce = compiler.coalesce(&spec.coalesce, &path.key("coalesce"));
        compiler.connection(&spec.connection, &path.key("connection"));
        Self {
            observer,
            protect: spec.protect.clone(),
            stall,
            slow,
            connection: spec.connection.clone(),
            coalesce,
        }
    }
}

struct Compiler<'a> {
    operations: &'a OperationNames,
    tiers: &'a Tiers,
    errors: &'a mut Vec<PolicyError>,
}

// === impl Compiler ===

impl Compiler<'_> {
    fn error(&mut self, path: Path, message: impl Into<String>) {
        self.errors.push(PolicyError::new(path, message));
    }

    fn within(&mut self, length: Duration, (least, most): (Duration, Duration), path: &Path) {
        if !(least..=most).contains(&length) {
            self.error(path.clone(), format!("must be between {least:?} and {most:?}"));
        }
    }

    fn number(&mut self, number: u32, (least, most): (u32, u32), path: &Path) {
        if !(least..=most).contains(&number) {
            self.error(path.clone(), format!("must be between {least} and {most}"));
        }
    }

    fn observer(&mut self, spec: &ListenerSpec, path: &Path) -> ObserverTerms {
        self.within(spec.start.0, STARTS, &path.key("start"));
        self.within(spec.silence.0, SILENCES, &path.key("silence"));
        self.within(spec.hole.0, HOLES, &path.key("hole"));
        let listener = ListenerTerms { start: spec.start.0, hole: spec.hole.0 };
        ObserverTerms { listener, silence: spec.silence.0 }
    }

    fn slow(&mut self, spec: &SlowSpec, path: &Path) -> SlowTerms {
        let (least, most) = PERCENT;
        if spec.percent != 0 && !(least..=most).contains(&spec.percent) {
            let message = format!("must be between {least} and {most} percent, or 0 for never");
            self.error(path.key("percent"), message);
        }
        self.within(spec.least.0, LEASTS, &path.key("least"));
        SlowTerms { percent: spec.percent, least: spec.least.0 }
    }

    fn connection(&mut self, spec: &ConnectionSpec, path: &Path) {
        self.within(spec.idle_timeout.0, IDLE, &path.key("idle_timeout"));
        self.within(spec.flush_timeout.0, IDLE, &path.key("flush_timeout"));
        self.number(spec.http2_window, WINDOWS, &path.key("http2_window"));
        self.number(spec.buffer_limit, BUFFERS, &path.key("buffer_limit"));
    }
}
