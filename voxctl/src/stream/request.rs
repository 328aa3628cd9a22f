//! What is asked for.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use http::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri};

/// The address of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamUrl(Uri);

/// A request header, as `name: value`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header(HeaderName, HeaderValue);

/// The same request for each address.
#[derive(Clone, Debug)]
pub struct Ask {
    method: Method,
    headers: HeaderMap,
    body: Vec<u8>,
}

/// Not the address of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadUrl {
    /// Of another shape.
    #[error("write http://HOST:PORT/PATH or https://HOST/PATH")]
    Shape,
    /// Whoever sees the process list would see it.
    #[error("leave out user and password; a token comes from --token-file")]
    Password,
}

/// Not a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write 'name: value'")]
pub struct BadHeader;

/// A token with characters that no header may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no bearer token: it is empty, or has characters that none has")]
pub struct BadToken;

// === impl StreamUrl ===

impl StreamUrl {
    pub(super) fn uri(&self) -> &Uri {
        &self.0
    }

    /// Whether whoever is on the way to it can read the request.
    pub fn exposes_requests(&self) -> bool {
        self.0.scheme_str() != Some("https") && !self.is_loopback()
    }

    /// Whether it is of this machine.
    pub fn is_loopback(&self) -> bool {
        let host = self.0.host().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|it| it.is_loopback())
    }
}

impl FromStr for StreamUrl {
    type Err = BadUrl;

    fn from_str(text: &str) -> Result<Self, BadUrl> {
        let uri: Uri = text.parse().map_err(|_| BadUrl::Shape)?;
        let (scheme, authority) = uri.scheme_str().zip(uri.authority()).ok_or(BadUrl::Shape)?;
        if !matches!(scheme, "http" | "https") {
            return Err(BadUrl::Shape);
        }
        if authority.as_str().contains('@') {
            return Err(BadUrl::Password);
        }
        Ok(Self(uri))
    }
}

/// Without its query, which may have a key in it.
impl fmt::Display for StreamUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = self.0.scheme_str().unwrap_or_default();
        let authority = self.0.authority().map_or("", |it| it.as_str());
        write!(f, "{scheme}://{authority}{}", self.0.path())
    }
}

// === impl Header ===

impl FromStr for Header {
    type Err = BadHeader;

    fn from_str(text: &str) -> Result<Self, BadHeader> {
        let (name, value) = text.split_once(':').ok_or(BadHeader)?;
        let name = name.trim().parse().map_err(|_| BadHeader)?;
        Ok(Self(name, value.trim().parse().map_err(|_| BadHeader)?))
    }
}

// === impl Ask ===

impl Ask {
    /// A request with this body; without `method`, `GET` if the body is empty, else `POST`. A body is
    /// JSON if `headers` do not say otherwise.
    pub fn new(method: Option<Method>, headers: &[Header], body: Option<Vec<u8>>) -> Self {
        let method = method.unwrap_or(if body.is_some() { Method::POST } else { Method::GET });
        let mut map = HeaderMap::new();
        for Header(name, value) in headers {
            map.append(name, value.clone());
        }
        let mut default = |name, value| {
            map.entry(name).or_insert(HeaderValue::from_static(value));
        };
        default(ACCEPT, "*/*");
        // What is compressed cannot be measured.
        default(ACCEPT_ENCODING, "identity");
        if body.is_some() {
            default(CONTENT_TYPE, "application/json");
        }
        Self { method, headers: map, body: body.unwrap_or_default() }
    }

    /// With this token instead of any other.
    ///
    /// # Errors
    /// It has characters that no token has.
    pub fn with_token(mut self, token: &str) -> Result<Self, BadToken> {
        let token = token.trim();
        // RFC 6750 §2.1: b64token.
        let is_sound = |it: u8| it.is_ascii_alphanumeric() || b"-._~+/=".contains(&it);
        if token.is_empty() || !token.bytes().all(is_sound) {
            return Err(BadToken);
        }
        let mut value = HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| BadToken)?;
        value.set_sensitive(true);
        self.headers.insert(AUTHORIZATION, value);
        Ok(self)
    }

    /// Whether there is something in it that others may not read.
    pub fn has_token(&self) -> bool {
        self.headers.contains_key(AUTHORIZATION)
    }

    pub(super) fn to(&self, url: &StreamUrl) -> http::Request<&[u8]> {
        let mut request = http::Request::new(self.body.as_slice());
        request.method_mut().clone_from(&self.method);
        request.uri_mut().clone_from(url.uri());
        request.headers_mut().clone_from(&self.headers);
        request
    }
}
