//! What a verified token says of its caller, wherever it was verified: [`JsonClaims`] by this
//! crate, [`PairsClaims`] by Envoy's `jwt_authn`.

mod json;
mod members;
mod pairs;
pub(crate) mod strict;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::fmt;

pub use json::JsonClaims;
pub use members::MemberClaims;
pub use pairs::PairsClaims;
pub use strict::{JsonError, MAX_DEPTH};

/// Why bytes are not a set of claims. Names places, never content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaimsError {
    /// The payload is not the JSON that RFC 7519 §7.2 asks for.
    #[error("the claims are not usable JSON: {0}")]
    Json(#[from] JsonError),
    /// Envoy's metadata is not a serialised map.
    #[error("the metadata is not a map as Envoy serialises it")]
    NotPairs,
}

/// Where a claim is: `realm_access.roles` is the member `roles` of the member `realm_access`.
///
/// A look-up first tries the whole name as one member, because claim names may be URLs with dots
/// (RFC 7519 §4.2), then the dotted path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClaimPath(Cow<'static, str>);

impl ClaimPath {
    /// The path written as `path`. One with an empty name or segment finds nothing but a member
    /// that is called just so.
    pub fn new(path: impl Into<String>) -> Self {
        Self(Cow::Owned(path.into()))
    }

    /// The path of a claim known when this code was written.
    pub const fn fixed(path: &'static str) -> Self {
        Self(Cow::Borrowed(path))
    }

    /// The path as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Finds a leaf below `root`; `member` looks a name up in one map.
    fn find<M: Copy>(&self, root: M, member: impl Fn(M, &str) -> Option<M>) -> Option<M> {
        member(root, &self.0).or_else(|| {
            let dotted = self.0.contains('.').then(|| self.0.split('.'))?;
            dotted.into_iter().try_fold(root, &member)
        })
    }
}

impl fmt::Display for ClaimPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Claims that can be asked for by path. A claim of another type than asked for is `None`;
/// [`Claims::has`] tells it from one that is absent.
///
/// Used as `&dyn Claims`: the rules are then in a module once, not once for each kind of claims.
pub trait Claims {
    /// A claim that is a string.
    fn string(&self, path: &ClaimPath) -> Option<Cow<'_, str>>;

    /// A claim that is an array of strings, or one string as it stands, as `aud` may be
    /// (RFC 7519 §4.1.3). An array with anything else in it is `None`.
    fn strings(&self, path: &ClaimPath) -> Option<Vec<Cow<'_, str>>>;

    /// A claim that is a number.
    fn number(&self, path: &ClaimPath) -> Option<f64>;

    /// Whether the claim is `true`.
    fn is_true(&self, path: &ClaimPath) -> bool;

    /// Whether the claim is there, of whatever type, JSON's `null` included.
    fn has(&self, path: &ClaimPath) -> bool;

    /// The scopes of a claim: a string separated by spaces (RFC 8693 §4.2), or an array of
    /// strings, each of which may hold several too.
    fn scopes(&self, path: &ClaimPath) -> Option<Vec<Cow<'_, str>>> {
        Some(self.strings(path)?.into_iter().flat_map(split_at_spaces).collect())
    }
}

fn split_at_spaces(words: Cow<'_, str>) -> Vec<Cow<'_, str>> {
    match words {
        Cow::Borrowed(words) => scope_words(words).map(Cow::Borrowed).collect(),
        Cow::Owned(words) => scope_words(&words).map(|word| Cow::Owned(word.to_owned())).collect(),
    }
}

fn scope_words(words: &str) -> impl Iterator<Item = &str> {
    words.split(' ').filter(|word| !word.is_empty())
}
