//! `voxctl token`: keys and signed tokens to develop and test with, and for nothing else.

mod generate;
mod inspect;
mod key;
mod sign;
mod store;

use clap::ValueEnum;
use jsonwebtoken::Algorithm;
use jsonwebtoken::jwk::{Jwk, JwkSet};

pub use generate::{PrivateKey, generate};
pub use inspect::{InspectError, Inspected, inspect};
pub use key::{KeyError, SigningKey};
pub use sign::{
    Claim, ClaimError, HeaderField, HeaderFieldError, Lifetime, SignError, TokenRequest,
};
pub use store::{StoreError, Stored, store};

/// The signature algorithms that the policy format knows (RFC 7518 §3.1, RFC 8037).
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[allow(missing_docs, reason = "the names are the standard's")]
#[value(rename_all = "verbatim")]
pub enum Alg {
    RS256,
    RS384,
    RS512,
    PS256,
    PS384,
    PS512,
    ES256,
    ES384,
    EdDSA,
    HS256,
    HS384,
    HS512,
}

impl Alg {
    /// As the JOSE header writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::RS256 => "RS256",
            Self::RS384 => "RS384",
            Self::RS512 => "RS512",
            Self::PS256 => "PS256",
            Self::PS384 => "PS384",
            Self::PS512 => "PS512",
            Self::ES256 => "ES256",
            Self::ES384 => "ES384",
            Self::EdDSA => "EdDSA",
            Self::HS256 => "HS256",
            Self::HS384 => "HS384",
            Self::HS512 => "HS512",
        }
    }

    fn named(name: &str) -> Option<Self> {
        Self::value_variants().iter().copied().find(|it| it.name() == name)
    }

    fn algorithm(self) -> Algorithm {
        match self {
            Self::RS256 => Algorithm::RS256,
            Self::RS384 => Algorithm::RS384,
            Self::RS512 => Algorithm::RS512,
            Self::PS256 => Algorithm::PS256,
            Self::PS384 => Algorithm::PS384,
            Self::PS512 => Algorithm::PS512,
            Self::ES256 => Algorithm::ES256,
            Self::ES384 => Algorithm::ES384,
            Self::EdDSA => Algorithm::EdDSA,
            Self::HS256 => Algorithm::HS256,
            Self::HS384 => Algorithm::HS384,
            Self::HS512 => Algorithm::HS512,
        }
    }

    /// The length of a good HMAC secret: the hash's (RFC 7518 §3.2); `None` for key pairs.
    fn secret_bytes(self) -> Option<usize> {
        match self {
            Self::HS256 => Some(32),
            Self::HS384 => Some(48),
            Self::HS512 => Some(64),
            _ => None,
        }
    }
}

/// The JWK Set of these keys (RFC 7517 §5), for a policy or a JWKS server.
pub fn jwks(keys: &[SigningKey]) -> JwkSet {
    JwkSet { keys: keys.iter().map(|it| it.public.clone()).collect() }
}

fn is_secret(jwk: &Jwk) -> bool {
    matches!(jwk.algorithm, jsonwebtoken::jwk::AlgorithmParameters::OctetKey(_))
}
