//! Shedding: what becomes of a text that is too long for the moment.
//!
//! [`decide()`] is the way through it: the [`ladder`] says by operation, tier, length and load what
//! becomes of a request, the [`gate`] whether there is capacity for it or a place to wait, and [`load`]
//! how loaded the service is and what it can do. What is known of a service stands in a
//! [`Guard`](guard::Guard), one for each lane, which all workers of a proxy change together.

mod compile;
mod deadline;
mod decide;
pub mod gate;
pub mod guard;
pub mod ladder;
mod lane;
pub mod load;
mod longest;
mod refusal;
pub mod rewrite;
mod rules;
pub mod split;
mod work;

pub use compile::MAX_RULES;
pub use deadline::{BadDeadline, DEADLINE_HEADER, GRPC_TIMEOUT_HEADER, deadline, parse_deadline};
pub use decide::{Decision, Place, Request, Verdict, decide, foresee};
pub use lane::{LANE_HEADER, Lane};
pub use refusal::{Refusal, Why, ladder_rule};
pub use rules::ShedRules;
pub use work::{TierKey, Work};
