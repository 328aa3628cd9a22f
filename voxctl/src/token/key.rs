//! Private keys as read from files.

use std::fmt;

use jsonwebtoken::EncodingKey;
use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, PublicKeyUse, ThumbprintHash};
use rsa::pkcs8::{DecodePrivateKey as _, PrivateKeyInfo, der::Document};

use super::Alg;

/// The smallest RSA modulus, in bits (RFC 7518 §3.3).
const MIN_RSA_BITS: usize = 2048;

/// A private key, what it signs with, and its public half.
pub struct SigningKey {
    pub(super) private: EncodingKey,
    /// The algorithm it signs with.
    pub alg: Alg,
    /// The public key, or the secret itself for HMAC; its `kid` is its thumbprint (RFC 7638).
    pub public: Jwk,
}

/// Why a file holds no key to sign with.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// Neither form.
    #[error(
        "not a private key; accepted: PKCS#8 PEM (`BEGIN PRIVATE KEY`), or a JWK with \"kty\": \"oct\""
    )]
    NotAKey,
    /// A key of a kind that no algorithm of the policy format takes.
    #[error("keys of this kind are not known; accepted: RSA, EC P-256, EC P-384, Ed25519")]
    UnknownKind,
    /// Too short to be safe.
    #[error("{bits} bits of key are too few for {}; at least {least} are needed", alg.name())]
    TooShort {
        /// The key's size.
        bits: usize,
        /// What it would sign with.
        alg: Alg,
        /// The least size.
        least: usize,
    },
    /// `--alg` names one that the key cannot do.
    #[error("this key cannot sign with {}; it is for {}", wanted.name(), fits.iter().map(|it| it.name()).collect::<Vec<_>>().join(", "))]
    WrongAlgorithm {
        /// What was asked for.
        wanted: Alg,
        /// What it can do.
        fits: &'static [Alg],
    },
    /// The key's content is broken.
    #[error("the key is broken: {0}")]
    Broken(#[from] jsonwebtoken::errors::Error),
}

const RSA: &[Alg] = &[Alg::RS256, Alg::RS384, Alg::RS512, Alg::PS256, Alg::PS384, Alg::PS512];
const HMAC: &[Alg] = &[Alg::HS256, Alg::HS384, Alg::HS512];

// === impl SigningKey ===

impl SigningKey {
    /// Reads a key file. Without `alg` it is the JWK's own, or RS256, ES256, ES384, EdDSA.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn parse(text: &str, alg: Option<Alg>) -> Result<Self, KeyError> {
        if text.trim_start().starts_with('{') {
            return Self::from_jwk(text, alg);
        }
        let (label, document) = Document::from_pem(text).map_err(|_| KeyError::NotAKey)?;
        if label != "PRIVATE KEY" {
            return Err(KeyError::NotAKey);
        }
        let info: PrivateKeyInfo<'_> = document.decode_msg().map_err(|_| KeyError::NotAKey)?;
        let fits = kinds(&info).ok_or(KeyError::UnknownKind)?;
        let alg = choose(alg, fits)?;
        let pem = text.as_bytes();
        let private = match alg {
            Alg::ES256 | Alg::ES384 => EncodingKey::from_ec_pem(pem)?,
            Alg::EdDSA => {
                // jsonwebtoken knows Ed25519's PKCS#8 without the public key only.
                let secret = ed25519_dalek::SigningKey::from_pkcs8_pem(text)
                    .map_err(|_| KeyError::NotAKey)?;
                EncodingKey::from_ed_der(&ed25519_pkcs8(&secret.to_bytes()))
            }
            _ => EncodingKey::from_rsa_pem(pem)?,
        };
        Self::new(private, alg)
    }

    fn from_jwk(text: &str, alg: Option<Alg>) -> Result<Self, KeyError> {
        let jwk: Jwk = serde_json::from_str(text).map_err(|_| KeyError::NotAKey)?;
        let AlgorithmParameters::OctetKey(secret) = &jwk.algorithm else {
            return Err(KeyError::NotAKey);
        };
        let own = jwk.common.key_algorithm.and_then(|it| Alg::named(&it.to_string()));
        let alg = choose(alg.or(own), HMAC)?;
        Self::new(EncodingKey::from_urlsafe_base64_secret(&padded(&secret.value))?, alg)
    }

    fn new(private: EncodingKey, alg: Alg) -> Result<Self, KeyError> {
        let mut public = Jwk::from_encoding_key(&private, alg.algorithm())?;
        let (bits, least) = match &public.algorithm {
            AlgorithmParameters::RSA(it) => (it.n.len() * 6, MIN_RSA_BITS),
            _ => (private.as_bytes().len() * 8, alg.secret_bytes().unwrap_or_default() * 8),
        };
        if bits < least {
            return Err(KeyError::TooShort { bits, alg, least });
        }
        public.common.key_id = Some(public.thumbprint(ThumbprintHash::SHA256)?);
        public.common.public_key_use = Some(PublicKeyUse::Signature);
        Ok(Self { private, alg, public })
    }

    /// The key's name in tokens and key sets.
    pub fn kid(&self) -> &str {
        self.public.common.key_id.as_deref().unwrap_or_default()
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("alg", &self.alg).finish_non_exhaustive()
    }
}

fn choose(wanted: Option<Alg>, fits: &'static [Alg]) -> Result<Alg, KeyError> {
    match (wanted, fits) {
        (Some(wanted), _) if fits.contains(&wanted) => Ok(wanted),
        (Some(wanted), _) => Err(KeyError::WrongAlgorithm { wanted, fits }),
        (None, [first, ..]) => Ok(*first),
        (None, []) => Err(KeyError::UnknownKind),
    }
}

/// What a PKCS#8 key can sign with, by its OID (RFC 8017, RFC 5480, RFC 8410).
fn kinds(info: &PrivateKeyInfo<'_>) -> Option<&'static [Alg]> {
    let curve = info.algorithm.parameters_oid().map(|it| it.to_string()).unwrap_or_default();
    match (info.algorithm.oid.to_string().as_str(), curve.as_str()) {
        ("1.2.840.113549.1.1.1", _) => Some(RSA),
        ("1.2.840.10045.2.1", "1.2.840.10045.3.1.7") => Some(&[Alg::ES256]),
        ("1.2.840.10045.2.1", "1.3.132.0.34") => Some(&[Alg::ES384]),
        ("1.3.101.112", _) => Some(&[Alg::EdDSA]),
        _ => None,
    }
}

/// The PKCS#8 of an Ed25519 secret (RFC 8410 §7): a fixed head and 32 bytes.
fn ed25519_pkcs8(secret: &[u8; 32]) -> Vec<u8> {
    const HEAD: [u8; 16] = [
        0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04,
        0x20,
    ];
    [HEAD.as_slice(), secret].concat()
}

/// base64url as jsonwebtoken reads secrets: with padding, which JWK leaves out (RFC 7515 §2).
fn padded(text: &str) -> String {
    format!("{text}{}", "=".repeat((4 - text.len() % 4) % 4))
}
