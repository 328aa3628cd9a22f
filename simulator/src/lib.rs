//! Shedding without a service: a [`model`] of a GPU that falls over when too much is asked of it.
//!
//! Nothing here has a clock: the caller says what time it is, so that the same model runs in a
//! simulation of a week and behind a real HTTP server.

pub mod model;
