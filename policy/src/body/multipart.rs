//! `multipart/form-data` (RFC 7578, RFC 2046 §5.1).
//!
//! A field that the service sees and this parser does not would pass by every rule, so it takes only
//! what all servers read in the same way. Where they differ: Starlette 1.10 with python-multipart
//! 0.0.34, Werkzeug 3.1.9 and busboy 1.6 (multer) by trial, Go by its source.
//!
//! | | Starlette | Werkzeug | busboy | Go |
//! |---|---|---|---|---|
//! | before the first delimiter | refused, but skipped after a CR LF from 0.0.26 on | skipped | skipped | skipped |
//! | delimiter after a bare LF | content | a delimiter | content | a delimiter, if the first line ended so |
//! | … after a bare CR | content | a delimiter | content | content |
//! | spaces behind a boundary | no delimiter before 0.0.34 | ignored | the part is lost | ignored |
//! | other bytes behind a boundary | content | content | the part is lost | content |
//! | delimiter right behind the headers | content | a delimiter | a delimiter | a delimiter |
//! | bytes after the last delimiter | ignored | ignored | ignored | ignored |
//! | no last delimiter | accepted, the last field lost | refused | refused | refused |
//! | bare LF in headers | refused, or in a value | ends a line | refused | ends a line |
//! | a folded header | refused | joined | joined | joined |
//! | `content-disposition` twice | the last | the first | the first | the first |
//! | `name` twice in it | the last | the last | the first | refused |
//! | `name` beside `name*` | `name`; `name*` before 0.0.30 | `name*` | `name` | `name*` |
//! | `filename*` alone | a text; a file before 0.0.30 | a file | a file | a file |
//! | `filename=""` | a file | a file | a text | a text |
//! | `application/octet-stream` without `filename` | a text | a text | a file | a text |
//! | `content-transfer-encoding` | ignored; its `FormParser` decodes base64 | ignored | ignored | quoted-printable is decoded |
//! | charset of the form | decodes names and texts | ignored | ignored | ignored |
//! | a field twice | the last, or all | the first, or all | all | the first, or all |
//!
//! All of these are [`Malformed`], but for white space at the end, and a repeated field where the
//! policy lets it pass. Names are taken as they stand, as all do, but for backslashes, which are
//! refused.

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
        let (used, head) = self.headers.feed(bytes, self.offset, &self.delimiter)?;
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
