//! A response whose chunks the filter holds and releases.

use std::cell::Cell;

use proxy_wasm::hostcalls;

use crate::ChunkFlow;

/// The most bytes of a response that are kept back in the VM.
pub const MOST_KEPT: usize = 4096;

/// What is held of a response that is shaped.
#[derive(Default)]
pub(super) struct ShapeState {
    /// Bytes in Envoy's buffer.
    held: Cell<usize>,
    /// The last chunk was answered with Pause and not resumed: Envoy's chain stands.
    is_stopped: Cell<bool>,
}

// === impl ShapeState ===

impl ShapeState {
    /// Bytes in Envoy's buffer.
    pub fn held(&self) -> usize {
        self.held.get()
    }

    /// What becomes of a chunk, with which Envoy's buffer has `size` bytes. Whether the answer is
    /// Continue; it never is.
    pub fn chunk(&self, size: usize, has_ended: bool, flow: ChunkFlow) -> bool {
        self.held.set(size);
        self.is_stopped.set(true);
        if has_ended || flow != ChunkFlow::Hold {
            self.release();
        }
        false
    }

    /// Trailers came: all goes on before them.
    pub fn trailers(&self) {
        self.held.set(0);
        self.is_stopped.set(false);
    }

    /// Between two chunks, with the stream as the effective context.
    pub fn due(&self, flow: ChunkFlow) {
        match flow {
            ChunkFlow::Hold => {}
            ChunkFlow::Release { .. } => self.release(),
            ChunkFlow::Inject(_) | ChunkFlow::End(_) => {
                log::error!("nothing can be put into a response");
                self.release();
            }
        }
    }

    fn release(&self) {
        if self.is_stopped.replace(false) {
            self.held.set(0);
            // Envoy does it when the callback is over. It knows every stream type that the SDK can
            // name, so this is always Ok.
            let _ = hostcalls::resume_http_response();
        }
    }
}
