//! Requests of an HTTP archive, as browsers and proxies save them (HAR 1.2).

use serde::Deserialize;

use super::{Header, Request};

/// Why a file is no HTTP archive.
#[derive(Debug, thiserror::Error)]
pub enum HarError {
    /// Not the shape of one.
    #[error("not an HTTP archive (HAR): {0}")]
    NotHar(#[from] serde_json::Error),
    /// Nothing to explain.
    #[error("the archive has no requests")]
    NoRequests,
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
struct HarRequest {
    method: String,
    url: String,
    #[serde(default)]
    headers: Vec<HarHeader>,
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
    Ok(har.log.entries.into_iter().map(|it| request(it.request)).collect())
}

fn request(har: HarRequest) -> Request {
    let headers = har.headers.iter();
    // Browsers list HTTP/2's pseudo-headers, too; method and URL say the same.
    let headers = headers.filter(|it| !it.name.starts_with(':'));
    let headers = headers.map(|it| Header::new(&it.name, it.value.as_bytes())).collect();
    Request::new(&har.method, &har.url, headers)
}
