//! What this thread's Envoy knows.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::body::Body;
use crate::host::{Call, Log};
use crate::response::Response;
use crate::stream::Reply;

pub(crate) type Headers = Vec<(String, Vec<u8>)>;

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

/// Runs `change` on this thread's state; no call into the VM may happen in it.
pub(crate) fn with<R>(change: impl FnOnce(&mut State) -> R) -> R {
    STATE.with_borrow_mut(change)
}

#[derive(Default)]
pub(crate) struct State {
    /// Since the Unix epoch.
    pub now: Duration,
    pub next_context: u32,
    /// The context of the callback that runs; 0 if none does.
    pub current: u32,
    /// Set by the VM for the rest of the callback; 0 if not.
    pub effective: u32,
    /// Configured root contexts, the newest last.
    pub roots: Vec<u32>,
    /// The configuration, while a root context is being configured.
    pub configuring: Option<Vec<u8>>,
    pub tick_period: Duration,
    pub timer_starts: usize,
    pub streams: BTreeMap<u32, StreamState>,
    pub deferred: Vec<(u32, Deferred)>,
    pub clusters: BTreeSet<String>,
    pub calls: Vec<Call>,
    pub next_token: u32,
    /// The response in hand, during its callback.
    pub call_response: Option<(Headers, Vec<u8>)>,
    /// By id: kind and name.
    pub metrics: Vec<(u32, String)>,
    pub metric_values: BTreeMap<String, u64>,
    pub shared: BTreeMap<String, (Vec<u8>, u32)>,
    pub next_version: u32,
    /// Another worker's writes, one before each of our next compare-and-sets.
    pub interference: Vec<(String, Vec<u8>)>,
    /// What the keys begin with that another worker always writes before us.
    pub outrun: Option<String>,
    pub withholds_bodies: bool,
    pub missing_functions: BTreeSet<String>,
    pub logs: Vec<Log>,
    pub violations: Vec<String>,
}

pub(crate) struct StreamState {
    pub phase: StreamPhase,
    /// The request headers can be read and changed.
    pub request_open: bool,
    pub headers: Headers,
    /// The request trailers, while their callback runs or they are held.
    pub trailers: Option<Headers>,
    pub response: Response,
    pub reply: Option<Reply>,
    /// A reply is on its way or sent.
    pub answered: bool,
    pub body: Body,
    pub route_cache_clears: usize,
    pub filter_state: BTreeMap<String, Vec<u8>>,
    pub metadata: serde_json::Value,
    pub peer_uri_san: Option<String>,
    /// Where its route leads.
    pub cluster: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StreamPhase {
    Headers,
    Held,
    Continued,
    Replied,
}

pub(crate) enum Deferred {
    Continue,
    ContinueResponse,
    ResetResponse,
    Reply(Reply),
}

impl State {
    /// The context that calls out of the VM are about.
    pub(crate) fn context(&self) -> u32 {
        match self.effective {
            0 => self.current,
            effective => effective,
        }
    }

    pub(crate) fn context_exists(&self, context: u32) -> bool {
        self.roots.contains(&context) || self.streams.contains_key(&context)
    }

    /// The stream the VM is in, if it is in one.
    pub(crate) fn active_stream(&mut self) -> Option<&mut StreamState> {
        self.streams.get_mut(&self.context())
    }

    /// A stream the test holds.
    pub(crate) fn stream(&mut self, context: u32) -> &mut StreamState {
        self.streams.get_mut(&context).expect("the stream has ended")
    }

    pub(crate) fn violation(&mut self, what: impl Into<String>) {
        self.violations.push(what.into());
    }
}
