//! The host crate through the real SDK and a fake Envoy.

mod calls;
mod probe;
mod streams;
