//! How much tenants may use: charged before a request goes on, settled however it ends.
//!
//! [`QuotaRules`] is the section of the policy, validated. For a [`Subject`](crate::subject::Subject)
//! they make a [`Demand`]: what to take of which account. A [`Store`](store::Store) takes all of it or
//! nothing, and the [`Reservation`] that comes of it is settled by how the request ended
//! ([`settle`](Reservation::kept)). Nothing here knows a clock or a host: `now` is an argument.

mod account;
mod compile;
mod counter;
mod demand;
mod denial;
mod fed;
mod fields;
mod meter;
mod repeat;
mod reservation;
mod rules;
pub mod store;
#[cfg(test)]
mod tests;
mod usage;
mod verdict;
mod window;

pub use account::{Account, AccountId, Answer, Charge, CounterKey, Standing, Units};
pub use compile::Surroundings;
pub use counter::{Counter, Passed, Taken};
pub use demand::{AccountDemand, Demand};
pub use denial::{Denial, DenialAnswer};
pub use fields::{RateLimitFields, rate_limit_fields};
pub use meter::Meter;
pub use repeat::RepeatKey;
pub use reservation::{Ending, Item, Outcome, RefundReason, Reservation, Settled, Share};
pub use rules::{QuotaRule, QuotaRules, RuleId, Terms};
pub use usage::{Usage, UsageQuery, UsageRow};
pub use verdict::{Verdict, Violation};
pub use window::{Limit, Moment, Window};
