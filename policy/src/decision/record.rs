//! A decision for operators: one line in the log, one JSON object in access logs.

use std::fmt;

use serde::Serialize;

use super::Decision;
use crate::Policy;

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
        }
    }

    /// The record as one JSON object.
    pub fn to_json(&self) -> String {
        // A struct of strings cannot fail to serialise.
        serde_json::to_string(self).unwrap_or_default()
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
        match self.source {
            Some(source) => write!(f, " source={source}"),
            None => Ok(()),
        }
    }
}
