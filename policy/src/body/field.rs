//! What a value of a request says.

use std::fmt;

/// What a value says of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// Text to speak, or for a language model to read: its length counts.
    Text,
    /// The name or id of a voice, or the path of a recording that the service has already.
    Voice,
    /// A recording of the voice to speak with: base64, a `data:` URL, another URL, or a file.
    Reference,
    /// Audio to be worked on: base64, or a file.
    Audio,
    /// The model.
    Model,
    /// The sample rate of the answer in Hz.
    SampleRate,
    /// The format of the answer, such as `mp3`; ElevenLabs' `mp3_44100_128` is also a sample rate.
    Format,
    /// Whether the answer is to be streamed.
    Stream,
    /// How fast to speak; 1 is the normal speed.
    Speed,
    /// That the owner of the voice consents.
    Consent,
}

// === impl Field ===

impl Field {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::Text,
        Self::Voice,
        Self::Reference,
        Self::Audio,
        Self::Model,
        Self::SampleRate,
        Self::Format,
        Self::Stream,
        Self::Speed,
        Self::Consent,
    ];

    /// Its name in the policy file.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Voice => "voice",
            Self::Reference => "reference",
            Self::Audio => "audio",
            Self::Model => "model",
            Self::SampleRate => "sample_rate",
            Self::Format => "format",
            Self::Stream => "stream",
            Self::Speed => "speed",
            Self::Consent => "consent",
        }
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
