//! Keys, tokens and the table of hostile tokens, for the tests of every crate.
//!
//! The keys stand in this repository and are worth nothing. Signing goes to RustCrypto directly,
//! not to the process-wide provider, which in a filter's tests is the filter's own and cannot
//! sign.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    reason = "test support: what goes wrong here is a defect of the test"
)]

pub mod audio;
pub mod fuzz;
mod hostile;
mod json_model;
mod keys;
pub mod mp4;
mod recorder;
mod valid;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

pub use hostile::{HostileToken, hostile_tokens};
pub use keys::{SigningKey, attacker_jwks, hmac_jwks, jwks};
pub use recorder::{Event, Recorder};
pub use valid::{ValidToken, valid_tokens};

use crate::time::UnixMillis;

/// The issuer of all valid tokens.
pub const ISSUER: &str = "https://issuer.test";
/// The audience of all valid tokens.
pub const AUDIENCE: &str = "speech";
/// The tenant that valid tokens name, in the claims `sub` and `tenant`.
pub const TENANT: &str = "acme";
/// The clock skew, in seconds, that the tables of tokens reckon with.
pub const SKEW_SECONDS: u64 = 60;

/// Claims that are acceptable at `now` and for five minutes more, as a JSON object.
pub fn claims(now: UnixMillis) -> Value {
    let now = now.0 / 1000;
    sorted(json!({
        "iss": ISSUER,
        "aud": AUDIENCE,
        "sub": TENANT,
        "tenant": TENANT,
        "scope": "tts.basic",
        "iat": now - 10,
        "exp": now + 300,
    }))
}

/// An acceptable token, signed with RS256.
pub fn token(now: UnixMillis) -> String {
    let key = SigningKey::rs256();
    sign(claims(now).to_string(), key.header().to_string(), &key)
}

/// A token of a payload and a header as they stand, however broken, signed with `key`.
pub fn sign(claims: impl AsRef<[u8]>, header: impl AsRef<[u8]>, key: &SigningKey) -> String {
    sign_segments(&segment(header), &segment(claims), key)
}

/// A token of two segments as they stand, however broken, signed with `key`.
pub fn sign_segments(header: &str, payload: &str, key: &SigningKey) -> String {
    let input = format!("{header}.{payload}");
    let signature = segment(key.signature(input.as_bytes()));
    format!("{input}.{signature}")
}

/// base64url without padding, of which a token is made.
pub fn segment(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// `object` with one member set.
pub(crate) fn with(object: &Value, name: &str, value: Value) -> Value {
    let mut changed = object.clone();
    changed[name] = value;
    sorted(changed)
}

/// The same value with its members in order, so that the same claims make the same token whether or
/// not some crate of the build has switched on serde_json's `preserve_order`.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.into_iter().collect();
            members.sort_by(|a, b| a.0.cmp(&b.0));
            members.into_iter().map(|(name, value)| (name, sorted(value))).collect()
        }
        Value::Array(items) => items.into_iter().map(sorted).collect(),
        other => other,
    }
}

pub(crate) fn without(object: &Value, name: &str) -> Value {
    let mut changed = object.clone();
    changed.as_object_mut().unwrap().remove(name).unwrap();
    changed
}
