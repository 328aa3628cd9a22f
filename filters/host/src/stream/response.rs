//! What the filter saw of a response.

use proxy_wasm::types::BufferType;

use crate::ResponseFlow;
use crate::body::BodyPart;

/// A response as far as it came.
#[derive(Clone, Copy, Default)]
pub(super) struct ResponseState {
    pub began: bool,
    pub has_ended: bool,
    pub is_watched: bool,
    /// Bytes of its body.
    came: u64,
}

// === impl ResponseState ===

impl ResponseState {
    pub fn begin(self, has_ended: bool) -> Self {
        Self { began: true, has_ended, ..self }
    }

    pub fn flow(self, flow: ResponseFlow) -> Self {
        Self { is_watched: flow == ResponseFlow::Watch, ..self }
    }

    /// A chunk of `size` bytes passes.
    pub fn pass(self, size: usize, has_ended: bool) -> Self {
        Self { came: self.came.saturating_add(size as u64), has_ended, ..self }
    }

    /// The last `size` bytes that came.
    pub fn part(&self, size: usize) -> BodyPart<'static> {
        BodyPart::new(BufferType::HttpResponseBody, 0, size, self.came, self.has_ended)
    }
}
