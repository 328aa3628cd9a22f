//! Answers that a test has written: given bytes, of a given content type, each piece at a given time.
//!
//! A request asks for one by `x-test-recording: NAME`, on any path, so that it is any operation. What the
//! test is to compare with is what was really sent when: [`Played`].

use super::received::locked;
use super::{Service, Speech, take};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use http::{HeaderValue, StatusCode, header};
use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// An answer: what, and when.
#[derive(Debug, Clone)]
pub struct Recording {
    /// Its `content-type`; none, if it is empty.
    pub content_type: String,
    /// Its body.
    pub pieces: Vec<Piece>,
    /// Whether the connection breaks behind the last piece.
    pub breaks_off: bool,
}

/// A part of a body, written at once.
#[derive(Debug, Clone)]
pub struct Piece {
    /// When it is sent, since the request came with its whole body; the answer's head goes at once.
    pub at: Duration,
    /// What is sent.
    pub bytes: Bytes,
}

/// When each piece of an answer was handed to the connection: never before its time, but late on a busy
/// machine.
#[derive(Debug, Clone)]
pub struct Played {
    /// When the request had come.
    pub begun: Instant,
    /// When each piece went, in order.
    pub pieces: Vec<Instant>,
}

/// The recordings of a service, and how they were last played.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    recordings: Mutex<HashMap<String, Arc<Recording>>>,
    played: Arc<Mutex<HashMap<String, Played>>>,
}

/// Answers by a recording, if one is asked for.
pub(super) async fn play_if_asked(
    State(service): State<Arc<Service>>,
    request: Request,
    next: Next,
) -> Response {
    let Some(name) = request.headers().get("x-test-recording") else {
        return next.run(request).await;
    };
    let name = String::from_utf8_lossy(name.as_bytes()).into_owned();
    if let Err(refusal) = take::drain(request.into_body()).await {
        return refusal.into_response();
    }
    service.shelf.play(name).unwrap_or_else(|| StatusCode::NOT_FOUND.into_response())
}

// === impl Recording ===

impl Recording {
    /// A body that is whole at once.
    pub fn at_once(content_type: &str, bytes: impl Into<Bytes>) -> Self {
        Self::new(content_type, [(Duration::ZERO, bytes.into())])
    }

    /// A body in pieces, each at its time.
    pub fn new(content_type: &str, pieces: impl IntoIterator<Item = (Duration, Bytes)>) -> Self {
        let pieces = pieces.into_iter().map(|(at, bytes)| Piece { at, bytes }).collect();
        Self { content_type: content_type.to_owned(), pieces, breaks_off: false }
    }

    /// The same, but the connection breaks at its end.
    #[must_use]
    pub fn broken_off(mut self) -> Self {
        self.breaks_off = true;
        self
    }

    /// The whole body.
    pub fn body(&self) -> Vec<u8> {
        self.pieces.iter().flat_map(|piece| piece.bytes.iter().copied()).collect()
    }
}

// === impl Speech ===

impl Speech {
    /// Answers requests with `x-test-recording: NAME` so from now on.
    pub fn record(&self, name: &str, recording: Recording) {
        locked(&self.service.shelf.recordings).insert(name.to_owned(), Arc::new(recording));
    }

    /// How the recording of this name was last played, as far as it was.
    pub fn played(&self, name: &str) -> Option<Played> {
        locked(&self.service.shelf.played).get(name).cloned()
    }
}

// === impl Shelf ===

impl Shelf {
    fn play(&self, name: String) -> Option<Response> {
        let recording = Arc::clone(locked(&self.recordings).get(&name)?);
        let content_type = HeaderValue::from_str(&recording.content_type).ok()?;
        let begun = Instant::now();
        locked(&self.played).insert(name.clone(), Played { begun, pieces: Vec::new() });
        let played = Arc::clone(&self.played);
        let has_type = !content_type.is_empty();
        let numbers = 0..recording.pieces.len() + usize::from(recording.breaks_off);
        let body = stream::iter(numbers).then(move |number| {
            let (recording, played, name) =
                (Arc::clone(&recording), Arc::clone(&played), name.clone());
            async move {
                let Some(piece) = recording.pieces.get(number) else {
                    // hyper drops what it has not written yet when a body fails.
                    tokio::time::sleep(Duration::from_millis(20)).await;
                    return Err(std::io::Error::other("broken off as the test asked"));
                };
                tokio::time::sleep_until((begun + piece.at).into()).await;
                if let Some(played) = locked(&played).get_mut(&name) {
                    played.pieces.push(Instant::now());
                }
                Ok(piece.bytes.clone())
            }
        });
        let mut response = Body::from_stream(body).into_response();
        if has_type {
            response.headers_mut().insert(header::CONTENT_TYPE, content_type);
        }
        Some(response)
    }
}

#[cfg(test)]
mod tests;
