//! A response whose chunks the filter holds and releases.
//!
//! What Envoy does, as measured on 1.36.4, 1.37.0, 1.38.2, 1.39.3 and 1.40.0, which differ only where a
//! row says so. *Pause* is the SDK's (`StopIterationAndBuffer`), *stop* is `StopIterationAndWatermark`,
//! which `xtask/src/hold.wat` makes of it in every module that is shipped: all that is said of a stop
//! holds there only.
//!
//! | what is done | what becomes of it |
//! |---|---|
//! | a chunk is stopped | held, behind what is held; the next callback has the size of its own chunk. (Of Pause: of all that is held.) |
//! | … and the next is continued | both go on at once, as one; and so before the end of the stream, which may be an empty chunk, and before trailers |
//! | a stopped response is resumed in a callback of the root context | what is held goes on when that callback is over; the next chunk passes if it is continued. (After Pause it is lost if it is continued, silently, on 1.36.4, 1.37.0, 1.38.2: envoy#46841.) |
//! | a chunk makes more than Envoy's limit of what is held | nothing more is read of the upstream until it goes on. (After Pause the stream is reset, **before the filter is asked**: with 64 bytes held, a chunk of 100 KB on a listener of 32 KiB, a burst of 4 MB on one of 1 MiB.) |
//! | resumed within the callback of a chunk | done before the answer is looked at: what was held before goes on, this chunk does not |
//! | resumed before the response's headers came | **Envoy dies** (segmentation fault) |
//! | a WebSocket's service closes while something is held | lost: to Envoy it is a reset. The same of any upstream that resets |
//! | resumed, then reset, in a callback of the root context | the client has what was held; HTTP/2 gets RST_STREAM at once (INTERNAL_ERROR; NO_ERROR on 1.36.4), HTTP/1.1 sees its connection close after a second (`delayed_close_timeout`) |
//! | the configuration is replaced while something is held | the timer of the old root context goes on, and resumes |
//! | a filter behind reads the whole body (Lua's `body()`) | it has all of it, once |
//!
//! A response that is stopped cannot be read or changed between two chunks, nor at its trailers: Envoy
//! forgets, or worse, keeps its pointer to the chunk. So a tail that were taken into the VM, to let
//! frames go on whole, would be lost where trailers come next; and nothing can be put into a stream in
//! which nothing comes, as a `: keep-alive`. After Pause both can be done (also in a stream that has
//! gone on: `set_buffer` at the end of the empty buffer, and resume), but see above what it costs.
//!
//! So here: what goes on is answered with Continue and never resumed, a resume comes from the root
//! context and only of what is stopped, and a WebSocket or the last part is never held.

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
    pub fn chunk(&self, size: usize, flow: ChunkFlow) -> ChunkFlow {
        let held = self.held.get().saturating_add(size);
        if flow == ChunkFlow::Release || held == 0 || held > MOST_HELD {
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
