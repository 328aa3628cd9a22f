//! Configuration pushed while requests run.
//!
//! The listeners stand in a file that Envoy watches. A push writes the new file beside it and
//! renames it into place, because Envoy reacts to the rename and must never read half a file.

use super::{Envoy, EnvoyError, POLL, bootstrap::Local};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const PUSH_DEADLINE: Duration = Duration::from_secs(60);
const LISTENER: &str = "type.googleapis.com/envoy.config.listener.v3.Listener";

/// What Envoy did with a push.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Push {
    /// Every listener of it is in use.
    Accepted,
    /// Envoy keeps what it had, for this reason.
    Rejected(String),
}

/// The watched file.
#[derive(Debug)]
pub(super) struct ListenerFile {
    watched: PathBuf,
    staging: PathBuf,
    version: u64,
    local: Local,
}

// === impl ListenerFile ===

impl ListenerFile {
    /// Moves the static listeners of `bootstrap` to a file under `folder`.
    pub fn take_over(
        bootstrap: &mut Value,
        folder: &Path,
        local: Local,
    ) -> Result<Self, EnvoyError> {
        // A folder of its own: only a push may rename something into it.
        let watched = folder.join("watched");
        std::fs::create_dir(&watched)?;
        let mut file = Self {
            watched: watched.join("listeners.json"),
            staging: folder.join("listeners.json"),
            version: 0,
            local,
        };
        let listeners = take_listeners(bootstrap);
        bootstrap["dynamic_resources"]["lds_config"] = json!({
            "resource_api_version": "V3",
            "path_config_source": {
                "path": file.watched,
                "watched_directory": { "path": watched },
            },
        });
        // Envoy subscribes to nothing without a name of its own.
        if bootstrap["node"].is_null() {
            bootstrap["node"] = json!({ "id": "testbed", "cluster": "testbed" });
        }
        file.replace(listeners)?;
        Ok(file)
    }

    fn replace(&mut self, mut listeners: Vec<Value>) -> Result<(), EnvoyError> {
        self.version += 1;
        for listener in &mut listeners {
            listener["@type"] = json!(LISTENER);
        }
        let file = json!({ "version_info": self.version.to_string(), "resources": listeners });
        std::fs::write(&self.staging, serde_json::to_vec_pretty(&file)?)?;
        std::fs::rename(&self.staging, &self.watched)?;
        Ok(())
    }
}

fn take_listeners(bootstrap: &mut Value) -> Vec<Value> {
    match bootstrap.pointer_mut("/static_resources/listeners").map(Value::take) {
        Some(Value::Array(listeners)) => listeners,
        _ => Vec::new(),
    }
}

// === impl Envoy ===

impl Envoy {
    /// Replaces the listeners by those of `bootstrap`, whose other parts are not used: clusters
    /// stay as they were at the start. Waits until Envoy has taken or refused them.
    ///
    /// A refusal is the caller's to judge, so the log line that reports it is expected; what the
    /// module itself logs about it is not.
    ///
    /// # Errors
    /// When this Envoy was not started by [`Envoy::start_dynamic`], or shows no outcome in time.
    pub async fn push(&mut self, mut bootstrap: Value) -> Result<Push, EnvoyError> {
        let before = Outcomes::read(self).await?;
        let file = self.dynamic.as_mut().ok_or(EnvoyError::NotDynamic)?;
        file.local.apply(&mut bootstrap);
        file.replace(take_listeners(&mut bootstrap))?;

        let deadline = Instant::now() + PUSH_DEADLINE;
        loop {
            let now = Outcomes::read(self).await?;
            if now.rejected > before.rejected {
                self.allow_log("config update rejected|lds: listener .* config rejected");
                return Ok(Push::Rejected(self.rejection().await?));
            }
            if now.accepted > before.accepted && now.warming == 0 {
                self.listeners = self.admin.listeners().await?;
                return Ok(Push::Accepted);
            }
            if Instant::now() >= deadline {
                return Err(EnvoyError::PushUndecided {
                    after: PUSH_DEADLINE,
                    log: self.log.tail(),
                });
            }
            tokio::time::sleep(POLL).await;
        }
    }

    async fn rejection(&self) -> Result<String, EnvoyError> {
        let lines = self.log()?;
        let line = lines.iter().rev().find(|line| line.text.contains("config update rejected"));
        Ok(line.map_or_else(|| "no reason in the log".to_owned(), |line| line.text.clone()))
    }
}

/// Envoy's own counts of what became of pushes.
struct Outcomes {
    accepted: u64,
    rejected: u64,
    warming: u64,
}

// === impl Outcomes ===

impl Outcomes {
    async fn read(envoy: &Envoy) -> Result<Self, EnvoyError> {
        let stats = envoy.stats("listener_manager.").await?;
        let stat = |name: &str| stats.get(name).copied().unwrap_or(0);
        Ok(Self {
            accepted: stat("listener_manager.lds.update_success"),
            rejected: stat("listener_manager.lds.update_rejected"),
            warming: stat("listener_manager.total_listeners_warming"),
        })
    }
}
