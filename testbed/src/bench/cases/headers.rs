//! Requests without a body: identity and rights.

use super::{Ask, Case, Turns, case, empty_filter, known, native, no_filter};
use crate::bench::Plan;
use crate::bench::tokens::Tokens;
use crate::fixture::{Fixture, Setup, policy};
use serde_json::{Value, json};
use voxgate_policy::testing::{AUDIENCE, ISSUER, SigningKey, hmac_jwks, jwks};

/// The cases that are wanted; that without a filter is the first.
pub fn comparison(plan: &Plan) -> Turns {
    let cases = with_filters().into_iter().filter(|it| plan.wants(it.name));
    Turns {
        title: "Requests without a body".to_owned(),
        requests: plan.requests,
        ask: Ask::Voices,
        cases: std::iter::once(no_filter()).chain(cases).collect(),
    }
}

fn with_filters() -> Vec<Case> {
    let basic = || known("tts.basic");
    vec![
        empty_filter(),
        case("jwt_authn, RS256, no cache", jwt_authn(None), basic()),
        case("jwt_authn, RS256, cached", jwt_authn(Some(100)), basic()),
        case("jwt-tier, cached token", of(policy()), basic()),
        case("jwt-tier, first RS256 token", of(policy()), Tokens::fresh(SigningKey::rs256)),
        case("jwt-tier, first ES256 token", of(policy()), Tokens::fresh(SigningKey::es256)),
        case("jwt-tier, first EdDSA token", of(policy()), Tokens::fresh(SigningKey::eddsa)),
        case("jwt-tier, first HS256 token", of(with_secret()), Tokens::fresh(SigningKey::hs256)),
        case("jwt_authn (no cache) + jwt-tier", after_jwt_authn(), basic()),
        Case {
            name: "jwt-tier, denial (cached token)",
            setup: of(policy()),
            tokens: known("other"),
            status: 403,
        },
    ]
}

fn of(policy: Value) -> Setup {
    Fixture::of(policy)
}

/// The keys of a policy cannot be of both kinds: a secret is no public key.
fn with_secret() -> Value {
    let mut policy = policy();
    let issuer = &mut policy["identity"]["issuers"][0];
    issuer["algorithms"] = json!(["HS256"]);
    issuer["jwks"]["inline"] = serde_json::from_str(&hmac_jwks()).expect("the tests' own keys");
    policy
}

/// Istio's `RequestAuthentication` before the filter, as rendered.
fn after_jwt_authn() -> Setup {
    let mut policy = policy();
    policy["identity"]["source"] = json!(["jwt_authn"]);
    policy["identity"]["issuers"][0]["algorithms"] = json!(["RS256"]);
    of(policy).without("AuthorizationPolicy")
}

/// `jwt_authn` alone, with a cache of so many tokens.
fn jwt_authn(cache: Option<u32>) -> Setup {
    let mut provider = json!({
        "issuer": ISSUER,
        "audiences": [AUDIENCE],
        "forward": true,
        "payload_in_metadata": "payload",
        "local_jwks": { "inline_string": jwks() },
    });
    if let Some(size) = cache {
        provider["jwt_cache_config"] = json!({ "jwt_cache_size": size });
    }
    let config = json!({
        "providers": { "ours": provider },
        "rules": [{ "match": { "prefix": "/" }, "requires": { "provider_name": "ours" } }],
    });
    native("jwt_authn", "jwt_authn.v3.JwtAuthentication", config)
}
