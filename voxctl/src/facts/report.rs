//! Facts for programs: with their units in the names, and hashes as people compare them.

use serde::Serialize;
use voxgate_policy::facts::{AudioFacts, Names, ReferenceFacts, RequestFacts, TextFacts, UrlFacts};

/// [`RequestFacts`] as `--json` prints them; documented in docs/voxctl.md.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FactsReport {
    /// The text, over all jobs.
    pub text: TextReport,
    /// The recordings to take a voice from.
    pub reference: ReferenceReport,
    /// The audio to be worked on.
    pub audio: AudioReport,
    /// The highest sample rate asked for, in Hz.
    pub sample_rate_hz: Option<u64>,
    /// The formats asked for.
    pub formats: Names,
    /// The models asked for.
    pub models: Names,
    /// The voices asked for.
    pub voices: Names,
    /// Whether any answer is to be streamed, if the request says.
    pub stream: Option<bool>,
    /// Lines of a JSONL body.
    pub batch_lines: u64,
    /// Whether the request says, in every job, that the owner of the voice consents.
    pub consent: bool,
}

/// How much text there is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TextReport {
    /// Unicode scalar values, over all jobs.
    pub chars: u64,
    /// … of the job with the most.
    pub longest_chars: u64,
    /// Estimated milliseconds to speak, over all jobs.
    pub audio_ms: u64,
    /// … of the job that takes longest.
    pub longest_audio_ms: u64,
}

/// Recordings to take a voice from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReferenceReport {
    /// Those that the request holds.
    pub inline: AudioReport,
    /// Those that the service is to fetch.
    pub urls: UrlReport,
}

/// Audio that a request holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AudioReport {
    /// How many.
    pub count: u64,
    /// The size of the largest, decoded, in bytes.
    pub largest_bytes: u64,
    /// Milliseconds of the longest whose length is known.
    pub longest_ms: u64,
    /// Milliseconds of all whose length is known.
    pub total_ms: u64,
    /// Whether all are complete with a length that their format tells.
    pub all_lengths_known: bool,
    /// The highest sample rate that a header tells, in Hz.
    pub sample_rate_hz: Option<u32>,
    /// SHA-256 of each, in hexadecimal digits, if the policy has `facts.audit_voice_creations`.
    pub sha256: Vec<String>,
}

/// References by URL.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UrlReport {
    /// How many.
    pub count: u64,
    /// Their hosts, in lower case.
    pub hosts: Names,
    /// Whether one is not `https`.
    pub any_insecure: bool,
    /// Whether the host of one is an address of a private or local network.
    pub any_private: bool,
    /// Whether one can be read in more than one way.
    pub any_ambiguous: bool,
}

// === impl FactsReport ===

impl FactsReport {
    /// The report of `facts`.
    pub fn new(facts: &RequestFacts) -> Self {
        let RequestFacts {
            text,
            reference,
            audio,
            sample_rate_hz,
            formats,
            models,
            voices,
            stream,
            batch_lines,
            consent,
        } = facts;
        Self {
            text: TextReport::new(text),
            reference: ReferenceReport::new(reference),
            audio: AudioReport::new(audio),
            sample_rate_hz: *sample_rate_hz,
            formats: formats.clone(),
            models: models.clone(),
            voices: voices.clone(),
            stream: *stream,
            batch_lines: *batch_lines,
            consent: *consent,
        }
    }
}

impl TextReport {
    fn new(facts: &TextFacts) -> Self {
        let TextFacts { chars, longest_chars, audio, longest_audio } = *facts;
        Self { chars, longest_chars, audio_ms: audio.0, longest_audio_ms: longest_audio.0 }
    }
}

impl ReferenceReport {
    fn new(facts: &ReferenceFacts) -> Self {
        let ReferenceFacts { inline, urls } = facts;
        Self { inline: AudioReport::new(inline), urls: UrlReport::new(urls) }
    }
}

impl AudioReport {
    fn new(facts: &AudioFacts) -> Self {
        let AudioFacts {
            count,
            largest_bytes,
            longest,
            total,
            all_lengths_known,
            sample_rate_hz,
            sha256,
        } = facts;
        Self {
            count: *count,
            largest_bytes: *largest_bytes,
            longest_ms: longest.0,
            total_ms: total.0,
            all_lengths_known: *all_lengths_known,
            sample_rate_hz: *sample_rate_hz,
            sha256: sha256.iter().map(hex).collect(),
        }
    }
}

impl UrlReport {
    fn new(facts: &UrlFacts) -> Self {
        let UrlFacts { count, hosts, any_insecure, any_private, any_ambiguous } = facts;
        Self {
            count: *count,
            hosts: hosts.clone(),
            any_insecure: *any_insecure,
            any_private: *any_private,
            any_ambiguous: *any_ambiguous,
        }
    }
}

fn hex(digest: &[u8; 32]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
