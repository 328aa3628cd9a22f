//! What operators see of streams.

use std::time::Duration;

use serde::Serialize;
use voxgate_host::{CounterFamily, EndedStream, HistogramFamily};
use voxgate_policy::StreamPolicy;
use voxgate_policy::stream::stages::is_over_budget;
use voxgate_policy::stream::stall::Act;
use voxgate_policy::stream::{BUCKETS_MS, Figures, Measure, Pattern, Slow};
use voxgate_policy::time::UnixMillis;

use crate::asked::Asked;
use crate::shared::Shared;
use crate::streaming::Streaming;

/// The filter state that carries a stream's figures to access logs; Envoy puts `wasm.` before it.
pub const STREAM_STATE: &str = "voxgate.stream";

/// What is counted; see `docs/filters/chunk-flush.md`.
pub struct Report {
    streams: CounterFamily,
    ttfa: HistogramFamily,
    first_byte: HistogramFamily,
    longest_gap: HistogramFamily,
    real_time: HistogramFamily,
    missing: HistogramFamily,
    underruns: CounterFamily,
    gaps: CounterFamily,
    audio: CounterFamily,
    bytes: CounterFamily,
    chunks: CounterFamily,
    patterns: CounterFamily,
    stalls: CounterFamily,
    slow: CounterFamily,
    stages: HistogramFamily,
    over_budget: CounterFamily,
}

/// What an access log is told.
#[derive(Serialize)]
struct Record<'a> {
    #[serde(flatten)]
    figures: &'a Figures,
    /// What the stages took, this one by its first audible sample.
    #[serde(skip_serializing_if = "Option::is_none")]
    stages: Option<&'a str>,
}

/// How streams are told apart.
const KIND: &[&str] = &["operation", "tier", "model"];

// === impl Report ===

impl Report {
    /// The metrics that `policy` asks for.
    pub fn new(policy: &StreamPolicy) -> Self {
        let max = policy.metrics().max_series as usize;
        let counter = |name, labels| CounterFamily::new(name, labels, max);
        let histogram = |name, labels| HistogramFamily::new(name, labels, max);
        Self {
            streams: counter("voxgate_streams_total", &["operation", "tier", "end", "continuity"]),
            ttfa: histogram("voxgate_stream_ttfa_ms", KIND),
            first_byte: histogram("voxgate_stream_first_byte_ms", KIND),
            longest_gap: histogram("voxgate_stream_longest_gap_ms", KIND),
            real_time: histogram("voxgate_stream_real_time_permille", KIND),
            missing: histogram("voxgate_stream_missing_ms", KIND),
            underruns: counter("voxgate_stream_underruns_total", KIND),
            gaps: counter("voxgate_stream_gaps_total", &["operation", "up_to_ms"]),
            audio: counter("voxgate_stream_audio_ms_total", &["operation", "tier", "format"]),
            bytes: counter("voxgate_stream_bytes_total", &["operation", "tier", "format"]),
            chunks: counter("voxgate_stream_chunks_total", &["operation", "direction"]),
            patterns: counter("voxgate_stream_patterns_total", &["operation", "pattern"]),
            stalls: counter("voxgate_stream_stalls_total", &["operation", "action"]),
            slow: counter("voxgate_stream_slow_total", &["operation", "tier"]),
            stages: histogram("voxgate_stage_ms", &["stage"]),
            over_budget: counter("voxgate_stage_over_budget_total", &["stage"]),
        }
    }

    /// A stage of a pipeline answered.
    pub fn stage(&self, stage: &str, took: Duration, deadline: Option<UnixMillis>) {
        self.stages.record(&[stage], millis(took));
        if is_over_budget(deadline, voxgate_host::now()) {
            self.over_budget.increment(&[stage]);
        }
    }

    /// Something was done about a stream that fell silent, once in a silence.
    pub fn stalled(&self, asked: &Asked, act: Act) {
        let Some(action) = act.as_str() else { return };
        self.stalls.increment(&[asked.operation(), action]);
        log::warn!(
            "stream=stalled action={action} operation={} tier={} trace={}",
            asked.operation(),
            asked.tier(),
            asked.trace(),
        );
    }

    /// A stream is over.
    pub fn ended(
        &self,
        streaming: &mut Streaming,
        figures: &Figures,
        shared: &Shared,
        stream: &EndedStream<'_>,
    ) {
        let asked = &streaming.asked;
        self.count(asked, shared.model(asked), figures);
        let stages = asked.stage_line(figures);
        let record = Record { figures, stages: stages.as_deref() };
        // A struct of strings and numbers cannot fail to serialise.
        let json = serde_json::to_vec(&record).unwrap_or_default();
        stream.set_filter_state(STREAM_STATE, &json);
        if let Some(stages) = stages.filter(|_| asked.was_late(figures) && shared.may_tell_late()) {
            log::warn!("stages=late {stages} trace={}", asked.trace());
        }
        let patterns = shared.patterns(streaming);
        let asked = &streaming.asked;
        for pattern in patterns {
            self.recognised(asked, pattern, shared);
        }
        if let Some(slow) = shared.judge(asked, figures) {
            self.snapshot(asked, figures, slow);
        }
    }

    fn count(&self, asked: &Asked, model: &str, figures: &Figures) {
        let (operation, tier) = (asked.operation(), asked.tier());
        let kind = [operation, tier, model];
        let format = [operation, tier, figures.format];
        let end = [operation, tier, figures.end.as_str(), figures.continuity()];
        self.streams.increment(&end);
        let timed = [(&self.ttfa, figures.ttfa), (&self.first_byte, figures.first_byte)];
        for (family, took) in timed {
            if let Some(took) = took {
                family.record(&kind, millis(took));
            }
        }
        if figures.chunks > 1 {
            self.longest_gap.record(&kind, millis(figures.longest_gap));
        }
        if let Some(permille) = figures.real_time_permille {
            self.real_time.record(&kind, permille.into());
        }
        if figures.underruns > 0 {
            self.missing.record(&kind, millis(figures.missing));
        }
        self.underruns.add(&kind, figures.underruns.into());
        for (bucket, count) in figures.gaps.iter().enumerate() {
            let bound = BUCKETS_MS.get(bucket).map(u64::to_string);
            self.gaps.add(&[operation, bound.as_deref().unwrap_or("inf")], u64::from(*count));
        }
        self.audio.add(&format, figures.audio.map_or(0, millis));
        self.bytes.add(&format, figures.bytes);
        self.chunks.add(&[operation, "in"], figures.chunks);
        self.chunks.add(&[operation, "out"], figures.releases);
    }

    fn recognised(&self, asked: &Asked, pattern: Pattern, shared: &Shared) {
        let operation = asked.operation();
        self.patterns.increment(&[operation, pattern.as_str()]);
        if shared.is_news(operation, pattern) {
            log::warn!(
                "stream={} operation={operation}: {}; told once, counted in voxgate_stream_patterns_total",
                pattern.as_str(),
                pattern.advice(),
            );
        }
    }

    /// One line for later analysis, never of content.
    fn snapshot(&self, asked: &Asked, figures: &Figures, slow: Slow) {
        self.slow.increment(&[asked.operation(), asked.tier()]);
        let what = match slow.measure {
            Measure::FirstAudio => "ttfa_ms",
            Measure::RealTime => "real_time_permille",
        };
        log::warn!(
            "stream=slow {what}={} usual={} operation={} tier={} tenant={:?} model={:?} text_chars={} trace={} figures={}",
            slow.was,
            slow.usual,
            asked.operation(),
            asked.tier(),
            asked.subject.tenant.as_deref().unwrap_or("none"),
            asked.model(),
            asked.subject.text_chars,
            asked.trace(),
            figures.to_json(),
        );
    }
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros().saturating_add(500) / 1000).unwrap_or(u64::MAX)
}
