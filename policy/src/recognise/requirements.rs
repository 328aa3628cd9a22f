//! What a rule asks of a request's head, and whether one rule asks no more than another.

use super::path::NormalPath;
use super::pattern::Pattern;
use crate::request::RequestHead;

/// Everything a rule asks for. An empty list asks for nothing.
#[derive(Clone, Debug)]
pub(super) struct Requirements {
    pub(super) path: Pattern,
    /// In upper case.
    pub(super) methods: Vec<&'static str>,
    pub(super) media: Vec<MediaRange>,
    pub(super) headers: Vec<HeaderRequirement>,
}

/// `audio/wav`, or `audio/*`; in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum MediaRange {
    One(String),
    /// The type with its slash.
    Every(String),
}

/// A header that must be there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HeaderRequirement {
    /// In lower case.
    pub(super) name: String,
    /// `None`: any value.
    pub(super) value: Option<String>,
}

/// A request as rules see it. Each thing is read once, whatever the number of rules.
pub(super) struct Asked<'a> {
    head: &'a RequestHead,
    path: &'a NormalPath,
    media_type: Option<&'a str>,
}

/// The first thing that does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Mismatch<'a> {
    #[error("the path differs")]
    Path,
    #[error("the method differs")]
    Method,
    #[error("the content type differs")]
    MediaType,
    #[error("header `{0}` is missing or differs")]
    Header(&'a str),
}

// === impl Requirements ===

impl Requirements {
    /// What of this `asked` does not fit; `None` if all does.
    pub(super) fn mismatch(&self, asked: &Asked<'_>) -> Option<Mismatch<'_>> {
        if !self.path.matches(asked.path) {
            return Some(Mismatch::Path);
        }
        if !any_or_empty(&self.methods, |it| method_fits(it, asked.head.method())) {
            return Some(Mismatch::Method);
        }
        let fits = |it: &MediaRange| asked.media_type.is_some_and(|media| it.matches(media));
        if !any_or_empty(&self.media, fits) {
            return Some(Mismatch::MediaType);
        }
        let missing = self.headers.iter().find(|it| !it.matches(asked.head))?;
        Some(Mismatch::Header(&missing.name))
    }

    /// Whether every request that fits `other` fits this, too.
    pub(super) fn covers(&self, other: &Self) -> bool {
        self.path.covers(&other.path)
            && list_covers(&self.methods, &other.methods, |a, b| method_fits(a, b.as_bytes()))
            && list_covers(&self.media, &other.media, MediaRange::covers)
            && self.headers.iter().all(|it| other.headers.iter().any(|narrow| it.covers(narrow)))
    }
}

fn any_or_empty<T>(list: &[T], fits: impl FnMut(&T) -> bool) -> bool {
    list.is_empty() || list.iter().any(fits)
}

fn list_covers<T>(general: &[T], narrow: &[T], covers: impl Fn(&T, &T) -> bool) -> bool {
    let covered = |it: &T| general.iter().any(|wide| covers(wide, it));
    general.is_empty() || (!narrow.is_empty() && narrow.iter().all(covered))
}

/// Whether a request's method is the rule's. HEAD is GET without the content (RFC 9110 §9.3.2):
/// servers run the same handler, so a rule for one is a rule for the other. Methods are
/// case-sensitive (§9.1), but some servers are not, and no rule is dodged by `post`.
fn method_fits(rule: &str, asked: &[u8]) -> bool {
    let is = |name: &[u8]| asked.eq_ignore_ascii_case(name);
    is(rule.as_bytes()) || (rule == "GET" && is(b"HEAD"))
}

// === impl MediaRange ===

impl MediaRange {
    fn matches(&self, media_type: &str) -> bool {
        match self {
            Self::One(one) => one == media_type,
            Self::Every(prefix) => media_type.starts_with(prefix.as_str()),
        }
    }

    fn covers(&self, other: &Self) -> bool {
        match other {
            Self::One(one) => self.matches(one),
            Self::Every(_) => self == other,
        }
    }
}

// === impl HeaderRequirement ===

impl HeaderRequirement {
    /// A repeated header has no one value, so it fits only where any value does.
    fn matches(&self, head: &RequestHead) -> bool {
        match &self.value {
            None => head.first(&self.name).is_some(),
            Some(value) => head.only(&self.name) == Ok(Some(value.as_bytes())),
        }
    }

    fn covers(&self, other: &Self) -> bool {
        self.name == other.name && (self.value.is_none() || self.value == other.value)
    }
}

// === impl Asked ===

impl<'a> Asked<'a> {
    pub(super) fn new(
        head: &'a RequestHead,
        path: &'a NormalPath,
        media_type: Option<&'a str>,
    ) -> Self {
        Self { head, path, media_type }
    }
}
