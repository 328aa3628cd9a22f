//! What the claims of a token must say before it is believed (RFC 7519 §4.1).

use std::borrow::Cow;
use std::time::Duration;

use jsonwebtoken::Algorithm;

use super::error::TokenError;
use crate::claims::{ClaimPath, Claims};
use crate::time::UnixMillis;

/// 9999-12-31T23:59:59Z, the last moment RFC 3339 can write; a later date is a mistake or a trick.
const LAST_DATE: f64 = 253_402_300_799.0;

const ISSUER: ClaimPath = ClaimPath::fixed("iss");
const AUDIENCE: ClaimPath = ClaimPath::fixed("aud");

/// What is expected of one issuer's tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IssuerRules {
    /// The exact `iss`.
    pub issuer: String,
    /// Accepted `aud` values, of which a token needs one. Empty: `aud` is not looked at.
    pub audiences: Vec<String>,
    /// The algorithms this issuer signs with.
    pub algorithms: Vec<Algorithm>,
}

/// How dates are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeRules {
    /// How far the issuer's clock may differ.
    pub skew: Duration,
    /// Whether a token must have `exp`.
    pub require_expiry: bool,
}

/// How long a token that was accepted stays so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// The first moment at which the token is refused: `exp` plus the skew. `None`: it has no
    /// `exp`, and need not.
    pub until: Option<UnixMillis>,
}

/// The `iss` claim as it stands, if it is a string.
pub fn issuer_claim(claims: &dyn Claims) -> Option<Cow<'_, str>> {
    claims.string(&ISSUER)
}

/// Checks issuer, audience and dates. A token is valid while `now < exp + skew`, from
/// `nbf <= now + skew` and `iat <= now + skew` on; dates count in whole milliseconds, rounded.
///
/// # Errors
/// The first rule that the claims break, in the order issuer, audience, `exp`, `nbf`, `iat`.
pub fn check_claims(
    claims: &dyn Claims,
    issuer: &IssuerRules,
    rules: &TimeRules,
    now: UnixMillis,
) -> Result<Validity, TokenError> {
    if issuer_claim(claims).as_deref() != Some(issuer.issuer.as_str()) {
        return Err(TokenError::UnknownIssuer);
    }
    if !issuer.audiences.is_empty() {
        let named = claims.strings(&AUDIENCE).unwrap_or_default();
        if !named.iter().any(|aud| issuer.audiences.iter().any(|ours| ours == aud)) {
            return Err(TokenError::WrongAudience);
        }
    }
    let until = date(claims, "exp")?.map(|exp| exp.plus(rules.skew));
    match until {
        None if rules.require_expiry => return Err(TokenError::NoExpiry),
        Some(until) if now >= until => return Err(TokenError::Expired),
        _ => {}
    }
    let latest = now.plus(rules.skew);
    if date(claims, "nbf")?.is_some_and(|nbf| nbf > latest) {
        return Err(TokenError::NotYetValid);
    }
    if date(claims, "iat")?.is_some_and(|iat| iat > latest) {
        return Err(TokenError::IssuedInFuture);
    }
    Ok(Validity { until })
}

/// A NumericDate: seconds since 1970, possibly with a fraction (RFC 7519 §2).
fn date(claims: &dyn Claims, name: &'static str) -> Result<Option<UnixMillis>, TokenError> {
    let path = ClaimPath::fixed(name);
    if !claims.has(&path) {
        return Ok(None);
    }
    let seconds = claims
        .number(&path)
        .filter(|seconds| (0.0..=LAST_DATE).contains(seconds))
        .ok_or(TokenError::NotADate(name))?;
    Ok(Some(UnixMillis((seconds * 1000.0).round() as u64)))
}
