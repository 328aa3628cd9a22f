//! What became of one stream, in figures.

#[cfg(test)]
mod tests;

use std::time::Duration;

use serde::{Serialize, Serializer};

use super::pattern::Pattern;

/// How a stream ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// As the service wanted.
    Complete,
    /// The service broke it off.
    Failed,
    /// The client went away.
    Left,
    /// It was silent for too long, and ended for that.
    Stalled,
}

/// What became of one stream. Lengths of time stand in milliseconds with one decimal in JSON.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// How it ended.
    pub end: End,
    /// What its body was.
    pub format: &'static str,
    /// From the request to the response's headers.
    #[serde(rename = "headers_ms", serialize_with = "millis")]
    pub headers: Duration,
    /// From the request to the first byte of the body.
    #[serde(rename = "first_byte_ms", serialize_with = "some_millis")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_byte: Option<Duration>,
    /// From the request until the first audible sample went on to the listener.
    #[serde(rename = "ttfa_ms", serialize_with = "some_millis")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ttfa: Option<Duration>,
    /// From the request until the first event, line or message went on to the client.
    #[serde(rename = "first_unit_ms", serialize_with = "some_millis")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_unit: Option<Duration>,
    /// From the request to the last byte of the body.
    #[serde(rename = "last_byte_ms", serialize_with = "some_millis")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_byte: Option<Duration>,
    /// Bytes of the body.
    pub bytes: u64,
    /// Chunks in which it came.
    pub chunks: u64,
    /// Bytes of the smallest chunk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub smallest: Option<u64>,
    /// Bytes of the largest chunk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub largest: Option<u64>,
    /// Chunks in which it went on.
    pub releases: u64,
    /// Chunks that were held.
    pub held: u64,
    /// The longest that any of it was held.
    #[serde(rename = "longest_held_ms", serialize_with = "millis")]
    pub longest_held: Duration,
    /// How many gaps between chunks each bucket of [`BUCKETS_MS`](super::BUCKETS_MS) has, and those beyond.
    pub gaps: Vec<u32>,
    /// The longest gap between chunks.
    #[serde(rename = "longest_gap_ms", serialize_with = "millis")]
    pub longest_gap: Duration,
    /// The first gap, between headers and body or between the first chunks.
    #[serde(rename = "first_gap_ms", serialize_with = "some_millis")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub first_gap: Option<Duration>,
    /// How long what came plays; `None` if it is not measured.
    #[serde(rename = "audio_ms", serialize_with = "some_millis")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audio: Option<Duration>,
    /// From the first byte to the last one, per length of audio, in thousandths: 500 was made twice as
    /// fast as it plays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub real_time_permille: Option<u32>,
    /// How often the simulated listener had nothing to play before more came.
    pub underruns: u32,
    /// How long it was silent for that, all in all.
    #[serde(rename = "missing_ms", serialize_with = "millis")]
    pub missing: Duration,
    /// The longest that it was silent at a time.
    #[serde(rename = "longest_hole_ms", serialize_with = "millis")]
    pub longest_hole: Duration,
    /// Whether no hole was as long as `streams.listener.hole`; `None` if there was no audio.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub continuous: Option<bool>,
    /// Events, lines, messages, frames, pages or samples.
    pub units: u64,
    /// Tokens that the answer says it used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    /// What was recognised.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub patterns: Vec<Pattern>,
}

// === impl End ===

impl End {
    /// As metrics name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Failed => "failed",
            Self::Left => "left",
            Self::Stalled => "stalled",
        }
    }
}

// === impl Figures ===

impl Figures {
    /// As it stands in the filter state, for access logs.
    pub fn to_json(&self) -> String {
        // A struct of strings and numbers cannot fail to serialise.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// As metrics name whether it was continuous: `continuous`, `broken`, or `unknown`.
    pub fn continuity(&self) -> &'static str {
        match self.continuous {
            Some(true) => "continuous",
            Some(false) => "broken",
            None => "unknown",
        }
    }
}

/// With one decimal.
fn tenths(duration: Duration) -> f64 {
    let tenths = duration.as_micros().saturating_add(50) / 100;
    u32::try_from(tenths).map_or(f64::from(u32::MAX), f64::from) / 10.0
}

fn millis<S: Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(tenths(*duration))
}

fn some_millis<S: Serializer>(
    duration: &Option<Duration>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    duration.map(tenths).serialize(serializer)
}
