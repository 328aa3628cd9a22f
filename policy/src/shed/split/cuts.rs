//! Cuts one text while it streams.

use std::num::NonZeroU64;

use super::{MAX_OFFSETS, Split};

/// The cuts so far, and where the next may be. All places are numbers of scalar values from the
/// beginning of the text.
#[derive(Debug)]
pub(super) struct Cuts {
    longest: u64,
    offsets: Vec<u64>,
    has_more: bool,
    /// Where the part begins that is being read.
    start: u64,
    /// What came so far.
    read: u64,
    /// Behind the latest sentence.
    sentence: u64,
    /// Behind the latest white space, before it, or behind the latest sentence.
    gap: u64,
    ending: Ending,
}

/// Whether a sentence ends here, which what follows says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ending {
    None,
    /// Behind `.`, `!` or `?`.
    Open,
    /// Behind another mark, or a quote or bracket that closes.
    Closed,
}

// === impl Cuts ===

impl Cuts {
    pub(super) fn new(longest: NonZeroU64) -> Self {
        Self {
            longest: longest.get(),
            offsets: Vec::new(),
            has_more: false,
            start: 0,
            read: 0,
            sentence: 0,
            gap: 0,
            ending: Ending::None,
        }
    }

    pub(super) fn split(&self) -> Option<Split> {
        let Self { offsets, has_more, .. } = self;
        (!offsets.is_empty()).then(|| Split { offsets: offsets.clone(), has_more: *has_more })
    }

    pub(super) fn push(&mut self, character: char) {
        if self.has_more {
            return;
        }
        let here = self.read;
        self.read = here.saturating_add(1);
        let ending = self.ending.with(character);
        let has_ended = match self.ending {
            Ending::None => false,
            // What is still to come of the sentence goes with it.
            _ if ending != Ending::None => false,
            Ending::Open => !character.is_ascii_alphanumeric(),
            Ending::Closed => true,
        };
        if has_ended {
            self.end_sentence(here);
        } else if character.is_whitespace() {
            self.gap = here;
        }
        self.ending = ending;
        if here.saturating_sub(self.start) == self.longest {
            self.cut();
        }
        if character == '\n' {
            self.end_sentence(self.read);
        } else if character.is_whitespace() {
            self.gap = self.read;
        }
    }

    fn end_sentence(&mut self, at: u64) {
        self.sentence = at;
        self.gap = at;
    }

    /// One more would not fit.
    fn cut(&mut self) {
        if self.offsets.len() == MAX_OFFSETS {
            self.has_more = true;
            return;
        }
        let half = self.longest / 2;
        let bound = self.start.saturating_add(self.longest);
        self.start = if self.sentence > self.start.saturating_add(half) {
            self.sentence
        } else if self.gap > self.start {
            self.gap
        } else {
            bound
        };
        self.offsets.push(self.start);
    }
}

// === impl Ending ===

impl Ending {
    /// Behind one more character.
    fn with(self, character: char) -> Self {
        match character {
            '.' | '!' | '?' => Self::Open,
            '…' | '。' | '！' | '？' | '；' => Self::Closed,
            _ if self != Self::None && closes(character) => Self::Closed,
            _ => Self::None,
        }
    }
}

/// Whether a quote or a bracket closes, or may.
fn closes(character: char) -> bool {
    const CLOSING: &str = "\"'”’»›)]}）］｝」』】》〉〕＂＇";
    CLOSING.contains(character)
}
