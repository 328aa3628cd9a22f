//! The `facts` section as written, and how a rule says where facts stand in a request.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::body::Field;

/// How bodies are read.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct FactsSpec {
    /// The most bytes of a body that are held in the proxy until the decision is certain, below
    /// Envoy's own limit (`per_connection_buffer_limit_bytes`, 1 MiB by default). Nothing is held
    /// of a body that no rule needs.
    pub max_held_bytes: u64,
    /// What becomes of a request when that much was read and the decision is still not certain.
    pub past_max_held: PastMaxHeld,
    /// What becomes of a body with `content-encoding: gzip`. Any other encoding is refused.
    pub gzip: GzipSpec,
    /// The most bytes that a compressed body may become.
    pub max_decoded_bytes: u64,
    /// What becomes of a body that cannot be read.
    pub on_malformed: OnMalformed,
    /// What becomes of a key (or a field of a form) that stands twice where it may stand once.
    pub duplicate_keys: DuplicateKeys,
    /// Whether the tags of a text that begins with `<speak` are counted as text.
    pub count_ssml_tags: bool,
    /// Whether each recording that a voice is made of leaves a line in the log: tenant, operation and
    /// its SHA-256. Such bodies are then read to their end, whatever rules need.
    pub audit_voice_creations: bool,
    /// How many characters of a script are spoken in one second, in place of the shipped rates.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub chars_per_second: BTreeMap<String, f64>,
}

impl Default for FactsSpec {
    fn default() -> Self {
        Self {
            max_held_bytes: 768 * 1024,
            past_max_held: PastMaxHeld::Deny,
            gzip: GzipSpec::Decode,
            max_decoded_bytes: 16 * 1024 * 1024,
            on_malformed: OnMalformed::Deny,
            duplicate_keys: DuplicateKeys::Deny,
            count_ssml_tags: true,
            audit_voice_creations: false,
            chars_per_second: BTreeMap::new(),
        }
    }
}

/// What becomes of a request whose body is too long to be certain of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum PastMaxHeld {
    /// It is answered 413.
    #[default]
    Deny,
    /// It passes if the caller's tier may do all that such a body could ask for, and what was read
    /// breaks no limit; else it is answered 413.
    ByHeaders,
}

/// What becomes of a compressed body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum GzipSpec {
    /// One of JSON is read, and the service gets it as it came; any other is refused.
    #[default]
    Decode,
    /// It is answered 415.
    Deny,
}

/// What becomes of a body that cannot be read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum OnMalformed {
    /// It is answered 400.
    #[default]
    Deny,
    /// It passes if what was read of it breaks no rule.
    Allow,
}

/// What becomes of a repeated key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DuplicateKeys {
    /// The body is malformed.
    #[default]
    Deny,
    /// The last one counts, as most JSON parsers have it. An object or array that is repeated is
    /// malformed all the same.
    LastWins,
}

/// How a rule's requests hold their facts: in a body of these formats, at these places.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct BodySpec {
    /// What the service takes. A body of another content type is answered 415 where the decision
    /// depends on it.
    pub formats: Vec<BodyFormat>,
    /// Where the facts stand.
    pub fields: FieldsSpec,
}

/// A format of bodies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum BodyFormat {
    /// `application/json` or any type that ends in `+json` (RFC 8259).
    Json,
    /// One JSON value a line: `application/jsonl`, `application/x-ndjson`, `application/jsonlines`,
    /// `application/x-jsonlines` or `application/x-jsonl`.
    Jsonl,
    /// `multipart/form-data` (RFC 7578).
    Multipart,
    /// `application/x-www-form-urlencoded`.
    Form,
    /// `text/plain`: the whole body is one string, at the empty pointer.
    Plain,
}

/// Where facts stand: JSON Pointers with `*` for each item of an array, as `/messages/*/content`.
/// In forms and queries `/name` is a field that stands once, `/name/*` one that may be repeated.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct FieldsSpec {
    /// Text to speak, or for a language model to read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub text: Vec<String>,
    /// The name of a voice, or the path of a recording that the service has already.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub voice: Vec<String>,
    /// A recording of a voice: base64, a URL, or a file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reference: Vec<String>,
    /// Audio to be worked on: base64, or a file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub audio: Vec<String>,
    /// The model.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub model: Vec<String>,
    /// The sample rate of the answer in Hz.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub sample_rate: Vec<String>,
    /// The format of the answer.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub format: Vec<String>,
    /// Whether the answer is to be streamed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub stream: Vec<String>,
    /// How fast to speak.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub speed: Vec<String>,
    /// That the owner of the voice consents.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub consent: Vec<String>,
}

impl FieldsSpec {
    /// Whether no place is named.
    pub fn is_empty(&self) -> bool {
        self.by_field().iter().all(|(_, pointers)| pointers.is_empty())
    }

    /// The places by what they say.
    pub fn by_field(&self) -> [(Field, &[String]); 10] {
        [
            (Field::Text, &self.text),
            (Field::Voice, &self.voice),
            (Field::Reference, &self.reference),
            (Field::Audio, &self.audio),
            (Field::Model, &self.model),
            (Field::SampleRate, &self.sample_rate),
            (Field::Format, &self.format),
            (Field::Stream, &self.stream),
            (Field::Speed, &self.speed),
            (Field::Consent, &self.consent),
        ]
    }
}
