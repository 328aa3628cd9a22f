//! JSONL as it streams: one JSON document a line.

#[cfg(test)]
mod tests;

use std::rc::Rc;

use super::json::Json;
use super::{BodyError, FieldTree, Sink};
use crate::spec::DuplicateKeys;

/// A body of JSON documents, each on a line of its own, while it streams. Each is a job.
///
/// A line ends with LF, so CR LF is fine; lines of nothing but white space count for nothing, and a
/// body may consist of them. The last line may end without LF. Each line is held to what
/// [`Json`] demands.
#[derive(Debug)]
pub struct JsonLines {
    line: Json,
}

// === impl JsonLines ===

impl JsonLines {
    /// Lines of which the places in `tree` matter.
    pub fn new(tree: Rc<FieldTree>, duplicates: DuplicateKeys) -> Self {
        Self { line: Json::new(tree, duplicates) }
    }

    /// More of the body. After an error nothing may be fed any more.
    ///
    /// # Errors
    /// What is wrong with a line, and where in the body.
    pub fn feed(&mut self, bytes: &[u8], sink: &mut impl Sink) -> Result<(), BodyError> {
        let mut rest = bytes;
        while let Some(end) = memchr::memchr(b'\n', rest) {
            let (line, after) = rest.split_at(end);
            self.line.feed(line, sink)?;
            self.end_line(sink)?;
            // The LF is white space before the next document.
            self.line.restart();
            self.line.feed(b"\n", sink)?;
            rest = after.get(1..).unwrap_or_default();
        }
        self.line.feed(rest, sink)
    }

    /// The body has ended.
    ///
    /// # Errors
    /// The last line is not complete.
    pub fn finish(&mut self, sink: &mut impl Sink) -> Result<(), BodyError> {
        self.end_line(sink)
    }

    fn end_line(&mut self, sink: &mut impl Sink) -> Result<(), BodyError> {
        if self.line.is_blank() { Ok(()) } else { self.line.finish(sink) }
    }
}
