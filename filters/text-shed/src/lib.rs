//! Long-text shedding: what becomes of a request that is too long for the moment.
//!
//! The filter stands behind jwt-tier, which leaves in the filter state who asks for what
//! (`voxgate_policy::subject`). It asks `voxgate_policy::shed` whether the request passes, asks for
//! less, goes to the batch lane, waits, or is answered; holds what waits; and tells what it sees of the
//! answers: when the first byte came, and how they ended.
//!
//! Here is only what the pure decision cannot have: the shared data of the proxy, requests that are
//! held and bodies that are changed, the answer as it passes, and the reporting.
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

mod arrival;
mod change;
mod filter;
mod plugin;
mod report;
mod running;
mod service;
mod shared;

pub use filter::TextShedFilter;
pub use plugin::TextShed;
pub use report::SHED_STATE;
pub use running::DEGRADED_HEADER;

voxgate_host::main!(TextShed);
