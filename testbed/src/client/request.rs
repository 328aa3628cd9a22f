//! A request as a test writes it.

use super::payload::{Content, Payload};
use super::{Client, ClientError, Response, Streaming, Upgrade, within};
use bytes::Bytes;
use http::{HeaderName, HeaderValue};
use std::time::{Duration, Instant};

/// How long an answer may take unless a test says otherwise.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A request; every method adds to it, [`Request::send`] sends it.
#[derive(Debug, Clone)]
#[must_use]
pub struct Request {
    pub(super) client: Client,
    method: String,
    pub(super) path: String,
    authority: String,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    payload: Payload,
    pub(super) timeout: Duration,
}

// === impl Request ===

impl Request {
    pub(super) fn new(client: Client, method: &str, path: &str) -> Self {
        Self {
            client,
            method: method.to_owned(),
            path: path.to_owned(),
            authority: "speech.test".to_owned(),
            headers: Vec::new(),
            payload: Payload::default(),
            timeout: TIMEOUT,
        }
    }

    /// Adds a header; a name may be repeated, a value may hold any byte that HTTP allows.
    ///
    /// # Panics
    /// When HTTP forbids it (see [`super::raw`]).
    pub fn header(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.headers.push(field(name, value.as_ref()));
        self
    }

    /// Adds a trailer, a header after the body. HTTP/2 only: HTTP/1.1 would leave it out.
    ///
    /// # Panics
    /// As [`Request::header`].
    pub fn trailer(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        let (name, value) = field(name, value.as_ref());
        self.payload.trailers.get_or_insert_default().append(name, value);
        self
    }

    /// Adds `authorization: Bearer TOKEN`.
    pub fn bearer(self, token: impl AsRef<[u8]>) -> Self {
        self.header("authorization", [b"Bearer ", token.as_ref()].concat())
    }

    /// Sets the `host` of HTTP/1.1, the `:authority` of HTTP/2.
    pub fn authority(mut self, authority: &str) -> Self {
        authority.clone_into(&mut self.authority);
        self
    }

    /// Sets the body.
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.payload.content = Content::Whole(body.into());
        self
    }

    /// Sets a body that is sent in these pieces, with a pause before each. No `content-length` says
    /// how long it is, unless one is set as a header.
    pub fn pieces(
        mut self,
        pieces: impl IntoIterator<Item = impl Into<Bytes>>,
        pause: Duration,
    ) -> Self {
        let pieces = pieces.into_iter().map(Into::into).collect();
        self.payload.content = Content::Pieces { pieces, pause };
        self
    }

    /// Sets the body and says that it is JSON.
    pub fn json(self, body: &serde_json::Value) -> Self {
        self.header("content-type", "application/json").body(body.to_string())
    }

    /// Bounds the wait for the whole answer, of a stream or a WebSocket that for its next part;
    /// 30 s otherwise.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sends it and reads the whole response.
    ///
    /// # Errors
    /// When no whole response comes in time. A status is no error.
    pub async fn send(self) -> Result<Response, ClientError> {
        let timeout = self.timeout;
        let response = async { self.stream().await?.collect().await };
        within(timeout, response).await?
    }

    /// Sends it and gives the response once its headers are there. Dropping it before its end
    /// goes away from the server, as a listener who hangs up does.
    ///
    /// # Errors
    /// When no response begins in time.
    pub async fn stream(self) -> Result<Streaming, ClientError> {
        let timeout = self.timeout;
        let uri = format!("http://{}{}", self.authority, self.path);
        let version =
            if self.client.http2 { http::Version::HTTP_2 } else { http::Version::HTTP_11 };
        let mut request = http::Request::builder()
            .method(self.method.as_str())
            .uri(uri)
            .version(version)
            .body(self.payload.into_body())?;
        for (name, value) in self.headers {
            request.headers_mut().append(name, value);
        }
        let sent = Instant::now();
        let response = within(timeout, self.client.pool.request(request)).await??;
        Ok(Streaming::new(response, sent, timeout))
    }

    /// Asks for a WebSocket with these headers.
    ///
    /// # Errors
    /// When there is no answer; a refusal is no error but [`Upgrade::Refused`].
    pub async fn websocket(self) -> Result<Upgrade, ClientError> {
        super::websocket::open(self).await
    }

    pub(super) fn websocket_uri(&self) -> String {
        format!("ws://{}{}", self.authority, self.path)
    }
}

fn field(name: &str, value: &[u8]) -> (HeaderName, HeaderValue) {
    let parsed = HeaderName::from_bytes(name.as_bytes());
    let name = parsed.unwrap_or_else(|error| panic!("header {name:?}: {error}"));
    let value =
        HeaderValue::from_bytes(value).unwrap_or_else(|error| panic!("value of {name}: {error}"));
    (name, value)
}
