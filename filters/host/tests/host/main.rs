//! The host crate through the real SDK and a fake Envoy.

mod bodies;
mod calls;
mod probe;
mod responses;
mod shaping;
mod streams;
