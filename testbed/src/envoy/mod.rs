//! A real Envoy, started from a bootstrap and ended with the test.
//!
//! Any line in its log that warns, reports a trap, or speaks of a panic fails the test that caused
//! it, unless the test said it expects it ([`Envoy::allow_log`]).

mod access_log;
mod admin;
mod bootstrap;
mod clock;
mod dynamic;
mod error;
mod log;
mod metrics;
mod options;
mod usage;

pub use access_log::AccessLogEntry;
pub use dynamic::Push;
pub use error::EnvoyError;
pub use log::{LogLine, UnexpectedLog};
pub use metrics::Series;
pub use options::Options;

use crate::process::{self, Process};
use admin::Admin;
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How often a condition is looked at again.
const POLL: Duration = Duration::from_millis(10);

/// A running Envoy. Dropping it ends it and, unless [`Envoy::finish`] was called, panics when its
/// log holds a line that nobody expected.
#[derive(Debug)]
pub struct Envoy {
    process: Process,
    admin: Admin,
    listeners: BTreeMap<String, SocketAddr>,
    log: log::Log,
    dynamic: Option<dynamic::ListenerFile>,
    clock: Option<clock::Clock>,
    folder: TempDir,
    finished: bool,
}

// === impl Envoy ===

impl Envoy {
    /// Starts Envoy with [`Options::default`]. All ports of the bootstrap, the admin's too, become
    /// free ports of 127.0.0.1, and every file access log becomes [`Envoy::access_log`].
    ///
    /// # Errors
    /// When there is no Envoy, when it refuses the bootstrap or is not ready in time; the error
    /// shows the end of its log.
    pub async fn start(bootstrap: Value) -> Result<Self, EnvoyError> {
        Options::default().start(bootstrap).await
    }

    /// Starts Envoy with its listeners in a file that it watches, so that [`Envoy::push`] works.
    ///
    /// # Errors
    /// As [`Envoy::start`].
    pub async fn start_dynamic(bootstrap: Value) -> Result<Self, EnvoyError> {
        Options { dynamic: true, ..Options::default() }.start(bootstrap).await
    }

    async fn launch(options: Options, mut bootstrap: Value) -> Result<Self, EnvoyError> {
        let binary = options.binary()?;
        let folder = tempfile::Builder::new().prefix("voxgate-envoy-").tempdir()?;
        let path = |name: &str| folder.path().join(name);

        let local =
            bootstrap::Local { access_log: path("access.jsonl"), keep_ports: options.keep_ports };
        local.apply(&mut bootstrap);
        let dynamic = if options.dynamic {
            Some(dynamic::ListenerFile::take_over(&mut bootstrap, folder.path(), local)?)
        } else {
            None
        };
        std::fs::write(path("bootstrap.json"), serde_json::to_vec_pretty(&bootstrap)?)?;

        let log_file = std::fs::File::create(path("envoy.log"))?;
        let mut command = process::command(&binary);
        command
            .arg("--config-path")
            .arg(path("bootstrap.json"))
            .arg("--admin-address-path")
            .arg(path("admin"))
            .args(options.arguments())
            .stdout(log_file.try_clone()?)
            .stderr(log_file);
        let clock = if options.movable_clock {
            Some(clock::Clock::of(&mut command, folder.path())?)
        } else {
            None
        };
        let process = Process::start(command)?;

        let mut envoy = Self {
            process,
            admin: Admin::default(),
            listeners: BTreeMap::new(),
            log: log::Log::new(path("envoy.log"), &options.allow_log)?,
            dynamic,
            clock,
            folder,
            finished: false,
        };
        let ready = envoy.become_ready(options.startup).await;
        if let Err(error) = ready {
            // The error says more than any line that it is made of.
            envoy.finished = true;
            return Err(error);
        }
        Ok(envoy)
    }

    async fn become_ready(&mut self, within: Duration) -> Result<(), EnvoyError> {
        let deadline = Instant::now() + within;
        loop {
            if let Some(status) = self.process.ended()? {
                return Err(EnvoyError::Refused { status, log: self.log.tail() });
            }
            if let Some(address) = self.admin_address() {
                self.admin = Admin::new(address);
                if self.admin.is_ready().await {
                    self.listeners = self.admin.listeners().await?;
                    return Ok(());
                }
            }
            if Instant::now() >= deadline {
                return Err(EnvoyError::NotReady { after: within, log: self.log.tail() });
            }
            tokio::time::sleep(POLL).await;
        }
    }

    fn admin_address(&self) -> Option<SocketAddr> {
        std::fs::read_to_string(self.folder.path().join("admin")).ok()?.trim().parse().ok()
    }

    /// Where its only listener listens.
    ///
    /// # Panics
    /// When the bootstrap has no listener, or several: then ask for one by [`Envoy::listener`].
    pub fn address(&self) -> SocketAddr {
        assert_eq!(self.listeners.len(), 1, "which listener of {:?}?", self.listeners);
        self.listeners.values().copied().next().expect("one listener")
    }

    /// Where the listener of this name listens.
    ///
    /// # Panics
    /// When there is none.
    pub fn listener(&self, name: &str) -> SocketAddr {
        *self
            .listeners
            .get(name)
            .unwrap_or_else(|| panic!("no listener {name:?} among {:?}", self.listeners.keys()))
    }

    /// Where its admin interface listens.
    pub fn admin_listener(&self) -> SocketAddr {
        self.admin.address()
    }

    /// The folder with its bootstrap, log and access log; goes away with it.
    pub fn folder(&self) -> PathBuf {
        self.folder.path().to_owned()
    }

    /// Expects log lines that `pattern`, a regular expression, matches.
    ///
    /// # Panics
    /// When it is no regular expression.
    pub fn allow_log(&mut self, pattern: &str) {
        self.log.allow(pattern).expect("a regular expression");
    }

    /// What it has logged so far.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn log(&self) -> Result<Vec<LogLine>, EnvoyError> {
        Ok(self.log.lines()?)
    }

    /// Waits until a logged line contains `text`.
    ///
    /// # Errors
    /// When none does within five seconds.
    pub async fn wait_for_log(&self, text: &str) -> Result<LogLine, EnvoyError> {
        let deadline = Instant::now() + Duration::from_secs(5);
        loop {
            if let Some(line) = self.log()?.into_iter().find(|line| line.text.contains(text)) {
                return Ok(line);
            }
            if Instant::now() >= deadline {
                return Err(EnvoyError::NotLogged { text: text.to_owned(), log: self.log.tail() });
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// Kills it as `kill -9` does; what it logged is still judged.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn kill(&mut self) -> Result<(), EnvoyError> {
        self.process.kill()?;
        Ok(())
    }

    /// Ends it and judges its log.
    ///
    /// # Errors
    /// [`EnvoyError::Log`] with the lines that nobody expected; [`EnvoyError::Crashed`] when a
    /// signal that was not ours ended it.
    pub async fn finish(mut self) -> Result<(), EnvoyError> {
        self.finished = true;
        let before = self.process.ended()?;
        // Reaping blocks, but for a moment only, and only a test or a demo that ends waits for it.
        self.process.stop(process::GRACE)?;
        if let Some(status) = before {
            return Err(EnvoyError::Crashed { status, log: self.log.tail() });
        }
        Ok(self.log.judge()?)
    }
}

impl Drop for Envoy {
    fn drop(&mut self) {
        let _ = self.process.stop(process::GRACE);
        if self.finished || std::thread::panicking() {
            return;
        }
        if let Err(error) = self.log.judge() {
            panic!("{error}");
        }
    }
}
