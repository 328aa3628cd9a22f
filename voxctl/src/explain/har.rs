//! Requests of an HTTP archive, as browsers and proxies save them (HAR 1.2).

mod post_data;
#[cfg(test)]
mod tests;

use serde::Deserialize;

use super::{Header, Request, RequestBody};
use post_data::PostData;

/// Why a file is no HTTP archive.
#[derive(Debug, thiserror::Error)]
pub enum HarError {
    /// Not the shape of one.
    #[error("not an HTTP archive (HAR): {0}")]
    NotHar(#[from] serde_json::Error),
    /// Nothing to explain.
    #[error("the archive has no requests")]
    NoRequests,
    /// An encoding of the body that is not known.
    #[error("log.entries[{entry}]: the encoding of `postData` is neither absent nor `base64`")]
    Encoding {
        /// Which, from 0.
        entry: usize,
    },
    /// A body that is not in the encoding it is said to be in.
    #[error("log.entries[{entry}]: the text of `postData` is not base64: {error}")]
    Base64 {
        /// Which, from 0.
        entry: usize,
        /// Why.
        error: base64::DecodeError,
    },
}

#[derive(Deserialize)]
struct Har {
    log: Log,
}

#[derive(Deserialize)]
struct Log {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    request: HarRequest,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HarRequest {
    method: String,
    url: String,
    #[serde(default)]
    headers: Vec<HarHeader>,
    post_data: Option<PostData>,
    /// In bytes; -1 if it is not known.
    body_size: Option<i64>,
}

#[derive(Deserialize)]
struct HarHeader {
    name: String,
    value: String,
}

/// The archive's requests, in order.
///
/// # Errors
/// [`HarError`].
pub fn from_har(text: &str) -> Result<Vec<Request>, HarError> {
    let har: Har = serde_json::from_str(text)?;
    if har.log.entries.is_empty() {
        return Err(HarError::NoRequests);
    }
    har.log.entries.into_iter().enumerate().map(|(i, it)| request(it.request, i)).collect()
}

fn request(har: HarRequest, entry: usize) -> Result<Request, HarError> {
    let headers = har.headers.iter();
    // Browsers list HTTP/2's pseudo-headers, too; method and URL say the same.
    let headers = headers.filter(|it| !it.name.starts_with(':'));
    let mut headers: Vec<Header> =
        headers.map(|it| Header::new(&it.name, it.value.as_bytes())).collect();
    let body = match &har.post_data {
        Some(data) => data.body(&mut headers, entry)?,
        // Browsers leave out bodies that they streamed or did not keep.
        None if har.body_size.is_some_and(|it| it > 0) => RequestBody::NotGiven,
        None => match headers.iter().any(|it| it.name == "content-type") {
            true => RequestBody::of_head_only(&headers),
            false => RequestBody::Absent,
        },
    };
    if body.bytes().is_some() {
        // They are of the body on the wire; the archive's can differ in chunks and charset.
        headers.retain(|it| it.name != "content-length" && it.name != "transfer-encoding");
    }
    Ok(Request::new(&har.method, &har.url, headers, body))
}
