//! Envoy's side of proxy-wasm, for native tests of filters: the `proxy_*` imports, and a driver of
//! the SDK's own `proxy_on_*` exports. The real SDK runs in between.
//!
//! It answers as Envoy 1.40 was seen to answer: header calls in the wrong phase fail, and the SDK
//! panics, which aborts the test; a call that Envoy would punish silently (a second local reply, a
//! request resumed that isn't held) is a *violation*, and a [`FakeHost`] that is dropped with
//! violations panics. Everything is per thread, as is the SDK's dispatcher: tests run in parallel.
//!
//! ```text
//! let host = FakeHost::start(voxgate_host::start::<MyPlugin>);
//! assert!(host.configure("{}"));
//! let stream = host.request(&[(":method", "GET"), (":path", "/")]);
//! assert_eq!(stream.outcome(), Outcome::Continued);
//! ```

mod body;
mod callbacks;
mod foreign;
mod host;
mod imports;
mod pairs;
mod request;
mod response;
mod state;
mod stream;

pub use host::{Call, FakeHost, Log, LogLevel};
pub use pairs::serialise;
pub use request::Request;
pub use stream::{Action, Ended, Outcome, Reply, Stream};

#[cfg(test)]
use proxy_wasm as _;
