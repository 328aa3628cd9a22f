//! What Voxgate decides, and nothing else: facts and `now` go in, a decision comes out.
//!
//! This crate knows no host, no clock and no I/O, so the same code runs in the Wasm filters, in
//! `voxctl explain`, in native tests and on a JavaScript engine.
//!
//! The way through it: [`spec`] is the policy as written, [`Policy`] the validated form;
//! [`request::RequestHead`] is what a client sent; [`authenticate()`](identity::authenticate) says who
//! asks, [`operation`] what is asked, [`decide()`](decide::decide) whether it may.
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

mod audio;
pub mod body;
pub mod calendar;
pub mod claims;
pub mod decide;
pub mod decision;
pub mod error;
pub mod facts;
mod fetching;
pub mod identity;
pub mod jwks;
pub mod names;
pub mod operation;
mod policy;
pub mod preset;
pub mod quota;
pub mod recognise;
pub mod request;
pub mod response;
pub mod shed;
pub mod spec;
pub mod stream;
pub mod subject;
pub mod suggest;
pub mod tenant;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod tier;
pub mod time;
pub mod token;
pub mod trace;

pub use policy::{MAX_INLINE_TENANTS, Policy, QuotaPolicy, ShedPolicy, StreamPolicy, VERSION};
