//! Shedding: what becomes of a text that is too long for the moment.

mod gate;
mod work;

pub use gate::{
    Advanced, Arrival, Ask, Full, Gate, GateTerms, Left, MAX_IN_FLIGHT, MAX_QUEUED, QueueTerms,
    Standing, Summary, Tally, TierSummary, TierTerms,
};
pub use work::{TierKey, Work};
