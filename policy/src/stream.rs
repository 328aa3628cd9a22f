//! Generated streams: what a listener hears of one, what must not happen to it on its way, and how
//! chatty ones are put together.
//!
//! An [`Observer`] watches one stream and makes its [`Figures`]; the [`Listener`] within it simulates a
//! player and so knows when it has nothing to play. [`protect`] says what a stream's headers need,
//! [`stall`] what is done with one that falls silent, [`stages`] where the time of a pipeline went, and a
//! [`Coalescer`] when chunks that are held go on. What is usual is known to [`Baselines`], and what is
//! wrong with a service's socket to [`Openings`].

mod baseline;
pub mod coalesce;
mod compile;
mod figures;
mod gaps;
mod listener;
mod observer;
mod pattern;
pub mod protect;
mod rules;
pub mod stages;
pub mod stall;
#[cfg(test)]
mod tests;

pub use baseline::{BaselineKey, Baselines, MAX_BASELINES, Measure, Slow, SlowTerms};
pub use coalesce::{CoalesceRule, Coalescer, Step};
pub use compile::MAX_RULES;
pub use figures::{End, Figures};
pub use gaps::{BUCKETS_MS, Gaps};
pub use listener::{Listener, ListenerTerms};
pub use observer::{Observer, ObserverTerms};
pub use pattern::{Opening, Openings, Pattern};
pub use rules::StreamRules;
