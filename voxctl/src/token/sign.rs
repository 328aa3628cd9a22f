//! Signed tokens (RFC 7515, RFC 7519).

use std::str::FromStr;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::{Inspected, SigningKey};

/// What a token shall say.
#[derive(Clone, Debug, Default)]
pub struct TokenRequest {
    /// `iss`.
    pub issuer: Option<String>,
    /// `aud`: one as a string, several as an array.
    pub audiences: Vec<String>,
    /// `sub`, by default the tenant.
    pub subject: Option<String>,
    /// `scope`.
    pub scope: Option<String>,
    /// `exp`; none for a token that never expires.
    pub expires: Option<Lifetime>,
    /// More claims; they win over the ones above.
    pub claims: Vec<Claim>,
    /// More header fields; they win over `typ` and `kid`.
    pub header: Vec<HeaderField>,
}

/// A time from now, or back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime {
    duration: Duration,
    back: bool,
}

/// `NAME=JSON`.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim(pub String, pub Value);

/// `NAME=TEXT`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderField(pub String, pub String);

/// Why `--claim` is not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// No `=`.
    #[error("write NAME=JSON, as 'plan=\"gold\"'")]
    NoName,
    /// Not JSON.
    #[error("`{0}` is not JSON; a string needs quotes of its own, as 'plan=\"gold\"'")]
    NotJson(String),
}

/// Why `--expires` is not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{written}` is not a time from now; write it as 1h, 30m or 7d, or -5m for one gone by")]
pub struct LifetimeError {
    /// As given.
    pub written: String,
}

/// Why `--header` is not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderFieldError {
    /// No `=`.
    #[error("write NAME=TEXT, as `kid=key-1`")]
    NoName,
    /// `alg` is what the signature is made with.
    #[error("the algorithm is chosen with --alg")]
    Algorithm,
}

/// Why a token was not signed.
#[derive(Debug, thiserror::Error)]
#[error("cannot sign: {0}")]
pub struct SignError(#[from] jsonwebtoken::errors::Error);

impl FromStr for Claim {
    type Err = ClaimError;

    fn from_str(text: &str) -> Result<Self, ClaimError> {
        let (name, json) = text.split_once('=').ok_or(ClaimError::NoName)?;
        let value = serde_json::from_str(json).map_err(|_| ClaimError::NotJson(json.to_owned()))?;
        Ok(Self(name.to_owned(), value))
    }
}

impl FromStr for HeaderField {
    type Err = HeaderFieldError;

    fn from_str(text: &str) -> Result<Self, HeaderFieldError> {
        match text.split_once('=') {
            None => Err(HeaderFieldError::NoName),
            Some(("alg", _)) => Err(HeaderFieldError::Algorithm),
            Some((name, value)) => Ok(Self(name.to_owned(), value.to_owned())),
        }
    }
}

impl FromStr for Lifetime {
    type Err = LifetimeError;

    /// `1h`, or `-5m` for a token that has expired already.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (back, length) = match text.strip_prefix('-') {
            Some(length) => (true, length),
            None => (false, text),
        };
        let duration = humantime::parse_duration(length)
            .map_err(|_| LifetimeError { written: text.to_owned() })?;
        Ok(Self { duration, back })
    }
}

impl Lifetime {
    /// The moment this far from `now`, both in seconds since the Unix epoch.
    pub fn from(self, now: u64) -> u64 {
        let seconds = self.duration.as_secs();
        if self.back { now.saturating_sub(seconds) } else { now.saturating_add(seconds) }
    }
}

impl TokenRequest {
    /// The claims and the header of the token, at `now` in seconds since the Unix epoch.
    pub fn contents(&self, key: &SigningKey, now: u64) -> Inspected {
        let mut header = Map::new();
        header.insert("alg".to_owned(), json!(key.alg.name()));
        header.insert("typ".to_owned(), json!("JWT"));
        header.insert("kid".to_owned(), json!(key.kid()));
        header.extend(self.header.iter().map(|it| (it.0.clone(), json!(it.1))));

        let audience = match self.audiences.as_slice() {
            [] => None,
            [one] => Some(json!(one)),
            several => Some(json!(several)),
        };
        let named = [
            ("iss", self.issuer.as_ref().map(|it| json!(it))),
            ("aud", audience),
            ("sub", self.subject.as_ref().map(|it| json!(it))),
            ("scope", self.scope.as_ref().map(|it| json!(it))),
            ("iat", Some(json!(now))),
            ("exp", self.expires.map(|it| json!(it.from(now)))),
        ];
        let mut claims = Map::new();
        claims.extend(named.into_iter().filter_map(|(name, it)| Some((name.to_owned(), it?))));
        claims.extend(self.claims.iter().map(|it| (it.0.clone(), it.1.clone())));
        Inspected { header: Value::Object(header), claims: Value::Object(claims) }
    }
}

impl Inspected {
    /// The token of this content, signed.
    ///
    /// # Errors
    /// The cryptographic library's reason.
    pub fn sign(&self, key: &SigningKey) -> Result<String, SignError> {
        let segment = |it: &Value| URL_SAFE_NO_PAD.encode(it.to_string());
        let message = format!("{}.{}", segment(&self.header), segment(&self.claims));
        let signature =
            jsonwebtoken::crypto::sign(message.as_bytes(), &key.private, key.alg.algorithm())?;
        Ok(format!("{message}.{signature}"))
    }
}
