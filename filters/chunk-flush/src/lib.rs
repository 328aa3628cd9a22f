//! Generated streams: what a listener hears, measured; protected on their way; put together where they are
//! chatty.
//!
//! The filter is the nearest to the service, so it sees a response first and as it was sent. It stands
//! behind jwt-tier, which leaves in the filter state who asks for what (`voxgate_policy::subject`). What a
//! stream is worth to its listener, `voxgate_policy::stream` finds out; how long chunks are held, too.
//!
//! Here is only what the pure part cannot have: the bytes as they pass, the timer, and the reporting.
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

mod asked;
mod filter;
mod lookout;
mod plugin;
mod report;
mod shared;
mod streaming;

pub use filter::ChunkFlushFilter;
pub use plugin::ChunkFlush;
pub use report::STREAM_STATE;

voxgate_host::main!(ChunkFlush);
