//! The body of a request: at once, or piece by piece at a pace.

use bytes::Bytes;
use futures_util::stream;
use http::HeaderMap;
use http_body::Frame;
use http_body_util::{BodyExt, Full, StreamBody};
use std::time::Duration;

/// A body as it is to be sent.
#[derive(Debug, Clone, Default)]
pub(super) struct Payload {
    pub content: Content,
    pub trailers: Option<HeaderMap>,
}

#[derive(Debug, Clone)]
pub(super) enum Content {
    /// Its length is told before.
    Whole(Bytes),
    /// Its length is not told; each piece is a chunk (HTTP/1.1) or a DATA frame (HTTP/2).
    Pieces { pieces: Vec<Bytes>, pause: Duration },
}

// === impl Payload ===

impl Payload {
    pub fn into_body(self) -> super::Body {
        match (self.content, self.trailers) {
            (Content::Whole(bytes), None) => Full::new(bytes).boxed_unsync(),
            (Content::Whole(bytes), Some(trailers)) => with_trailers(Full::new(bytes), trailers),
            (Content::Pieces { pieces, pause }, None) => paced(pieces, pause).boxed_unsync(),
            (Content::Pieces { pieces, pause }, Some(trailers)) => {
                with_trailers(paced(pieces, pause), trailers)
            }
        }
    }
}

impl Default for Content {
    fn default() -> Self {
        Self::Whole(Bytes::new())
    }
}

fn with_trailers<B>(body: B, trailers: HeaderMap) -> super::Body
where
    B: http_body::Body<Data = Bytes, Error = std::convert::Infallible> + Send + 'static,
{
    body.with_trailers(std::future::ready(Some(Ok(trailers)))).boxed_unsync()
}

/// A body without a known length that waits before each piece, and so sends what it has.
fn paced(
    pieces: Vec<Bytes>,
    pause: Duration,
) -> impl http_body::Body<Data = Bytes, Error = std::convert::Infallible> + Send {
    StreamBody::new(stream::unfold(pieces.into_iter(), move |mut pieces| async move {
        let piece = pieces.next()?;
        if !pause.is_zero() {
            tokio::time::sleep(pause).await;
        }
        Some((Ok(Frame::data(piece)), pieces))
    }))
}
