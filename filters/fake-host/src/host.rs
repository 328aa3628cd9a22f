//! The host as a test sees it.

use std::marker::PhantomData;
use std::time::Duration;

use crate::callbacks;
use crate::request::Request;
use crate::state::{self, Headers, State};
use crate::stream::Stream;

/// Where the clock starts: 2026-01-01T00:00:00Z.
const START: Duration = Duration::from_secs(1_767_225_600);

/// An HTTP request that the plugin made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Names it to [`FakeHost::answer_call`].
    pub token: u32,
    /// The root context it belongs to.
    pub(crate) root: u32,
    /// The cluster it went to.
    pub cluster: String,
    /// Its headers, pseudo-headers included.
    pub headers: Vec<(String, Vec<u8>)>,
    /// When Envoy would give up.
    pub timeout: Duration,
}

impl Call {
    /// The first value of a header, as text.
    pub fn header(&self, name: &str) -> Option<String> {
        let (_, value) = self.headers.iter().find(|(key, _)| key == name)?;
        Some(String::from_utf8_lossy(value).into_owned())
    }
}

/// How bad a log line is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum LogLevel {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
    Critical,
}

/// A line of Envoy's log.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Log {
    pub level: LogLevel,
    pub message: String,
}

/// This thread's Envoy, with one VM.
///
/// # Panics
/// When dropped, if the plugin did what Envoy punishes silently; see
/// [`take_violations`](Self::take_violations).
pub struct FakeHost {
    thread: PhantomData<*const ()>,
}

impl FakeHost {
    /// A fresh host whose VM runs the module that `start` initialises.
    ///
    /// The SDK's state lives as long as the thread, so context ids go on where the thread's last
    /// host ended.
    pub fn start(start: fn()) -> Self {
        state::with(|state| {
            *state = State {
                now: START,
                next_context: state.next_context,
                next_token: state.next_token,
                // Metrics belong to the VM, and the VM's statics to the thread.
                metrics: std::mem::take(&mut state.metrics),
                ..State::default()
            };
        });
        start();
        Self { thread: PhantomData }
    }

    /// Applies a plugin configuration, in a new root context as Envoy does; streams that run keep
    /// the one they have. Whether the plugin accepts it.
    pub fn configure(&self, config: impl AsRef<[u8]>) -> bool {
        let config = config.as_ref().to_vec();
        let size = config.len();
        let root = state::with(|state| {
            state.next_context += 1;
            state.roots.push(state.next_context);
            state.next_context
        });
        callbacks::create_context(root, 0);
        assert!(callbacks::vm_start(root), "the plugin refused to start");
        state::with(|state| state.configuring = Some(config));
        let accepted = callbacks::configure(root, size);
        state::with(|state| {
            state.configuring = None;
            if !accepted {
                state.roots.retain(|it| *it != root);
            }
        });
        accepted
    }

    /// Sends a request without a body.
    pub fn request(&self, headers: &[(&str, &str)]) -> Stream {
        let request = headers
            .iter()
            .fold(self.new_request(), |request, (name, value)| request.header(name, value));
        request.send()
    }

    /// Starts a request with more to it.
    pub fn new_request(&self) -> Request {
        Request::new()
    }

    /// The timer goes off, in every configuration that lives.
    pub fn tick(&self) {
        for root in state::with(|state| state.roots.clone()) {
            callbacks::tick(root);
        }
    }

    /// All configurations but the newest die with what runs in them: as another worker's VM does that
    /// trapped, if they stand for one. Nothing of them is called any more.
    pub fn kill_older(&self) {
        state::with(|state| state.roots = state.roots.split_off(state.roots.len() - 1));
    }

    /// The timer's period, zero if it doesn't run.
    pub fn tick_period(&self) -> Duration {
        state::with(|state| state.tick_period)
    }

    /// How often the timer was set; each time, it starts anew.
    pub fn timer_starts(&self) -> usize {
        state::with(|state| state.timer_starts)
    }

    /// Moves the clock; the timer goes off only in [`tick`](Self::tick).
    pub fn advance(&self, by: Duration) {
        state::with(|state| state.now += by);
    }

    /// Sets the clock, as time since the Unix epoch.
    pub fn set_time(&self, since_epoch: Duration) {
        state::with(|state| state.now = since_epoch);
    }

    /// The clock, as time since the Unix epoch.
    pub fn time(&self) -> Duration {
        state::with(|state| state.now)
    }

    /// Makes a cluster known.
    pub fn add_cluster(&self, name: &str) {
        state::with(|state| state.clusters.insert(name.to_owned()));
    }

    /// The calls that were not answered yet, oldest first.
    pub fn calls(&self) -> Vec<Call> {
        state::with(|state| state.calls.clone())
    }

    /// Answers a call.
    ///
    /// # Panics
    /// If there is no such call.
    pub fn answer_call(&self, token: u32, status: u16, headers: &[(&str, &str)], body: &[u8]) {
        let mut all: Headers = vec![(":status".into(), status.to_string().into())];
        all.extend(headers.iter().map(|(name, value)| ((*name).into(), (*value).into())));
        let count = all.len();
        let root = take_call(token);
        state::with(|state| state.call_response = Some((all, body.to_vec())));
        callbacks::call_response(root, token, count, body.len());
        state::with(|state| state.call_response = None);
    }

    /// The connection of a call breaks.
    ///
    /// # Panics
    /// If there is no such call.
    pub fn fail_call(&self, token: u32) {
        callbacks::call_response(take_call(token), token, 0, 0);
    }

    /// The value of a counter or gauge, by its whole name without `wasmcustom.`; 0 if nothing was
    /// counted.
    pub fn metric(&self, name: &str) -> u64 {
        state::with(|state| state.metric_values.get(name).copied().unwrap_or_default())
    }

    /// The names of all counters and gauges with a value.
    pub fn metric_names(&self) -> Vec<String> {
        state::with(|state| state.metric_values.keys().cloned().collect())
    }

    /// How often a metric was defined in this VM; more than once leaks.
    pub fn definitions(&self, name: &str) -> usize {
        state::with(|state| state.metrics.iter().filter(|(_, it)| it == name).count())
    }

    /// Another worker writes shared data.
    pub fn set_shared_data(&self, key: &str, value: &[u8]) {
        state::with(|state| state.write_shared(key, value));
    }

    /// Another worker writes shared data right before this VM's next compare-and-set; several wait
    /// in line.
    pub fn interfere(&self, key: &str, value: &[u8]) {
        state::with(|state| state.interference.push((key.to_owned(), value.to_vec())));
    }

    /// From now on another worker is always faster: right before each compare-and-set of a key that
    /// begins so, it writes what stands there, or nothing, so that none of this VM's succeeds.
    /// `None`: it stops.
    pub fn outrun(&self, keys: Option<&str>) {
        state::with(|state| state.outrun = keys.map(str::to_owned));
    }

    /// How often shared data was written, by any worker.
    pub fn shared_data_writes(&self) -> u32 {
        state::with(|state| state.next_version)
    }

    /// Plays a host without a foreign function.
    pub fn remove_function(&self, name: &str) {
        state::with(|state| state.missing_functions.insert(name.to_owned()));
    }

    /// Plays a host that tells of bodies and does not give them.
    pub fn withhold_bodies(&self) {
        state::with(|state| state.withholds_bodies = true);
    }

    /// What was logged.
    pub fn logs(&self) -> Vec<Log> {
        state::with(|state| state.logs.clone())
    }

    /// Whether some log line contains `text`.
    pub fn logged(&self, text: &str) -> bool {
        self.logs().iter().any(|line| line.message.contains(text))
    }

    /// What the plugin did that Envoy punishes silently; forgets it.
    pub fn take_violations(&self) -> Vec<String> {
        state::with(|state| std::mem::take(&mut state.violations))
    }
}

impl Drop for FakeHost {
    fn drop(&mut self) {
        let violations = self.take_violations();
        if !std::thread::panicking() {
            assert!(violations.is_empty(), "the plugin broke rules of the host: {violations:?}");
        }
    }
}

fn take_call(token: u32) -> u32 {
    state::with(|state| {
        let index = state.calls.iter().position(|call| call.token == token);
        state.calls.remove(index.expect("no such call")).root
    })
}
