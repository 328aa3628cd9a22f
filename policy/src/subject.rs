//! What the filters after the first need to know of a request: the first leaves it where no client
//! can, and none of them identifies, recognises or reads anything again.

mod places;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use crate::Policy;
use crate::decision::{Decision, Reason};
use crate::facts::RequestFacts;
use crate::operation::OperationId;
use crate::request::RequestHead;
use crate::spec::BodyFormat;

pub use places::BodyPlaces;

/// The filter state under which it stands; Envoy puts `wasm.` before it. It names the caller, so it
/// does not belong in access logs.
pub const SUBJECT_STATE: &str = "voxgate.subject";

/// Who asks for what. Names, not ids: the filter that reads it may have another version of the policy.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Subject {
    /// Who pays.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// The user within the tenant, where the policy names a claim for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The tier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    /// What is asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub operations: Vec<String>,
    /// The rule that recognised it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Unicode scalar values of text, over all jobs.
    #[serde(skip_serializing_if = "is_zero")]
    pub text_chars: u64,
    /// Milliseconds of speech that the text is estimated to become, over all jobs.
    #[serde(skip_serializing_if = "is_zero")]
    pub speech_ms: u64,
    /// Milliseconds of audio that the request brings to be worked on, as far as its format tells.
    #[serde(skip_serializing_if = "is_zero")]
    pub input_audio_ms: u64,
    /// Lines of a batch.
    #[serde(skip_serializing_if = "is_zero")]
    pub batch_lines: u64,
    /// The models that it names.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<String>,
    /// Whether it names more of them, or longer names, than are told.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub has_more_models: bool,
    /// The sample rate that it asks for, in Hz.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample_rate_hz: Option<u64>,
    /// Whether it asks for another protocol.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_upgrade: bool,
    /// Whether nothing is to be charged: a CORS preflight.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_exempt: bool,
    /// Whether the caller may see all tenants' use.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub is_operator: bool,
    /// Whether it asks for what was used, which the quota filter answers.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub asks_usage: bool,
    /// What tells a repeat from another request: a digest of `Idempotency-Key`, method, path and
    /// body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub repeat: Option<[u8; 16]>,
    /// Where in its body what stands; only of JSON that was read to its end, and is not encoded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub places: Option<BodyPlaces>,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

// === impl Subject ===

impl Subject {
    /// What `decision` found out about the request of `head`.
    pub fn new(decision: &Decision, head: &RequestHead, policy: &Policy) -> Self {
        let none = RequestFacts::default();
        let facts = decision.facts.as_deref().unwrap_or(&none);
        let names = policy.operations();
        Self {
            tenant: decision.tenant.as_deref().map(str::to_owned),
            user: decision.user.as_deref().map(str::to_owned),
            tier: decision.tier.map(|it| policy.tiers().name(it).to_owned()),
            operations: decision.operations.iter().map(|it| names.name(it).to_owned()).collect(),
            rule: decision.known_by.as_ref().map(ToString::to_string),
            text_chars: facts.text.chars,
            speech_ms: match decision.operations.contains(OperationId::LLM_CHAT) {
                true => 0,
                false => facts.text.audio.0,
            },
            input_audio_ms: facts.audio.total.0,
            batch_lines: facts.batch_lines,
            models: facts.models.known.clone(),
            has_more_models: facts.models.overflow,
            sample_rate_hz: facts.sample_rate_hz,
            is_upgrade: head.is_upgrade(),
            is_exempt: decision.reason == Reason::Preflight,
            is_operator: decision.is_operator,
            asks_usage: decision.reason == Reason::Usage,
            repeat: decision.repeat,
            places: places(decision, head, policy),
        }
    }

    /// As it stands in the filter state.
    pub fn to_json(&self) -> String {
        // A struct of strings and numbers cannot fail to serialise.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// From the filter state.
    ///
    /// # Errors
    /// Another version of the first filter wrote what this one cannot read.
    pub fn from_json(json: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(json)
    }
}

/// Where what stands in the body of `head`, for a filter that may have to change it.
fn places(decision: &Decision, head: &RequestHead, policy: &Policy) -> Option<BodyPlaces> {
    policy.shedding().filter(|it| it.changes_bodies())?;
    decision.facts.as_ref()?;
    let plan = policy.recogniser().plan(decision.known_by.as_ref()?)?;
    let is_json = plan.format(head) == Ok(BodyFormat::Json);
    let is_plain = head.first("content-encoding").is_none_or(|it| it.trim_ascii().is_empty());
    (is_json && is_plain).then(|| plan.places().clone())
}
