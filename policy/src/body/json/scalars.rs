//! Reads the inside of strings, keys, numbers and literals.

use super::literal::Literal;
use super::number::Number;
use super::text::{Piece, Text};
use super::{Json, MAX_KEY_BYTES, MAX_NUMBER_BYTES, State};
use crate::body::{BodyError, Kind, Malformed, Sink};

// === impl Json ===

impl Json {
    pub(super) fn string(
        &mut self,
        mut text: Text,
        is_told: bool,
        bytes: &[u8],
        sink: &mut impl Sink,
    ) -> Result<usize, BodyError> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let (taken, piece) = text.step(rest).or_else(|it| self.fault(it, bytes, rest))?;
            rest = rest.get(taken..).unwrap_or_default();
            match piece {
                Piece::End => {
                    self.state = State::After;
                    let taken = bytes.len().saturating_sub(rest.len());
                    if is_told {
                        self.end_scalar(self.offset.saturating_add(taken as u64), sink);
                    }
                    return Ok(taken);
                }
                Piece::Run(run) if is_told => sink.piece(run),
                Piece::Char(it) if is_told => sink.piece(it.encode_utf8(&mut [0; 4]).as_bytes()),
                Piece::None | Piece::Run(_) | Piece::Char(_) => {}
            }
        }
        self.state = State::String { text, is_told };
        Ok(bytes.len())
    }

    pub(super) fn key(&mut self, mut text: Text, bytes: &[u8]) -> Result<usize, BodyError> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let (taken, piece) = text.step(rest).or_else(|it| self.fault(it, bytes, rest))?;
            rest = rest.get(taken..).unwrap_or_default();
            match piece {
                Piece::End => {
                    self.state = State::Colon;
                    let known = self.prefix.whole();
                    self.places.member(known).or_else(|it| self.refuse(it))?;
                    return Ok(bytes.len().saturating_sub(rest.len()));
                }
                Piece::Run(run) => self.prefix.push(run),
                Piece::Char(it) => self.prefix.push(it.encode_utf8(&mut [0; 4]).as_bytes()),
                Piece::None => {}
            }
            if self.prefix.len() > MAX_KEY_BYTES {
                return Err(BodyError { what: Malformed::KeyTooLong, offset: self.key_offset });
            }
        }
        self.state = State::Key(text);
        Ok(bytes.len())
    }

    pub(super) fn number(
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

    pub(super) fn end_number(&mut self, sink: &mut impl Sink) {
        self.state = State::After;
        if self.begin(Kind::Number, sink) {
            sink.piece(self.prefix.whole().unwrap_or_default());
            self.end_scalar(self.offset, sink);
        }
    }

    pub(super) fn literal(
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
                self.end_scalar(self.offset.saturating_add(1), sink);
            }
        }
        Ok(1)
    }
}
