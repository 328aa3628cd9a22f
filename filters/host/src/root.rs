//! The root context: configuration, timer and calls, and what may be done there.

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};
use std::time::Duration;

use proxy_wasm::hostcalls;
use proxy_wasm::traits::{Context, HttpContext, RootContext};
use proxy_wasm::types::{BufferType, ContextType};
use voxgate_policy::time::UnixMillis;

use crate::stream::{StreamContext, StreamHandle};
use crate::{CallError, CallId, CallResponse, HttpCall, HttpFilter, Plugin, logging};

/// Makes `P` this thread's (in Wasm: this VM's) plugin. Called by [`main!`](crate::main) and, in
/// native tests, handed to the fake host.
pub fn start<P: Plugin>() {
    logging::install();
    proxy_wasm::set_root_context(|context| Box::new(Root::<P>::new(context)));
}

/// What a plugin may do in the callbacks of its root context.
pub struct RootHost<'a> {
    context: u32,
    timer: &'a Timer,
}

impl RootHost<'_> {
    /// How often [`Plugin::on_tick`] runs; zero stops it. A stream can set it too, with
    /// [`set_tick_period`](crate::RequestHeaders::set_tick_period); the period already set is not
    /// started anew, or a busy plugin's timer would never go off.
    pub fn set_tick_period(&mut self, period: Duration) {
        self.timer.set_period(period);
    }

    /// Sends an HTTP request; [`Plugin::on_call_response`] gets the answer.
    ///
    /// # Errors
    /// [`CallError`], if it could not be sent; no answer comes then.
    pub fn call(&mut self, call: &HttpCall<'_>) -> Result<CallId, CallError> {
        call.send()
    }

    /// Lets the filter decide a request that waits, in
    /// [`HttpFilter::on_waiting`](crate::HttpFilter::on_waiting). Does nothing if it no longer
    /// waits: its client left, it was answered, or it went on.
    pub fn resume(&mut self, stream: &StreamHandle) {
        stream.resume(self.context);
    }

    /// Lets the filter decide about a response that is [shaped](crate::ResponseFlow::Shape), in
    /// [`HttpFilter::on_due`]. Whether there is still such a response:
    /// if not, because it is over or its client left, nothing happens, now or ever.
    pub fn look_after(&mut self, stream: &StreamHandle) -> bool {
        stream.look_after(self.context)
    }

    /// The host's wall clock.
    pub fn now(&self) -> UnixMillis {
        crate::now()
    }
}

/// The period of the root context's timer, zero for none.
#[derive(Default)]
pub(crate) struct Timer(Cell<Duration>);

impl Timer {
    /// Envoy counts in milliseconds and takes zero for "stop", so a shorter period is rounded up.
    pub(crate) fn set_period(&self, period: Duration) {
        if self.0.replace(period) == period {
            return;
        }
        let longest = Duration::from_millis(u32::MAX.into());
        let period = match period {
            Duration::ZERO => period,
            some => some.clamp(Duration::from_millis(1), longest),
        };
        // Allowed in every phase; the host has no failing status.
        let _ = hostcalls::set_tick_period(period);
    }
}

/// The SDK's root context.
///
/// The SDK keeps it mutably borrowed while one of its callbacks runs. Nothing here comes back into
/// it: Envoy puts off what a call causes (a resumed stream, a reply) until the callback returned.
struct Root<P> {
    context: u32,
    timer: Rc<Timer>,
    plugin: Option<P>,
}

impl<P: Plugin> Root<P> {
    fn new(context: u32) -> Self {
        Self { context, timer: Rc::default(), plugin: None }
    }

    fn with_plugin(&mut self, run: impl FnOnce(&mut P, &mut RootHost<'_>)) {
        if let Some(plugin) = &mut self.plugin {
            run(plugin, &mut RootHost { context: self.context, timer: &self.timer });
        }
    }
}

impl<P: Plugin> Context for Root<P> {
    fn on_http_call_response(&mut self, token: u32, headers: usize, body_size: usize, _: usize) {
        self.with_plugin(|plugin, host| {
            plugin.on_call_response(host, CallId(token), CallResponse::new(headers, body_size));
        });
    }
}

impl<P: Plugin> RootContext for Root<P> {
    fn on_configure(&mut self, _: usize) -> bool {
        // In this callback the configuration is there, or empty: Ok or NotFound.
        let config = hostcalls::get_buffer(BufferType::PluginConfiguration, 0, usize::MAX)
            .ok()
            .flatten()
            .unwrap_or_default();
        let mut host = RootHost { context: self.context, timer: &self.timer };
        match P::configure(&config, &mut host) {
            Ok(plugin) => {
                self.plugin = Some(plugin);
                true
            }
            Err(error) => {
                log::error!("configuration refused: {error}");
                false
            }
        }
    }

    fn on_tick(&mut self) {
        self.with_plugin(Plugin::on_tick);
    }

    fn create_http_context(&self, context: u32) -> Option<Box<dyn HttpContext>> {
        let filter = self.plugin.as_ref().map(|plugin| {
            let filter: Rc<RefCell<dyn HttpFilter>> = Rc::new(RefCell::new(plugin.filter()));
            filter
        });
        let weak: Weak<RefCell<dyn HttpFilter>> = match &filter {
            Some(filter) => Rc::downgrade(filter),
            None => Weak::<RefCell<P::Filter>>::new(),
        };
        let handle = StreamHandle::new(context, Rc::clone(&self.timer), weak);
        Some(Box::new(StreamContext::new(handle, filter)))
    }

    fn get_type(&self) -> Option<ContextType> {
        Some(ContextType::HttpContext)
    }
}
