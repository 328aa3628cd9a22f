//! The keys of `policy/testdata`.

use jsonwebtoken::crypto::rust_crypto::DEFAULT_PROVIDER;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};

use super::segment;

/// A key to sign with, and how its tokens name it.
pub struct SigningKey {
    /// The `kid` under which [`jwks`] or [`attacker_jwks`] has its public half.
    pub kid: &'static str,
    /// What it signs with.
    pub algorithm: Algorithm,
    key: EncodingKey,
}

/// The public keys of the issuer, as a JWK Set: `rs256`, `es256`, `es384`, `eddsa`.
pub fn jwks() -> &'static str {
    include_str!("../../testdata/jwks.json")
}

/// The public keys of somebody else.
pub fn attacker_jwks() -> &'static str {
    include_str!("../../testdata/attacker-jwks.json")
}

/// The issuer's shared secret, as a JWK Set with the key `hs256`.
pub fn hmac_jwks() -> String {
    let key = json!({"kty": "oct", "kid": "hs256", "alg": "HS256", "k": segment(secret())});
    json!({ "keys": [key] }).to_string()
}

/// The issuer's RSA key as PEM, as it would be published.
pub(super) const RSA_PUBLIC_PEM: &str = include_str!("../../testdata/keys/rs256.pub.pem");

macro_rules! key_file {
    ($name:literal) => {
        include_bytes!(concat!("../../testdata/keys/", $name, ".pem"))
    };
}

impl SigningKey {
    /// The issuer's RSA key.
    pub fn rs256() -> Self {
        Self::rsa("rs256", key_file!("rs256"))
    }

    /// The issuer's P-256 key.
    pub fn es256() -> Self {
        Self::ec("es256", Algorithm::ES256, key_file!("es256"))
    }

    /// The issuer's P-384 key.
    pub fn es384() -> Self {
        Self::ec("es384", Algorithm::ES384, key_file!("es384"))
    }

    /// The issuer's Ed25519 key.
    pub fn eddsa() -> Self {
        Self::ed("eddsa", key_file!("eddsa"))
    }

    /// The issuer's shared secret.
    pub fn hs256() -> Self {
        Self::secret(&secret())
    }

    /// Somebody else's RSA key.
    pub fn attacker_rs256() -> Self {
        Self::rsa("attacker-rs256", key_file!("attacker-rs256"))
    }

    /// Somebody else's P-256 key.
    pub fn attacker_es256() -> Self {
        Self::ec("attacker-es256", Algorithm::ES256, key_file!("attacker-es256"))
    }

    /// Somebody else's Ed25519 key.
    pub fn attacker_eddsa() -> Self {
        Self::ed("attacker-eddsa", key_file!("attacker-eddsa"))
    }

    /// Any bytes as an HS256 secret.
    pub fn secret(secret: &[u8]) -> Self {
        Self { kid: "hs256", algorithm: Algorithm::HS256, key: EncodingKey::from_secret(secret) }
    }

    /// This key, signing with another algorithm of its family.
    #[must_use]
    pub fn with_algorithm(self, algorithm: Algorithm) -> Self {
        Self { algorithm, ..self }
    }

    /// The header of its tokens.
    pub fn header(&self) -> Value {
        json!({"alg": format!("{:?}", self.algorithm), "kid": self.kid, "typ": "JWT"})
    }

    /// A signature of `message`.
    pub fn signature(&self, message: &[u8]) -> Vec<u8> {
        let signer = (DEFAULT_PROVIDER.signer_factory)(&self.algorithm, &self.key).unwrap();
        signer.try_sign(message).unwrap()
    }

    fn rsa(kid: &'static str, pem: &[u8]) -> Self {
        Self { kid, algorithm: Algorithm::RS256, key: EncodingKey::from_rsa_pem(pem).unwrap() }
    }

    fn ec(kid: &'static str, algorithm: Algorithm, pem: &[u8]) -> Self {
        Self { kid, algorithm, key: EncodingKey::from_ec_pem(pem).unwrap() }
    }

    fn ed(kid: &'static str, pem: &[u8]) -> Self {
        Self { kid, algorithm: Algorithm::EdDSA, key: EncodingKey::from_ed_pem(pem).unwrap() }
    }
}

fn secret() -> Vec<u8> {
    let hex = include_str!("../../testdata/keys/hs256.hex").trim();
    (0..hex.len()).step_by(2).map(|i| u8::from_str_radix(&hex[i..i + 2], 16).unwrap()).collect()
}
