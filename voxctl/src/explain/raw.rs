//! A request as HTTP/1.1 sends it (RFC 9112), from a file.

use super::{Header, Request};

/// More headers than this, and Envoy hands a filter none at all.
const MAX_HEADERS: usize = 1024;

/// Why a file is no HTTP/1.1 request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RawError {
    /// What the parser says.
    #[error("not an HTTP/1.1 request: {0}; expected `POST /path HTTP/1.1`, then headers")]
    Http(#[from] httparse::Error),
    /// It ends in the middle of a line.
    #[error("the request ends too early; expected `POST /path HTTP/1.1`, then headers")]
    Incomplete,
}

/// Reads the head of a request; a body is passed over. Lines may end in LF alone, and the empty
/// line at the end may be missing, as editors leave files.
///
/// # Errors
/// [`RawError`].
pub fn from_raw(bytes: &[u8]) -> Result<Request, RawError> {
    match parse(bytes)? {
        Some(request) => Ok(request),
        None => parse(&[bytes.trim_ascii_end(), b"\r\n\r\n"].concat())?.ok_or(RawError::Incomplete),
    }
}

fn parse(bytes: &[u8]) -> Result<Option<Request>, RawError> {
    let mut headers = [httparse::EMPTY_HEADER; MAX_HEADERS];
    let mut request = httparse::Request::new(&mut headers);
    if request.parse(bytes)?.is_partial() {
        return Ok(None);
    }
    let (Some(method), Some(target)) = (request.method, request.path) else {
        return Ok(None);
    };
    let headers = request.headers.iter().map(|it| Header::new(it.name, it.value)).collect();
    Ok(Some(Request::new(method, target, headers)))
}
