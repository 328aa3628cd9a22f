//! A request to explain, in the form in which Envoy hands it to a filter.

use std::str::FromStr;

use http::Uri;
use voxgate_policy::decide::Body;
use voxgate_policy::request::RequestHead;

use super::RequestBody;

/// A request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The head: pseudo-headers first, names in lower case.
    pub head: RequestHead,
    /// The body.
    pub body: RequestBody,
}

/// `NAME: VALUE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// The name, in lower case.
    pub name: String,
    /// The value, without space around it.
    pub value: Vec<u8>,
}

/// Why a header is not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// No colon.
    #[error("write 'NAME: VALUE'")]
    NoColon,
    /// Not a name (RFC 9110 §5.1).
    #[error("`{0}` is not a header name")]
    Name(String),
}

impl FromStr for Header {
    type Err = HeaderError;

    fn from_str(text: &str) -> Result<Self, HeaderError> {
        let (name, value) = text.split_once(':').ok_or(HeaderError::NoColon)?;
        match http::HeaderName::from_bytes(name.as_bytes()) {
            Ok(name) => Ok(Self::new(name.as_str(), value.trim().as_bytes())),
            Err(_) => Err(HeaderError::Name(name.to_owned())),
        }
    }
}

impl Header {
    /// A header of these.
    pub fn new(name: &str, value: &[u8]) -> Self {
        Self { name: name.to_ascii_lowercase(), value: value.to_vec() }
    }
}

impl Request {
    /// A request of these. `target` is as in a request line: a path with its query, or a URL, of
    /// which only the path counts; nothing is normalised, because the policy must see what came. A
    /// body whose length no header tells gets a `content-length`, as clients send it.
    pub fn new(method: &str, target: &str, headers: Vec<Header>, body: RequestBody) -> Self {
        let (authority, path) = split_target(target);
        let host = headers.iter().position(|it| it.name == "host");
        let mut headers = headers;
        let tells_length =
            |it: &Header| matches!(it.name.as_str(), "content-length" | "transfer-encoding");
        if let Some(bytes) = body.bytes()
            && !headers.iter().any(tells_length)
        {
            headers.push(Header::new("content-length", bytes.len().to_string().as_bytes()));
        }
        // Envoy turns `Host` into `:authority`.
        let host = host.map(|it| headers.remove(it).value);
        let pseudo = [
            (":method", Some(method.as_bytes().to_vec())),
            (":path", Some(path.into_bytes())),
            (":authority", authority.map(String::into_bytes).or(host)),
        ];
        let mut all: Vec<(String, Vec<u8>)> = pseudo
            .into_iter()
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect();
        all.extend(headers.into_iter().map(|it| (it.name, it.value)));
        Self { head: RequestHead::new(all), body }
    }

    /// What a proxy knows of the body when the head has come. An empty body in chunks is none, too,
    /// but that is seen later.
    pub fn announced(&self) -> Body {
        let in_chunks = || self.head.first("transfer-encoding").is_some();
        match &self.body {
            RequestBody::Absent => Body::Absent,
            RequestBody::Given(bytes) if bytes.is_empty() && !in_chunks() => Body::Absent,
            RequestBody::Given(_) | RequestBody::NotGiven => Body::Follows,
        }
    }

    /// Method and path, without the query, which may hold secrets.
    pub fn name(&self) -> String {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        let path = text(self.head.path());
        let path = path.split('?').next().unwrap_or_default();
        format!("{} {path}", text(self.head.method()))
    }
}

fn split_target(target: &str) -> (Option<String>, String) {
    match target.parse::<Uri>() {
        Ok(uri) if uri.scheme().is_some() => (
            uri.authority().map(|it| it.as_str().to_owned()),
            uri.path_and_query().map_or("/", |it| it.as_str()).to_owned(),
        ),
        _ => (None, target.to_owned()),
    }
}
