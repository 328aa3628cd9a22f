//! The target for the policy as a filter is configured with it.

use std::sync::LazyLock;

use serde_json::Value;

use super::{NOW, decided, head};
use crate::Policy;
use crate::decision::Reason;
use crate::error::PolicyErrors;
use crate::preset;
use crate::spec::{JwksSpec, OperationRuleSpec, PolicySpec};
use crate::testing::{self, SigningKey};

/// A token of the keys that `envoyfilter-yaml/policies/speech.yaml` has.
static AUTHORIZATION: LazyLock<String> = LazyLock::new(|| {
    let key = SigningKey::eddsa();
    let token = testing::sign(testing::claims(NOW).to_string(), key.header().to_string(), &key);
    format!("Bearer {token}")
});

/// A policy file: it is refused with errors that say where and what, or it can be enforced, and
/// loads again as it was written.
pub fn policy_file(bytes: &[u8]) {
    let spec = match PolicySpec::from_json(bytes) {
        Ok(spec) => spec,
        Err(errors) => return check_errors(&errors),
    };
    let written = serde_json::to_vec(&spec).unwrap();
    let loaded = PolicySpec::from_json(&written).map(without_fractions);
    assert_eq!(loaded, Ok(without_fractions(spec.clone())), "it loads differently");
    match Policy::try_from(spec.clone()) {
        Ok(policy) => check_enforced(&policy, &spec),
        Err(errors) => check_errors(&errors),
    }
}

/// `serde_json` without its feature `float_roundtrip` may read a fraction's last digit otherwise
/// than it was written. Only an inline JWK Set can have fractions, and nothing reads them there.
fn without_fractions(mut spec: PolicySpec) -> PolicySpec {
    for issuer in &mut spec.identity.issuers {
        if let Some(JwksSpec::Inline(set)) = &mut issuer.jwks {
            clear_fractions(set);
        }
    }
    spec
}

fn clear_fractions(value: &mut Value) {
    match value {
        Value::Number(number) if number.is_f64() => *value = Value::Null,
        Value::Array(items) => items.iter_mut().for_each(clear_fractions),
        Value::Object(members) => members.values_mut().for_each(clear_fractions),
        _ => {}
    }
}

fn check_errors(errors: &PolicyErrors) {
    assert!(!errors.0.is_empty(), "refused for no reason");
    for error in &errors.0 {
        assert!(!error.message.is_empty(), "{} is wrong, but how?", error.path);
        assert!(!error.path.to_string().is_empty(), "somewhere: {}", error.message);
    }
}

fn check_enforced(policy: &Policy, spec: &PolicySpec) {
    if let Err(errors) = policy.check_algorithms(|_| false) {
        check_errors(&errors);
    }
    let presets = spec.operations.presets.iter().filter_map(|it| preset::by_name(it));
    let presets = presets.flat_map(|it| it.rules).map(|rule| OperationRuleSpec {
        methods: vec![rule.method.to_owned()],
        path: rule.path.to_owned(),
        ..OperationRuleSpec::default()
    });
    for (i, rule) in spec.operations.rules.iter().cloned().chain(presets).enumerate() {
        check_recognised(policy, &rule, None);
        // A signature costs more than all else here.
        if i == 0 {
            check_recognised(policy, &rule, Some(&AUTHORIZATION));
        }
    }
}

/// A rule of an accepted policy is there for something: what it describes, some rule knows.
fn check_recognised(policy: &Policy, rule: &OperationRuleSpec, authorization: Option<&str>) {
    let path = example(&rule.path);
    let method = rule.methods.first().map_or("POST", String::as_str);
    let media = rule.content_types.first().map(|it| it.replace('*', "x"));
    let mut headers = vec![(":method", method.as_bytes()), (":path", path.as_bytes())];
    headers.extend(media.iter().map(|it| ("content-type", it.as_bytes())));
    headers.extend(authorization.iter().map(|it| ("authorization", it.as_bytes())));
    let names: Vec<String> = rule.headers.keys().map(|it| it.to_ascii_lowercase()).collect();
    for (name, value) in names.iter().zip(rule.headers.values()) {
        headers.retain(|(set, _)| set != name);
        headers.push((name, value.as_bytes()));
    }
    let decision = decided(policy, &head(headers));
    // What else asks for these two may contradict it.
    let is_plain = !names.iter().any(|it| it == "content-type" || it == "authorization");
    let is_known = decision.known_by.is_some() || decision.reason == Reason::Preflight;
    assert!(is_known || !is_plain, "no rule knows {method} {path}: {:?}", decision.reason);
}

/// A path that fits the pattern.
fn example(pattern: &str) -> String {
    let segment = |it: &str| if it.starts_with('{') || it == "**" { "x" } else { it }.to_owned();
    pattern.split('/').map(segment).collect::<Vec<_>>().join("/")
}
