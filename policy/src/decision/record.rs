//! A decision for operators: one line in the log, one JSON object in access logs.

use std::fmt;

use serde::Serialize;

use super::Decision;
use crate::Policy;
use crate::facts::RequestFacts;

/// What operators see of a decision. It serialises to the value of the filter state
/// `wasm.voxgate.decision` and prints as a log line. It has no path, no token, and no text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Record {
    /// `allow`, `deny` or `would_deny`.
    pub outcome: String,
    /// Why, in one word.
    pub reason: &'static str,
    /// The part of the policy that decided.
    pub rule: String,
    /// What the request asks for; several are joined with `+`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// The rule that recognised the operation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation_rule: Option<String>,
    /// The caller's tier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    /// The caller's tenant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// The scope that would have been needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needed_scope: Option<String>,
    /// The step that told who the caller is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<&'static str>,
    /// What was learned beyond the headers, where the decision asked for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facts: Option<FactsRecord>,
}

/// The numbers of [`RequestFacts`]. Names that a client chooses are not among them: they could be
/// anything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FactsRecord {
    /// Unicode scalar values of text.
    pub text_chars: u64,
    /// Milliseconds of speech by estimate.
    pub audio_ms: u64,
    /// Reference recordings in the request.
    pub references: u64,
    /// Decoded bytes of the largest.
    pub reference_bytes: u64,
    /// Reference recordings by URL.
    pub reference_urls: u64,
    /// Lines of a batch.
    pub batch_lines: u64,
}

impl Record {
    /// The record of a decision made by `policy`.
    pub fn new(decision: &Decision, policy: &Policy) -> Self {
        Self {
            outcome: decision.outcome.to_string(),
            reason: decision.reason.as_str(),
            rule: decision.rule(policy),
            operation: (!decision.operations.is_empty())
                .then(|| policy.operations().display(decision.operations)),
            operation_rule: decision.known_by.as_ref().map(ToString::to_string),
            tier: decision.tier.map(|it| policy.tiers().name(it).to_owned()),
            tenant: decision.tenant.as_deref().map(str::to_owned),
            needed_scope: decision.needed_scope(policy).map(str::to_owned),
            source: decision.source.map(super::Source::as_str),
            facts: decision.facts.as_deref().map(FactsRecord::new),
        }
    }

    /// The record as one JSON object.
    pub fn to_json(&self) -> String {
        // A struct of strings cannot fail to serialise.
        serde_json::to_string(self).unwrap_or_default()
    }
}

impl FactsRecord {
    fn new(facts: &RequestFacts) -> Self {
        Self {
            text_chars: facts.text.chars,
            audio_ms: facts.text.audio.0,
            references: facts.reference.inline.count,
            reference_bytes: facts.reference.inline.largest_bytes,
            reference_urls: facts.reference.urls.count,
            batch_lines: facts.batch_lines,
        }
    }
}

impl fmt::Display for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "decision={} reason={} rule={}", self.outcome, self.reason, self.rule)?;
        for (name, value) in [
            ("operation", &self.operation),
            ("operation_rule", &self.operation_rule),
            ("tier", &self.tier),
            ("tenant", &self.tenant),
            ("needed_scope", &self.needed_scope),
        ] {
            if let Some(value) = value {
                // Quoted as a whole where it could be mistaken for two fields.
                match value.contains(|c: char| c.is_whitespace() || c == '"' || c == '=') {
                    true => write!(f, " {name}={value:?}")?,
                    false => write!(f, " {name}={value}")?,
                }
            }
        }
        if let Some(source) = self.source {
            write!(f, " source={source}")?;
        }
        match &self.facts {
            Some(facts) => write!(f, "{facts}"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for FactsRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let numbers = [
            ("text_chars", self.text_chars),
            ("audio_ms", self.audio_ms),
            ("references", self.references),
            ("reference_bytes", self.reference_bytes),
            ("reference_urls", self.reference_urls),
            ("batch_lines", self.batch_lines),
        ];
        for (name, number) in numbers.into_iter().filter(|(_, number)| *number > 0) {
            write!(f, " {name}={number}")?;
        }
        Ok(())
    }
}
