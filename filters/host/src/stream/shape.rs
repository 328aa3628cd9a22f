//! A response whose chunks the filter holds and releases.

use std::cell::Cell;

use proxy_wasm::hostcalls;

use crate::ChunkFlow;

/// The most bytes of a response that are held. An Envoy at the edge is told to buffer no more than
/// 32 KiB of one.
pub const MOST_HELD: usize = 16 * 1024;

/// What is held of a response that is shaped.
#[derive(Default)]
pub(super) struct ShapeState {
    /// Bytes in Envoy's buffer.
    held: Cell<usize>,
    /// The last chunk was answered with Pause and what it stopped was not resumed.
    is_stopped: Cell<bool>,
}

// === impl ShapeState ===

impl ShapeState {
    /// Bytes in Envoy's buffer.
    pub fn held(&self) -> usize {
        self.held.get()
    }

    /// What is answered to a chunk of `size` bytes for which the filter wants `flow`.
    pub fn chunk(&self, size: usize, has_ended: bool, flow: ChunkFlow) -> ChunkFlow {
        let held = self.held.get().saturating_add(size);
        if has_ended || flow == ChunkFlow::Release || held == 0 || held > MOST_HELD {
            self.held.set(0);
            self.is_stopped.set(false);
            return ChunkFlow::Release;
        }
        self.held.set(held);
        self.is_stopped.set(true);
        ChunkFlow::Hold
    }

    /// What is held goes on, between two chunks, with the stream as the effective context.
    pub fn release_between(&self) {
        self.held.set(0);
        if self.is_stopped.replace(false) {
            // Envoy does it when the callback is over. It knows every stream type that the SDK can
            // name, so this is always Ok.
            let _ = hostcalls::resume_http_response();
        }
    }
}
