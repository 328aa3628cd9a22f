//! The response between its upstream, the filter and the client, as Envoy's filter manager and its Wasm
//! filter move it.
//!
//! To Envoy a filter's Pause is `StopIterationAndWatermark`, as the modules in `dist/` say it: the next
//! chunk comes alone, whatever is held, and Continue lets all go.

use crate::callbacks;
use crate::state::{self, Headers};

/// Where the bytes of one response are.
#[derive(Default)]
pub(crate) struct Response {
    /// Its headers, while their callback runs.
    pub headers: Option<Headers>,
    /// Its headers as the client sees them.
    pub changes: Headers,
    /// The chunk whose callback runs.
    pub chunk: Option<Vec<u8>>,
    /// Its trailers, while their callback runs.
    pub trailers: Option<Headers>,
    /// Its trailers as the client sees them.
    pub sent_trailers: Option<Headers>,
    /// What the client has of the body.
    pub downstream: Vec<u8>,
    /// How many bytes went on at a time.
    pub writes: Vec<usize>,
    /// What is held.
    pub buffer: Vec<u8>,
    /// The filter stopped the chain.
    pub stopped: bool,
    /// The filter reset the stream.
    pub is_reset: bool,
    /// The property `response.flags`.
    pub flags: u64,
    /// The property `response.code_details`.
    pub details: Option<String>,
    /// The property `response.code`.
    pub code: Option<u16>,
}

// === impl Response ===

impl Response {
    /// The chain goes on, with all that is held.
    pub fn flush(&mut self) {
        self.stopped = false;
        if !self.buffer.is_empty() {
            self.writes.push(self.buffer.len());
        }
        self.downstream.append(&mut self.buffer);
    }

    /// The client has what went on, and gets no more.
    pub fn reset(&mut self) {
        self.buffer.clear();
        self.stopped = false;
        self.is_reset = true;
    }

    fn finish(&mut self, goes_on: bool) {
        self.buffer.append(&mut self.chunk.take().unwrap_or_default());
        match goes_on {
            true => self.flush(),
            false => self.stopped = true,
        }
    }
}

/// A chunk arrives; whether the filter let it go on.
pub(crate) fn deliver(context: u32, chunk: &[u8], end_of_stream: bool) -> bool {
    state::with(|state| {
        let response = &mut state.stream(context).response;
        assert!(!response.is_reset, "nothing comes after a reset");
        response.chunk = Some(chunk.to_vec());
    });
    let goes_on = callbacks::response_body(context, chunk.len(), end_of_stream);
    state::with(|state| {
        state.stream(context).response.finish(goes_on);
        if end_of_stream && !goes_on {
            state.violation("held the end of a response");
        }
    });
    goes_on
}

/// Trailers arrive; whether the filter let them go on.
pub(crate) fn deliver_trailers(context: u32, trailers: Headers) -> bool {
    let count = trailers.len();
    state::with(|state| state.stream(context).response.trailers = Some(trailers));
    let goes_on = callbacks::response_trailers(context, count);
    state::with(|state| {
        let response = &mut state.stream(context).response;
        response.sent_trailers = response.trailers.take();
        match goes_on {
            true => response.flush(),
            false => state.violation("held the end of a response"),
        }
    });
    goes_on
}
