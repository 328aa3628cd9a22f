//! The only crate that touches proxy-wasm: a filter written on it cannot crash its VM.
//!
//! The SDK panics on every status it doesn't expect, and one panic kills the VM of that worker with
//! all its streams. So a call exists here only on a value that is handed into the phase where the
//! call is legal: [`RequestHeaders`] and [`ResponseHeaders`] cannot be built or kept by a filter.
//!
//! A module implements [`Plugin`] and [`HttpFilter`] and names the plugin once:
//! `voxgate_host::main!(MyPlugin);`. Native tests call [`start`] instead, with `voxgate-fake-host`
//! answering for Envoy.
#![cfg_attr(
    not(test),
    deny(
        clippy::panic,
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::arithmetic_side_effects
    )
)]

mod body;
mod call;
mod ending;
mod foreign;
mod headers;
mod held_body;
mod logging;
mod metric;
mod plugin;
mod property;
mod reply;
mod root;
pub mod shared_data;
mod stream;
mod wire;

pub use body::{BodyPart, PIECE};
pub use call::{CallError, CallId, CallResponse, HttpCall, TooLarge};
pub use ending::{Cause, EndedStream, Ending, Progress};
pub use foreign::{ForeignError, Hash, verify_signature};
pub use headers::{
    HeaderError, RequestHeaders, RequestTrailers, ResponseHeaders, ResponseTrailers,
};
pub use held_body::{EditError, HeldBody};
pub use metric::{Counter, CounterFamily, Gauge, GaugeFamily, HistogramFamily};
pub use plugin::{ChunkFlow, DueFlow, Flow, HttpFilter, Plugin, ResponseFlow};
pub use reply::{GrpcStatus, LocalReply};
pub use root::{RootHost, start};
pub use stream::{MOST_HELD, StreamHandle};

use std::time::UNIX_EPOCH;

use voxgate_policy::time::{UnixMicros, UnixMillis};

#[doc(hidden)]
pub use proxy_wasm;

/// Makes a cdylib a proxy-wasm module that runs `$plugin`.
///
/// Expands to nothing in native builds, so that several filters link into one test or one suite.
#[macro_export]
macro_rules! main {
    ($plugin:ty) => {
        // Within a constant, the SDK's undocumented function is no item of the filter's crate.
        #[cfg(target_arch = "wasm32")]
        const _: () = {
            $crate::proxy_wasm::main! {{ $crate::start::<$plugin>(); }}
        };
    };
}

/// The host's wall clock.
pub fn now() -> UnixMillis {
    now_micros().millis()
}

/// The host's wall clock, in microseconds.
pub fn now_micros() -> UnixMicros {
    // The clock is always allowed, in every phase: the SDK has no failing status to panic on.
    let since_epoch = proxy_wasm::hostcalls::get_current_time()
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
        .unwrap_or_default();
    UnixMicros(u64::try_from(since_epoch.as_micros()).unwrap_or(u64::MAX))
}
