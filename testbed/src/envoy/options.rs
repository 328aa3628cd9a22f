//! How an Envoy is started.

use super::{Envoy, EnvoyError};
use serde_json::Value;
use std::path::PathBuf;
use std::time::Duration;

/// How an Envoy is started; `Options { concurrency: 2, ..Options::default() }.start(bootstrap)`.
#[derive(Debug, Clone)]
pub struct Options {
    /// The binary; `$ENVOY` when absent.
    pub envoy: Option<PathBuf>,
    /// Worker threads.
    pub concurrency: u32,
    /// Level of Envoy's log: `info`, `debug` …
    pub log_level: String,
    /// Levels of single components: `wasm:debug,jwt:trace`.
    pub component_log_level: Option<String>,
    /// Regular expressions of log lines that are expected.
    pub allow_log: Vec<String>,
    /// Listen on the very ports of the bootstrap instead of free ones.
    pub keep_ports: bool,
    /// Put the listeners into a watched file, for [`Envoy::push`].
    pub dynamic: bool,
    /// How long a listener that was replaced by a push keeps its connections, in seconds; each is
    /// asked to close at its next answer, as Istio has it. Envoy's own 600 when absent.
    pub drain_seconds: Option<u32>,
    /// Let a test move its wall clock: [`Envoy::move_clock`]. On Linux only.
    pub movable_clock: bool,
    /// How long it may take to become ready. Compiling a module takes a second, ten when the
    /// machine is busy.
    pub startup: Duration,
}

// === impl Options ===

impl Default for Options {
    fn default() -> Self {
        Self {
            envoy: None,
            concurrency: 1,
            log_level: "info".to_owned(),
            component_log_level: None,
            allow_log: Vec::new(),
            keep_ports: false,
            dynamic: false,
            drain_seconds: None,
            movable_clock: false,
            startup: Duration::from_secs(60),
        }
    }
}

impl Options {
    /// Starts an Envoy; see [`Envoy::start`].
    ///
    /// # Errors
    /// As [`Envoy::start`].
    pub async fn start(self, bootstrap: Value) -> Result<Envoy, EnvoyError> {
        Envoy::launch(self, bootstrap).await
    }

    pub(super) fn binary(&self) -> Result<PathBuf, EnvoyError> {
        self.envoy
            .clone()
            .or_else(|| std::env::var_os("ENVOY").map(PathBuf::from))
            .filter(|path| path.is_file())
            .ok_or(EnvoyError::NoBinary)
    }

    pub(super) fn arguments(&self) -> Vec<String> {
        // Hot restart shares memory by a machine-wide id; several Envoys would collide.
        let mut arguments = vec!["--disable-hot-restart".to_owned()];
        // Envoy takes no `--name=value`.
        let mut set = |name: &str, value: &str| arguments.extend([name.into(), value.into()]);
        set("--concurrency", &self.concurrency.to_string());
        set("--log-level", &self.log_level);
        set("--log-format", super::log::FORMAT);
        // Access logs are readable while Envoy runs, not ten seconds later.
        set("--file-flush-interval-msec", "50");
        if let Some(seconds) = self.drain_seconds {
            set("--drain-strategy", "immediate");
            set("--drain-time-s", &seconds.to_string());
        }
        if let Some(levels) = &self.component_log_level {
            set("--component-log-level", levels);
        }
        arguments
    }
}
