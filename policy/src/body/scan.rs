//! One body while it streams.

use std::rc::Rc;

use super::form::Form;
use super::gzip::Gzip;
use super::json::Json;
use super::jsonl::JsonLines;
use super::multipart::Multipart;
use super::plain::Plain;
use super::{BodyError, BodyPlan, BodyRules, Malformed, Unreadable};
use crate::facts::{Collector, RequestFacts};
use crate::request::RequestHead;
use crate::spec::{BodyFormat, GzipSpec};

/// Reads one body, slice by slice, and knows what was learned of the request so far.
///
/// It keeps a few kilobytes whatever the body's size, and 44 KB more for one in `gzip`.
#[derive(Debug)]
pub struct BodyScan {
    gzip: Option<Gzip>,
    reader: Reader,
    progress: Result<Progress, BodyError>,
    /// Bytes that came, as they came.
    received: u64,
    /// Of the body as it comes, if the client says.
    length: Option<u64>,
}

/// The most bytes of a value that a parser can hold back: of a number, a delimiter or a tag.
const HELD_BACK: u64 = 1024;

/// The most values of one body that are looked at: what takes longer is no request.
pub const MAX_VALUES: u64 = 1_000_000;

/// How far a body was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// More is to come.
    Reading,
    /// That was all of it.
    Complete,
}

/// A parser and what it tells; apart from the decoder, which feeds it.
#[derive(Debug)]
struct Reader {
    parser: Parser,
    collector: Collector,
    /// Bytes, decoded.
    fed: u64,
}

#[derive(Debug)]
enum Parser {
    Json(Json),
    Jsonl(JsonLines),
    Multipart(Multipart),
    Form(Form),
    Plain(Plain),
    /// One that cannot be read from its first byte on.
    Refused(BodyError),
}

// === impl BodyScan ===

impl BodyScan {
    /// A scan of the body of `head`, which a rule with this plan recognised.
    ///
    /// # Errors
    /// [`Unreadable`] if nothing can be said of such a body.
    pub fn new(plan: &BodyPlan, rules: &BodyRules, head: &RequestHead) -> Result<Self, Unreadable> {
        // RFC 9110 §7.8: a server that ignores the upgrade reads what follows as the body.
        if head.is_upgrade() {
            return Err(Unreadable::Upgrade);
        }
        let format = plan.format(head)?;
        let gzip = match (encoding(head)?, rules.gzip) {
            (Encoding::Identity, _) => None,
            // A service that ignores the encoding reads the bytes as they are. Those of gzip begin no
            // JSON, but between them can stand what a form or a line says.
            (Encoding::Gzip, GzipSpec::Decode) if format == BodyFormat::Json => {
                Some(Gzip::new(rules.max_decoded_bytes))
            }
            (Encoding::Gzip, _) => return Err(Unreadable::ContentEncoding),
        };
        let (tree, duplicates) = (Rc::clone(plan.body()), rules.duplicate_keys);
        let parser = match format {
            BodyFormat::Json => Parser::Json(Json::new(Rc::clone(&tree), duplicates)),
            BodyFormat::Jsonl => Parser::Jsonl(JsonLines::new(Rc::clone(&tree), duplicates)),
            BodyFormat::Form => Parser::Form(Form::new(Rc::clone(&tree), duplicates)),
            BodyFormat::Plain => Parser::Plain(Plain::new(Rc::clone(&tree))),
            BodyFormat::Multipart => {
                let content_type = head.first("content-type").unwrap_or_default();
                Multipart::new(content_type, Rc::clone(&tree), duplicates)
                    .map_or_else(Parser::Refused, Parser::Multipart)
            }
        };
        let collector = Collector::new(tree, rules.collector.for_format(format));
        Ok(Self {
            length: content_length(head),
            gzip,
            reader: Reader { parser, collector, fed: 0 },
            progress: Ok(Progress::Reading),
            received: 0,
        })
    }

    /// More of the body. After an error, or the end, nothing is read any more.
    pub fn feed(&mut self, bytes: &[u8]) {
        self.received = self.received.saturating_add(bytes.len() as u64);
        if self.progress == Ok(Progress::Reading) {
            let Self { gzip, reader, .. } = self;
            let fed = match gzip {
                Some(gzip) => gzip.feed(bytes, &mut |decoded| reader.feed(decoded)),
                None => reader.feed(bytes),
            };
            self.progress = fed.map(|()| Progress::Reading);
        }
    }

    /// The body has ended.
    pub fn finish(&mut self) {
        if self.progress == Ok(Progress::Reading) {
            let Self { gzip, reader, .. } = self;
            let decoded = match gzip {
                Some(gzip) => gzip.finish(&mut |decoded| reader.feed(decoded)),
                None => Ok(()),
            };
            self.progress = decoded.and_then(|()| reader.finish()).map(|()| Progress::Complete);
        }
    }

    /// How far the body was read.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn progress(&self) -> Result<Progress, BodyError> {
        self.progress
    }

    /// What is known so far of what the body asks for.
    pub fn facts(&self) -> RequestFacts {
        self.reader.collector.facts()
    }

    /// The most bytes, decoded, that can still come; `None` if nobody knows.
    pub fn remaining(&self) -> Option<u64> {
        match (self.progress, &self.gzip) {
            (Ok(Progress::Complete), _) => Some(0),
            (_, Some(_)) => None,
            (_, None) => {
                // What came, but is not told yet, may be told as late as what is to come.
                let untold = self.reader.collector.pending().saturating_add(HELD_BACK);
                let rest = self.length?.checked_sub(self.received)?;
                Some(rest.saturating_add(untold.min(self.received)))
            }
        }
    }
}

impl Reader {
    fn feed(&mut self, bytes: &[u8]) -> Result<(), BodyError> {
        self.parse(bytes)?;
        self.fed = self.fed.saturating_add(bytes.len() as u64);
        if self.collector.values() > MAX_VALUES {
            return Err(BodyError { what: Malformed::TooManyValues, offset: self.fed });
        }
        Ok(())
    }

    fn parse(&mut self, bytes: &[u8]) -> Result<(), BodyError> {
        let sink = &mut self.collector;
        match &mut self.parser {
            Parser::Json(it) => it.feed(bytes, sink),
            Parser::Jsonl(it) => it.feed(bytes, sink),
            Parser::Multipart(it) => it.feed(bytes, sink),
            Parser::Form(it) => it.feed(bytes, sink),
            Parser::Plain(it) => it.feed(bytes, sink),
            Parser::Refused(error) => Err(*error),
        }
    }

    fn finish(&mut self) -> Result<(), BodyError> {
        let sink = &mut self.collector;
        match &mut self.parser {
            Parser::Json(it) => it.finish(sink),
            Parser::Jsonl(it) => it.finish(sink),
            Parser::Multipart(it) => it.finish(sink),
            Parser::Form(it) => it.finish(sink),
            Parser::Plain(it) => it.finish(sink),
            Parser::Refused(error) => Err(*error),
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Encoding {
    Identity,
    Gzip,
}

/// RFC 9110 §8.4: a list of codings in the order they were applied. More than one is not read.
fn encoding(head: &RequestHead) -> Result<Encoding, Unreadable> {
    let value = head.only("content-encoding").map_err(|_| Unreadable::ContentEncoding)?;
    let is = |name: &[u8]| value.is_some_and(|it| it.trim_ascii().eq_ignore_ascii_case(name));
    if value.is_none() || is(b"identity") || is(b"") {
        Ok(Encoding::Identity)
    } else if is(b"gzip") || is(b"x-gzip") {
        Ok(Encoding::Gzip)
    } else {
        Err(Unreadable::ContentEncoding)
    }
}

/// RFC 9110 §8.6. Envoy holds clients to it, on HTTP/2 as well.
fn content_length(head: &RequestHead) -> Option<u64> {
    std::str::from_utf8(head.only("content-length").ok()??).ok()?.parse().ok()
}
