//! What a parser tells.

use std::ops::Range;

use super::LeafId;

/// A value at a place that a [`FieldTree`](super::FieldTree) names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value {
    /// The place.
    pub leaf: LeafId,
    /// What stands there.
    pub kind: Kind,
    /// Whether it stands in place of the value that this leaf had before: the same key again in the
    /// same object, where the policy lets the last one win.
    pub replaces: bool,
}

/// What stands at a place, and what its pieces are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A string: pieces are its characters in UTF-8, unescaped.
    String,
    /// A number of JSON: pieces are its literal.
    Number,
    /// `true` or `false`: no pieces.
    Bool(bool),
    /// `null`: no pieces.
    Null,
    /// A file of a form: pieces are its bytes.
    File,
    /// An object or an array. What is in it comes as values of its own, of the same leaf unless
    /// another is named for it; they all come before this one ends.
    Container,
}

/// Where a value of JSON stands, in bytes of the document; of JSONL, of the whole body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Extent {
    /// A string with its quotes, a number, or a literal.
    Scalar(Range<u64>),
    /// An object.
    Object {
        /// Where its closing brace stands.
        end: u64,
        /// Whether it has no member.
        is_empty: bool,
    },
    /// An array.
    Array,
}

/// Takes what a parser finds. Pieces are split anywhere, within a character too; a value of no
/// bytes has no piece.
pub trait Sink {
    /// A value begins. Only a [`Kind::Container`] has others begin before it ends.
    fn begin(&mut self, value: Value);
    /// More of the value that began last.
    fn piece(&mut self, bytes: &[u8]);
    /// Where the value that ends next stands. Only parsers of JSON tell it, right before each
    /// [`end`](Self::end).
    fn extent(&mut self, _: Extent) {}
    /// The value that began last, and has not ended, is complete.
    fn end(&mut self);
    /// A job is complete: a line of JSONL, or the whole of any other body.
    fn end_of_job(&mut self);
}
