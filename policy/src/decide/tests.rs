mod evidence;
mod facts;
mod keys;
mod quotas;
mod shadow;
mod shedding;

use std::collections::HashMap;

use serde_json::json;
use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::decision::{Answer, Record, UrlRefusal};
use crate::identity::{Keys, NewerKeys};
use crate::jwks::KeySet;
use crate::spec::PolicySpec;
use crate::testing::{self, SigningKey, hostile_tokens, sign, valid_tokens};
use crate::token::TokenDigest;
use crate::trace::{Recorded, Silent};

const NOW: UnixMillis = UnixMillis(1_795_000_000_000);

/// A policy of three tiers over the test keys; `change` edits it.
fn policy(change: impl FnOnce(&mut serde_json::Value)) -> Policy {
    let jwks: serde_json::Value = serde_json::from_str(testing::jwks()).unwrap();
    let mut spec = json!({
        "version": 1,
        "identity": {
            "source": ["token"],
            "issuers": [{
                "issuer": testing::ISSUER,
                "audiences": [testing::AUDIENCE],
                "algorithms": ["RS256", "ES256", "EdDSA"],
                "jwks": {"inline": jwks},
            }],
            "claims": {"tenant": "tenant"},
        },
        "operations": {"presets": ["openai-audio", "glm-tts"]},
        "tiers": [
            {"name": "premium", "scopes": ["tts.premium"], "allow": ["tts.*", "voice.*"]},
            {"name": "basic", "scopes": ["tts.basic"], "allow": ["tts.synthesize"]},
        ],
    });
    change(&mut spec);
    let spec = PolicySpec::from_json(spec.to_string().as_bytes()).unwrap();
    Policy::try_from(spec).unwrap()
}

/// The evidence of a proxy that knows nothing but what a test says.
#[derive(Default)]
struct Known {
    peer: Option<&'static str>,
    payload: Option<Vec<u8>>,
    claims: HashMap<&'static str, Vec<u8>>,
    remembered: HashMap<TokenDigest, Identity>,
    keys: Option<Keys>,
    newer: Option<NewerKeys>,
}

impl Evidence for Known {
    fn peer(&mut self) -> Option<String> {
        self.peer.map(str::to_owned)
    }

    fn verified_payload(&self, key: &str) -> Option<Vec<u8>> {
        self.payload.clone().filter(|_| key == "payload")
    }

    fn verified_claim(&self, key: &str, path: &[&str]) -> Option<Vec<u8>> {
        self.claims.get(path.join("/").as_str()).cloned().filter(|_| key == "payload")
    }

    fn recall(&mut self, token: &TokenDigest, _: UnixMillis) -> Option<Identity> {
        self.remembered.get(token).cloned()
    }

    fn remember(&mut self, token: TokenDigest, identity: &Identity, _: Option<UnixMillis>) {
        self.remembered.insert(token, identity.clone());
    }

    fn keys(&mut self, _: IssuerId, _: UnixMillis) -> Keys {
        self.keys.clone().unwrap_or(Keys::Wait)
    }

    fn newer_keys(&mut self, _: IssuerId, _: UnixMillis) -> NewerKeys {
        self.newer.unwrap_or(NewerKeys::Current)
    }
}

fn head(method: &str, path: &str, headers: &[(&str, &str)]) -> RequestHead {
    let pseudo = [(":method", method), (":path", path)];
    let all = pseudo.iter().chain(headers);
    RequestHead::new(all.map(|(k, v)| ((*k).to_owned(), v.as_bytes().to_vec())).collect())
}

fn post(path: &str, token: &str) -> RequestHead {
    head("POST", path, &[("authorization", &format!("Bearer {token}"))])
}

fn token_with(scope: &str) -> String {
    let mut claims = testing::claims(NOW);
    claims["scope"] = json!(scope);
    let key = SigningKey::es256();
    sign(claims.to_string(), key.header().to_string(), &key)
}

fn decided(policy: &Policy, head: &RequestHead, known: &mut Known) -> Decision {
    match decide(policy, head, Body::Absent, known, NOW, &mut Silent) {
        Progress::Decided(decision) => decision,
        other => panic!("{other:?}"),
    }
}

/// The record and, of a denial, the answer.
fn seen(policy: &Policy, head: &RequestHead) -> (Record, Option<Answer>) {
    let decision = decided(policy, head, &mut Known::default());
    (Record::new(&decision, policy), decision.answer(policy))
}

fn challenge(answer: &Answer) -> &str {
    answer.www_authenticate.as_deref().unwrap_or("")
}

#[wasm_bindgen_test(unsupported = test)]
fn a_tier_that_may_passes_with_its_tenant_and_operation() {
    let policy = policy(|_| ());
    let (record, answer) = seen(&policy, &post("/v1/audio/speech", &token_with("tts.basic")));
    assert_eq!(answer, None);
    assert_eq!(
        record.to_string(),
        "decision=allow reason=tier_allows rule=tiers.basic operation=tts.synthesize \
         operation_rule=openai-audio/speech tier=basic tenant=acme source=token"
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn the_best_tier_wins_whatever_the_order_of_scopes() {
    let policy = policy(|_| ());
    let (record, _) = seen(&policy, &post("/tts", &token_with("tts.basic other tts.premium")));
    assert_eq!(record.tier.as_deref(), Some("premium"));
}

#[wasm_bindgen_test(unsupported = test)]
fn an_entry_of_several_scopes_needs_them_all() {
    let policy = policy(|spec| spec["tiers"][0]["scopes"] = json!(["tts.basic voice.clone"]));
    let tier = |scope| seen(&policy, &post("/tts", &token_with(scope))).0.tier;
    assert_eq!(tier("tts.basic").as_deref(), Some("basic"));
    assert_eq!(tier("voice.clone tts.basic").as_deref(), Some("premium"));
    assert_eq!(tier("voice.clone"), None);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_tier_that_may_not_is_told_the_scope_it_needs() {
    let policy = policy(|_| ());
    let (record, answer) = seen(&policy, &post("/batch", &token_with("tts.basic")));
    let answer = answer.unwrap();
    assert_eq!((answer.status, answer.grpc as u32), (403, 7));
    assert_eq!(
        challenge(&answer),
        r#"Bearer realm="voxgate", error="insufficient_scope", scope="tts.premium""#
    );
    let problem: serde_json::Value = serde_json::from_slice(&answer.problem).unwrap();
    assert_eq!(
        problem,
        json!({
            "type": "tag:voxgate,2026:problem/insufficient-scope",
            "title": "The token's scopes do not cover this operation",
            "status": 403,
            "detail": "Tier basic may not tts.batch; scope tts.premium is needed.",
            "rule": "tiers.basic",
            "operation": "tts.batch",
            "tier": "basic",
            "needed_scope": "tts.premium",
        })
    );
    assert_eq!(record.needed_scope.as_deref(), Some("tts.premium"));
}

#[wasm_bindgen_test(unsupported = test)]
fn scopes_that_lead_to_no_tier_are_403_and_not_401() {
    let policy = policy(|_| ());
    let (record, answer) = seen(&policy, &post("/tts", &token_with("email profile")));
    assert_eq!(record.rule, "tiers");
    let answer = answer.unwrap();
    assert_eq!(answer.status, 403);
    assert!(challenge(&answer).ends_with(r#"scope="tts.basic""#), "{answer:?}");
}

#[wasm_bindgen_test(unsupported = test)]
fn an_operation_that_no_tier_allows_promises_no_scope() {
    let policy = policy(|spec| spec["tiers"][0]["allow"] = json!(["tts.synthesize"]));
    let (_, answer) = seen(&policy, &post("/batch", &token_with("tts.premium")));
    let answer = answer.unwrap();
    assert_eq!(challenge(&answer), r#"Bearer realm="voxgate", error="insufficient_scope""#);
    assert_eq!(answer.detail, "Tier premium may not tts.batch; no scope allows it.");
}

#[wasm_bindgen_test(unsupported = test)]
fn no_credentials_are_challenged_without_an_error_code() {
    let policy = policy(|_| ());
    for headers in [&[][..], &[("authorization", "Basic YTpi")], &[("authorization", "Bear x")]] {
        let (record, answer) = seen(&policy, &head("POST", "/tts", headers));
        assert_eq!(record.reason, "missing_token", "{headers:?}");
        let answer = answer.unwrap();
        assert_eq!((answer.status, challenge(&answer)), (401, r#"Bearer realm="voxgate""#));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn an_anonymous_tier_takes_callers_without_credentials_but_none_with_bad_ones() {
    let policy = policy(|spec| {
        spec["identity"]["anonymous"] = json!({"tier": "basic"});
    });
    let (record, answer) = seen(&policy, &head("POST", "/tts", &[]));
    assert_eq!((record.tier.as_deref(), record.tenant, answer), (Some("basic"), None, None));
    let (_, answer) = seen(&policy, &post("/tts", "no.good.token"));
    assert_eq!(answer.unwrap().status, 401);
}

#[wasm_bindgen_test(unsupported = test)]
fn two_authorization_headers_are_400_joined_or_not() {
    let policy = policy(|_| ());
    let good = format!("Bearer {}", token_with("tts.basic"));
    let joined = format!("{good},{good}");
    for headers in [
        vec![("authorization", good.as_str()), ("authorization", good.as_str())],
        vec![("authorization", good.as_str()), ("authorization", "Basic YTpi")],
        vec![("authorization", joined.as_str())],
    ] {
        let (record, answer) = seen(&policy, &head("POST", "/tts", &headers));
        let answer = answer.unwrap();
        assert_eq!((record.reason, answer.status), ("repeated_authorization", 400));
        assert!(challenge(&answer).contains(r#"error="invalid_request""#), "{answer:?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_scheme_is_compared_without_case_and_spaces_around_the_token_do_not_matter() {
    let policy = policy(|_| ());
    let token = token_with("tts.basic");
    for value in [format!("bearer {token}"), format!("BEARER   {token} ")] {
        let (record, _) = seen(&policy, &head("POST", "/tts", &[("authorization", &value)]));
        assert_eq!(record.outcome, "allow");
    }
    for value in ["Bearer", "Bearer "] {
        let (record, _) = seen(&policy, &head("POST", "/tts", &[("authorization", value)]));
        assert_eq!(record.reason, "malformed", "{value:?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn every_hostile_token_is_401_for_its_reason_and_every_valid_one_passes() {
    let policy = policy(|_| ());
    let bearer = |token: &[u8]| {
        let value = [b"Bearer ", token].concat();
        RequestHead::new(vec![
            (":method".to_owned(), b"POST".to_vec()),
            (":path".to_owned(), b"/tts".to_vec()),
            ("authorization".to_owned(), value),
        ])
    };
    for hostile in hostile_tokens(NOW) {
        let (record, answer) = seen(&policy, &bearer(&hostile.token));
        // A comma is a second header to the filter before it is a bad token.
        if hostile.token.contains(&b',') {
            assert_eq!(answer.unwrap().status, 400, "{}", hostile.name);
            continue;
        }
        // Spaces at the ends of a header value are not part of it.
        if hostile.token.trim_ascii() == hostile.token {
            assert_eq!(record.reason, hostile.reason, "{}", hostile.name);
            assert_eq!(answer.unwrap().status, 401, "{}", hostile.name);
        }
    }
    for valid in valid_tokens(NOW) {
        let (record, _) = seen(&policy, &bearer(valid.token.as_bytes()));
        assert_eq!(record.outcome, "allow", "{}", valid.name);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn an_unknown_operation_is_refused_unless_the_policy_lets_it_pass() {
    let strict = policy(|_| ());
    let (record, answer) = seen(&strict, &post("/metrics", &token_with("tts.basic")));
    assert_eq!((record.reason, record.operation), ("unknown_operation", None));
    let answer = answer.unwrap();
    assert_eq!((answer.status, answer.www_authenticate), (403, None));

    let open = policy(|spec| spec["operations"]["unknown"] = json!("allow"));
    assert_eq!(seen(&open, &post("/metrics", &token_with("tts.basic"))).1, None);
    assert_eq!(seen(&open, &head("POST", "/metrics", &[])).1.unwrap().status, 401);
    let (record, answer) = seen(&open, &post("/x%252f..%252ftts", &token_with("tts.basic")));
    assert_eq!((record.reason, answer.unwrap().status), ("invalid_path", 400));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_cors_preflight_passes_without_credentials_and_an_options_request_does_not() {
    let policy = policy(|_| ());
    let preflight = [("origin", "https://a.test"), ("access-control-request-method", "POST")];
    let (record, answer) = seen(&policy, &head("OPTIONS", "/tts", &preflight));
    assert_eq!((record.reason, answer), ("preflight", None));
    assert!(seen(&policy, &head("OPTIONS", "/tts", &preflight[..1])).1.is_some());
    assert!(seen(&policy, &head("POST", "/tts", &preflight)).1.is_some());
}

#[wasm_bindgen_test(unsupported = test)]
fn a_tenants_cap_lowers_its_tier_and_blames_no_token() {
    let policy = policy(|spec| {
        spec["tenants"] = json!({"inline": [{"id": "acme", "max_tier": "basic"}]});
    });
    let (record, answer) = seen(&policy, &post("/tts", &token_with("tts.premium")));
    assert_eq!((record.tier.as_deref(), answer), (Some("basic"), None));
    let (record, answer) = seen(&policy, &post("/batch", &token_with("tts.premium")));
    let answer = answer.unwrap();
    assert_eq!((record.reason, record.rule.as_str()), ("tenant_capped", "tenants.max_tier"));
    assert_eq!((answer.status, answer.www_authenticate), (403, None));
    let (record, _) = seen(&policy, &post("/batch", &token_with("tts.basic")));
    assert_eq!(record.reason, "insufficient_scope", "the cap took nothing away");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_content_type_that_can_be_read_twice_is_400() {
    let policy = policy(|_| ());
    let bearer = format!("Bearer {}", token_with("tts.basic"));
    let headers = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
        ("content-type", "multipart/form-data"),
    ];
    let (record, answer) = seen(&policy, &head("POST", "/tts", &headers));
    assert_eq!((record.reason, answer.unwrap().status), ("invalid_content_type", 400));
}

#[wasm_bindgen_test(unsupported = test)]
fn the_trace_tells_each_rule_considered_and_nothing_the_client_sent() {
    let policy = policy(|_| ());
    let token = token_with("tts.basic");
    let mut trace = Recorded::default();
    let request = post("/v1/audio/speech", &token);
    let _ = decide(&policy, &request, Body::Absent, &mut Known::default(), NOW, &mut trace);
    let told: Vec<_> = trace.0.iter().map(|(subject, _)| subject.as_str()).collect();
    assert!(told.contains(&"tiers.premium") && told.contains(&"tiers.basic"), "{told:?}");
    assert_eq!(trace.0.last().unwrap().1, "allow by tiers.basic");
    assert!(!format!("{trace:?}").contains(&token));
}
