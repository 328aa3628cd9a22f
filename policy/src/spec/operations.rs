//! The `operations` section as written.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{BodySpec, FieldsSpec};

/// How requests are recognised as operations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct OperationsSpec {
    /// Shipped rule sets for APIs that people run. They come after the own `rules`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub presets: Vec<String>,
    /// Own names beside the shipped operations, as `ops.health`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub define: Vec<String>,
    /// Voices that are anyone's: names, or patterns as `preset-*`. Speaking with any other voice is
    /// `voice.use`. Presets know those that their vendor ships.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub preset_voices: Vec<String>,
    /// Own rules; the first that matches a request says what it asks for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<OperationRuleSpec>,
    /// What becomes of a request that no rule knows.
    pub unknown: UnknownOperation,
}

/// One rule: a request that fits all that is said here asks for `operations`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct OperationRuleSpec {
    /// The rule's name, unique in the policy; decisions name it.
    pub name: String,
    /// Methods, as `POST`. Empty: any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub methods: Vec<String>,
    /// The path, without a query, compared segment by segment after normalisation: `{name}`
    /// stands for any one segment, a final `**` for any rest, also an empty one.
    pub path: String,
    /// The media type of the body, without parameters, as `application/json`; `audio/*` matches
    /// every subtype. Empty: any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub content_types: Vec<String>,
    /// Headers that must be there with exactly this value; `*` stands for any value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// What such a request asks for; all of it must be allowed. Where a recording is in the request,
    /// `voice.create` is added, where it names a voice that is not of `preset_voices`, `voice.use`.
    pub operations: Vec<String>,
    /// How its body is read. Without it, it isn't.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<BodySpec>,
    /// What its query says.
    #[serde(default, skip_serializing_if = "FieldsSpec::is_empty")]
    pub query: FieldsSpec,
    /// Which `{name}` of the path is the voice.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub voice_in_path: Option<String>,
}

/// What becomes of a request that no rule knows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum UnknownOperation {
    /// It is refused, with a message that says so.
    #[default]
    Deny,
    /// It passes for every caller who gets in at all: with good credentials, or without any where
    /// `identity.anonymous` names a tier.
    Allow,
}
