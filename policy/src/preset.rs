//! Shipped rules for APIs that people run, each with the source it was read from.
//!
//! A rule holds what method and path alone say, and where body, query and path say more. Where an
//! endpoint always brings a reference recording, method and path say `voice.create`; where only the
//! body tells, that is added when it does.
//!
//! Formats are those that the service itself reads, no more: what it would make of another one is
//! not known. Text that only steers (`instructions`, the transcript of a reference, the text before
//! and after) is not spoken and not counted.

mod cosyvoice;
mod elevenlabs;
mod glm_tts;
mod gpt_sovits;
mod linly_talker;
mod openai_audio;
mod openai_chat;
mod sonic;
#[cfg(test)]
mod tests;

use crate::body::Field;
use crate::spec::{BodyFormat, BodySpec, FieldsSpec};

/// The rules for one API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// What `operations.presets` calls it.
    pub name: &'static str,
    /// Where the API is described.
    pub source: &'static str,
    /// The voices that come with it, which are anyone's: names or patterns as in
    /// [`crate::spec::OperationsSpec::preset_voices`].
    pub voices: &'static [&'static str],
    /// The rules; the first that matches counts.
    pub rules: &'static [PresetRule],
}

/// One endpoint and what a request to it asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PresetRule {
    /// Unique in the preset; decisions show it as `preset/name`.
    pub name: &'static str,
    /// The method. One a rule, so that what one preset hides of another is always seen.
    pub method: &'static str,
    /// The path, in the form of [`crate::spec::OperationRuleSpec::path`].
    pub path: &'static str,
    /// Shipped operations, all of which such a request asks for by method and path.
    pub operations: &'static [&'static str],
    /// What the service reads of a body; empty where a body says nothing.
    pub formats: &'static [BodyFormat],
    /// Where facts stand in a body.
    pub body: Places,
    /// Where facts stand in the query.
    pub query: Places,
    /// Which `{name}` of the path is the voice.
    pub voice_in_path: Option<&'static str>,
}

/// What stands where: pointers as in [`FieldsSpec`].
pub type Places = &'static [(Field, &'static str)];

/// All presets.
pub const ALL: [&Preset; 8] = [
    &openai_audio::PRESET,
    &openai_chat::PRESET,
    &elevenlabs::PRESET,
    &glm_tts::PRESET,
    &cosyvoice::PRESET,
    &gpt_sovits::PRESET,
    &linly_talker::PRESET,
    &sonic::PRESET,
];

/// The preset called `name`.
pub fn by_name(name: &str) -> Option<&'static Preset> {
    ALL.into_iter().find(|it| it.name == name)
}

/// A row of a preset's table.
const fn rule(
    name: &'static str,
    method: &'static str,
    path: &'static str,
    operations: &'static [&'static str],
) -> PresetRule {
    PresetRule {
        name,
        method,
        path,
        operations,
        formats: &[],
        body: &[],
        query: &[],
        voice_in_path: None,
    }
}

// === impl PresetRule ===

impl PresetRule {
    /// How its bodies are read, as an own rule would say it.
    pub fn body_spec(&self) -> Option<BodySpec> {
        (!self.formats.is_empty())
            .then(|| BodySpec { formats: self.formats.to_vec(), fields: fields(self.body) })
    }

    /// What its query says, as an own rule would say it.
    pub fn query_spec(&self) -> FieldsSpec {
        fields(self.query)
    }

    const fn json(self, body: Places) -> Self {
        Self { formats: &[BodyFormat::Json], body, ..self }
    }

    const fn jsonl(self, body: Places) -> Self {
        Self { formats: &[BodyFormat::Jsonl], body, ..self }
    }

    const fn multipart(self, body: Places) -> Self {
        Self { formats: &[BodyFormat::Multipart], body, ..self }
    }

    /// Web frameworks read fields from either kind of form, files from multipart only.
    const fn form(self, body: Places) -> Self {
        Self { formats: &[BodyFormat::Multipart, BodyFormat::Form], body, ..self }
    }

    const fn json_or_multipart(self, body: Places) -> Self {
        Self { formats: &[BodyFormat::Json, BodyFormat::Multipart], body, ..self }
    }

    const fn query(self, query: Places) -> Self {
        Self { query, ..self }
    }

    const fn voice(self, name: &'static str) -> Self {
        Self { voice_in_path: Some(name), ..self }
    }
}

fn fields(places: Places) -> FieldsSpec {
    let of = |field| {
        places.iter().filter(|(it, _)| *it == field).map(|(_, it)| (*it).to_owned()).collect()
    };
    FieldsSpec {
        text: of(Field::Text),
        voice: of(Field::Voice),
        reference: of(Field::Reference),
        audio: of(Field::Audio),
        model: of(Field::Model),
        sample_rate: of(Field::SampleRate),
        format: of(Field::Format),
        stream: of(Field::Stream),
        speed: of(Field::Speed),
        consent: of(Field::Consent),
    }
}
