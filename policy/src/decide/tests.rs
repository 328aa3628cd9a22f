use std::collections::HashMap;

use serde_json::json;
use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::decision::{Answer, Record};
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
    match decide(policy, head, known, NOW, &mut Silent) {
        Progress::Decided(decision) => decision,
        Progress::WaitForKeys(_) => panic!("waits"),
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
fn headers_that_cannot_be_seen_are_refused_even_in_shadow_mode() {
    let policy = policy(|spec| spec["shadow"] = json!(["identity", "operations", "tiers"]));
    let (record, answer) = seen(&policy, &RequestHead::default());
    assert_eq!((record.outcome.as_str(), answer.unwrap().status), ("deny", 431));
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
fn a_shadowed_section_passes_what_it_would_deny_and_no_other_does() {
    let requests = [
        ("identity", head("POST", "/tts", &[])),
        ("identity", post("/tts", "no.good.token")),
        ("operations", post("/metrics", &token_with("tts.basic"))),
        ("operations", post("/%zz", &token_with("tts.basic"))),
        ("tiers", post("/batch", &token_with("tts.basic"))),
    ];
    for shadowed in ["identity", "operations", "tiers"] {
        let policy = policy(|spec| spec["shadow"] = json!([shadowed]));
        for (section, request) in &requests {
            let decision = decided(&policy, request, &mut Known::default());
            let expected = if *section == shadowed { Outcome::WouldDeny } else { Outcome::Deny };
            assert_eq!(decision.outcome, expected, "{section} with {shadowed} in shadow");
            assert_eq!(decision.passes(), *section == shadowed);
        }
    }
}

/// A shadowed section used to end the evaluation, so a request that broke its rule too was spared
/// those that are enforced.
#[wasm_bindgen_test(unsupported = test)]
fn a_denial_in_shadow_mode_spares_no_request_the_enforced_ones() {
    let paths = [("operations", "/tts;x=1"), ("operations", "/metrics"), ("tiers", "/batch")];
    let tokens = [("identity", "no.good.token".to_owned()), ("", token_with("tts.basic"))];
    let sections = ["identity", "operations", "tiers"];
    for shadowed in (0..8).map(|set| {
        let is_in = |i: &usize| set & (1 << i) != 0;
        (0..3).filter(is_in).map(|i| sections[i]).collect::<Vec<_>>()
    }) {
        let policy = policy(|spec| spec["shadow"] = json!(shadowed));
        for (path_breaks, path) in paths {
            for (token_breaks, token) in &tokens {
                let decision = decided(&policy, &post(path, token), &mut Known::default());
                // Nobody has a tier to compare where the identity is not known.
                let broken = [*token_breaks, path_breaks]
                    .into_iter()
                    .filter(|it| !it.is_empty() && (*it != "tiers" || token_breaks.is_empty()));
                let enforced = broken.clone().any(|it| !shadowed.contains(&it));
                let expected = match (enforced, broken.count()) {
                    (true, _) => Outcome::Deny,
                    (false, 0) => Outcome::Allow,
                    (false, _) => Outcome::WouldDeny,
                };
                assert_eq!(decision.outcome, expected, "{path} {token_breaks:?} {shadowed:?}");
            }
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_second_authorization_is_refused_whatever_else_identifies_the_caller() {
    let policy = policy(|spec| spec["identity"]["source"] = json!(["jwt_authn"]));
    let good = format!("Bearer {}", token_with("tts.basic"));
    let payload = pairs(&[("iss", testing::ISSUER.as_bytes())]);
    for values in [
        vec!["Basic YTpi", &good],
        vec![&format!("Basic YTpi,{good}")],
        vec![&format!("Digest a=\"b\", c=\"d\", {good}")],
        vec![&format!("{good},Basic YTpi")],
    ] {
        let headers: Vec<_> = values.iter().map(|it| ("authorization", *it)).collect();
        let mut known = Known { payload: Some(payload.clone()), ..Known::default() };
        let decision = decided(&policy, &head("POST", "/tts", &headers), &mut known);
        assert_eq!(decision.reason.as_str(), "repeated_authorization", "{values:?}");
    }
    let digest = [("authorization", "Digest username=\"a\", realm=\"b\"")];
    let decision = decided(&policy, &head("POST", "/tts", &digest), &mut Known::default());
    assert_eq!(decision.reason.as_str(), "missing_token", "commas of another scheme");
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
fn a_token_is_verified_once() {
    let policy = policy(|_| ());
    let mut known = Known::default();
    let request = post("/tts", &token_with("tts.basic"));
    let sources = [(); 2].map(|()| decided(&policy, &request, &mut known).source.unwrap().as_str());
    assert_eq!(sources, ["token", "cache"]);
}

fn remote() -> Policy {
    policy(|spec| {
        spec["identity"]["issuers"][0]["jwks"] = json!({"remote": {
            "uri": "https://issuer.test/jwks.json", "cluster": "issuer",
        }});
    })
}

fn key_set(json: &str) -> Option<Keys> {
    let algorithms = [jsonwebtoken::Algorithm::ES256];
    Some(Keys::Ready(KeySet::parse(json.as_bytes(), &algorithms).unwrap().into()))
}

#[wasm_bindgen_test(unsupported = test)]
fn a_token_waits_for_keys_and_without_them_is_503_never_401() {
    let policy = remote();
    let request = post("/tts", &token_with("tts.basic"));
    let mut known = Known { keys: Some(Keys::Wait), ..Known::default() };
    let progress = decide(&policy, &request, &mut known, NOW, &mut Silent);
    assert!(matches!(progress, Progress::WaitForKeys(_)));
    known.keys = Some(Keys::Unavailable);
    let answer = decided(&policy, &request, &mut known).answer(&policy).unwrap();
    assert_eq!((answer.status, answer.grpc as u32, answer.retry_after), (503, 14, Some(1)));
    assert_eq!(answer.www_authenticate, None);
    known.keys = key_set(testing::jwks());
    assert!(decided(&policy, &request, &mut known).passes());
}

#[wasm_bindgen_test(unsupported = test)]
fn a_token_that_no_key_could_save_is_refused_without_waiting_for_one() {
    let request = post("/tts", &token_with("tts.basic"));
    let mut known = Known { keys: Some(Keys::Wait), ..Known::default() };
    let tomorrow = UnixMillis(NOW.0 + 86_400_000);
    match decide(&remote(), &request, &mut known, tomorrow, &mut Silent) {
        Progress::Decided(decision) => assert_eq!(decision.reason.as_str(), "expired"),
        Progress::WaitForKeys(_) => panic!("it waits"),
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_policy_on_trial_makes_no_request_wait_for_keys() {
    let jwks = json!({"remote": {"uri": "https://issuer.test/jwks.json", "cluster": "issuer"}});
    let policy = policy(|spec| {
        spec["identity"]["issuers"][0]["jwks"] = jwks;
        spec["shadow"] = json!(["identity"]);
    });
    let decision = decided(&policy, &post("/tts", &token_with("tts.basic")), &mut Known::default());
    assert_eq!((decision.outcome, decision.reason), (Outcome::WouldDeny, Reason::KeysUnavailable));
}

#[wasm_bindgen_test(unsupported = test)]
fn an_unknown_key_is_refused_only_once_the_keys_are_younger_than_the_request() {
    let policy = remote();
    let request = post("/tts", &token_with("tts.basic"));
    let others = testing::jwks().replace("\"es256\"", "\"another\"");
    let mut known = Known { keys: key_set(&others), ..Known::default() };
    known.newer = Some(NewerKeys::Wait);
    let progress = decide(&policy, &request, &mut known, NOW, &mut Silent);
    assert!(matches!(progress, Progress::WaitForKeys(_)));
    known.newer = Some(NewerKeys::Unavailable);
    assert_eq!(decided(&policy, &request, &mut known).answer(&policy).unwrap().status, 503);
    known.newer = Some(NewerKeys::Current);
    assert_eq!(decided(&policy, &request, &mut known).reason.as_str(), "unknown_key");
}

/// A map of strings as Envoy serialises it.
fn pairs(members: &[(&str, &[u8])]) -> Vec<u8> {
    let length = |it: usize| u32::try_from(it).unwrap().to_le_bytes();
    let mut bytes = length(members.len()).to_vec();
    for (name, value) in members {
        bytes.extend([length(name.len()), length(value.len())].concat());
    }
    for (name, value) in members {
        bytes.extend([name.as_bytes(), b"\0", value, b"\0"].concat());
    }
    bytes
}

fn exp() -> [u8; 8] {
    (NOW.0 as f64 / 1000.0 + 60.0).to_le_bytes()
}

#[wasm_bindgen_test(unsupported = test)]
fn what_the_proxy_verified_is_believed_from_listed_issuers_only() {
    let policy = policy(|spec| spec["identity"]["source"] = json!(["jwt_authn"]));
    let decide_with = |payload: Vec<u8>| {
        let mut known = Known { payload: Some(payload), ..Known::default() };
        decided(&policy, &head("POST", "/tts", &[]), &mut known)
    };
    let exp = exp();
    let claims: &[(&str, &[u8])] = &[
        ("iss", testing::ISSUER.as_bytes()),
        ("aud", testing::AUDIENCE.as_bytes()),
        ("exp", &exp),
        ("tenant", b"acme"),
        ("scope", b"tts.basic"),
    ];
    let decision = decide_with(pairs(claims));
    assert_eq!(
        (decision.outcome, decision.source.unwrap().as_str()),
        (Outcome::Allow, "jwt_authn")
    );

    let with = |name: &str, value: &'static [u8]| {
        let changed = claims.iter().map(|(n, v)| (*n, if *n == name { value } else { *v }));
        decide_with(pairs(&changed.collect::<Vec<_>>())).reason.as_str()
    };
    assert_eq!(with("iss", b"https://other.test"), "unknown_issuer");
    assert_eq!(with("aud", b"billing"), "wrong_audience");
    assert_eq!(with("exp", &[0; 8]), "expired");
    assert_eq!(with("tenant", b""), "no_tenant");
    assert_eq!(decide_with(b"garbage".to_vec()).reason.as_str(), "unreadable_payload");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_payload_that_cannot_be_read_as_a_whole_is_read_claim_by_claim() {
    let policy = policy(|spec| spec["identity"]["source"] = json!(["jwt_authn"]));
    let claims = [
        ("iss", testing::ISSUER.as_bytes().to_vec()),
        ("aud", testing::AUDIENCE.as_bytes().to_vec()),
        ("exp", exp().to_vec()),
        ("tenant", b"acme".to_vec()),
        ("scope", b"tts.basic".to_vec()),
    ];
    let mut known = Known { claims: claims.into(), ..Known::default() };
    let decision = decided(&policy, &head("POST", "/tts", &[]), &mut known);
    assert_eq!(
        (decision.outcome, decision.source.unwrap().as_str()),
        (Outcome::Allow, "jwt_authn")
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn a_mesh_that_trusts_the_proxy_alone_refuses_a_token_the_proxy_did_not_verify() {
    let policy = policy(|spec| spec["identity"]["source"] = json!(["jwt_authn"]));
    let (record, answer) = seen(&policy, &post("/tts", &token_with("tts.basic")));
    assert_eq!((record.reason, answer.unwrap().status), ("not_verified_by_proxy", 401));
}

#[wasm_bindgen_test(unsupported = test)]
fn identity_headers_are_believed_from_listed_peers_only() {
    let policy = policy(|spec| {
        spec["identity"]["source"] = json!(["trusted_peers", "token"]);
        spec["identity"]["trusted_peers"] = json!(["spiffe://cluster.local/ns/edge/sa/*"]);
    });
    let forwarded = [("x-user-tier", "premium"), ("x-voxgate-tenant", "acme")];
    let from = |peer, headers: &[(&str, &str)]| {
        let mut known = Known { peer, ..Known::default() };
        let decision = decided(&policy, &head("POST", "/batch", headers), &mut known);
        Record::new(&decision, &policy)
    };
    let edge = Some("spiffe://cluster.local/ns/edge/sa/gateway");
    let record = from(edge, &forwarded);
    assert_eq!((record.outcome.as_str(), record.source), ("allow", Some("trusted_peer")));
    assert_eq!(record.tenant.as_deref(), Some("acme"));
    for peer in [None, Some("spiffe://cluster.local/ns/other/sa/gateway"), Some("")] {
        assert_eq!(from(peer, &forwarded).reason, "missing_token", "{peer:?}");
    }
    assert_eq!(from(edge, &[("x-user-tier", "admin")]).reason, "peer_headers");
    let twice = [("x-user-tier", "basic"), ("x-user-tier", "premium")];
    assert_eq!(from(edge, &twice).reason, "peer_headers");
    assert_eq!(from(None, &twice).reason, "missing_token", "a stranger's are not even looked at");
    let no_tenant = [("x-user-tier", "basic"), ("x-voxgate-tenant", "")];
    assert_eq!(from(edge, &no_tenant).reason, "peer_headers");
    assert_eq!(from(edge, &[]).reason, "missing_token");
}

#[wasm_bindgen_test(unsupported = test)]
fn the_trace_tells_each_rule_considered_and_nothing_the_client_sent() {
    let policy = policy(|_| ());
    let token = token_with("tts.basic");
    let mut trace = Recorded::default();
    let request = post("/v1/audio/speech", &token);
    let _ = decide(&policy, &request, &mut Known::default(), NOW, &mut trace);
    let told: Vec<_> = trace.0.iter().map(|(subject, _)| subject.as_str()).collect();
    assert!(told.contains(&"tiers.premium") && told.contains(&"tiers.basic"), "{told:?}");
    assert_eq!(trace.0.last().unwrap().1, "allow by tiers.basic");
    assert!(!format!("{trace:?}").contains(&token));
}
