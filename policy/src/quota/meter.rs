//! What a quota counts.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::body::Field;

/// What a quota counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub enum Meter {
    /// Requests, one each.
    #[serde(rename = "requests")]
    Requests,
    /// Unicode scalar values of text, over all jobs of a request.
    #[serde(rename = "text.chars")]
    TextChars,
    /// Seconds of audio: what a request sends to be worked on, or what is spoken to it. Counted in
    /// milliseconds.
    #[serde(rename = "audio.seconds")]
    AudioSeconds,
    /// Voices made: requests with a recording to take a voice from.
    #[serde(rename = "voice.creations")]
    VoiceCreations,
    /// Uses of a voice that is not anyone's.
    #[serde(rename = "voice.uses")]
    VoiceUses,
    /// Voices that exist: held from `voice.create` without synthesis until `voice.delete`.
    #[serde(rename = "voice.slots")]
    VoiceSlots,
    /// Requests under way at the same time.
    #[serde(rename = "streams")]
    Streams,
    /// Lines of JSONL bodies.
    #[serde(rename = "batch.lines")]
    BatchLines,
    /// Tokens, as the answer tells them.
    #[serde(rename = "llm.tokens")]
    LlmTokens,
}

impl Meter {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Requests,
        Self::TextChars,
        Self::AudioSeconds,
        Self::VoiceCreations,
        Self::VoiceUses,
        Self::VoiceSlots,
        Self::Streams,
        Self::BatchLines,
        Self::LlmTokens,
    ];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::TextChars => "text.chars",
            Self::AudioSeconds => "audio.seconds",
            Self::VoiceCreations => "voice.creations",
            Self::VoiceUses => "voice.uses",
            Self::VoiceSlots => "voice.slots",
            Self::Streams => "streams",
            Self::BatchLines => "batch.lines",
            Self::LlmTokens => "llm.tokens",
        }
    }

    /// The `qu` of `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-11 §3.1.2), whose
    /// registry knows requests and concurrent requests; the others are the meter's own name.
    pub fn quota_unit(self) -> &'static str {
        match self {
            Self::Streams => "concurrent-requests",
            other => other.as_str(),
        }
    }

    /// What one counted unit is: the meter's name, but for audio, which is counted finer.
    pub fn counted_in(self) -> &'static str {
        match self {
            Self::AudioSeconds => "audio.milliseconds",
            other => other.as_str(),
        }
    }

    /// How many counted units make one that people write and read.
    pub fn scale(self) -> u64 {
        match self {
            Self::AudioSeconds => 1000,
            _ => 1,
        }
    }

    /// Whether it is held and given back, instead of being used up in a window.
    pub fn is_held(self) -> bool {
        matches!(self, Self::Streams | Self::VoiceSlots)
    }

    /// Whether its amount can follow from the audio that was delivered, or is one or the other.
    pub(super) fn is_divisible(self) -> bool {
        matches!(self, Self::TextChars | Self::AudioSeconds | Self::LlmTokens)
    }

    /// What a request must tell for it to be counted.
    pub(super) fn fields(self) -> &'static [Field] {
        match self {
            Self::Requests | Self::Streams | Self::BatchLines => &[],
            Self::TextChars | Self::LlmTokens => &[Field::Text],
            Self::AudioSeconds => &[Field::Text, Field::Audio],
            Self::VoiceCreations | Self::VoiceSlots => &[Field::Reference, Field::Voice],
            Self::VoiceUses => &[Field::Voice],
        }
    }
}

impl fmt::Display for Meter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
