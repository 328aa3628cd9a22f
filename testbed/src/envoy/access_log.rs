//! The access log, as JSON lines.

use super::{Envoy, EnvoyError, POLL};
use serde_json::Value;
use std::time::{Duration, Instant};

/// One entry: the members that the bootstrap's `json_format` names.
pub type AccessLogEntry = serde_json::Map<String, Value>;

// === impl Envoy ===

impl Envoy {
    /// All entries so far. Envoy writes an entry up to 50 ms after its request has ended; to wait
    /// for one, use [`Envoy::access_log_entry`].
    ///
    /// # Errors
    /// When a line is no JSON object.
    pub fn access_log(&self) -> Result<Vec<AccessLogEntry>, EnvoyError> {
        let file = match std::fs::read_to_string(self.folder().join("access.jsonl")) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(error.into()),
        };
        // The last line may be half written; it is whole at the next look.
        let whole = file.rfind('\n').map_or("", |end| &file[..end]);
        whole.lines().map(|line| Ok(serde_json::from_str(line)?)).collect()
    }

    /// The first entry that `wanted` accepts; waits up to five seconds for it.
    ///
    /// # Errors
    /// When none comes.
    pub async fn access_log_entry(
        &self,
        wanted: impl Fn(&AccessLogEntry) -> bool,
    ) -> Result<AccessLogEntry, EnvoyError> {
        let deadline = Instant::now() + Duration::from_secs(5);
        loop {
            let entries = self.access_log()?;
            if Instant::now() >= deadline {
                return Err(EnvoyError::NoAccessLogEntry { entries: entries.len() });
            }
            if let Some(entry) = entries.into_iter().find(&wanted) {
                return Ok(entry);
            }
            tokio::time::sleep(POLL).await;
        }
    }

    /// The entry that follows the first `count`; waits up to five seconds for it.
    ///
    /// # Errors
    /// When none comes.
    pub async fn access_log_entry_after(&self, count: usize) -> Result<AccessLogEntry, EnvoyError> {
        let deadline = Instant::now() + Duration::from_secs(5);
        loop {
            let mut entries = self.access_log()?;
            if entries.len() > count {
                return Ok(entries.swap_remove(count));
            }
            if Instant::now() >= deadline {
                return Err(EnvoyError::NoAccessLogEntry { entries: entries.len() });
            }
            tokio::time::sleep(POLL).await;
        }
    }
}
