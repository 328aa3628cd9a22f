//! `application/x-www-form-urlencoded` (WHATWG URL §5.1), in a body or a query.

use std::rc::Rc;

use super::flat::FlatFields;
use super::utf8::Utf8Text;
use super::{BodyError, FieldTree, Kind, Malformed, Sink};
use crate::spec::DuplicateKeys;

/// The longest name of a field, in bytes, decoded.
pub const MAX_NAME_BYTES: usize = 1024;

/// Reads a form.
///
/// What servers read in different ways is malformed: a `%` that begins no escape, and a bare `;`,
/// where python-multipart before 0.0.30 ends a field, even within a value. A field without `=` has
/// the empty value; empty fields (`&&`) are none.
#[derive(Clone, Debug)]
pub struct Form {
    fields: FlatFields,
    state: State,
    escape: Escape,
    /// Decoded.
    name: Vec<u8>,
    /// The value, if it matters and has begun.
    text: Option<Utf8Text>,
    /// Of the value.
    start: u64,
    /// Bytes read.
    offset: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Name,
    Value,
}

/// How much of `%XX` came.
#[derive(Clone, Copy, Debug)]
enum Escape {
    No,
    Percent,
    High(u8),
}

// === impl Form ===

impl Form {
    /// A parser of one form.
    pub fn new(tree: Rc<FieldTree>, duplicates: DuplicateKeys) -> Self {
        Self {
            fields: FlatFields::new(tree, duplicates),
            state: State::Name,
            escape: Escape::No,
            name: Vec::new(),
            text: None,
            start: 0,
            offset: 0,
        }
    }

    /// More of the form.
    ///
    /// # Errors
    /// What is wrong with it, and where. Nothing can be fed after one.
    pub fn feed(&mut self, mut bytes: &[u8], sink: &mut impl Sink) -> Result<(), BodyError> {
        while let Some(first) = bytes.first() {
            let used = if let Escape::No = self.escape {
                let run = bytes.iter().position(|it| is_special(*it)).unwrap_or(bytes.len());
                if run == 0 {
                    self.special(*first, sink)?;
                    1
                } else {
                    self.decoded(bytes.get(..run).unwrap_or_default(), sink)?;
                    run
                }
            } else {
                self.escaped(*first, sink)?;
                1
            };
            self.offset = self.offset.saturating_add(used as u64);
            bytes = bytes.get(used..).unwrap_or_default();
        }
        Ok(())
    }

    /// The form has ended.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn finish(&mut self, sink: &mut impl Sink) -> Result<(), BodyError> {
        if !matches!(self.escape, Escape::No) {
            return Err(self.error(Malformed::PercentEscape));
        }
        self.end_of_field(sink)?;
        sink.end_of_job();
        Ok(())
    }

    fn special(&mut self, byte: u8, sink: &mut impl Sink) -> Result<(), BodyError> {
        match (byte, self.state) {
            (b'&', _) => self.end_of_field(sink),
            (b'=', State::Name) => self.end_of_name(sink),
            (b'%', _) => {
                self.escape = Escape::Percent;
                Ok(())
            }
            (b'+', _) => self.decoded(b" ", sink),
            (b';', _) => Err(self.error(Malformed::BareSemicolon)),
            (other, _) => self.decoded(&[other], sink),
        }
    }

    fn escaped(&mut self, byte: u8, sink: &mut impl Sink) -> Result<(), BodyError> {
        let Some(digit) = char::from(byte).to_digit(16).and_then(|it| u8::try_from(it).ok()) else {
            return Err(self.error(Malformed::PercentEscape));
        };
        if let Escape::High(high) = self.escape {
            self.escape = Escape::No;
            self.decoded(&[high.wrapping_shl(4) | digit], sink)
        } else {
            self.escape = Escape::High(digit);
            Ok(())
        }
    }

    fn decoded(&mut self, bytes: &[u8], sink: &mut impl Sink) -> Result<(), BodyError> {
        match self.state {
            State::Name => {
                let room = MAX_NAME_BYTES.saturating_sub(self.name.len());
                if bytes.len() > room {
                    let offset = self.offset.saturating_add(room as u64);
                    return Err(BodyError { what: Malformed::NameTooLong, offset });
                }
                self.name.extend_from_slice(bytes);
                Ok(())
            }
            State::Value => match &mut self.text {
                Some(text) => {
                    let text = text.feed(bytes, &mut |piece| sink.piece(piece));
                    text.map_err(|_| self.not_utf8())
                }
                None => Ok(()),
            },
        }
    }

    fn end_of_name(&mut self, sink: &mut impl Sink) -> Result<(), BodyError> {
        self.fields.count(&self.name).map_err(|it| self.error(it))?;
        let value = self.fields.value(&self.name, Kind::String).map_err(|it| self.error(it))?;
        self.name.clear();
        self.state = State::Value;
        self.start = self.offset.saturating_add(1);
        self.text = value.map(|value| {
            sink.begin(value);
            Utf8Text::default()
        });
        Ok(())
    }

    fn end_of_field(&mut self, sink: &mut impl Sink) -> Result<(), BodyError> {
        if self.state == State::Name && !self.name.is_empty() {
            self.end_of_name(sink)?;
        }
        if let Some(text) = self.text.take() {
            text.finish().map_err(|_| self.not_utf8())?;
            sink.end();
        }
        self.state = State::Name;
        Ok(())
    }

    /// Where the value begins, because escapes make what is decoded shorter.
    fn not_utf8(&self) -> BodyError {
        BodyError { what: Malformed::NotUtf8, offset: self.start }
    }

    fn error(&self, what: Malformed) -> BodyError {
        BodyError { what, offset: self.offset }
    }
}

fn is_special(byte: u8) -> bool {
    matches!(byte, b'&' | b'=' | b'%' | b'+' | b';')
}

#[cfg(test)]
mod tests;
