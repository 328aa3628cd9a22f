//! What is done with a stream that falls silent.

#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::response::{Kind, StreamProgress};
use crate::spec::{EventStallAction, StallAction};
use crate::time::UnixMicros;

/// What is done when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StallTerms {
    /// How long nothing came, behind the first byte.
    pub after: Duration,
    /// What is done with what is no event stream.
    pub audio: StallAction,
    /// What is done with an event stream.
    pub events: EventStallAction,
}

/// A comment, which clients pass over (WHATWG HTML §9.2.6), and an empty line, which dispatches nothing
/// where no data came.
pub const KEEP_ALIVE: &[u8] = b": keep-alive\n\n";

/// What a client of events is told when its stream is ended for its silence.
pub const ERROR_EVENT: &[u8] = b"event: error\ndata: {\"error\":{\"type\":\"stream_stalled\",\"message\":\"the service fell silent\"}}\n\n";

/// Watches one stream for silence.
#[derive(Clone, Debug)]
pub struct StallWatch {
    terms: StallTerms,
    /// When something came last, or was done last.
    since: Option<UnixMicros>,
    /// How often something was done in this silence.
    acted: u32,
    is_over: bool,
}

/// What is done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Act {
    /// Nothing yet.
    None,
    /// It is counted and logged, once in a silence.
    Count,
    /// These bytes go in between.
    Inject(&'static [u8]),
    /// These bytes go on, if any, and the stream is reset.
    End(&'static [u8]),
}

// === impl StallTerms ===

impl StallTerms {
    /// Whether more is ever done than counting, which takes more than watching.
    pub fn acts(&self) -> bool {
        self.audio != StallAction::Count || self.events != EventStallAction::Count
    }
}

// === impl StallWatch ===

impl StallWatch {
    /// Of one stream.
    pub fn new(terms: &StallTerms) -> Self {
        Self { terms: *terms, since: None, acted: 0, is_over: false }
    }

    /// Something came.
    pub fn arrived(&mut self, now: UnixMicros) {
        self.since = Some(now);
        self.acted = 0;
    }

    /// What is done now. `held` is how many bytes of the stream did not go on yet: nothing is put between
    /// them and their like.
    pub fn check(
        &mut self,
        kind: Kind,
        progress: &StreamProgress,
        held: u64,
        now: UnixMicros,
    ) -> Act {
        let Some(since) = &mut self.since else { return Act::None };
        // Where the clock was set back, the time starts anew.
        *since = (*since).min(now);
        if self.is_over || now.since(*since) < self.terms.after {
            return Act::None;
        }
        *since = now;
        self.acted = self.acted.saturating_add(1);
        let is_between = progress.tail == 0 && held == 0;
        let action = match (kind, self.terms.audio) {
            (Kind::Events, _) => self.terms.events,
            (_, StallAction::Count) => EventStallAction::Count,
            (_, StallAction::End) => EventStallAction::End,
        };
        match action {
            EventStallAction::KeepAlive if is_between => Act::Inject(KEEP_ALIVE),
            EventStallAction::End => {
                self.is_over = true;
                let may_tell = kind == Kind::Events && progress.tail == 0;
                Act::End(if may_tell { ERROR_EVENT } else { b"" })
            }
            EventStallAction::Count | EventStallAction::KeepAlive if self.acted == 1 => Act::Count,
            EventStallAction::Count | EventStallAction::KeepAlive => Act::None,
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
            Self::Inject(_) => Some("keep_alive"),
            Self::End(_) => Some("end"),
        }
    }
}
