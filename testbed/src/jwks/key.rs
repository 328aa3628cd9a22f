//! A P-256 key that signs tokens (ES256, RFC 7518 §3.4).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use rand_core::OsRng;
use serde_json::{Value, json};

/// A key and the name that its tokens give it.
#[derive(Debug)]
pub(super) struct Key {
    kid: String,
    key: SigningKey,
}

// === impl Key ===

impl Key {
    /// A fresh key with the `kid` `key-NUMBER`.
    pub fn generate(number: u64) -> Self {
        Self { kid: format!("key-{number}"), key: SigningKey::random(&mut OsRng) }
    }

    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// Its public half as a JWK (RFC 7517, RFC 7518 §6.2).
    pub fn public(&self) -> Value {
        let point = self.key.verifying_key().to_encoded_point(false);
        let coordinate =
            |bytes: Option<&p256::FieldBytes>| bytes.map(|b| URL_SAFE_NO_PAD.encode(b));
        json!({
            "kty": "EC", "crv": "P-256", "alg": "ES256", "use": "sig", "kid": self.kid,
            "x": coordinate(point.x()), "y": coordinate(point.y()),
        })
    }

    /// A token (RFC 7515 §7.1).
    pub fn sign(&self, claims: &Value) -> String {
        let header = json!({ "alg": "ES256", "typ": "JWT", "kid": self.kid });
        let [header, claims] =
            [&header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string()));
        let signed = format!("{header}.{claims}");
        let signature: Signature = self.key.sign(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
    }
}
