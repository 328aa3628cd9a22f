//! One HTTP stream between Envoy and a filter: who may still decide about it, and when.

mod body;
mod context;
mod response;
mod shape;

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::time::Duration;

use proxy_wasm::hostcalls;

use crate::root::Timer;
use crate::{DueFlow, Flow, HttpFilter, LocalReply, RequestHeaders};
pub(crate) use body::BodyState;
pub(crate) use context::StreamContext;
use response::ResponseState;
pub use shape::MOST_HELD;
use shape::ShapeState;

/// Names a stream past its callbacks, to resume it with
/// [`RootHost::resume`](crate::RootHost::resume). Keeping one keeps nothing of the stream alive.
#[derive(Clone)]
pub struct StreamHandle {
    state: Rc<StreamState>,
    filter: Weak<RefCell<dyn HttpFilter>>,
}

struct StreamState {
    context: u32,
    phase: Cell<Phase>,
    body: Cell<BodyState>,
    response: Cell<ResponseState>,
    shape: ShapeState,
    /// A callback of the root context runs, and is about this stream.
    is_in_root: Cell<bool>,
    /// The filter answered, and not Envoy.
    replied: Cell<bool>,
    timer: Rc<Timer>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Envoy goes on as it likes.
    Running,
    /// As running, and the filter sees the body pass.
    Watching,
    /// The request headers are held, and readable; the filter waits for something else.
    Waiting,
    /// The request headers are held, and readable; the filter reads the body.
    Reading,
    /// Somebody replied: nothing may be sent or resumed any more.
    Answered,
    /// The stream is gone.
    Done,
}

// === impl StreamHandle ===

impl StreamHandle {
    pub(crate) fn new(
        context: u32,
        timer: Rc<Timer>,
        filter: Weak<RefCell<dyn HttpFilter>>,
    ) -> Self {
        let state = StreamState {
            context,
            phase: Cell::new(Phase::Running),
            body: Cell::default(),
            response: Cell::default(),
            shape: ShapeState::default(),
            is_in_root: Cell::default(),
            replied: Cell::default(),
            timer,
        };
        Self { state: Rc::new(state), filter }
    }

    /// Whether the request waits and can be resumed; not while its body is read.
    pub fn is_waiting(&self) -> bool {
        self.phase() == Phase::Waiting
    }

    /// Bytes of a [shaped](crate::ResponseFlow::Shape) response that Envoy holds.
    pub fn held(&self) -> usize {
        self.state.shape.held()
    }

    /// Changes the plugin's timer, as
    /// [`RequestHeaders::set_tick_period`](crate::RequestHeaders::set_tick_period) does, in any
    /// callback.
    pub fn set_tick_period(&self, period: Duration) {
        self.state.timer.set_period(period);
    }

    /// Whether a callback of the root context runs.
    pub(crate) fn is_in_root(&self) -> bool {
        self.state.is_in_root.get()
    }

    pub(crate) fn timer(&self) -> &Timer {
        &self.state.timer
    }

    /// Lets the filter decide a waiting request, in a callback of the root context `root`.
    pub(crate) fn resume(&self, root: u32) {
        if !self.is_waiting() {
            return;
        }
        if hostcalls::set_effective_context(self.state.context).is_err() {
            self.enter(Phase::Done);
            return;
        }
        self.state.is_in_root.set(true);
        let goes_on = self.decide(|filter, request, held| filter.on_waiting(request, held));
        self.state.is_in_root.set(false);
        if goes_on {
            // Envoy knows every stream type the SDK can name, so this is always Ok.
            let _ = hostcalls::resume_http_request();
        }
        // The root context lives, since one of its callbacks runs.
        let _ = hostcalls::set_effective_context(root);
    }

    /// Lets the filter decide about a response that is shaped, in a callback of the root context
    /// `root`; whether there is still one.
    pub(crate) fn look_after(&self, root: u32) -> bool {
        let response = self.response();
        if !response.is_shaped() || response.has_ended() || self.phase() == Phase::Done {
            return false;
        }
        // Envoy enters no stream while it is in one.
        let Some(filter) = self.filter.upgrade() else { return false };
        let flow = filter.try_borrow_mut().map_or(DueFlow::Hold, |mut filter| filter.on_due());
        if flow == DueFlow::Hold {
            return true;
        }
        if hostcalls::set_effective_context(self.state.context).is_err() {
            self.enter(Phase::Done);
            return false;
        }
        self.state.shape.release_between();
        if flow == DueFlow::End {
            self.state.response.set(response.end());
            // As with resuming: put off until this callback is over, and always Ok.
            let _ = hostcalls::reset_http_response();
        }
        // The root context lives, since one of its callbacks runs.
        let _ = hostcalls::set_effective_context(root);
        flow != DueFlow::End
    }

    /// Asks the filter what becomes of the held request; whether it goes on.
    fn decide(
        &self,
        ask: impl FnOnce(&mut dyn HttpFilter, &mut RequestHeaders<'_>, usize) -> Flow,
    ) -> bool {
        // Envoy runs no stream of a plugin whose configuration was refused, nor enters a stream
        // while it is in it. If it did, that must not let a request through.
        let filter = self.filter.upgrade();
        let Some(Ok(mut filter)) = filter.as_ref().map(|it| it.try_borrow_mut()) else {
            self.answer(&unserved());
            return false;
        };
        let mut flow = ask(&mut *filter, &mut RequestHeaders::new(self), self.body().held());
        if flow == Flow::ReadBody {
            flow = self.read_body(&mut *filter);
        }
        if self.body().is_broken() {
            log::error!("the proxy did not give the whole of a request body that was changed");
            flow = Flow::Reply(unserved());
        }
        let held = self.body();
        if flow == Flow::Watch && !held.unread().is_empty() {
            self.state.body.set(held.after_reading());
            filter.on_passing_body(&held.unread());
        }
        match flow {
            Flow::Continue => self.enter(Phase::Running),
            Flow::Watch => self.enter(Phase::Watching),
            Flow::Wait => self.enter(Phase::Waiting),
            Flow::ReadBody => self.enter(Phase::Reading),
            Flow::Reply(reply) => self.answer(&reply),
        }
        matches!(self.phase(), Phase::Running | Phase::Watching)
    }

    /// Hands the filter what it has not had of the body; nothing new, and it reads on.
    fn read_body(&self, filter: &mut dyn HttpFilter) -> Flow {
        let body = self.body();
        let part = body.unread();
        if part.is_empty() && !part.is_last() {
            return Flow::ReadBody;
        }
        self.state.body.set(body.after_reading());
        match filter.on_request_body(&mut RequestHeaders::new(self), &part) {
            _ if part.is_torn() => {
                log::error!("the proxy did not give the whole of a request body");
                Flow::Reply(unserved())
            }
            // Nothing will come that could decide it.
            Flow::ReadBody if part.is_last() => {
                log::error!("a filter could not decide at the end of a request body");
                Flow::Reply(unserved())
            }
            flow => flow,
        }
    }

    fn answer(&self, reply: &LocalReply) {
        self.enter(Phase::Answered);
        self.state.replied.set(true);
        reply.send();
    }

    fn phase(&self) -> Phase {
        self.state.phase.get()
    }

    fn enter(&self, phase: Phase) {
        self.state.phase.set(phase);
    }

    pub(crate) fn body(&self) -> BodyState {
        self.state.body.get()
    }

    pub(crate) fn set_body(&self, body: BodyState) {
        self.state.body.set(body);
    }

    fn response(&self) -> ResponseState {
        self.state.response.get()
    }
}

/// For what should never be seen; but if it is, the request must not be let through.
fn unserved() -> LocalReply {
    LocalReply {
        status: 503,
        headers: Vec::new(),
        body: Vec::new(),
        grpc: Some((crate::GrpcStatus::Unavailable, "the proxy has no policy".to_owned())),
    }
}
