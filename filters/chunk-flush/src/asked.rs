//! A request as far as its stream concerns it.

use std::time::Duration;

use voxgate_host::{RequestHeaders, now_micros};
use voxgate_policy::shed::{DEADLINE_HEADER, parse_deadline};
use voxgate_policy::stream::Figures;
use voxgate_policy::stream::stages::{STAGES_HEADER, Stages, is_over_budget, stage_of};
use voxgate_policy::subject::{SUBJECT_STATE, Subject};
use voxgate_policy::time::{UnixMicros, UnixMillis};

/// Who asked for what, when, and what was before.
pub struct Asked {
    /// When the request went on, the last of it.
    pub sent: UnixMicros,
    /// Empty, if no filter before this one told.
    pub subject: Subject,
    /// By when the first byte is wanted.
    pub deadline: Option<UnixMillis>,
    /// What the services before this one took.
    pub stages: Stages,
    /// What this service is in a pipeline: `tts`.
    pub stage: Option<&'static str>,
    /// The trace's id, of W3C `traceparent`: 32 hexadecimal digits.
    trace: Option<String>,
    /// `accept-encoding`.
    pub accept_encoding: Option<Vec<u8>>,
    /// Whether the response is to have no body.
    pub is_head: bool,
}

// === impl Asked ===

impl Asked {
    pub fn new(request: &RequestHeaders<'_>) -> Self {
        let head = request.head();
        let state = request.filter_state(SUBJECT_STATE);
        let subject = state.and_then(|it| Subject::from_json(&it).ok()).unwrap_or_default();
        Self {
            sent: now_micros(),
            deadline: head.first(DEADLINE_HEADER).and_then(|it| parse_deadline(it).ok()),
            stages: head.first(STAGES_HEADER).map(Stages::parse).unwrap_or_default(),
            stage: subject.operations.iter().find_map(|it| stage_of(it)),
            trace: head.first("traceparent").and_then(trace_id),
            accept_encoding: head.first("accept-encoding").map(<[u8]>::to_vec),
            is_head: head.method() == b"HEAD",
            subject,
        }
    }

    /// For metrics: the first operation, or `none`.
    pub fn operation(&self) -> &str {
        self.subject.operations.first().map_or("none", String::as_str)
    }

    /// For metrics: the tier, or `none`.
    pub fn tier(&self) -> &str {
        self.subject.tier.as_deref().unwrap_or("none")
    }

    /// For metrics: the model, or `none`.
    pub fn model(&self) -> &str {
        self.subject.models.first().map_or("none", String::as_str)
    }

    /// The trace's id, or `none`.
    pub fn trace(&self) -> &str {
        self.trace.as_deref().unwrap_or("none")
    }

    /// What the stages took, this one until its first audible sample or byte; `None` if it is no stage.
    pub fn stage_line(&self, figures: &Figures) -> Option<String> {
        let first = first_heard(figures);
        let stages = self.stages.clone().with(self.stage?, first);
        Some(stages.one_line(self.deadline, self.sent.plus(first).millis()))
    }

    /// Whether the first audible sample or byte came behind the deadline.
    pub fn was_late(&self, figures: &Figures) -> bool {
        is_over_budget(self.deadline, self.sent.plus(first_heard(figures)).millis())
    }
}

fn first_heard(figures: &Figures) -> Duration {
    figures.ttfa.or(figures.first_byte).unwrap_or(figures.headers)
}

/// The trace id of a `traceparent` (W3C Trace Context §3.2.2), if it is one.
fn trace_id(value: &[u8]) -> Option<String> {
    let id = value.split(|it| *it == b'-').nth(1)?;
    let is_id = id.len() == 32 && id.iter().all(u8::is_ascii_hexdigit);
    is_id.then(|| String::from_utf8_lossy(id).into_owned())
}
