//! An issuer whose keys the filter fetches: a policy that names a key server, and its tokens.

use crate::fixture::{Fixture, Setup, now, policy};
use crate::jwks::Jwks;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};
use voxgate_policy::testing::{SigningKey, claims, sign};

/// The Envoy cluster that leads to the key server.
pub const CLUSTER: &str = "outbound|443||issuer.test";

/// The fixture's [`policy`], but with the keys of `jwks`. `remote` changes members of
/// `jwks.remote`, as `{"cooldown": "500ms"}`.
pub fn remote_policy(jwks: &Jwks, remote: &Value) -> Value {
    let mut policy = policy();
    let mut spec = json!({ "uri": jwks.uri(), "cluster": CLUSTER });
    for (name, value) in remote.as_object().into_iter().flatten() {
        spec[name] = value.clone();
    }
    let issuer = &mut policy["identity"]["issuers"][0];
    issuer["algorithms"] = json!(["ES256"]);
    issuer["jwks"] = json!({ "remote": spec });
    policy
}

/// A fixture with [`remote_policy`].
pub fn setup(jwks: &Jwks, remote: &Value) -> Setup {
    Fixture::of(remote_policy(jwks, remote)).cluster(CLUSTER, jwks.address())
}

/// Good claims with the scope `tts.basic`; each call's are new, so that no cache knows their
/// token.
pub fn fresh_claims() -> Value {
    static SERIAL: AtomicU64 = AtomicU64::new(0);
    let mut claims = claims(now());
    claims["jti"] = json!(SERIAL.fetch_add(1, Ordering::Relaxed));
    claims
}

/// A token that no cache knows, signed with the newest key of `jwks`.
pub fn token(jwks: &Jwks) -> String {
    jwks.sign(&fresh_claims())
}

/// A token of an attacker, whose `kid` no issuer ever published; each call's is another.
pub fn made_up_token() -> String {
    let claims = fresh_claims();
    let header = json!({ "alg": "ES256", "kid": format!("made-up-{}", claims["jti"]) });
    sign(claims.to_string(), header.to_string(), &SigningKey::attacker_es256())
}
