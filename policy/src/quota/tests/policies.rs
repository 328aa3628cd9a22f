//! Policies and requests for the tests of what a request costs.

use serde_json::{Value, json};

use crate::Policy;
use crate::spec::PolicySpec;
use crate::subject::Subject;
use crate::testing;

/// A policy without quotas.
pub fn spec() -> Value {
    let jwks: Value = serde_json::from_str(testing::jwks()).unwrap();
    let json_of = |fields: Value| json!({"formats": ["json"], "fields": fields});
    json!({
        "version": 1,
        "identity": {
            "issuers": [{"issuer": testing::ISSUER, "jwks": {"inline": jwks}}],
            "claims": {"tenant": "tenant", "user": "sub"},
        },
        "operations": {"define": ["my.model"], "unknown": "allow", "rules": [
            {"name": "say", "methods": ["POST"], "path": "/say", "operations": ["tts.synthesize"],
             "body": json_of(json!({"text": ["/text"], "model": ["/model"], "voice": ["/voice"]}))},
            {"name": "lines", "methods": ["POST"], "path": "/lines", "operations": ["tts.batch"],
             "body": {"formats": ["jsonl"], "fields": {"text": ["/text"]}}},
            {"name": "upload", "methods": ["POST"], "path": "/voices", "operations": ["voice.create"],
             "body": {"formats": ["multipart"], "fields": {"reference": ["/file"]}}},
            {"name": "forget", "methods": ["DELETE"], "path": "/voices/{id}",
             "operations": ["voice.delete"]},
            {"name": "hear", "methods": ["POST"], "path": "/hear", "operations": ["asr.transcribe"],
             "body": {"formats": ["multipart"], "fields": {"audio": ["/file"]}}},
            {"name": "chat", "methods": ["POST"], "path": "/chat", "operations": ["llm.chat"],
             "body": json_of(json!({"text": ["/text"], "model": ["/model"]}))},
            {"name": "mine", "methods": ["POST"], "path": "/mine", "operations": ["my.model"]},
        ]},
        "tiers": [
            {"name": "premium", "scopes": ["premium"], "allow": ["*"]},
            {"name": "basic", "scopes": ["basic"], "allow": ["tts.synthesize"]},
        ],
    })
}

/// A policy with these rules.
pub fn policy(rules: Value) -> Policy {
    policy_of(|spec| spec["quotas"]["rules"] = rules)
}

pub fn policy_of(change: impl FnOnce(&mut Value)) -> Policy {
    let mut spec = spec();
    change(&mut spec);
    let spec = PolicySpec::from_json(spec.to_string().as_bytes()).unwrap();
    Policy::try_from(spec).unwrap()
}

/// All that is wrong with a policy.
pub fn errors(change: impl FnOnce(&mut Value)) -> Vec<String> {
    let mut spec = spec();
    change(&mut spec);
    let spec = PolicySpec::from_json(spec.to_string().as_bytes()).unwrap();
    let errors = Policy::try_from(spec).err().map(|it| it.0).unwrap_or_default();
    errors.iter().map(ToString::to_string).collect()
}

/// A request of premium's tenant `acme`.
pub fn subject(operations: &[&str]) -> Subject {
    Subject {
        tenant: Some("acme".to_owned()),
        user: Some("ann".to_owned()),
        tier: Some("premium".to_owned()),
        operations: operations.iter().map(|it| (*it).to_owned()).collect(),
        ..Subject::default()
    }
}
