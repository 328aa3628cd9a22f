//! `multipart/form-data` (RFC 7578, RFC 2046 §5.1).
//!
//! A field that the service sees and this parser does not would pass by every rule, so it takes only
//! what all servers read in the same way. Where they differ, as their sources have it:
//!
//! | | Starlette (python-multipart) | Werkzeug | Go | busboy, multer |
//! |---|---|---|---|---|
//! | before the first delimiter | refused; skipped after a CR or LF | skipped | skipped by lines | skipped |
//! | delimiter after a bare LF or CR | content | delimiter | delimiter, if the first was | content |
//! | spaces behind the boundary | content before 0.0.34, then ignored | ignored | ignored | content |
//! | delimiter right behind the headers | content | delimiter | delimiter | content |
//! | after the last delimiter | ignored | ignored | ignored | ignored |
//! | no last delimiter | accepted | refused | refused | refused |
//! | bare LF in headers | refused or part of a value | line end | line end | line end |
//! | folded headers | refused | joined | joined | joined |
//! | a header twice | the last | the first | the first | the first |
//! | `name*` | ignored, decoded before 0.0.27 | decoded | decoded | decoded |
//! | `filename*` alone | a text | a file | a file | a file |
//! | `filename=""` | a file | a file | a text | a file |
//! | `application/octet-stream` without `filename` | a text | a text | a text | a file |
//! | transfer encoding | ignored, decoded by `FormParser` | ignored | quoted-printable decoded | ignored |
//! | charset of the form | decodes names and texts | ignored | ignored | ignored |
//! | charset of a part | ignored | decodes the text | ignored | decodes the text |
//! | a field twice | the last, or all | the first, or all | the first, or all | all |
//!
//! All of these are [`Malformed`], but white space at the end, and a repeated field where the policy
//! lets it pass. A name is never unescaped: no server does.

mod boundary;
mod content;
mod delimiter;
mod disposition;
mod headers;
mod parameters;
mod sniff;

use std::rc::Rc;

use self::content::Content;
use self::delimiter::{Delimiter, Next};
use self::headers::PartHeaders;
use super::flat::FlatFields;
use super::{BodyError, Field, FieldTree, LeafId, Malformed, Sink};
use crate::spec::DuplicateKeys;

pub use boundary::MAX_BOUNDARY_BYTES;
pub use headers::{MAX_HEADER_BYTES, MAX_HEADERS};

/// Reads a multipart form.
///
/// A file under an unknown name that is audio, by its content type or its first bytes, is told as a
/// reference where the rule has a place for one: the service may know a name that the policy does
/// not.
#[derive(Clone, Debug)]
pub struct Multipart {
    fields: FlatFields,
    /// What recordings under unknown names are told as.
    reference: Option<LeafId>,
    state: State,
    delimiter: Delimiter,
    headers: PartHeaders,
    /// Of the part that is read.
    content: Option<Content>,
    /// Bytes read.
    offset: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Before the first delimiter, or in a part.
    Content,
    Headers,
    Epilogue,
}

// === impl Multipart ===

impl Multipart {
    /// A parser of one body with this `content-type`.
    ///
    /// # Errors
    /// [`Malformed::FormContentType`]
    pub fn new(
        content_type: &[u8],
        tree: Rc<FieldTree>,
        duplicates: DuplicateKeys,
    ) -> Result<Self, BodyError> {
        let dash_boundary = boundary::dash_boundary(content_type)
            .map_err(|_| BodyError { what: Malformed::FormContentType, offset: 0 })?;
        let mut references = tree.leaves().filter(|(_, field)| *field == Field::Reference);
        Ok(Self {
            reference: references.next().map(|(leaf, _)| leaf),
            fields: FlatFields::new(Rc::clone(&tree), duplicates),
            state: State::Content,
            delimiter: Delimiter::new(dash_boundary),
            headers: PartHeaders::default(),
            content: None,
            offset: 0,
        })
    }

    /// More of the body.
    ///
    /// # Errors
    /// What is wrong with it, and where. Nothing can be fed after one.
    pub fn feed(&mut self, mut bytes: &[u8], sink: &mut impl Sink) -> Result<(), BodyError> {
        while !bytes.is_empty() {
            let used = match self.state {
                State::Content => self.content(bytes, sink)?,
                State::Headers => self.headers(bytes, sink)?,
                State::Epilogue => self.epilogue(bytes)?,
            };
            self.offset = self.offset.saturating_add(used as u64);
            bytes = bytes.get(used..).unwrap_or_default();
        }
        Ok(())
    }

    /// The body has ended. One of no bytes has no fields.
    ///
    /// # Errors
    /// [`Malformed::Truncated`]
    pub fn finish(&mut self, sink: &mut impl Sink) -> Result<(), BodyError> {
        if self.state != State::Epilogue && self.offset > 0 {
            return Err(BodyError { what: Malformed::Truncated, offset: self.offset });
        }
        sink.end_of_job();
        Ok(())
    }

    fn content(&mut self, bytes: &[u8], sink: &mut impl Sink) -> Result<usize, BodyError> {
        let Self { delimiter, content, .. } = self;
        let (used, next) =
            delimiter.feed(bytes, self.offset, &mut |piece| match content.as_mut() {
                Some(content) => content.feed(piece, sink),
                None => Err(BodyError { what: Malformed::Preamble, offset: 0 }),
            })?;
        if let Some(next) = next {
            if let Some(content) = self.content.take() {
                content.finish(sink)?;
            }
            self.state = match next {
                Next::Part => State::Headers,
                Next::Epilogue => State::Epilogue,
            };
        }
        Ok(used)
    }

    fn headers(&mut self, bytes: &[u8], sink: &mut impl Sink) -> Result<usize, BodyError> {
        let (used, head) = self.headers.feed(bytes, self.offset)?;
        if let Some(head) = head {
            let start = self.offset.saturating_add(used as u64);
            let content = Content::new(&head, start, &mut self.fields, self.reference, sink)
                .map_err(|what| BodyError { what, offset: start })?;
            self.content = Some(content);
            self.state = State::Content;
        }
        Ok(used)
    }

    fn epilogue(&mut self, bytes: &[u8]) -> Result<usize, BodyError> {
        match bytes.iter().position(|it| !matches!(it, b' ' | b'\t' | b'\r' | b'\n')) {
            None => Ok(bytes.len()),
            Some(at) => {
                let offset = self.offset.saturating_add(at as u64);
                Err(BodyError { what: Malformed::Epilogue, offset })
            }
        }
    }
}

#[cfg(test)]
mod tests;
