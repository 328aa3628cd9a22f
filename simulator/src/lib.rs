//! Shedding without a service: the very decisions of `voxgate-policy` against a [`model`] of a GPU that
//! falls over when too much is asked of it.
//!
//! [`arrivals`] come from a generator or a trace, [`run()`] lets them happen, event by event, and a
//! [`Report`] says what became of them. Nothing here has a clock: the same seed gives the same figures, and a
//! week takes seconds. `testbed/tests/shed/agreement.rs` holds it to what the real filter does.

pub mod arrivals;
pub mod learner;
pub mod model;
mod report;
mod run;

pub use report::{Counts, Fate, Moment, Percentiles, Record, Report, Slice};
pub use run::{Service, Shedder, run, run_telling};
