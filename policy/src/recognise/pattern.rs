//! The path of a rule: literal segments, `{name}` for any one, a final `**` for any rest.

#[cfg(test)]
mod tests;

use super::path::{NormalPath, PathError, normalise};

/// A compiled path pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    segments: Vec<Segment>,
    /// Whether it ends in `**`.
    rest: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Literal(String),
    Any,
}

/// Why a pattern is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum PatternError {
    #[error("no request can have this path: {0}")]
    Path(#[from] PathError),
    #[error("a rule's path has no query and no fragment")]
    Query,
    #[error("requests are compared in their normal form; write `{0}`")]
    NotNormal(String),
    #[error("`**` stands for any rest of the path, so it must be the last segment")]
    RestNotLast,
    #[error("`{0}`: write `{{name}}` for any one segment, or `**` at the end for any rest")]
    Wildcard(String),
}

// === impl Pattern ===

impl Pattern {
    /// Reads a pattern, such as `/v1/voices/{voice_id}/**`. A slash at the end means nothing.
    pub(super) fn parse(text: &str) -> Result<Self, PatternError> {
        if text.contains(['?', '#']) {
            return Err(PatternError::Query);
        }
        let normal = normalise(text.as_bytes())?;
        if normal.as_str() != text && text.strip_suffix('/') != Some(normal.as_str()) {
            return Err(PatternError::NotNormal(normal.as_str().to_owned()));
        }
        let mut written = normal.segments().peekable();
        let mut segments = Vec::new();
        let mut rest = false;
        while let Some(segment) = written.next() {
            match segment {
                "**" if written.peek().is_some() => return Err(PatternError::RestNotLast),
                "**" => rest = true,
                _ => segments.push(Segment::parse(segment)?),
            }
        }
        Ok(Self { segments, rest })
    }

    /// Whether a request's path fits.
    pub(super) fn matches(&self, path: &NormalPath) -> bool {
        let mut asked = path.segments();
        let fits = self.segments.iter().all(|it| asked.next().is_some_and(|text| it.matches(text)));
        fits && (self.rest || asked.next().is_none())
    }

    /// Whether every path that fits `other` fits this, too.
    pub(super) fn covers(&self, other: &Self) -> bool {
        let mut others = other.segments.iter();
        let fits = self.segments.iter().all(|it| others.next().is_some_and(|text| it.covers(text)));
        fits && (self.rest || (!other.rest && others.next().is_none()))
    }
}

// === impl Segment ===

impl Segment {
    fn parse(text: &str) -> Result<Self, PatternError> {
        let name = text.strip_prefix('{').and_then(|it| it.strip_suffix('}'));
        let is_name =
            |it: &str| !it.is_empty() && it.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        match name {
            Some(name) if is_name(name) => Ok(Self::Any),
            None if !text.contains(['{', '}', '*']) => Ok(Self::Literal(text.to_owned())),
            _ => Err(PatternError::Wildcard(text.to_owned())),
        }
    }

    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Literal(literal) => literal == text,
            Self::Any => true,
        }
    }

    fn covers(&self, other: &Self) -> bool {
        matches!(self, Self::Any) || self == other
    }
}
