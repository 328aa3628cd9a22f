//! Where to cut a text that is too long, so that a client can send it in parts.
//!
//! The advice is a list of places, never any of the text.

mod cuts;
#[cfg(test)]
mod tests;

use std::num::NonZeroU64;
use std::rc::Rc;

use self::cuts::Cuts;
use crate::body::utf8::Utf8Text;
use crate::body::{Field, FieldTree, Kind, Sink, Value};

/// Most places that one advice names. A text that needs more is cut at these first.
pub const MAX_OFFSETS: usize = 64;

/// Where to cut a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// How many Unicode scalar values of the text come before each cut, ascending; never none.
    pub offsets: Vec<u64>,
    /// Whether what follows the last of them is still too long.
    pub has_more: bool,
}

/// Reads the text of a body, and says where to cut it.
///
/// Each part has at most the given number of Unicode scalar values. It is cut behind the last sentence
/// that ends in the second half of what fits, else behind the last white space or sentence that does,
/// else where nothing more fits. `.`, `!` and `?` end no sentence before a letter or digit of ASCII,
/// as in `3.14` and `example.com`; quotes and brackets that close behind a sentence belong to it.
///
/// There is advice only if exactly one text stands in the body, in UTF-8, and is no SSML: with several,
/// such as the messages of a chat, no list of places says what goes with what, and cutting between
/// tags makes no two documents.
#[derive(Debug)]
pub struct Splitter {
    tree: Rc<FieldTree>,
    /// Texts that began.
    texts: u64,
    /// The one that is being read.
    open: Option<Utf8Text>,
    is_broken: bool,
    /// How much of [`MARKUP`] the text began with, after white space; `None` if it is another one.
    markup: Option<usize>,
    cuts: Cuts,
}

/// What SSML begins with.
const MARKUP: &str = "<speak";

// === impl Splitter ===

impl Splitter {
    /// Reads the values that are texts by `tree`. `longest` is in Unicode scalar values.
    pub fn new(tree: Rc<FieldTree>, longest: NonZeroU64) -> Self {
        Self {
            tree,
            texts: 0,
            open: None,
            is_broken: false,
            markup: Some(0),
            cuts: Cuts::new(longest),
        }
    }

    /// What a client should do; `None` if nothing can be said, or nothing need be cut.
    pub fn advice(&self) -> Option<Split> {
        let is_markup = self.markup == Some(MARKUP.len());
        let is_whole = self.texts == 1 && self.open.is_none() && !self.is_broken;
        (is_whole && !is_markup).then(|| self.cuts.split()).flatten()
    }
}

impl Sink for Splitter {
    fn begin(&mut self, value: Value) {
        let is_text = matches!(value.kind, Kind::String | Kind::Number | Kind::File);
        if is_text && self.tree.field(value.leaf) == Some(Field::Text) {
            self.texts = self.texts.saturating_add(1);
            self.open = (self.texts == 1).then(Utf8Text::default);
        }
    }

    fn piece(&mut self, bytes: &[u8]) {
        let Self { open: Some(text), markup, cuts, .. } = self else { return };
        let fed = text.feed(bytes, &mut |piece| {
            for character in std::str::from_utf8(piece).unwrap_or_default().chars() {
                *markup = markup.and_then(|it| next_of_markup(it, character));
                cuts.push(character);
            }
        });
        self.is_broken |= fed.is_err();
    }

    fn end(&mut self) {
        if let Some(text) = self.open.take() {
            self.is_broken |= text.finish().is_err();
        }
    }

    fn end_of_job(&mut self) {}
}

fn next_of_markup(matched: usize, character: char) -> Option<usize> {
    match MARKUP.chars().nth(matched) {
        None => Some(matched),
        Some(next) if next == character => Some(matched.saturating_add(1)),
        Some(_) if matched == 0 && character.is_whitespace() => Some(0),
        Some(_) => None,
    }
}
