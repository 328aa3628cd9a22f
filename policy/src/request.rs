//! What a client sent, before any of its body.

/// The head of a request: pseudo-headers and headers, as bytes.
///
/// Names are lower case, as HTTP/2 sends and Envoy stores them; values are whatever bytes came,
/// UTF-8 or not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RequestHead {
    headers: Vec<(String, Vec<u8>)>,
}

/// A header that may stand once at most stood more often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Repeated;

/// A `content-type` that stands more than once, or that is no media type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AmbiguousMediaType;

impl RequestHead {
    /// A head of these headers, pseudo-headers (`:method`, `:path`) included, names in lower case.
    pub fn new(headers: Vec<(String, Vec<u8>)>) -> Self {
        Self { headers }
    }

    /// Whether there is nothing at all. A request always has `:method` and `:path`, so the proxy
    /// would not hand its headers out.
    pub fn is_empty(&self) -> bool {
        self.headers.is_empty()
    }

    /// `:method`, empty if there is none.
    pub fn method(&self) -> &[u8] {
        self.first(":method").unwrap_or_default()
    }

    /// `:path` with its query, empty if there is none.
    pub fn path(&self) -> &[u8] {
        self.first(":path").unwrap_or_default()
    }

    /// The first value of a header.
    pub fn first(&self, name: &str) -> Option<&[u8]> {
        self.values(name).next()
    }

    /// All values of a header, in order.
    pub fn values<'a, 'n>(&'a self, name: &'n str) -> impl Iterator<Item = &'a [u8]> + use<'a, 'n> {
        self.headers.iter().filter(move |(key, _)| key == name).map(|(_, value)| value.as_slice())
    }

    /// The value of a header that may stand once at most.
    ///
    /// # Errors
    /// [`Repeated`] if it stands more than once.
    pub fn only(&self, name: &str) -> Result<Option<&[u8]>, Repeated> {
        let mut values = self.values(name);
        let first = values.next();
        match values.next() {
            None => Ok(first),
            Some(_) => Err(Repeated),
        }
    }

    /// All header names, repeated ones as often as they stand.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.headers.iter().map(|(name, _)| name.as_str())
    }

    /// The media type of `content-type` in lower case, without parameters; `None` if there is none.
    ///
    /// # Errors
    /// [`AmbiguousMediaType`], so that no rule on content types can be dodged by one that a server
    /// reads nevertheless.
    pub fn media_type(&self) -> Result<Option<String>, AmbiguousMediaType> {
        let value = self.only("content-type").map_err(|_| AmbiguousMediaType)?.unwrap_or_default();
        let media_type = value.split(|it| *it == b';').next().unwrap_or_default().trim_ascii();
        // Tokens and a slash (RFC 9110 §8.3.1); a comma would be two values joined.
        let is_token = |it: u8| it.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~/".contains(&it);
        if !media_type.iter().copied().all(is_token) {
            return Err(AmbiguousMediaType);
        }
        let media_type = String::from_utf8_lossy(media_type).to_ascii_lowercase();
        Ok(Some(media_type).filter(|it| !it.is_empty()))
    }

    /// The query of `:path`, without its `?`; empty if there is none.
    pub fn query(&self) -> &[u8] {
        let path = self.path().split(|it| *it == b'#').next().unwrap_or_default();
        let mut parts = path.splitn(2, |it| *it == b'?');
        parts.nth(1).unwrap_or_default()
    }

    /// Whether it asks for another protocol (RFC 9110 §7.8) or for a tunnel (§9.3.6): what follows
    /// is no body.
    pub fn is_upgrade(&self) -> bool {
        self.first("upgrade").is_some() || self.method().eq_ignore_ascii_case(b"CONNECT")
    }

    /// Whether a body is announced (RFC 9112 §6.3): by its length, or that it comes in chunks.
    pub fn announces_body(&self) -> bool {
        self.first("content-length").is_some_and(|it| it != b"0")
            || self.first("transfer-encoding").is_some()
    }

    /// Whether this is a CORS preflight (Fetch standard, "CORS-preflight request"): browsers send
    /// it without credentials, so it must pass for any call from a page to work.
    pub fn is_cors_preflight(&self) -> bool {
        self.method() == b"OPTIONS"
            && self.first("origin").is_some()
            && self.first("access-control-request-method").is_some()
    }
}
