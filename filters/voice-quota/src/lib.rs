//! Voice quotas: how much. Charged before a request goes on, settled however it ends.
//!
//! The filter stands behind jwt-tier, which leaves in the filter state who asks for what
//! (`voxgate_policy::subject`): nothing is identified or read a second time. It takes what
//! `voxgate_policy::quota` says the request costs, watches the answer pass, and settles by how it
//! ended and what of it was delivered.
//!
//! Here is only what the pure decision cannot have: the shared data of the proxy, the answer as it
//! passes, and the reporting.
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

mod admit;
mod filter;
mod plugin;
mod report;
mod running;
mod shared;
mod tell;
mod usage;

pub use filter::VoiceQuotaFilter;
pub use plugin::VoiceQuota;

voxgate_host::main!(VoiceQuota);
