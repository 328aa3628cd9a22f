//! `text/plain`: the whole body is one string in UTF-8.

use std::rc::Rc;

use super::utf8::Utf8Text;
use super::{BodyError, FieldTree, Kind, LeafId, Malformed, Sink, Value};

/// Reads a body of plain text: a value at the empty pointer, if that place matters.
///
/// A byte order mark is a character as any other. A charset that the content type names is not
/// looked at: what is not UTF-8 is malformed.
#[derive(Clone, Debug)]
pub struct Plain {
    leaf: Option<LeafId>,
    has_begun: bool,
    text: Utf8Text,
}

// === impl Plain ===

impl Plain {
    /// A parser of one body.
    pub fn new(tree: Rc<FieldTree>) -> Self {
        Self { leaf: tree.leaf(FieldTree::ROOT), has_begun: false, text: Utf8Text::default() }
    }

    /// More of the body.
    ///
    /// # Errors
    /// [`Malformed::NotUtf8`]
    pub fn feed(&mut self, bytes: &[u8], sink: &mut impl Sink) -> Result<(), BodyError> {
        let Some(leaf) = self.leaf else { return Ok(()) };
        if !self.has_begun {
            self.has_begun = true;
            sink.begin(Value { leaf, kind: Kind::String, replaces: false });
        }
        self.text.feed(bytes, &mut |piece| sink.piece(piece)).map_err(|it| error(it.valid))
    }

    /// The body has ended.
    ///
    /// # Errors
    /// [`Malformed::NotUtf8`]
    pub fn finish(&mut self, sink: &mut impl Sink) -> Result<(), BodyError> {
        self.feed(&[], sink)?;
        self.text.finish().map_err(|it| error(it.valid))?;
        if self.leaf.is_some() {
            sink.end();
        }
        sink.end_of_job();
        Ok(())
    }
}

fn error(offset: u64) -> BodyError {
    BodyError { what: Malformed::NotUtf8, offset }
}

#[cfg(test)]
mod tests;
