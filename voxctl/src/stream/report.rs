//! A stream that was measured, for people and programs.

use std::time::Duration;

use serde::Serialize;
use voxgate_policy::stream::{Figures, Pattern};

use super::{Measured, Over, millis};

/// For programs; documented in docs/voxctl.md.
#[derive(Debug, Serialize)]
pub struct Report<'a> {
    url: &'a str,
    status: u16,
    content_type: &'a str,
    connect_ms: f64,
    /// `complete`, `max_time`, `max_bytes` or `broken`.
    over: &'static str,
    gap_p50_ms: Option<f64>,
    gap_p99_ms: Option<f64>,
    figures: &'a Figures,
    holes: Vec<Dry>,
    chunks: Vec<Chunk>,
}

/// A time in which the listener heard nothing.
#[derive(Debug, Serialize)]
struct Dry {
    at_ms: f64,
    missing_ms: f64,
}

/// What came together.
#[derive(Debug, Serialize)]
struct Chunk {
    at_ms: f64,
    bytes: u64,
    /// Of all that came by then.
    audio_ms: Option<f64>,
    /// Left to play with it.
    buffer_ms: Option<f64>,
}

/// To the microsecond.
fn ms(time: Duration) -> f64 {
    time.as_micros() as f64 / 1000.0
}

// === impl Measured ===

impl Measured {
    /// For programs.
    pub fn report(&self) -> Report<'_> {
        Report {
            url: &self.name,
            status: self.head.status,
            content_type: &self.head.content_type,
            connect_ms: ms(self.head.connecting),
            over: match self.over {
                Over::Complete => "complete",
                Over::Time => "max_time",
                Over::Bytes | Over::Unheard => "max_bytes",
                Over::Broken(_) => "broken",
            },
            gap_p50_ms: self.timeline.gap(50).map(ms),
            gap_p99_ms: self.timeline.gap(99).map(ms),
            figures: &self.figures,
            holes: (self.timeline.holes.iter())
                .map(|it| Dry { at_ms: ms(it.from), missing_ms: ms(it.to.saturating_sub(it.from)) })
                .collect(),
            chunks: (self.timeline.moments.iter())
                .map(|it| Chunk {
                    at_ms: ms(it.at),
                    bytes: it.bytes,
                    audio_ms: it.audio.map(ms),
                    buffer_ms: it.level.map(ms),
                })
                .collect(),
        }
    }

    /// Whether the gaps between its chunks are those of delayed ACKs.
    pub fn is_delayed_by_acks(&self) -> bool {
        self.figures.patterns.contains(&Pattern::DelayedAck)
    }

    /// Why it cannot be said to have played, if so.
    pub fn problem(&self) -> Option<String> {
        match &self.over {
            Over::Broken(reason) => Some(format!("it broke off: {reason}")),
            Over::Time => Some("it had not ended when --max-time was over".to_owned()),
            _ if self.timeline.moments.is_empty() => Some("the answer is empty".to_owned()),
            _ if self
                .timeline
                .moments
                .last()
                .is_some_and(|it| it.audio == Some(Duration::ZERO)) =>
            {
                Some("there is no sample of audio in it".to_owned())
            }
            Over::Complete | Over::Bytes | Over::Unheard => None,
        }
    }

    /// It in a line.
    pub(super) fn caption(&self) -> String {
        let mut parts = vec![self.name.clone()];
        if let Some(ttfa) = self.timeline.ttfa {
            parts.push(format!("first audio after {}", millis(ttfa)));
        }
        let chunks = self.timeline.moments.len();
        parts.push(format!("{chunks} {}", if chunks == 1 { "chunk" } else { "chunks" }));
        if let Some(gap) = self.timeline.gap(50) {
            parts.push(format!("median gap {}", millis(gap)));
        }
        parts.join(", ")
    }
}
