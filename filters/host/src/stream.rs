//! One HTTP stream between Envoy and a filter: who may still decide about it, and when.

use std::cell::Cell;
use std::rc::Rc;

use proxy_wasm::hostcalls;
use proxy_wasm::traits::{Context, HttpContext};
use proxy_wasm::types::Action;

use crate::root::Timer;
use crate::{Flow, HttpFilter, LocalReply, RequestHeaders, RequestTrailers, ResponseHeaders};

/// Names a stream past its callbacks, to resume it with
/// [`RootHost::resume`](crate::RootHost::resume). Keeping one keeps nothing of the stream alive.
#[derive(Clone)]
pub struct StreamHandle(Rc<StreamState>);

struct StreamState {
    context: u32,
    phase: Cell<Phase>,
    /// Part of the body came while the request waited, and Envoy buffers it.
    body_held: Cell<bool>,
    timer: Rc<Timer>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Envoy goes on as it likes.
    Running,
    /// The request headers are held, and readable.
    Waiting,
    /// Somebody replied: nothing may be sent or resumed any more.
    Answered,
    /// The stream is gone.
    Done,
}

impl StreamHandle {
    pub(crate) fn new(context: u32, timer: Rc<Timer>) -> Self {
        let phase = Cell::new(Phase::Running);
        Self(Rc::new(StreamState { context, phase, body_held: Cell::new(false), timer }))
    }

    /// Whether the request is still held and can be resumed.
    pub fn is_waiting(&self) -> bool {
        self.0.phase.get() == Phase::Waiting
    }

    pub(crate) fn timer(&self) -> &Timer {
        &self.0.timer
    }

    /// Decides a waiting request in a callback of the root context `root`.
    pub(crate) fn resume(&self, root: u32, decide: impl FnOnce(&mut RequestHeaders<'_>) -> Flow) {
        if !self.is_waiting() {
            return;
        }
        if hostcalls::set_effective_context(self.0.context).is_err() {
            self.0.phase.set(Phase::Done);
            return;
        }
        match decide(&mut RequestHeaders::new(self)) {
            Flow::Continue => {
                self.0.phase.set(Phase::Running);
                // Envoy knows every stream type the SDK can name, so this is always Ok.
                let _ = hostcalls::resume_http_request();
            }
            Flow::Reply(reply) => self.answer(&reply),
            Flow::Wait => {}
        }
        // The root context lives, since one of its callbacks runs.
        let _ = hostcalls::set_effective_context(root);
    }

    fn answer(&self, reply: &LocalReply) {
        self.0.phase.set(Phase::Answered);
        reply.send();
    }
}

/// The SDK's context of a stream. Without a filter, its plugin was never configured.
pub(crate) struct StreamContext<F> {
    handle: StreamHandle,
    filter: Option<F>,
}

impl<F> StreamContext<F> {
    pub(crate) fn new(handle: StreamHandle, filter: Option<F>) -> Self {
        Self { handle, filter }
    }

    fn phase(&self) -> &Cell<Phase> {
        &self.handle.0.phase
    }
}

impl<F: HttpFilter> Context for StreamContext<F> {
    fn on_done(&mut self) -> bool {
        self.phase().set(Phase::Done);
        if let Some(filter) = &mut self.filter {
            filter.on_done();
        }
        true
    }
}

impl<F: HttpFilter> HttpContext for StreamContext<F> {
    fn on_http_request_headers(&mut self, _: usize, end_of_stream: bool) -> Action {
        let flow = match &mut self.filter {
            Some(filter) => {
                filter.on_request_headers(&mut RequestHeaders::new(&self.handle), end_of_stream)
            }
            None => Flow::Reply(unconfigured()),
        };
        match flow {
            Flow::Continue => Action::Continue,
            Flow::Reply(reply) => {
                self.handle.answer(&reply);
                Action::Pause
            }
            Flow::Wait => {
                self.phase().set(Phase::Waiting);
                Action::Pause
            }
        }
    }

    /// By default Envoy brings no body while the headers are held. It does with
    /// `allow_on_headers_stop_iteration`; then the body must be held too.
    fn on_http_request_body(&mut self, _: usize, _: bool) -> Action {
        match self.phase().get() {
            Phase::Waiting => {
                self.handle.0.body_held.set(true);
                Action::Pause
            }
            // The first chunk after held ones is put into Envoy's buffer before we are asked, and an
            // Envoy without the fix of envoy#46841 loses it if the answer is Continue while the
            // request already runs (measured on 1.37.0). Pausing and resuming in one call flushes
            // that buffer, end of stream included, and from then on Continue is safe (measured on
            // 1.37.0 and 1.40.0).
            Phase::Running if self.handle.0.body_held.take() => {
                let _ = hostcalls::resume_http_request();
                Action::Pause
            }
            Phase::Running => Action::Continue,
            Phase::Answered | Phase::Done => Action::Pause,
        }
    }

    fn on_http_request_trailers(&mut self, _: usize) -> Action {
        let phase = self.phase().get();
        if let (Phase::Running | Phase::Waiting, Some(filter)) = (phase, &mut self.filter) {
            filter.on_request_trailers(&mut RequestTrailers::new());
        }
        match phase {
            Phase::Running => Action::Continue,
            Phase::Waiting | Phase::Answered | Phase::Done => Action::Pause,
        }
    }

    fn on_http_response_headers(&mut self, _: usize, _: bool) -> Action {
        match self.phase().get() {
            // A local reply passes the filter that made it.
            Phase::Answered | Phase::Done => return Action::Continue,
            // A request that never went on can only be answered by Envoy itself, by a time-out say.
            Phase::Waiting => self.phase().set(Phase::Answered),
            Phase::Running => {}
        }
        if let Some(filter) = &mut self.filter {
            filter.on_response_headers(&mut ResponseHeaders::new());
        }
        Action::Continue
    }
}

/// Envoy runs no stream of a plugin whose configuration was refused, so nobody should see this; but
/// if somebody does, it must not be a request let through.
fn unconfigured() -> LocalReply {
    LocalReply {
        status: 503,
        headers: Vec::new(),
        body: Vec::new(),
        grpc: Some((crate::GrpcStatus::Unavailable, "the proxy has no policy".to_owned())),
    }
}
