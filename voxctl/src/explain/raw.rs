//! A request as HTTP/1.1 sends it (RFC 9112), from a file.

mod chunked;
#[cfg(test)]
mod tests;

use super::{Header, Request, RequestBody};

pub use chunked::ChunkError;

/// More headers than this, and Envoy hands a filter none at all.
const MAX_HEADERS: usize = 1024;

/// Why a file is no HTTP/1.1 request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RawError {
    /// What the parser says.
    #[error("not an HTTP/1.1 request: {0}; expected `POST /path HTTP/1.1`, then headers")]
    Http(#[from] httparse::Error),
    /// It ends in the middle of a line.
    #[error("the request ends too early; expected `POST /path HTTP/1.1`, then headers")]
    Incomplete,
    /// Not the length of what follows the head.
    #[error(
        "content-length says {said}, and {found} bytes follow the head; correct it, or leave it \
         out for all that follows"
    )]
    Length {
        /// The header.
        said: u64,
        /// What is there.
        found: u64,
    },
    /// Not one number.
    #[error("content-length is not one number")]
    ContentLength,
    /// RFC 9112 §6.1: both lengths. Envoy refuses such a request.
    #[error("both content-length and transfer-encoding; leave one of them out")]
    TwoLengths,
    /// Another one than `chunked` alone.
    #[error("only `transfer-encoding: chunked` is read; save the body without another one")]
    TransferEncoding,
    /// A body that is not in chunks.
    #[error("the chunked body: {0}")]
    Chunks(#[from] ChunkError),
}

/// A head, and where it ends.
struct Head {
    method: String,
    target: String,
    headers: Vec<Header>,
    end: usize,
}

/// Reads a request and its body. Lines of the head may end in LF alone, and the empty line at its
/// end may be missing, as editors leave files. Without `content-length` the body is all that follows
/// but a last line break, which editors add.
///
/// # Errors
/// [`RawError`].
pub fn from_raw(bytes: &[u8]) -> Result<Request, RawError> {
    let (head, rest) = match parse(bytes)? {
        Some(head) => {
            let rest = bytes.get(head.end..).unwrap_or_default();
            (head, rest)
        }
        None => {
            let ended = [bytes.trim_ascii_end(), b"\r\n\r\n"].concat();
            (parse(&ended)?.ok_or(RawError::Incomplete)?, &[][..])
        }
    };
    let body = body(&head.headers, rest)?;
    Ok(Request::new(&head.method, &head.target, head.headers, body))
}

fn parse(bytes: &[u8]) -> Result<Option<Head>, RawError> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    let httparse::Status::Complete(end) = request.parse(bytes)? else { return Ok(None) };
    let (Some(method), Some(target)) = (request.method, request.path) else {
        return Ok(None);
    };
    let headers = request.headers.iter().map(|it| Header::new(it.name, it.value)).collect();
    Ok(Some(Head { method: method.to_owned(), target: target.to_owned(), headers, end }))
}

/// The body in the bytes after a head, by RFC 9112 §6.3.
fn body(headers: &[Header], rest: &[u8]) -> Result<RequestBody, RawError> {
    let values = |name: &str| -> Vec<&[u8]> {
        headers.iter().filter(|it| it.name == name).map(|it| it.value.as_slice()).collect()
    };
    // The file can be a head alone, as a log or a browser shows it.
    let is_head_only = rest.trim_ascii().is_empty();
    match (values("transfer-encoding").as_slice(), values("content-length").as_slice()) {
        ([], []) if is_head_only => Ok(match values("content-type").is_empty() {
            true => RequestBody::Absent,
            false => RequestBody::NotGiven,
        }),
        ([], []) => Ok(RequestBody::Given(without_last_break(rest).to_vec())),
        ([], [length]) => of_length(length, rest, is_head_only),
        ([], _) => Err(RawError::ContentLength),
        (_, [_, ..]) => Err(RawError::TwoLengths),
        ([coding], []) if coding.eq_ignore_ascii_case(b"chunked") => match is_head_only {
            true => Ok(RequestBody::NotGiven),
            false => Ok(RequestBody::Given(chunked::decode(rest)?)),
        },
        _ => Err(RawError::TransferEncoding),
    }
}

fn of_length(length: &[u8], rest: &[u8], is_head_only: bool) -> Result<RequestBody, RawError> {
    let said: u64 = std::str::from_utf8(length)
        .ok()
        .and_then(|it| it.parse().ok())
        .ok_or(RawError::ContentLength)?;
    let body = usize::try_from(said).ok().and_then(|it| rest.split_at_checked(it));
    match body {
        _ if said == 0 && is_head_only => Ok(RequestBody::Absent),
        Some((body, after)) if after.trim_ascii().is_empty() => {
            Ok(RequestBody::Given(body.to_vec()))
        }
        None if is_head_only => Ok(RequestBody::NotGiven),
        _ => Err(RawError::Length { said, found: rest.len() as u64 }),
    }
}

fn without_last_break(text: &[u8]) -> &[u8] {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    text.strip_suffix(b"\r").unwrap_or(text)
}
