//! Tells the tags of SSML from what is spoken.
//!
//! It is no XML parser: where it is in doubt, what it reads counts as text, so that nothing hides
//! behind a `<`.

use super::speech_rate::SpeechRates;
use super::text::{TextAmount, TextCounter};

#[cfg(test)]
mod tests;

/// Counts a text; if it begins with `<speak`, after white space, without its tags.
///
/// A tag counts all the same if it does not end, is longer than [`MAX_TAG_BYTES`], or is one whose
/// attributes are spoken (`sub`, `phoneme`). Comments and CDATA sections are no tags here.
#[derive(Clone, Debug)]
pub struct SsmlCounter {
    state: State,
    counter: TextCounter,
    /// Outside of tags.
    text: TextAmount,
    /// Of the tag that is under way.
    tag: TextAmount,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Nothing but white space came, and so many bytes of [`BEGINNING`].
    Beginning(usize),
    /// No SSML.
    Plain,
    Outside,
    /// Within a tag of so many bytes, of which the first make the name.
    Inside {
        bytes: usize,
        name: Name,
    },
}

/// The letters of a tag's name so far, in lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Name {
    letters: [u8; LONGEST_SPOKEN],
    length: usize,
    is_over: bool,
}

const BEGINNING: &[u8] = b"<speak";

/// Longest tag that is taken for one, in bytes.
pub const MAX_TAG_BYTES: usize = 1024;

/// Elements that are spoken by their attributes (SSML 1.1 §3.1.9 and §3.1.11).
const SPOKEN: [&[u8]; 2] = [b"phoneme", b"sub"];

const LONGEST_SPOKEN: usize = 7;

// === impl SsmlCounter ===

impl SsmlCounter {
    /// A counter that leaves tags out if `skip_tags`.
    pub fn new(skip_tags: bool) -> Self {
        let state = if skip_tags { State::Beginning(0) } else { State::Plain };
        Self {
            state,
            counter: TextCounter::default(),
            text: TextAmount::default(),
            tag: TextAmount::default(),
        }
    }

    /// Counts the next bytes.
    pub fn feed(&mut self, bytes: &[u8], rates: &SpeechRates) {
        let mut rest = bytes;
        while !rest.is_empty() {
            rest = match self.state {
                State::Plain => {
                    self.counter.feed(rest, rates, &mut self.text);
                    return;
                }
                State::Beginning(matched) => self.begin(rest, matched, rates),
                State::Outside => {
                    let end = rest.iter().position(|it| *it == b'<').unwrap_or(rest.len());
                    let (text, rest) = rest.split_at_checked(end).unwrap_or((rest, &[]));
                    self.counter.feed(text, rates, &mut self.text);
                    if !rest.is_empty() {
                        self.counter.finish(rates, &mut self.text);
                        self.state = State::Inside { bytes: 0, name: Name::EMPTY };
                    }
                    rest
                }
                State::Inside { bytes, name } => self.inside(rest, bytes, name, rates),
            };
        }
    }

    /// Counts what was left unfinished, and tells all.
    pub fn finish(mut self, rates: &SpeechRates) -> TextAmount {
        if let State::Beginning(matched) = self.state {
            let held = BEGINNING.get(..matched).unwrap_or_default();
            self.counter.feed(held, rates, &mut self.text);
        }
        self.counter.finish(rates, &mut self.tag);
        self.text.add(self.tag);
        self.text
    }

    /// What was counted so far, without a tag that has not ended: it may turn out to be one.
    pub fn so_far(&self) -> TextAmount {
        self.text
    }

    fn begin<'a>(&mut self, rest: &'a [u8], matched: usize, rates: &SpeechRates) -> &'a [u8] {
        let Some((first, others)) = rest.split_first() else { return rest };
        if matched == 0 && first.is_ascii_whitespace() {
            self.counter.feed(&[*first], rates, &mut self.text);
            return others;
        }
        let held = BEGINNING.get(..matched).unwrap_or_default();
        if BEGINNING.get(matched) != Some(first) {
            self.counter.feed(held, rates, &mut self.text);
            self.state = State::Plain;
            return rest;
        }
        let matched = matched.saturating_add(1);
        if matched < BEGINNING.len() {
            self.state = State::Beginning(matched);
        } else {
            self.counter.feed(BEGINNING, rates, &mut self.tag);
            let name = Name { is_over: true, ..Name::EMPTY };
            self.state = State::Inside { bytes: matched, name };
        }
        others
    }

    fn inside<'a>(
        &mut self,
        rest: &'a [u8],
        bytes: usize,
        mut name: Name,
        rates: &SpeechRates,
    ) -> &'a [u8] {
        let Some((first, others)) = rest.split_first() else { return rest };
        let is_tag = match bytes {
            0 => true,
            1 => first.is_ascii_alphabetic() || *first == b'/',
            _ => bytes < MAX_TAG_BYTES && *first != b'<',
        };
        if !is_tag {
            self.count_tag(rates);
            return rest;
        }
        if bytes > 0 {
            name.push(*first);
        }
        self.counter.feed(&[*first], rates, &mut self.tag);
        self.state = State::Inside { bytes: bytes.saturating_add(1), name };
        if *first == b'>' {
            if !name.is_spoken() {
                self.tag = TextAmount::default();
            }
            self.count_tag(rates);
        }
        others
    }

    /// The tag is over, or was none; what is left of it is text.
    fn count_tag(&mut self, rates: &SpeechRates) {
        self.counter.finish(rates, &mut self.tag);
        self.text.add(std::mem::take(&mut self.tag));
        self.state = State::Outside;
    }
}

// === impl Name ===

impl Name {
    const EMPTY: Self = Self { letters: [0; LONGEST_SPOKEN], length: 0, is_over: false };

    fn push(&mut self, byte: u8) {
        let is_letter = byte.is_ascii_alphabetic() && !self.is_over;
        match self.letters.get_mut(self.length) {
            Some(letter) if is_letter => {
                *letter = byte.to_ascii_lowercase();
                self.length = self.length.saturating_add(1);
            }
            // Longer than any that matters.
            None if is_letter => self.length = usize::MAX,
            _ => self.is_over = true,
        }
    }

    fn is_spoken(&self) -> bool {
        SPOKEN.contains(&self.letters.get(..self.length).unwrap_or_default())
    }
}
