//! The body of a request between its client, the filter and the upstream, as Envoy's filter manager
//! and its Wasm filter move it.

use crate::callbacks;
use crate::state::{self, StreamPhase, StreamState};
use crate::stream::Reply;

/// Envoy's default `per_connection_buffer_limit_bytes`.
pub(crate) const DEFAULT_LIMIT: usize = 1024 * 1024;

/// Where the bytes of one body are.
#[derive(Debug, Default)]
pub(crate) struct Body {
    /// The chunk whose callback runs.
    pub chunk: Option<Vec<u8>>,
    /// What is held.
    buffer: Vec<u8>,
    /// The last chunk was answered with Pause: the next is put into the buffer before the filter
    /// is asked, and the filter reads the buffer, outside of a callback too.
    buffering: bool,
    /// The filter stopped the chain.
    pub stopped: bool,
    /// The most bytes that can be held.
    limit: usize,
    /// They were more: Envoy's 413 is on its way, whatever the filter says.
    pub is_too_large: bool,
    upstream: Vec<u8>,
}

// === impl Body ===

impl Body {
    pub fn new(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    /// What the filter can read now; without a body that is nothing, and no error.
    pub fn readable(&self) -> &[u8] {
        match &self.chunk {
            _ if self.buffering => &self.buffer,
            Some(chunk) => chunk,
            None => &[],
        }
    }

    /// What the filter can change now: the same. Without a chunk or a buffer there is nothing.
    fn changeable(&mut self) -> Option<&mut Vec<u8>> {
        match &mut self.chunk {
            _ if self.buffering => Some(&mut self.buffer),
            chunk => chunk.as_mut(),
        }
    }

    /// The filter changes it as Envoy's `Buffer::copyFrom` lets it: bytes are dropped and put at the
    /// front, or put at the end; whether that can be.
    pub fn change(&mut self, start: usize, length: usize, bytes: &[u8]) -> bool {
        let (is_buffering, limit) = (self.buffering, self.limit);
        let Some(body) = self.changeable() else { return false };
        if start == 0 {
            body.splice(..length.min(body.len()), bytes.iter().copied());
        } else if start >= body.len() {
            body.extend_from_slice(bytes);
        } else {
            return false;
        }
        // Envoy answers when the callback is over (`prepareLocalReplyViaFilterChain`), but to a change
        // in a callback of the root context at once, within the call out of the VM (seen on 1.40.0).
        self.is_too_large |= is_buffering && body.len() > limit;
        true
    }

    /// What went on so far.
    pub fn upstream(&self) -> &[u8] {
        &self.upstream
    }

    /// The chain goes on, with all that was held.
    pub fn flush(&mut self) {
        self.stopped = false;
        self.upstream.append(&mut self.buffer);
    }

    /// The size that the filter is told.
    fn begin(&mut self, mut chunk: Vec<u8>) -> usize {
        if self.buffering {
            self.hold(&mut chunk);
        }
        self.chunk = Some(chunk);
        self.readable().len()
    }

    /// Bytes that are lost.
    fn finish(&mut self, goes_on: bool) -> usize {
        let mut chunk = self.chunk.take().unwrap_or_default();
        self.buffering = !goes_on;
        if !goes_on {
            self.hold(&mut chunk);
            self.stopped = true;
        } else if self.stopped {
            self.buffer.append(&mut chunk);
            self.flush();
        } else {
            self.upstream.append(&mut chunk);
            return std::mem::take(&mut self.buffer).len();
        }
        0
    }

    fn hold(&mut self, chunk: &mut Vec<u8>) {
        self.buffer.append(chunk);
        self.is_too_large |= self.buffer.len() > self.limit;
    }
}

// === impl StreamState ===

impl StreamState {
    /// The filter said Continue.
    pub(crate) fn goes_on(&mut self) {
        if self.phase == StreamPhase::Held {
            self.phase = StreamPhase::Continued;
            // Stricter than Envoy, where they can be read on, and changed to no effect.
            self.request_open = false;
        }
    }
}

/// A chunk arrives; whether the filter let it go on.
pub(crate) fn deliver(context: u32, chunk: &[u8], end_of_stream: bool) -> bool {
    let size = state::with(|state| state.stream(context).body.begin(chunk.to_vec()));
    let goes_on = callbacks::request_body(context, size, end_of_stream);
    let is_too_large = state::with(|state| {
        let stream = state.stream(context);
        // Envoy's answer to a body that was too large before the filter was asked, or that the filter
        // made too large, comes before the filter's, and nothing goes on.
        if stream.body.is_too_large || stream.phase == StreamPhase::Replied {
            stream.body.chunk = None;
            return stream.body.is_too_large;
        }
        let lost = stream.body.finish(goes_on);
        let is_too_large = stream.body.is_too_large;
        if goes_on {
            stream.goes_on();
        }
        if lost > 0 {
            state.violation(format!("lost {lost} bytes of a body to envoy#46841"));
        }
        is_too_large
    });
    if is_too_large {
        too_large(context);
    }
    goes_on
}

pub(crate) fn too_large(context: u32) {
    let reply = Reply::of_envoy(413, "Payload Too Large");
    state::with(|state| {
        let stream = state.stream(context);
        stream.phase = StreamPhase::Replied;
        stream.request_open = false;
        stream.answered = true;
        stream.reply = Some(reply.clone());
        stream.response.details = Some("request_payload_too_large".into());
    });
    callbacks::local_reply(context, &reply);
}
