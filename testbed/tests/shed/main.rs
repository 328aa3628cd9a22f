//! What becomes of a request that is too long for the moment, on a real Envoy.

mod agreement;
mod deadlines;
mod faults;
mod ladder;
mod queue;
mod support;
mod telling;
