//! A response, whole or as it comes.

use super::{ClientError, within};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use http_body::Body as _;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde_json::Value;
use std::time::{Duration, Instant};

/// A whole response.
#[derive(Debug, Clone)]
pub struct Response {
    /// The status.
    pub status: StatusCode,
    /// All headers; repeated ones in order.
    pub headers: HeaderMap,
    /// The body, decoded from chunks.
    pub body: Bytes,
    /// Trailers, where gRPC puts its status.
    pub trailers: HeaderMap,
    /// From the sending to the first byte of the body; to the headers if there is no body.
    pub time_to_first_byte: Duration,
}

/// A response whose body is still coming. The request's timeout bounds each wait for more.
#[derive(Debug)]
pub struct Streaming {
    /// The status.
    pub status: StatusCode,
    /// All headers.
    pub headers: HeaderMap,
    /// Trailers; empty until the body has ended.
    pub trailers: HeaderMap,
    body: Incoming,
    is_http2: bool,
    sent: Instant,
    first_byte: Duration,
    begun: bool,
    timeout: Duration,
}

// === impl Response ===

impl Response {
    /// The value of a header that occurs at most once.
    ///
    /// # Panics
    /// When it is repeated or no text.
    pub fn header(&self, name: &str) -> Option<&str> {
        let values: Vec<_> = self.headers.get_all(name).iter().collect();
        assert!(values.len() <= 1, "{name} is repeated: {values:?}");
        values.first().map(|value| value.to_str().expect("a header of text"))
    }

    /// The body as text; what is no UTF-8 is replaced.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    ///
    /// # Panics
    /// When it is not.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("no JSON ({error}): {:?}", self.text()))
    }

    /// The gRPC status, which stands in the trailers or, if there is no body, in the headers.
    pub fn grpc_status(&self) -> Option<&str> {
        let status = self.trailers.get("grpc-status").or(self.headers.get("grpc-status"));
        status.and_then(|value| value.to_str().ok())
    }
}

// === impl Streaming ===

impl Streaming {
    pub(super) fn new(
        response: http::Response<Incoming>,
        sent: Instant,
        timeout: Duration,
    ) -> Self {
        let (head, body) = response.into_parts();
        Self {
            status: head.status,
            headers: head.headers,
            trailers: HeaderMap::new(),
            body,
            is_http2: head.version == http::Version::HTTP_2,
            sent,
            first_byte: sent.elapsed(),
            begun: false,
            timeout,
        }
    }

    /// The next chunk as it came from the connection; `None` at the end.
    ///
    /// # Errors
    /// When the response breaks off, or nothing comes within the request's timeout.
    pub async fn next(&mut self) -> Result<Option<Bytes>, ClientError> {
        while let Some(frame) = within(self.timeout, self.body.frame()).await? {
            match frame?.into_data() {
                Ok(data) if data.is_empty() => {}
                Ok(data) => {
                    if !self.begun {
                        self.begun = true;
                        self.first_byte = self.sent.elapsed();
                    }
                    return Ok(Some(data));
                }
                Err(frame) => {
                    self.trailers.extend(frame.into_trailers().unwrap_or_default());
                }
            }
        }
        if self.is_http2 && !self.body.is_end_stream() {
            return Err(ClientError::Reset);
        }
        Ok(None)
    }

    /// Reads the rest.
    ///
    /// # Errors
    /// When the response breaks off, or the rest takes longer than the request's timeout.
    pub async fn collect(self) -> Result<Response, ClientError> {
        within(self.timeout, self.rest()).await?
    }

    async fn rest(mut self) -> Result<Response, ClientError> {
        let mut body = Vec::new();
        while let Some(chunk) = self.next().await? {
            body.extend_from_slice(&chunk);
        }
        Ok(Response {
            status: self.status,
            headers: self.headers,
            body: body.into(),
            trailers: self.trailers,
            time_to_first_byte: self.first_byte,
        })
    }
}
