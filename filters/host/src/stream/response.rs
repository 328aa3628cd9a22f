//! What the filter saw of a response.

use proxy_wasm::types::BufferType;

use crate::ResponseFlow;
use crate::body::BodyPart;
use crate::ending::{Progress, is_from_upstream};

/// A response as far as it came.
#[derive(Clone, Copy, Default)]
pub(super) struct ResponseState {
    /// Of an upstream's; of one that is not watched, of anybody's.
    progress: Progress,
    is_watched: bool,
    /// Watched, and its filter says when the parts go on.
    is_shaped: bool,
    /// Of a WebSocket: it ends by being reset, and Envoy drops what it holds of it.
    is_tunnel: bool,
    has_ended: bool,
    /// Bytes of its body.
    came: u64,
}

// === impl ResponseState ===

impl ResponseState {
    /// Its headers are here, and the filter said what it wants of it.
    pub fn begin(flow: ResponseFlow, status: Option<u16>, has_ended: bool) -> Self {
        let is_shaped = flow == ResponseFlow::Shape;
        let is_watched = is_shaped || flow == ResponseFlow::Watch;
        let progress = match is_watched && !is_from_upstream() {
            true => Progress::Nothing,
            false => Progress::Begun,
        };
        Self { progress, is_watched, is_shaped, is_tunnel: status == Some(101), has_ended, came: 0 }
    }

    /// A chunk of `size` bytes passes, or trailers do.
    pub fn pass(self, size: usize, has_ended: bool) -> Self {
        let came = self.came.saturating_add(size as u64);
        Self { came, has_ended: self.has_ended || has_ended, ..self }
    }

    /// Nothing more is wanted of it.
    pub fn end(self) -> Self {
        Self { is_shaped: false, ..self }
    }

    /// The last `size` bytes that came.
    pub fn part(&self, size: usize) -> BodyPart<'static> {
        BodyPart::new(BufferType::HttpResponseBody, 0, size, self.came, self.has_ended)
    }

    pub fn is_shaped(&self) -> bool {
        self.is_shaped
    }

    /// Whether all of it goes on, whatever the filter says of the last part.
    pub fn must_go_on(&self) -> bool {
        self.has_ended || self.is_tunnel || !self.is_shaped
    }

    /// Whether all of it came.
    pub fn has_ended(&self) -> bool {
        self.has_ended
    }

    pub fn is_watched(&self) -> bool {
        self.is_watched
    }

    pub fn progress(&self) -> Progress {
        match self.progress {
            Progress::Begun if self.has_ended => Progress::Whole,
            progress => progress,
        }
    }
}
