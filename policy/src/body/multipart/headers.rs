//! The headers of a part.

use super::delimiter::Delimiter;
use super::disposition::{Disposition, FileName};
use super::parameters::{self, BadParameter, Parameter};
use crate::body::{BodyError, Malformed};

/// The most headers of a part.
pub const MAX_HEADERS: usize = 16;

/// The most bytes of a part's headers, line breaks included. A name of a file of 255 characters is
/// 2.3 KB when each is escaped.
pub const MAX_HEADER_BYTES: usize = 4096;

/// The headers of one part, line by line.
#[derive(Clone, Debug, Default)]
pub(super) struct PartHeaders {
    line: Vec<u8>,
    bytes: usize,
    count: usize,
    disposition: Option<Disposition>,
    content_type: Option<PartType>,
    length: Option<u64>,
    has_transfer_encoding: bool,
    has_content_encoding: bool,
}

/// What the headers of a part say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PartHead {
    /// Of the field.
    pub(super) name: Vec<u8>,
    pub(super) file: FileName,
    /// Whether the content type is `audio/*`.
    pub(super) is_audio: bool,
    /// What `content-length` says.
    pub(super) length: Option<u64>,
}

#[derive(Clone, Copy, Debug)]
struct PartType {
    is_audio: bool,
    /// Whether all servers read it as text in UTF-8, if no file name says otherwise.
    is_plainly_text: bool,
}

// === impl PartHeaders ===

impl PartHeaders {
    /// Reads headers until the empty line. Returns how many bytes were used, and what the headers
    /// say; without an empty line, all are.
    pub(super) fn feed(
        &mut self,
        bytes: &[u8],
        offset: u64,
        delimiter: &Delimiter,
    ) -> Result<(usize, Option<PartHead>), BodyError> {
        let mut used = 0_usize;
        while let Some(rest) = bytes.get(used..).filter(|it| !it.is_empty()) {
            let line_feed = memchr::memchr(b'\n', rest);
            let end = line_feed.map_or(rest.len(), |it| it.saturating_add(1));
            let room = MAX_HEADER_BYTES.saturating_sub(self.bytes);
            let place = |it: usize| offset.saturating_add(used.saturating_add(it) as u64);
            let error = |what, at| BodyError { what, offset: place(at) };
            if end > room {
                return Err(error(Malformed::PartHeadersTooLong, room));
            }
            self.line.extend_from_slice(rest.get(..end).unwrap_or_default());
            self.bytes = self.bytes.saturating_add(end);
            if line_feed.is_some() {
                let line = std::mem::take(&mut self.line);
                // Servers that look for delimiters first find them in headers as well.
                if delimiter.is_in(&line) {
                    return Err(error(Malformed::Delimiter, end));
                }
                let head = self.end_of_line(&line).map_err(|what| error(what, end))?;
                if head.is_some() {
                    return Ok((used.saturating_add(end), head));
                }
            }
            used = used.saturating_add(end);
        }
        Ok((used, None))
    }

    fn end_of_line(&mut self, line: &[u8]) -> Result<Option<PartHead>, Malformed> {
        let line = line.strip_suffix(b"\r\n").ok_or(Malformed::PartHeader)?;
        if line.is_empty() {
            return std::mem::take(self).finish().map(Some);
        }
        self.count = self.count.saturating_add(1);
        if self.count > MAX_HEADERS {
            return Err(Malformed::PartHeadersTooLong);
        }
        if line.iter().any(|it| it.is_ascii_control() && *it != b'\t') {
            return Err(Malformed::PartHeader);
        }
        let colon = line.iter().position(|it| *it == b':').ok_or(Malformed::PartHeader)?;
        let (name, value) = line.split_at_checked(colon).ok_or(Malformed::PartHeader)?;
        if !parameters::is_token(name) {
            return Err(Malformed::PartHeader);
        }
        let value = parameters::trim(value.strip_prefix(b":").unwrap_or_default());
        self.header(name, value).map(|()| None)
    }

    fn header(&mut self, name: &[u8], value: &[u8]) -> Result<(), Malformed> {
        let is = |other: &[u8]| name.eq_ignore_ascii_case(other);
        let is_repeated = if is(b"content-disposition") {
            let parsed = Disposition::parse(value).map_err(|_| Malformed::Disposition)?;
            self.disposition.replace(parsed).is_some()
        } else if is(b"content-type") {
            let parsed = PartType::parse(value).ok_or(Malformed::PartContentType)?;
            self.content_type.replace(parsed).is_some()
        } else if is(b"content-length") {
            let text = Some(value).filter(|it| it.iter().all(u8::is_ascii_digit));
            let text = text.and_then(|it| std::str::from_utf8(it).ok());
            let length = text.and_then(|it| it.parse().ok()).ok_or(Malformed::PartLength)?;
            self.length.replace(length).is_some()
        } else if is(b"content-transfer-encoding") {
            let is_none = |it: &&[u8]| value.eq_ignore_ascii_case(it);
            if ![b"binary".as_slice(), b"8bit", b"7bit"].iter().any(is_none) {
                return Err(Malformed::PartEncoding);
            }
            std::mem::replace(&mut self.has_transfer_encoding, true)
        } else if is(b"content-encoding") {
            if !value.eq_ignore_ascii_case(b"identity") {
                return Err(Malformed::PartEncoding);
            }
            std::mem::replace(&mut self.has_content_encoding, true)
        } else {
            false
        };
        if is_repeated { Err(Malformed::DuplicatePartHeader) } else { Ok(()) }
    }

    fn finish(self) -> Result<PartHead, Malformed> {
        let Disposition { name, file } = self.disposition.ok_or(Malformed::Disposition)?;
        let is_text = file == FileName::None;
        if is_text && self.content_type.is_some_and(|it| !it.is_plainly_text) {
            return Err(Malformed::PartContentType);
        }
        let is_audio = self.content_type.is_some_and(|it| it.is_audio);
        Ok(PartHead { name, file, is_audio, length: self.length })
    }
}

// === impl PartType ===

impl PartType {
    /// `None` for a part that has parts of its own (RFC 7578 §4.3).
    fn parse(value: &[u8]) -> Option<Self> {
        let (media_type, parameters) = parameters::parse(value);
        let media_type = media_type.to_ascii_lowercase();
        if media_type.starts_with(b"multipart/") || media_type.starts_with(b"message/") {
            return None;
        }
        Some(Self {
            is_audio: media_type.starts_with(b"audio/"),
            // busboy makes a file of any `application/octet-stream`.
            is_plainly_text: media_type != b"application/octet-stream"
                && is_utf8(parameters) == Ok(true),
        })
    }
}

/// Whether no charset is named but UTF-8, or ASCII, which is the same.
fn is_utf8(mut parameters: parameters::Parameters<'_>) -> Result<bool, BadParameter> {
    while let Some(Parameter { name, value }) = parameters.next()? {
        let is = |charset: &[u8]| value.eq_ignore_ascii_case(charset);
        let is_charset = name.to_ascii_lowercase().starts_with(b"charset");
        if is_charset && !(name.len() == 7 && (is(b"utf-8") || is(b"us-ascii"))) {
            return Ok(false);
        }
    }
    Ok(true)
}
