//! JSON as it streams (RFC 8259).

mod literal;
mod nesting;
mod number;
mod places;
mod prefix;
mod scalars;
#[cfg(test)]
mod tests;
mod text;

use std::rc::Rc;

use self::literal::Literal;
use self::nesting::{Container, Nesting};
use self::number::Number;
use self::places::{Places, Refused};
use self::prefix::Prefix;
use self::text::{Fault, Text};
use super::{BodyError, Extent, FieldTree, Kind, Malformed, Sink, Value};
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
    /// Where the latest value began.
    value_offset: u64,
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
            value_offset: 0,
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

    /// Whether a whole document came: an object or an array that is closed, a string, or a literal. A
    /// number never is, because digits may follow.
    pub(crate) fn is_complete(&self) -> bool {
        self.state == State::After && self.nesting.depth() == 0
    }

    /// How many bytes were read, of all documents.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Another document begins behind this one, also after an error.
    pub(crate) fn restart(&mut self) {
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
        self.value_offset = self.offset;
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
        self.places.open().or_else(|it| self.refuse(it))?;
        self.begin(Kind::Container, sink);
        self.nesting = nesting;
        self.state = next;
        Ok(())
    }

    fn close(&mut self, sink: &mut impl Sink) {
        let extent = match self.nesting.innermost() {
            Some(Container::Object) => {
                Extent::Object { end: self.offset, is_empty: self.state == State::FirstKey }
            }
            _ => Extent::Array,
        };
        self.nesting = self.nesting.without();
        self.state = State::After;
        if self.places.close().is_some() {
            sink.extent(extent);
            sink.end();
        }
    }

    /// A value begins; whether it matters.
    fn begin(&self, kind: Kind, sink: &mut impl Sink) -> bool {
        let Some(leaf) = self.places.leaf(kind == Kind::Container) else { return false };
        sink.begin(Value { leaf, kind, replaces: self.places.replaces() });
        true
    }

    /// A scalar that was told ends before the byte `end`.
    fn end_scalar(&self, end: u64, sink: &mut impl Sink) {
        sink.extent(Extent::Scalar(self.value_offset..end));
        sink.end();
    }

    fn refuse<T>(&self, key: Refused) -> Result<T, BodyError> {
        let what = match key {
            Refused::Repeated => Malformed::DuplicateKey,
            Refused::OtherCase => Malformed::KeyInOtherCase,
        };
        Err(BodyError { what, offset: self.key_offset })
    }

    /// What is wrong at the `rest` of `bytes`, which begin here.
    fn fault<T>(&self, fault: Fault, bytes: &[u8], rest: &[u8]) -> Result<T, BodyError> {
        let read = bytes.len().saturating_sub(rest.len()) as u64;
        let offset = self.offset.saturating_add(read).saturating_add_signed(fault.at.into());
        Err(BodyError { what: fault.what, offset })
    }

    fn fail<T>(&self, what: Malformed) -> Result<T, BodyError> {
        Err(BodyError { what, offset: self.offset })
    }
}
