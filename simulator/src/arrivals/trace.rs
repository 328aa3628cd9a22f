//! Arrivals that were recorded: CSV with a header line, or a JSON object a line.

use std::rc::Rc;
use std::time::Duration;

use serde::Deserialize;
use thiserror::Error;
use voxgate_policy::facts::AudioMillis;

use super::Arrival;

/// A line of a trace.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    /// Seconds since any moment; the first line is the start.
    time: f64,
    #[serde(default)]
    tenant: String,
    #[serde(default)]
    tier: String,
    #[serde(default)]
    operation: Option<String>,
    text_chars: u64,
    /// What the text became; by default 15 characters a second.
    #[serde(default)]
    audio_seconds: Option<f64>,
    #[serde(default)]
    sample_rate: Option<u32>,
}

/// What is wrong with a trace.
#[derive(Debug, Error)]
pub enum TraceError {
    /// Not a line of the trace's format.
    #[error("line {line}: {message}")]
    Line {
        /// From 1.
        line: u64,
        /// What is wrong.
        message: String,
    },
    /// No line.
    #[error("the trace has no requests")]
    Empty,
}

const CHARS_A_SECOND: u64 = 15;

/// Reads a trace: JSON lines if it begins with `{`, else CSV. Fields: `time` (seconds), `text_chars`, and
/// if they are known `tenant`, `tier`, `operation`, `audio_seconds`, `sample_rate`. It is put in order.
///
/// # Errors
///
/// A line that cannot be read, or none.
pub fn read_trace(text: &str) -> Result<Vec<Arrival>, TraceError> {
    let lines = if text.trim_start().starts_with('{') { json(text) } else { csv(text) }?;
    let start = lines.iter().map(|line| line.time).min_by(f64::total_cmp);
    let start = start.ok_or(TraceError::Empty)?;
    let mut arrivals: Vec<Arrival> = lines.into_iter().map(|it| it.arrival(start)).collect();
    arrivals.sort_by_key(|arrival| arrival.at);
    Ok(arrivals)
}

fn json(text: &str) -> Result<Vec<Line>, TraceError> {
    let mut lines = Vec::new();
    for (line, json) in (1..).zip(text.lines()).filter(|(_, json)| !json.trim().is_empty()) {
        let read = serde_json::from_str::<Line>(json);
        let message = |error: serde_json::Error| error.to_string();
        lines.push(read.map_err(message).and_then(Line::check).at(line)?);
    }
    Ok(lines)
}

fn csv(text: &str) -> Result<Vec<Line>, TraceError> {
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text.as_bytes());
    let mut lines = Vec::new();
    for (line, read) in (2..).zip(reader.deserialize::<Line>()) {
        let at = |error: &csv::Error| error.position().map_or(line, csv::Position::line);
        let line = read.as_ref().map_or_else(at, |_| line);
        let message = |error: csv::Error| match error.into_kind() {
            csv::ErrorKind::Deserialize { err, .. } => err.to_string(),
            other => format!("{other:?}"),
        };
        lines.push(read.map_err(message).and_then(Line::check).at(line)?);
    }
    Ok(lines)
}

trait AtLine<T> {
    fn at(self, line: u64) -> Result<T, TraceError>;
}

impl<T> AtLine<T> for Result<T, String> {
    fn at(self, line: u64) -> Result<T, TraceError> {
        self.map_err(|message| TraceError::Line { line, message })
    }
}

// === impl Line ===

impl Line {
    fn check(self) -> Result<Self, String> {
        let sensible = |number: f64| (0.0..1e12).contains(&number);
        if !sensible(self.time) {
            return Err("`time` is not a number of seconds".to_owned());
        }
        if self.audio_seconds.is_some_and(|it| !sensible(it) || it > 1e6) {
            return Err("`audio_seconds` is not a number of seconds".to_owned());
        }
        Ok(self)
    }

    fn arrival(self, start: f64) -> Arrival {
        let estimate = AudioMillis(self.text_chars.saturating_mul(1000) / CHARS_A_SECOND);
        let audio = self.audio_seconds.map(|seconds| AudioMillis((seconds * 1000.0) as u64));
        let operation = self.operation.unwrap_or_else(|| "tts.synthesize".to_owned());
        Arrival {
            at: Duration::from_secs_f64((self.time - start).max(0.0)),
            tenant: Rc::from(self.tenant),
            tier: Rc::from(self.tier),
            operation: Rc::from(operation),
            chars: self.text_chars,
            estimate,
            audio: audio.unwrap_or(estimate),
            sample_rate: self.sample_rate.unwrap_or(16_000),
        }
    }
}
