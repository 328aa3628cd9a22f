//! What is compared.

use super::Plan;
use super::tokens::Tokens;
use crate::fixture::{Fixture, Setup, policy, resource};
use serde_json::{Value, json};
use voxgate_policy::testing::{AUDIENCE, ISSUER, SigningKey, hmac_jwks, jwks};

/// One subject and what it is asked.
pub(super) struct Case {
    pub name: &'static str,
    pub setup: Setup,
    pub tokens: Tokens,
    /// The status of every answer.
    pub status: u16,
}

/// The cases that are wanted; that without a filter is the first.
pub(super) fn chosen(plan: &Plan) -> Vec<Case> {
    let wanted = |it: &Case| plan.only.is_empty() || plan.only.iter().any(|n| it.name.contains(n));
    let baseline = case("no filter", without_filter(), known());
    std::iter::once(baseline).chain(with_filters().into_iter().filter(wanted)).collect()
}

fn with_filters() -> Vec<Case> {
    vec![
        case("an empty Wasm filter", of(policy()).module("empty.wasm"), known()),
        case("jwt_authn, RS256, no cache", native(None), known()),
        case("jwt_authn, RS256, cached", native(Some(100)), known()),
        case("jwt-tier, cached token", of(policy()), known()),
        case("jwt-tier, first RS256 token", of(policy()), Tokens::fresh(SigningKey::rs256)),
        case("jwt-tier, first ES256 token", of(policy()), Tokens::fresh(SigningKey::es256)),
        case("jwt-tier, first EdDSA token", of(policy()), Tokens::fresh(SigningKey::eddsa)),
        case("jwt-tier, first HS256 token", of(with_secret()), Tokens::fresh(SigningKey::hs256)),
        case("jwt_authn (no cache) + jwt-tier", after_jwt_authn(), known()),
        Case {
            name: "jwt-tier, denial (cached token)",
            setup: of(policy()),
            tokens: Tokens::one(&SigningKey::rs256(), "other"),
            status: 403,
        },
    ]
}

fn case(name: &'static str, setup: Setup, tokens: Tokens) -> Case {
    Case { name, setup, tokens, status: 200 }
}

fn known() -> Tokens {
    Tokens::one(&SigningKey::rs256(), "tts.basic")
}

fn of(policy: Value) -> Setup {
    Fixture::of(policy)
}

fn without_filter() -> Setup {
    // A patch that changes nothing of weight: without any, the renderer takes it for a mistake.
    let patch = resource::connection_manager(json!({ "stat_prefix": "bench" }));
    of(policy()).without("EnvoyFilter").resource(patch)
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
fn native(cache: Option<u32>) -> Setup {
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
    without_filter().resource(resource::first_http_filter(json!({
        "name": "envoy.filters.http.jwt_authn",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
            "providers": { "ours": provider },
            "rules": [{ "match": { "prefix": "/" }, "requires": { "provider_name": "ours" } }],
        },
    })))
}
