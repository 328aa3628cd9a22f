//! JWT scope tiers: who may do what.
//!
//! At the request headers the filter finds out who asks (`voxgate_policy::identity`), what is asked
//! and whether the caller's tier may (`voxgate_policy::decide`); it removes forged identity headers,
//! sets the true ones, and answers denials itself. Where the decision hangs on the body, it is
//! read as it streams.
//!
//! Here is only what the pure decision cannot have: the host's evidence, the cache of verified
//! tokens, the fetching of keys, and the reporting.
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

mod cache;
mod crypto;
mod evidence;
mod filter;
mod identify;
mod keys;
mod plugin;
mod report;
mod shared;

pub use filter::JwtTierFilter;
pub use plugin::JwtTier;

voxgate_host::main!(JwtTier);
