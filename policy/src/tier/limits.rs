//! What a tier allows of what a request asks for: numbers, names, references.

use std::fmt;

use crate::body::Field;
use crate::claims::ClaimPath;
use crate::error::{Path, PolicyError};
use crate::names::NamePatterns;
use crate::spec::{LimitsSpec, ReferenceUrlsSpec, TierSpec};

/// A number that a tier can limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Limit {
    /// Unicode scalar values of one text.
    TextChars,
    /// Seconds of speech of one text by estimate; of audio to transcribe, too.
    AudioSeconds,
    /// Of the answer, in Hz.
    SampleRateHz,
    /// Decoded bytes of one reference recording.
    ReferenceAudioBytes,
    /// Seconds of one reference recording.
    ReferenceAudioSeconds,
    /// Lines of a batch.
    BatchLines,
}

/// What one tier allows.
#[derive(Clone, Debug, Default)]
pub struct TierLimits {
    max: LimitsSpec,
    names: [Option<NamePatterns>; 3],
    reference_hosts: Option<NamePatterns>,
    consent: Option<Consent>,
}

/// What shows that the owner of a voice consents.
#[derive(Clone, Debug)]
pub struct Consent {
    /// A claim of the token.
    pub claim: Option<ClaimPath>,
    /// A field of the request.
    pub field: bool,
}

/// What a tier can list the names of.
const NAMED: [Field; 3] = [Field::Model, Field::Voice, Field::Format];

/// The entry of `voices` that stands for all that are anyone's.
const PRESET: &str = "preset";

// === impl Limit ===

impl Limit {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::TextChars,
        Self::AudioSeconds,
        Self::SampleRateHz,
        Self::ReferenceAudioBytes,
        Self::ReferenceAudioSeconds,
        Self::BatchLines,
    ];

    /// Its name under `max`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TextChars => "text_chars",
            Self::AudioSeconds => "audio_seconds",
            Self::SampleRateHz => "sample_rate_hz",
            Self::ReferenceAudioBytes => "reference_audio_bytes",
            Self::ReferenceAudioSeconds => "reference_audio_seconds",
            Self::BatchLines => "batch_lines",
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

// === impl TierLimits ===

impl TierLimits {
    /// Compiles what the tier at `path` says; `preset_voices` are anyone's.
    pub fn compile(
        spec: &TierSpec,
        path: &Path,
        preset_voices: &[&str],
        errors: &mut Vec<PolicyError>,
    ) -> Self {
        let takes_presets = spec.voices.iter().any(|it| it == PRESET);
        let presets = if takes_presets { preset_voices } else { &[] };
        if takes_presets && preset_voices.is_empty() {
            errors.push(PolicyError::new(
                path.key("voices"),
                "no voices are `preset`; list some in `operations.preset_voices`",
            ));
        }
        let named = |list: &[String], more: &[&str]| {
            (!list.is_empty()).then(|| {
                NamePatterns::new(list.iter().map(String::as_str).chain(more.iter().copied()))
            })
        };
        let consent = spec
            .consent
            .as_ref()
            .map(|it| Consent { claim: it.claim.clone().map(ClaimPath::new), field: it.field });
        if consent.as_ref().is_some_and(|it| it.claim.is_none() && !it.field) {
            errors.push(PolicyError::new(
                path.key("consent"),
                "name a `claim`, or set `field: true`, or leave it out",
            ));
        }
        let reference_hosts = match &spec.reference_urls {
            ReferenceUrlsSpec::Deny => None,
            ReferenceUrlsSpec::Hosts(hosts) => {
                for (i, host) in hosts.iter().enumerate().filter(|(_, it)| !is_host_pattern(it)) {
                    errors.push(PolicyError::new(
                        path.key("reference_urls").key("hosts").index(i),
                        format!("`{host}` is no host: write `media.example.com` or `*.example.com`, in lower case"),
                    ));
                }
                Some(NamePatterns::new(hosts.iter().map(String::as_str)))
            }
        };
        Self {
            max: spec.max.clone(),
            names: [
                named(&spec.models, &[]),
                named(&spec.voices, presets),
                named(&spec.formats, &[]),
            ],
            reference_hosts,
            consent,
        }
    }

    /// The most that is allowed, in the limit's unit; `None` for no limit.
    pub fn max(&self, limit: Limit) -> Option<u64> {
        match limit {
            Limit::TextChars => self.max.text_chars,
            Limit::AudioSeconds => self.max.audio_seconds,
            Limit::SampleRateHz => self.max.sample_rate_hz,
            Limit::ReferenceAudioBytes => self.max.reference_audio_bytes,
            Limit::ReferenceAudioSeconds => self.max.reference_audio_seconds,
            Limit::BatchLines => self.max.batch_lines,
        }
    }

    /// What may be named, and the patterns that it must fit; nothing that may be anything.
    pub fn names(&self) -> impl Iterator<Item = (Field, &NamePatterns)> {
        NAMED.into_iter().zip(&self.names).filter_map(|(field, it)| Some((field, it.as_ref()?)))
    }

    /// The hosts that references may come from; `None` if they may not come by URL at all.
    pub fn reference_hosts(&self) -> Option<&NamePatterns> {
        self.reference_hosts.as_ref()
    }

    /// What must show consent before a voice is created; `None` if nothing must.
    pub fn consent(&self) -> Option<&Consent> {
        self.consent.as_ref()
    }
}

fn is_host_pattern(host: &str) -> bool {
    let name = host.strip_prefix("*.").unwrap_or(host);
    let is_label = |it: &str| {
        !it.is_empty()
            && it.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    host == "*" || (name.len() <= 253 && name.split('.').all(is_label))
}
