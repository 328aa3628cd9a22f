//! Where the time of a pipeline went: ASR, language model, speech, face, each behind the other.
//!
//! Each proxy on the way adds its stage to [`STAGES_HEADER`], in the syntax of `Server-Timing` (W3C
//! Server Timing §3.2: `asr;dur=80.2, llm;dur=320`). Services hand it on, as they do `traceparent`.

#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use crate::time::UnixMillis;

mod parse;

/// The header: what stages before took, on requests, and with the last one, on responses.
pub const STAGES_HEADER: &str = "x-voxgate-stages";

/// The most stages of one pipeline; the oldest is forgotten.
pub const MAX_STAGES: usize = 8;

/// The most bytes of the header that are read, or written.
pub const MAX_BYTES: usize = 256;

/// The longest name of a stage; a longer one is dropped.
const MAX_NAME: usize = 32;

/// The longest that a stage is believed to have taken: a day.
const MAX_MILLIS: f64 = 86_400_000.0;

/// What stages of a pipeline took, in their order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stages(Vec<Stage>);

/// What one took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    name: Box<str>,
    took: Duration,
}

// === impl Stage ===

impl Stage {
    /// Its name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it took.
    pub fn took(&self) -> Duration {
        self.took
    }
}

// === impl Stages ===

impl Stages {
    /// Reads the header. What is not such a stage is dropped, and so is what stands past [`MAX_BYTES`].
    pub fn parse(value: &[u8]) -> Self {
        let mut stages = Self::default();
        for (name, millis) in parse::metrics(value) {
            stages.push(name, millis);
        }
        stages
    }

    /// With one more stage at its end.
    #[must_use]
    pub fn with(mut self, name: &str, took: Duration) -> Self {
        self.push(name, took);
        self
    }

    fn push(&mut self, name: &str, took: Duration) {
        let is_sound =
            !name.is_empty() && name.len() <= MAX_NAME && name.bytes().all(parse::is_token);
        // In a log they are what all took together, and had.
        if !is_sound || matches!(name, "total" | "of") {
            return;
        }
        if self.0.len() >= MAX_STAGES {
            self.0.remove(0);
        }
        let most = Duration::from_millis(MAX_MILLIS as u64);
        self.0.push(Stage { name: name.into(), took: took.min(most) });
    }

    /// The stages, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Stage> {
        self.0.iter()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// What all took.
    pub fn total(&self) -> Duration {
        self.0.iter().map(|it| it.took).fold(Duration::ZERO, Duration::saturating_add)
    }

    /// As one line of a log: `asr=80 llm=320 tts=95 total=495 of=500`, in milliseconds. What it is `of`
    /// is the time that the caller had, from the first stage to its deadline.
    pub fn one_line(&self, deadline: Option<UnixMillis>, now: UnixMillis) -> String {
        use fmt::Write;
        let mut line = String::new();
        for stage in &self.0 {
            // Writing to a string does not fail.
            let _ = write!(line, "{}={} ", stage.name, rounded(stage.took));
        }
        let total = self.total();
        let _ = write!(line, "total={}", rounded(total));
        if let Some(deadline) = deadline {
            let budget =
                total.saturating_add(deadline.since(now)).saturating_sub(now.since(deadline));
            let _ = write!(line, " of={}", rounded(budget));
        }
        line
    }
}

/// The header's value, without the oldest where they are too long together.
impl fmt::Display for Stages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let written = |it: &Stage| format!("{};dur={}", it.name, tenths(it.took));
        let mut kept: Vec<String> = Vec::new();
        let mut room = MAX_BYTES;
        for stage in self.0.iter().rev().map(written) {
            let Some(left) = room.checked_sub(stage.len().saturating_add(2)) else { break };
            room = left;
            kept.push(stage);
        }
        kept.reverse();
        f.write_str(&kept.join(", "))
    }
}

/// The stage that an operation is.
pub fn stage_of(operation: &str) -> Option<&'static str> {
    Some(match operation {
        "asr.transcribe" => "asr",
        "llm.chat" => "llm",
        "face.animate" => "face",
        "video.generate" => "video",
        "agent.invoke" => "agent",
        _ if operation.starts_with("tts.") => "tts",
        _ => return None,
    })
}

/// Whether the deadline has passed.
pub fn is_over_budget(deadline: Option<UnixMillis>, now: UnixMillis) -> bool {
    deadline.is_some_and(|it| it < now)
}

fn rounded(duration: Duration) -> u128 {
    duration.as_micros().saturating_add(500) / 1000
}

/// Milliseconds, with one decimal unless it is 0.
fn tenths(duration: Duration) -> String {
    let tenths = duration.as_micros().saturating_add(50) / 100;
    match tenths % 10 {
        0 => (tenths / 10).to_string(),
        rest => format!("{}.{rest}", tenths / 10),
    }
}
