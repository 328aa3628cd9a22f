//! The SDK's context of a stream: what Envoy calls, phase by phase.

use std::cell::RefCell;
use std::rc::Rc;

use proxy_wasm::hostcalls;
use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;

use super::body::BodyState;
use super::response::ResponseState;
use super::{Phase, StreamHandle};
use crate::ending::{EndedStream, Seen};
use crate::{
    ChunkFlow, Flow, HttpFilter, RequestTrailers, ResponseFlow, ResponseHeaders, ResponseTrailers,
};

/// Without a filter, the plugin was never configured.
pub(crate) struct StreamContext {
    handle: StreamHandle,
    filter: Option<Rc<RefCell<dyn HttpFilter>>>,
}

// === impl StreamContext ===

impl StreamContext {
    pub(crate) fn new(handle: StreamHandle, filter: Option<Rc<RefCell<dyn HttpFilter>>>) -> Self {
        Self { handle, filter }
    }

    /// Nothing here enters the filter while it runs.
    fn tell(&self, what: impl FnOnce(&mut dyn HttpFilter)) {
        if let Some(mut filter) = self.filter.as_ref().and_then(|it| it.try_borrow_mut().ok()) {
            what(&mut *filter);
        }
    }

    fn set_body(&self, body: BodyState) {
        self.handle.set_body(body);
    }

    fn set_response(&self, response: ResponseState) {
        self.handle.state.response.set(response);
    }

    fn ended(&self) -> EndedStream<'static> {
        let response = self.handle.response();
        EndedStream::new(Seen {
            replied: self.handle.state.replied.get(),
            response: response.progress(),
            was_watched: response.is_watched(),
        })
    }

    /// The last `size` bytes of a response that is watched; what the filter wants of them.
    fn pass_response(&self, size: usize, has_ended: bool) -> ChunkFlow {
        let response = self.handle.response().pass(size, has_ended);
        self.set_response(response);
        let part = response.part(size);
        let mut flow = ChunkFlow::Release;
        self.tell(|filter| match response.is_shaped() {
            true => flow = filter.on_shaped_body(&part),
            false => filter.on_response_body(&part),
        });
        if part.is_torn() {
            log::error!("the proxy did not give the whole of a response body");
        }
        flow
    }

    /// A chunk of a request that is held.
    fn held_chunk(&self, size: usize, has_ended: bool) -> Action {
        let body = self.handle.body().hold(size, has_ended);
        self.set_body(body);
        let goes_on = self.handle.decide(|filter, request, held| match self.handle.phase() {
            Phase::Waiting => filter.on_waiting(request, held),
            _ => Flow::ReadBody,
        });
        self.set_body(self.handle.body().buffering(!goes_on));
        action(goes_on)
    }

    /// A chunk of a request that goes on.
    fn passing_chunk(&self, size: usize, has_ended: bool) -> Action {
        let was_buffering = self.handle.body().is_buffering();
        let body = self.handle.body().pass(size, has_ended);
        self.set_body(body);
        if self.handle.phase() == Phase::Watching {
            self.tell(|filter| filter.on_passing_body(&body.unread()));
        }
        if was_buffering {
            // The first chunk after held ones is put into Envoy's buffer before we are asked, and
            // an Envoy without the fix of envoy#46841 loses it if the answer is Continue while the
            // request already runs (measured on 1.37.0). Pausing and resuming in one call flushes
            // that buffer, end of stream included, and from then on Continue is safe (measured on
            // 1.37.0 and 1.40.0).
            let _ = hostcalls::resume_http_request();
        }
        action(!was_buffering)
    }
}

impl Context for StreamContext {
    fn on_done(&mut self) -> bool {
        self.handle.enter(Phase::Done);
        let stream = self.ended();
        self.tell(|filter| filter.on_done(&stream));
        true
    }
}

impl HttpContext for StreamContext {
    fn on_http_request_headers(&mut self, _: usize, end_of_stream: bool) -> Action {
        self.set_body(BodyState::new(end_of_stream));
        action(
            self.handle
                .decide(|filter, request, _| filter.on_request_headers(request, end_of_stream)),
        )
    }

    /// Of a request that is held, only with `allow_on_headers_stop_iteration`; without it Envoy
    /// brings no body.
    fn on_http_request_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        match self.handle.phase() {
            Phase::Waiting | Phase::Reading => self.held_chunk(size, end_of_stream),
            Phase::Running | Phase::Watching => self.passing_chunk(size, end_of_stream),
            Phase::Answered | Phase::Done => Action::Pause,
        }
    }

    fn on_http_request_trailers(&mut self, _: usize) -> Action {
        self.set_body(self.handle.body().end());
        match self.handle.phase() {
            Phase::Reading => {
                self.handle.decide(|_, _, _| Flow::ReadBody);
            }
            Phase::Watching => {
                let body = self.handle.body().after_reading();
                self.tell(|filter| filter.on_passing_body(&body.unread()));
            }
            _ => {}
        }
        let phase = self.handle.phase();
        if !matches!(phase, Phase::Answered | Phase::Done) {
            self.tell(|filter| filter.on_request_trailers(&mut RequestTrailers::new()));
        }
        action(matches!(phase, Phase::Running | Phase::Watching))
    }

    fn on_http_response_headers(&mut self, _: usize, end_of_stream: bool) -> Action {
        match self.handle.phase() {
            // A local reply passes the filter that made it.
            Phase::Answered | Phase::Done => return Action::Continue,
            // A request that never went on can only be answered by Envoy itself: a time-out, or a
            // body larger than its buffer.
            Phase::Waiting | Phase::Reading => self.handle.enter(Phase::Answered),
            Phase::Running | Phase::Watching => {}
        }
        let mut flow = ResponseFlow::Continue;
        let mut headers = ResponseHeaders::new(&self.handle);
        self.tell(|filter| flow = filter.on_response_headers(&mut headers, end_of_stream));
        // Of one that is not shaped it does not matter.
        let status = if flow == ResponseFlow::Shape { headers.status() } else { None };
        self.set_response(ResponseState::begin(flow, status, end_of_stream));
        Action::Continue
    }

    fn on_http_response_body(&mut self, size: usize, end_of_stream: bool) -> Action {
        if !self.handle.response().is_watched() {
            return Action::Continue;
        }
        let flow = match self.pass_response(size, end_of_stream) {
            ChunkFlow::Hold if !self.handle.response().must_go_on() => ChunkFlow::Hold,
            _ => ChunkFlow::Release,
        };
        action(self.handle.state.shape.chunk(size, flow) == ChunkFlow::Release)
    }

    fn on_http_response_trailers(&mut self, _: usize) -> Action {
        if self.handle.response().is_watched() {
            self.pass_response(0, true);
            self.handle.state.shape.chunk(0, ChunkFlow::Release);
            self.tell(|filter| filter.on_response_trailers(&mut ResponseTrailers::new()));
        }
        Action::Continue
    }

    fn on_log(&mut self) {
        let stream = self.ended();
        self.tell(|filter| filter.on_log(&stream));
    }
}

fn action(goes_on: bool) -> Action {
    if goes_on { Action::Continue } else { Action::Pause }
}
