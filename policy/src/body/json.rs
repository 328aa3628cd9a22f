//! JSON as it streams (RFC 8259).

mod literal;
mod nesting;
mod number;
mod places;
mod prefix;
#[cfg(test)]
mod tests;
mod text;

use std::rc::Rc;

use self::literal::Literal;
use self::nesting::{Container, Nesting};
use self::number::Number;
use self::places::{Places, Repeated};
use self::prefix::Prefix;
use self::text::{Piece, Text};
use super::{BodyError, FieldTree, Kind, Malformed, Sink, Value};
use crate::spec::DuplicateKeys;

/// Most objects and arrays in one another. No API of a speech service needs ten; `serde_json` stops
/// at 128, Python's `json` at about 1,000.
pub const MAX_DEPTH: u32 = 64;

/// The longest key, in bytes of UTF-8 without escapes.
pub const MAX_KEY_BYTES: usize = 1024;

/// The longest number, in bytes. A double needs 25; more digits change nothing for most services.
pub const MAX_NUMBER_BYTES: usize = 128;

const _: () = assert!(MAX_NUMBER_BYTES <= Prefix::CAPACITY, "a number is kept whole");

/// One JSON document while it streams.
///
/// All of the grammar is checked, so that no service reads what this did not, and less than a
/// kilobyte is kept, whatever the document. Beyond the grammar it refuses a byte order mark, lone
/// surrogates, and what is deeper or longer than the limits of this module. Keys that the tree names
/// are refused when they are repeated, unless the last is to win; other keys are not remembered.
///
/// Values are told when they are known: a string as it comes, a number when it has ended.
#[derive(Debug)]
pub struct Json {
    state: State,
    nesting: Nesting,
    places: Places,
    /// The key or the number that is being read.
    prefix: Prefix,
    /// Where the latest key began.
    key_offset: u64,
    /// How many bytes were read.
    offset: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// A value must come.
    Value,
    /// Behind `[`: an item or the end.
    FirstItem,
    /// Behind `{`: a key or the end.
    FirstKey,
    /// Behind a comma in an object.
    NextKey,
    /// Behind a key.
    Colon,
    /// Behind a value: a comma or the end of what it is in.
    After,
    Key(Text),
    String {
        text: Text,
        is_told: bool,
    },
    Number(Number),
    Literal(Literal),
}

// === impl Json ===

impl Json {
    /// A document of which the places in `tree` matter.
    pub fn new(tree: Rc<FieldTree>, duplicates: DuplicateKeys) -> Self {
        Self {
            state: State::Value,
            nesting: Nesting::default(),
            places: Places::new(tree, duplicates),
            prefix: Prefix::new(),
            key_offset: 0,
            offset: 0,
        }
    }

    /// More of the document. After an error nothing may be fed any more.
    ///
    /// # Errors
    /// What is not JSON, beyond a limit, or repeated, and where.
    pub fn feed(&mut self, bytes: &[u8], sink: &mut impl Sink) -> Result<(), BodyError> {
        let mut rest = bytes;
        while let Some(byte) = rest.first() {
            let taken = match self.state {
                State::Key(text) => self.key(text, rest)?,
                State::String { text, is_told } => self.string(text, is_told, rest, sink)?,
                State::Number(number) => self.number(number, *byte, sink)?,
                State::Literal(literal) => self.literal(literal, *byte, sink)?,
                _ if matches!(byte, b' ' | b'\t' | b'\n' | b'\r') => 1,
                _ => self.structure(*byte, sink)?,
            };
            self.offset = self.offset.saturating_add(taken as u64);
            rest = rest.get(taken..).unwrap_or_default();
        }
        Ok(())
    }

    /// The document has ended.
    ///
    /// # Errors
    /// It is not complete.
    pub fn finish(&mut self, sink: &mut impl Sink) -> Result<(), BodyError> {
        if let State::Number(number) = self.state
            && number.is_complete()
        {
            self.end_number(sink);
        }
        if self.state != State::After || self.nesting.depth() > 0 {
            return self.fail(Malformed::Truncated);
        }
        sink.end_of_job();
        Ok(())
    }

    /// Whether nothing but white space came.
    pub(super) fn is_blank(&self) -> bool {
        self.state == State::Value && self.nesting.depth() == 0
    }

    /// Another document begins behind this one.
    pub(super) fn restart(&mut self) {
        self.state = State::Value;
        self.nesting = Nesting::default();
        self.places.restart();
    }

    fn structure(&mut self, byte: u8, sink: &mut impl Sink) -> Result<usize, BodyError> {
        match (self.state, byte, self.nesting.innermost()) {
            (State::FirstItem, b']', _)
            | (State::FirstKey, b'}', _)
            | (State::After, b']', Some(Container::Array))
            | (State::After, b'}', Some(Container::Object)) => self.close(sink),
            (State::FirstItem, ..) => {
                self.places.item();
                return self.value(byte, sink);
            }
            (State::Value, ..) => return self.value(byte, sink),
            (State::FirstKey | State::NextKey, b'"', _) => {
                self.prefix.clear();
                self.key_offset = self.offset;
                self.state = State::Key(Text::Plain);
            }
            (State::Colon, b':', _) => self.state = State::Value,
            (State::After, b',', Some(Container::Object)) => self.state = State::NextKey,
            (State::After, b',', Some(Container::Array)) => {
                self.places.item();
                self.state = State::Value;
            }
            _ => return self.fail(Malformed::Json),
        }
        Ok(1)
    }

    fn value(&mut self, byte: u8, sink: &mut impl Sink) -> Result<usize, BodyError> {
        match byte {
            b'"' => {
                let is_told = self.begin(Kind::String, sink);
                self.state = State::String { text: Text::Plain, is_told };
            }
            b'{' => self.open(Container::Object, State::FirstKey, sink)?,
            b'[' => self.open(Container::Array, State::FirstItem, sink)?,
            _ => {
                self.prefix.clear();
                if let Some(number) = Number::begin(byte) {
                    self.prefix.push(&[byte]);
                    self.state = State::Number(number);
                } else if let Some(literal) = Literal::begin(byte) {
                    self.state = State::Literal(literal);
                } else {
                    return self.fail(Malformed::Json);
                }
            }
        }
        Ok(1)
    }

    fn open(
        &mut self,
        container: Container,
        next: State,
        sink: &mut impl Sink,
    ) -> Result<(), BodyError> {
        let Some(nesting) = self.nesting.with(container) else {
            return self.fail(Malformed::TooDeep);
        };
        // Before anything is told of it.
        self.places.open().or_else(|Repeated| self.repeated())?;
        self.begin(Kind::Container, sink);
        self.nesting = nesting;
        self.state = next;
        Ok(())
    }

    fn close(&mut self, sink: &mut impl Sink) {
        self.nesting = self.nesting.without();
        self.state = State::After;
        if self.places.close().is_some() {
            sink.end();
        }
    }

    /// A value begins; whether it matters.
    fn begin(&self, kind: Kind, sink: &mut impl Sink) -> bool {
        let Some(leaf) = self.places.leaf() else { return false };
        sink.begin(Value { leaf, kind, replaces: self.places.replaces() });
        true
    }

    fn string(
        &mut self,
        mut text: Text,
        is_told: bool,
        bytes: &[u8],
        sink: &mut impl Sink,
    ) -> Result<usize, BodyError> {
        let (taken, piece) = text.step(bytes).or_else(|it| self.fail_at(it.at, it.what))?;
        self.state = State::String { text, is_told };
        match piece {
            Piece::End => {
                self.state = State::After;
                if is_told {
                    sink.end();
                }
            }
            Piece::Run(run) if is_told => sink.piece(run),
            Piece::Char(character) if is_told => {
                sink.piece(character.encode_utf8(&mut [0; 4]).as_bytes());
            }
            Piece::None | Piece::Run(_) | Piece::Char(_) => {}
        }
        Ok(taken)
    }

    fn key(&mut self, mut text: Text, bytes: &[u8]) -> Result<usize, BodyError> {
        let (taken, piece) = text.step(bytes).or_else(|it| self.fail_at(it.at, it.what))?;
        self.state = State::Key(text);
        match piece {
            Piece::End => {
                self.state = State::Colon;
                let known = self.prefix.whole();
                self.places.member(known).or_else(|Repeated| self.repeated())?;
            }
            Piece::Run(run) => self.prefix.push(run),
            Piece::Char(it) => self.prefix.push(it.encode_utf8(&mut [0; 4]).as_bytes()),
            Piece::None => {}
        }
        if self.prefix.len() > MAX_KEY_BYTES {
            return Err(BodyError { what: Malformed::KeyTooLong, offset: self.key_offset });
        }
        Ok(taken)
    }

    fn number(
        &mut self,
        number: Number,
        byte: u8,
        sink: &mut impl Sink,
    ) -> Result<usize, BodyError> {
        if let Some(longer) = number.with(byte) {
            self.prefix.push(&[byte]);
            if self.prefix.len() > MAX_NUMBER_BYTES {
                return self.fail(Malformed::NumberTooLong);
            }
            self.state = State::Number(longer);
            return Ok(1);
        }
        if !number.is_complete() {
            return self.fail(Malformed::Json);
        }
        self.end_number(sink);
        Ok(0)
    }

    fn end_number(&mut self, sink: &mut impl Sink) {
        self.state = State::After;
        if self.begin(Kind::Number, sink) {
            sink.piece(self.prefix.whole().unwrap_or_default());
            sink.end();
        }
    }

    fn literal(
        &mut self,
        literal: Literal,
        byte: u8,
        sink: &mut impl Sink,
    ) -> Result<usize, BodyError> {
        let Some(longer) = literal.with(byte) else { return self.fail(Malformed::Json) };
        self.state = State::Literal(longer);
        if let Some(kind) = longer.complete() {
            self.state = State::After;
            if self.begin(kind, sink) {
                sink.end();
            }
        }
        Ok(1)
    }

    fn repeated<T>(&self) -> Result<T, BodyError> {
        Err(BodyError { what: Malformed::DuplicateKey, offset: self.key_offset })
    }

    fn fail<T>(&self, what: Malformed) -> Result<T, BodyError> {
        self.fail_at(0, what)
    }

    fn fail_at<T>(&self, at: i8, what: Malformed) -> Result<T, BodyError> {
        Err(BodyError { what, offset: self.offset.saturating_add_signed(at.into()) })
    }
}
