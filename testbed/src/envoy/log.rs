//! Envoy's own log, and the judgement over it.

use regex::{Regex, RegexSet};
use std::io;
use std::path::PathBuf;
use std::sync::LazyLock;

/// Level, logger and message; the time first, for people.
pub(super) const FORMAT: &str = "[%T.%e][%l][%n] %v";

/// Lines that any Envoy of ours logs, with the reason why each is harmless here.
const HARMLESS: &[&str] = &[
    // Tests and the demo never come near the file descriptors that this would protect.
    r"There is no configured limit to the number of allowed active downstream connections",
    // Bootstraps for people name no overload manager, and Envoy says so at every start.
    r"overload\.global_downstream_max_connections",
    // Where Envoy 1.36 to 1.39 look for it; 1.40 does too, and would like it in vm_config.
    r"Using deprecated option 'envoy\.extensions\.wasm\.v3\.PluginConfig\.capability_restriction_config'",
    // We end it so.
    r"^caught ENVOY_SIGTERM$",
];

/// The log file and what is expected in it.
#[derive(Debug)]
pub(super) struct Log {
    file: PathBuf,
    allowed: Vec<Regex>,
}

/// One line, with the lines that continue it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// `info`, `warning`, `error`, `critical` …; empty for what Envoy printed before it logs.
    pub level: String,
    /// `main`, `wasm`, `jwt` …
    pub logger: String,
    /// The message.
    pub text: String,
}

/// Envoy logged what nobody expected.
#[derive(Debug, thiserror::Error)]
#[error(
    "Envoy logged what no test expects (allow it by allow_log if it belongs there):\n{}",
    .lines.iter().map(|line| format!("  [{}][{}] {}", line.level, line.logger, line.text))
        .collect::<Vec<_>>().join("\n")
)]
pub struct UnexpectedLog {
    /// Each such line.
    pub lines: Vec<LogLine>,
}

// === impl Log ===

impl Log {
    pub fn new(file: PathBuf, allowed: &[String]) -> Result<Self, regex::Error> {
        let mut log = Self { file, allowed: Vec::new() };
        allowed.iter().try_for_each(|pattern| log.allow(pattern))?;
        Ok(log)
    }

    pub fn allow(&mut self, pattern: &str) -> Result<(), regex::Error> {
        self.allowed.push(Regex::new(pattern)?);
        Ok(())
    }

    pub fn lines(&self) -> io::Result<Vec<LogLine>> {
        let bytes = std::fs::read(&self.file)?;
        Ok(parse(&String::from_utf8_lossy(&bytes)))
    }

    /// The last forty lines, for an error message.
    pub fn tail(&self) -> String {
        let text = match std::fs::read(&self.file) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(error) => return format!("  (unreadable: {error})"),
        };
        // At its start Envoy lists everything that it was built with, some hundred lines.
        let lists_extensions = |line: &&str| line.contains("][info][main]   ");
        let lines: Vec<_> = text.lines().filter(|line| !lists_extensions(line)).collect();
        let from = lines.len().saturating_sub(40);
        lines[from..].iter().map(|line| format!("  {line}\n")).collect()
    }

    pub fn judge(&self) -> Result<(), UnexpectedLog> {
        let lines = self.lines().unwrap_or_else(|error| {
            vec![LogLine {
                level: "error".into(),
                logger: "testbed".into(),
                text: error.to_string(),
            }]
        });
        let lines: Vec<_> = lines.into_iter().filter(|line| self.is_unexpected(line)).collect();
        if lines.is_empty() { Ok(()) } else { Err(UnexpectedLog { lines }) }
    }

    fn is_unexpected(&self, line: &LogLine) -> bool {
        line.is_trouble() && !self.allowed.iter().any(|pattern| pattern.is_match(&line.text))
    }
}

// === impl LogLine ===

impl LogLine {
    fn is_trouble(&self) -> bool {
        static HARMLESS_SET: LazyLock<RegexSet> =
            LazyLock::new(|| RegexSet::new(HARMLESS).expect("valid patterns"));
        static TROUBLE: LazyLock<Regex> = LazyLock::new(|| {
            Regex::new(r"Function: \S+ failed|panicked|Caught \w+|assert failure").expect("valid")
        });
        let serious = matches!(self.level.as_str(), "warning" | "error" | "critical");
        (serious || TROUBLE.is_match(&self.text)) && !HARMLESS_SET.is_match(&self.text)
    }
}

fn parse(log: &str) -> Vec<LogLine> {
    static LINE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"^\[[0-9:.]+\]\[(\w+)\]\[(\w+)\] (.*)$").expect("valid"));
    let mut lines: Vec<LogLine> = Vec::new();
    for line in log.lines() {
        match (LINE.captures(line), lines.last_mut()) {
            (Some(parts), _) => lines.push(LogLine {
                level: parts[1].to_owned(),
                logger: parts[2].to_owned(),
                text: parts[3].to_owned(),
            }),
            (None, Some(last)) => {
                last.text.push('\n');
                last.text.push_str(line);
            }
            (None, None) => lines.push(LogLine {
                level: String::new(),
                logger: String::new(),
                text: line.to_owned(),
            }),
        }
    }
    lines
}

#[cfg(test)]
mod tests;
