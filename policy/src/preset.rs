//! Shipped rules for APIs that people run, each with the source it was read from.
//!
//! Presets hold what method and path alone say. Where an endpoint always brings a reference
//! recording, that is said here; where only the body tells, it is not.

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

/// The rules for one API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Preset {
    /// What `operations.presets` calls it.
    pub name: &'static str,
    /// Where the API is described.
    pub source: &'static str,
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
    /// Shipped operations, all of which such a request asks for.
    pub operations: &'static [&'static str],
}

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
    PresetRule { name, method, path, operations }
}
