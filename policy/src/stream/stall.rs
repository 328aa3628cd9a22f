//! What is done with a stream that falls silent.
//!
//! It is not kept alive: a filter of Envoy cannot put a comment between two events while nothing comes
//! (`filters/host/src/stream/shape.rs`), and holding back an event for that would be worse.

#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::response::Kind;
use crate::spec::StallAction;
use crate::time::UnixMicros;

/// What is done when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StallTerms {
    /// How long nothing came, behind the first byte.
    pub after: Duration,
    /// What is done with what is no event stream.
    pub audio: StallAction,
    /// What is done with an event stream.
    pub events: StallAction,
}

/// Watches one stream for silence.
#[derive(Clone, Debug)]
pub struct StallWatch {
    terms: StallTerms,
    /// When something came last, or was done last.
    since: Option<UnixMicros>,
    /// Whether something was done in this silence.
    has_acted: bool,
    is_over: bool,
}

/// What is done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Nothing yet.
    None,
    /// It is counted and logged, once in a silence.
    Count,
    /// The stream is reset.
    End,
}

// === impl StallWatch ===

impl StallWatch {
    /// Of one stream.
    pub fn new(terms: &StallTerms) -> Self {
        Self { terms: *terms, since: None, has_acted: false, is_over: false }
    }

    /// Something came.
    pub fn arrived(&mut self, now: UnixMicros) {
        self.since = Some(now);
        self.has_acted = false;
    }

    /// Nobody knows for how long it has been silent, for the clock was set: it begins anew.
    pub fn restart(&mut self, now: UnixMicros) {
        self.since = self.since.map(|_| now);
    }

    /// What is done now.
    pub fn check(&mut self, kind: Kind, now: UnixMicros) -> Act {
        let Some(since) = &mut self.since else { return Act::None };
        // Where the clock was set back, the time starts anew.
        *since = (*since).min(now);
        if self.is_over || now.since(*since) < self.terms.after {
            return Act::None;
        }
        *since = now;
        let is_first = !std::mem::replace(&mut self.has_acted, true);
        let action = if kind == Kind::Events { self.terms.events } else { self.terms.audio };
        match action {
            StallAction::End => {
                self.is_over = true;
                Act::End
            }
            StallAction::Count if is_first => Act::Count,
            StallAction::Count => Act::None,
        }
    }

    /// When to look again; `None` before the first byte, or when it is over.
    pub fn due(&self) -> Option<UnixMicros> {
        self.since.filter(|_| !self.is_over).map(|it| it.plus(self.terms.after))
    }
}

// === impl Act ===

impl Act {
    /// As metrics name it; `None` for nothing.
    pub fn as_str(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Count => Some("count"),
            Self::End => Some("end"),
        }
    }
}
