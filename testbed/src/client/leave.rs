//! Clients that go away before they have their answer.
//!
//! What that looks like to the server is the protocol's: HTTP/1.1 closes the connection, HTTP/2
//! cancels the stream (`RST_STREAM`) and keeps the connection as long as the client lives.

use super::{ClientError, Request};
use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use std::time::Duration;

/// When a client goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Leave {
    /// So long after it began to ask, if no answer has begun by then.
    BeforeHeaders(Duration),
    /// As soon as the answer's headers are there.
    AfterHeaders,
    /// As soon as so many bytes of the answer's body are there.
    AfterBytes(usize),
}

/// What a client had of its answer when it went, after the headers.
#[derive(Debug, Clone)]
pub struct Left {
    /// The status.
    pub status: StatusCode,
    /// All headers.
    pub headers: HeaderMap,
    /// What came of the body, at least as much as was waited for.
    pub body: Bytes,
}

// === impl Request ===

impl Request {
    /// Sends it and goes away at `moment`; what was seen by then, `None` before the headers.
    ///
    /// # Errors
    /// [`ClientError::Stayed`] when the answer began, or ended, before that moment; as
    /// [`Request::stream`].
    pub async fn leave(self, moment: Leave) -> Result<Option<Left>, ClientError> {
        let bytes = match moment {
            Leave::BeforeHeaders(after) => {
                self.leave_when(tokio::time::sleep(after)).await?;
                return Ok(None);
            }
            Leave::AfterHeaders => 0,
            Leave::AfterBytes(bytes) => bytes,
        };
        let mut streaming = self.stream().await?;
        let mut body = Vec::new();
        while body.len() < bytes {
            match streaming.next().await? {
                Some(chunk) => body.extend_from_slice(&chunk),
                None => return Err(ClientError::Stayed { status: streaming.status }),
            }
        }
        let (status, headers) = (streaming.status, streaming.headers.clone());
        Ok(Some(Left { status, headers, body: body.into() }))
    }

    /// Sends it and goes away when `moment` is done, as when the service has the request; before
    /// the answer's headers.
    ///
    /// # Errors
    /// As [`Request::leave`].
    pub async fn leave_when(self, moment: impl Future) -> Result<(), ClientError> {
        tokio::select! {
            answer = self.stream() => Err(ClientError::Stayed { status: answer?.status }),
            _ = moment => Ok(()),
        }
    }
}
