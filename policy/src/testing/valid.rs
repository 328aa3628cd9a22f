//! Tokens that a policy with the tables' terms must accept: a verifier that refuses everything
//! would pass the hostile table.

use serde_json::json;

use super::{
    AUDIENCE, SigningKey, attacker_jwks, claims, segment, sign, sign_segments, with, without,
};
use crate::time::UnixMillis;
use crate::token::MAX_TOKEN_BYTES;

/// A token to accept.
pub struct ValidToken {
    /// What is special about it.
    pub name: &'static str,
    /// The token.
    pub token: String,
    /// It is accepted at `now`, but not much later.
    pub only_at_now: bool,
}

/// Tokens to accept by the issuer, audience, algorithms, keys and skew that
/// [`hostile_tokens`](super::hostile_tokens) names.
pub fn valid_tokens(now: UnixMillis) -> Vec<ValidToken> {
    let keys = [SigningKey::rs256(), SigningKey::es256(), SigningKey::eddsa()];
    let [rs, es, ed] = &keys;
    let good = claims(now);
    let seconds = now.0 / 1000;
    let plain = |key: &SigningKey| sign(good.to_string(), key.header().to_string(), key);
    let header =
        |name, value| sign(good.to_string(), with(&ed.header(), name, value).to_string(), ed);
    let claim =
        |name, value| sign(with(&good, name, value).to_string(), ed.header().to_string(), ed);
    let unnamed =
        |key: &SigningKey| sign(good.to_string(), without(&key.header(), "kid").to_string(), key);
    let attacker: serde_json::Value = serde_json::from_str(attacker_jwks()).unwrap();
    let rows = [
        ("RS256", plain(rs)),
        ("ES256", plain(es)),
        ("EdDSA", plain(ed)),
        ("RS256 without kid", unnamed(rs)),
        ("ES256 without kid", unnamed(es)),
        ("EdDSA without kid", unnamed(ed)),
        ("ES256 with the other s, which JWS allows", with_other_s(&plain(es))),
        ("no typ", sign(good.to_string(), without(&ed.header(), "typ").to_string(), ed)),
        ("typ in lower case", header("typ", json!("jwt"))),
        ("typ of an access token", header("typ", json!("at+jwt"))),
        ("typ as a full media type", header("typ", json!("Application/AT+JWT"))),
        ("an attacker's key in the header is not used", header("jwk", attacker["keys"][2].clone())),
        (
            "a URL of keys in the header is not fetched",
            header("jku", json!("https://evil.test/jwks")),
        ),
        ("a URL of certificates is not fetched", header("x5u", json!("https://evil.test/x5u"))),
        ("a certificate in the header is not used", header("x5c", json!(["AAAA"]))),
        ("an unknown header member is ignored", header("tenant", json!("evil"))),
        ("one audience of several", claim("aud", json!(["other", AUDIENCE]))),
        ("scopes in an array", claim("scope", json!(["tts.basic", "tts.premium"]))),
        ("nested claims", claim("realm_access", json!({"roles": [{"a": [1.5, null, true]}]}))),
        ("exp with a fraction", claim("exp", json!(seconds as f64 + 299.5))),
        ("whitespace around the JSON", sign(format!(" {good}\n"), ed.header().to_string(), ed)),
        ("as long as can be", longest(&good, ed)),
    ]
    .map(|(name, token)| ValidToken { name, token, only_at_now: false });
    let at_now = [
        ("expired 59 s ago", claim("exp", json!(seconds - 59))),
        ("valid in 59 s", claim("nbf", json!(seconds + 59))),
        ("issued in 59 s", claim("iat", json!(seconds + 59))),
    ]
    .map(|(name, token)| ValidToken { name, token, only_at_now: true });
    rows.into_iter().chain(at_now).collect()
}

/// A token as close under the limit as base64 allows.
fn longest(good: &serde_json::Value, key: &SigningKey) -> String {
    let header = segment(key.header().to_string());
    let room = MAX_TOKEN_BYTES - header.len() - 2 - segment([0; 64]).len();
    let claims = good.to_string();
    let padded = format!("{claims:<width$}", width = room / 4 * 3);
    let token = sign_segments(&header, &segment(padded), key);
    assert!((MAX_TOKEN_BYTES - 3..=MAX_TOKEN_BYTES).contains(&token.len()));
    token
}

/// The order of P-256 (SEC 2 §2.4.2), big-endian.
pub(super) const P256_ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// With (r, s), (r, n - s) is a signature too, and RFC 7518 §3.4 does not choose between them.
fn with_other_s(token: &str) -> String {
    let (input, signature) = token.rsplit_once('.').unwrap();
    let mut bytes = super::hostile::bytes_of(signature);
    let mut borrow = 0;
    for i in (0..32).rev() {
        let digit = i16::from(P256_ORDER[i]) - i16::from(bytes[32 + i]) - borrow;
        borrow = i16::from(digit < 0);
        bytes[32 + i] = digit.rem_euclid(256) as u8;
    }
    format!("{input}.{}", segment(bytes))
}
