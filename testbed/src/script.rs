//! A stream that a service sends and a client checks: both make it from the same few words.
//!
//! A client asks for it by the header [`HEADER`], on any path; what is not said is as by default:
//!
//! ```sh
//! curl -H 'x-test-script: {"seed":7,"content":"wav","bytes":40000}' http://127.0.0.1:8080/tts
//! ```

mod content;
mod cuts;

pub use content::Content;
pub use cuts::{Cuts, Piece};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, header};
use serde::{Deserialize, Serialize};

/// The request header with a [`Script`] as JSON.
pub const HEADER: &str = "x-test-script";

/// The trailer with the length of the body.
pub const LENGTH_TRAILER: &str = "x-test-length";

/// What is sent, in which pieces, and how it ends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Script {
    /// Of all that is random in it.
    pub seed: u64,
    /// What is in it.
    pub content: Content,
    /// How long the body is; the content stops there, wherever that is.
    pub bytes: usize,
    /// Flips some bits of the content.
    pub damaged: bool,
    /// A `content-type` that is not the content's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// How it is cut.
    pub cuts: Cuts,
    /// Before some pieces there is a pause, up to so long.
    pub longest_pause_ms: u64,
    /// The status; 204 and 304 have no body.
    pub status: u16,
    /// Says its length by `content-length`.
    pub length_told: bool,
    /// Ends with trailers: [`LENGTH_TRAILER`]; gRPC has them always, and its `grpc-status`, too.
    pub trailers: bool,
    /// How it ends.
    pub ending: Ending,
    /// Where it waits until a test lets it go on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hold: Option<Hold>,
}

/// How a stream ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// As it should.
    #[default]
    Whole,
    /// The service gives it up behind so many bytes: HTTP/1.1 closes the connection, HTTP/2 resets
    /// the stream. If there are fewer, then instead of its end.
    Breaks(usize),
    /// The same by a TCP reset, which takes along what else the connection carries; a WebSocket only
    /// breaks.
    Resets(usize),
}

/// A wait in mid-stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hold {
    /// Before the piece that would go past so many bytes; before the end, if there are fewer.
    pub at: usize,
    /// What [`Speech::release`](crate::speech::Speech::release) is told.
    pub name: String,
}

// === impl Script ===

impl Default for Script {
    /// Ten thousand random bytes in pieces of any size, without a pause.
    fn default() -> Self {
        Self {
            seed: 0,
            content: Content::default(),
            bytes: 10_000,
            damaged: false,
            label: None,
            cuts: Cuts::default(),
            longest_pause_ms: 0,
            status: 200,
            length_told: false,
            trailers: false,
            ending: Ending::default(),
            hold: None,
        }
    }
}

impl Script {
    /// What a request asks for.
    ///
    /// # Errors
    /// When it is no script.
    pub fn of_request(headers: &HeaderMap) -> Result<Option<Self>, serde_json::Error> {
        headers.get(HEADER).map(|script| serde_json::from_slice(script.as_bytes())).transpose()
    }

    /// Itself as the value of [`HEADER`].
    ///
    /// # Panics
    /// Never: it is JSON of ASCII, unless a label or a name is not.
    pub fn to_header(&self) -> String {
        serde_json::to_string(self).expect("a struct of plain members")
    }

    /// Whether its status allows for a body (RFC 9110 §6.4.1).
    pub fn may_have_body(&self) -> bool {
        !matches!(self.status, 204 | 304)
    }

    /// The whole body.
    pub fn body(&self) -> Bytes {
        if !self.may_have_body() {
            return Bytes::new();
        }
        self.content.make(self.seed, self.bytes, self.damaged)
    }

    /// The pieces of a body of this length, in order.
    pub fn pieces(&self, length: usize) -> Vec<Piece> {
        self.cuts.cut(self.seed, length, self.longest_pause_ms)
    }

    /// The headers of its response that say what it is.
    pub fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        let own = self.content.content_type();
        let label = self.label.as_deref().unwrap_or(own);
        if let Ok(label) = HeaderValue::from_str(label) {
            headers.insert(header::CONTENT_TYPE, label);
        }
        if let Some(encoding) = self.content.encoding() {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
        }
        if self.length_told && self.may_have_body() {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(self.body().len()));
        }
        if self.trailers {
            // Without it HTTP/1.1 leaves them out (RFC 9110 §6.6.2).
            headers.insert(header::TRAILER, HeaderValue::from_static(LENGTH_TRAILER));
        }
        headers
    }

    /// The trailers of its response, if it has some.
    pub fn trailers(&self) -> Option<HeaderMap> {
        let mut trailers = HeaderMap::new();
        if self.trailers {
            let length = HeaderValue::from(self.body().len());
            trailers.insert(HeaderName::from_static(LENGTH_TRAILER), length);
        }
        if self.content == Content::Grpc {
            trailers.insert("grpc-status", HeaderValue::from_static("0"));
        }
        Some(trailers).filter(|trailers| !trailers.is_empty())
    }
}

#[cfg(test)]
mod tests;
