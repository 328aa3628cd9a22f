//! Verification of a signed token: compact JWS (RFC 7515) with JWT claims (RFC 7519), along the
//! advice of RFC 8725.
//!
//! The way of a token: [`UnverifiedToken::parse`] reads it once, [`UnverifiedToken::issuer`] says
//! whose keys to take, [`UnverifiedToken::verify_signature`] checks it with them, and
//! [`check_claims`] its claims. The algorithm comes from the keys and the policy; the token only
//! says which of them to try. The mathematics is `jsonwebtoken`'s process-wide `CryptoProvider`.

mod error;
mod header;
mod rules;
#[cfg(test)]
mod tests;

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use sha2::{Digest, Sha256};

pub use error::{Part, TokenError};
use header::Header;
pub use rules::{IssuerRules, TimeRules, Validity, check_claims, issuer_claim};

use crate::claims::JsonClaims;
use crate::jwks::KeySet;
use crate::spec::AlgorithmName;

/// The longest token that is looked at, in bytes.
pub const MAX_TOKEN_BYTES: usize = 16 * 1024;

/// The most keys that are tried on one token, so that a token without `kid` costs a bounded time.
pub const MAX_KEYS_TRIED: usize = 10;

/// A token that was read but not verified: nothing it says is to be believed.
pub struct UnverifiedToken<'a> {
    signing_input: &'a [u8],
    signature: Vec<u8>,
    signature_text: &'a str,
    header: Header,
    claims: JsonClaims,
}

impl<'a> UnverifiedToken<'a> {
    /// Reads a token, strictly: three segments of base64url without padding or stray bits, header
    /// and payload JSON objects without duplicates, nothing in the header that is not understood
    /// and matters.
    ///
    /// # Errors
    /// What keeps the bytes from being such a token.
    pub fn parse(token: &'a [u8]) -> Result<Self, TokenError> {
        TokenError::check_size(token)?;
        let (signing_input, signature) = cut(token).ok_or(TokenError::NotThreeSegments)?;
        let (header, payload) = cut(signing_input).ok_or(TokenError::NotThreeSegments)?;
        if header.contains(&b'.') {
            return Err(TokenError::NotThreeSegments);
        }
        let header = Header::parse(&decode(header, Part::Header)?)?;
        let claims = JsonClaims::read(&decode(payload, Part::Payload)?)
            .map_err(|error| TokenError::NotJson(Part::Payload, error))?;
        let signature_text = std::str::from_utf8(signature)
            .map_err(|_| TokenError::NotBase64Url(Part::Signature))?;
        let signature = decode(signature, Part::Signature)?;
        Ok(Self { signing_input, signature, signature_text, header, claims })
    }

    /// The algorithm the token says it is signed with.
    pub fn algorithm(&self) -> Algorithm {
        self.header.algorithm
    }

    /// The key the token says it is signed with.
    pub fn kid(&self) -> Option<&str> {
        self.header.kid.as_deref()
    }

    /// The `iss` claim as it stands, if it is a string.
    pub fn issuer(&self) -> Option<&str> {
        self.claims.issuer()
    }

    /// The claims. They are the issuer's only once [`UnverifiedToken::verify_signature`] said so.
    pub fn claims(&self) -> &JsonClaims {
        &self.claims
    }

    /// Checks the signature with the issuer's keys: those with the token's `kid`; if the token
    /// has none, all that fit its algorithm, at most [`MAX_KEYS_TRIED`].
    ///
    /// # Errors
    /// [`TokenError::UnknownKey`] if fresher keys might help, else why the signature does not
    /// count.
    pub fn verify_signature(&self, keys: &KeySet) -> Result<(), TokenError> {
        let algorithm = self.algorithm();
        if !keys.algorithms().contains(&algorithm) {
            return Err(TokenError::AlgorithmNotAllowed);
        }
        let named = || keys.iter().filter(|key| self.kid().is_none() || key.kid() == self.kid());
        if named().next().is_none() {
            return Err(TokenError::UnknownKey);
        }
        let mut fitting = named().filter(|key| key.fits(algorithm)).take(MAX_KEYS_TRIED).peekable();
        if fitting.peek().is_none() {
            return Err(match self.kid() {
                Some(_) => TokenError::AlgorithmNotAllowed,
                None => TokenError::UnknownKey,
            });
        }
        let signed = fitting.any(|key| {
            key.may_have_made(&self.signature, algorithm)
                && jsonwebtoken::crypto::verify(
                    self.signature_text,
                    self.signing_input,
                    key.decoding_key(),
                    algorithm,
                )
                .unwrap_or(false)
        });
        if signed { Ok(()) } else { Err(TokenError::BadSignature) }
    }
}

/// A token is a secret: a debug print shows nothing of it.
impl fmt::Debug for UnverifiedToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnverifiedToken")
            .field("algorithm", &self.algorithm())
            .finish_non_exhaustive()
    }
}

/// What is before the last dot, and what after.
fn cut(token: &[u8]) -> Option<(&[u8], &[u8])> {
    let mut parts = token.rsplitn(2, |byte| *byte == b'.');
    let after = parts.next()?;
    parts.next().map(|before| (before, after))
}

fn decode(segment: &[u8], part: Part) -> Result<Vec<u8>, TokenError> {
    URL_SAFE_NO_PAD.decode(segment).map_err(|_| TokenError::NotBase64Url(part))
}

/// What stands for a token in a cache: its SHA-256.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TokenDigest(pub [u8; 32]);

impl TokenDigest {
    /// The digest of a token as it came.
    pub fn of(token: &[u8]) -> Self {
        Self(Sha256::digest(token).into())
    }
}

/// The algorithm that a policy names.
pub fn algorithm(name: AlgorithmName) -> Algorithm {
    match name {
        AlgorithmName::RS256 => Algorithm::RS256,
        AlgorithmName::RS384 => Algorithm::RS384,
        AlgorithmName::RS512 => Algorithm::RS512,
        AlgorithmName::PS256 => Algorithm::PS256,
        AlgorithmName::PS384 => Algorithm::PS384,
        AlgorithmName::PS512 => Algorithm::PS512,
        AlgorithmName::ES256 => Algorithm::ES256,
        AlgorithmName::ES384 => Algorithm::ES384,
        AlgorithmName::EdDSA => Algorithm::EdDSA,
        AlgorithmName::HS256 => Algorithm::HS256,
        AlgorithmName::HS384 => Algorithm::HS384,
        AlgorithmName::HS512 => Algorithm::HS512,
    }
}
