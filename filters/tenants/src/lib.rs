//! Tenants from an HTTP endpoint: fetched through an Envoy cluster, asked again whether they changed,
//! the last good ones kept, shared by all configurations of one VM.
//!
//! What a document says and when to ask is decided in `voxgate_policy::tenant`; here is what needs a
//! host. A plugin makes a [`TenantSource`] of its policy, hands it the timer and the answers to calls,
//! and asks it for terms.
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

mod fetch;
mod report;
mod source;

pub use source::TenantSource;
