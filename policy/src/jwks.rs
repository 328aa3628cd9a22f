//! The keys of one issuer, as a JWK Set (RFC 7517 §5).
//!
//! A key that cannot be used is skipped, as RFC 7517 §5 asks, and the reason is kept, so that
//! whoever wonders why a token is refused can be told.

mod key;
mod reason;
mod refresh;
mod small_order;
#[cfg(test)]
mod tests;
mod url;

use std::fmt;

use jsonwebtoken::Algorithm;
use serde_json::Value;

pub(crate) use key::Key;
pub use reason::SkipReason;
pub use refresh::RemoteKeys;
pub use url::url_parts;

use crate::claims::{JsonError, strict};

/// The largest JWK Set that is read, in bytes.
pub const MAX_JWKS_BYTES: usize = 256 * 1024;

/// The most keys that a JWK Set may have.
pub const MAX_KEYS: usize = 100;

/// The usable keys of one issuer.
///
/// Two keys may share a `kid`, as different algorithms may (RFC 7517 §4.5) and careless issuers
/// do: both are tried.
#[derive(Clone, Debug)]
pub struct KeySet {
    keys: Vec<Key>,
    skipped: Vec<SkippedKey>,
    algorithms: Vec<Algorithm>,
}

/// A key that is not used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SkippedKey {
    /// Its place in the set, from 0.
    pub index: usize,
    /// Why.
    pub reason: SkipReason,
}

impl fmt::Display for SkippedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "keys[{}]: {}", self.index, self.reason)
    }
}

/// Why a JWK Set is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwksError {
    /// Larger than [`MAX_JWKS_BYTES`].
    #[error("the JWK Set has {bytes} bytes; at most {MAX_JWKS_BYTES} are read")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// Not a JSON object.
    #[error("the JWK Set is not acceptable: {0}")]
    Json(#[from] JsonError),
    /// No array `keys`.
    #[error("the JWK Set has no array `keys` (RFC 7517 section 5.1)")]
    NoKeys,
    /// More than [`MAX_KEYS`] keys.
    #[error("the JWK Set has {count} keys; at most {MAX_KEYS} are read")]
    TooManyKeys {
        /// How many.
        count: usize,
    },
    /// None of the keys can verify a signature with an accepted algorithm.
    #[error("the JWK Set has no key for {}{}", Listed(algorithms), Reasons(skipped))]
    NoUsableKey {
        /// The accepted algorithms.
        algorithms: Vec<Algorithm>,
        /// What is wrong with each key.
        skipped: Vec<SkippedKey>,
    },
}

struct Listed<'a>(&'a [Algorithm]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, algorithm) in self.0.iter().enumerate() {
            write!(f, "{}{algorithm:?}", if i == 0 { "" } else { ", " })?;
        }
        Ok(())
    }
}

struct Reasons<'a>(&'a [SkippedKey]);

impl fmt::Display for Reasons<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, key) in self.0.iter().enumerate() {
            write!(f, "{}{key}", if i == 0 { ": " } else { "; " })?;
        }
        Ok(())
    }
}

impl KeySet {
    /// Reads a JWK Set for an issuer that signs with `algorithms`.
    ///
    /// # Errors
    /// The set is too large, no JWK Set, or has no key that `algorithms` can use.
    pub fn parse(json: &[u8], algorithms: &[Algorithm]) -> Result<Self, JwksError> {
        if json.len() > MAX_JWKS_BYTES {
            return Err(JwksError::TooLarge { bytes: json.len() });
        }
        let set = strict::parse_object(json)?;
        let written = set.get("keys").and_then(Value::as_array).ok_or(JwksError::NoKeys)?;
        if written.len() > MAX_KEYS {
            return Err(JwksError::TooManyKeys { count: written.len() });
        }
        let (mut keys, mut skipped) = (Vec::new(), Vec::new());
        for (index, jwk) in written.iter().enumerate() {
            match Key::parse(jwk, algorithms) {
                Ok(key) => keys.push(key),
                Err(reason) => skipped.push(SkippedKey { index, reason }),
            }
        }
        let algorithms = algorithms.to_vec();
        if keys.is_empty() {
            return Err(JwksError::NoUsableKey { algorithms, skipped });
        }
        Ok(Self { keys, skipped, algorithms })
    }

    /// How many keys can be used.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// Never: a set without a usable key is not made.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The keys that are not used, and why.
    pub fn skipped(&self) -> &[SkippedKey] {
        &self.skipped
    }

    /// The algorithms its issuer may sign with.
    pub fn algorithms(&self) -> &[Algorithm] {
        &self.algorithms
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Key> {
        self.keys.iter()
    }
}
