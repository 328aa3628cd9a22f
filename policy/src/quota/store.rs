//! Where counters are kept.

mod entries;
mod local;
mod memory;
mod ring;

use std::task::Poll;

use super::demand::Demand;
use super::reservation::Reservation;
use super::usage::{Usage, UsageQuery};
use super::verdict::Verdict;
use crate::time::UnixMillis;

pub use local::{LocalStore, slot_of};
pub use memory::MemoryCells;
pub use ring::{Cells, Conflict, MAX_ACCOUNTS_A_SLOT, MAX_USERS_A_SLOT, SLOTS, Version};

/// Why counters could not be had. Nothing was taken then.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Other workers kept changing them.
    #[error("other workers changed the counters {0} times in a row")]
    Contended(u32),
    /// There is no room for another account.
    #[error("there is no room for the counters of another account")]
    Full,
}

impl StoreError {
    /// Its name in metrics.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Contended(_) => "contended",
            Self::Full => "full",
        }
    }
}

/// Where counters are kept: in this proxy, or, one day, for many of them.
///
/// Each verb is one exchange with the store. One that must ask elsewhere says `Pending`, tells its
/// answer later under the `ticket`, and the request waits; this proxy's own is always `Ready`.
pub trait Store {
    /// Takes all that `demand` wants, or nothing. It is given back at `expires` unless renewed.
    fn reserve(
        &self,
        ticket: u32,
        demand: &Demand,
        now: UnixMillis,
        expires: UnixMillis,
    ) -> Poll<Result<Verdict, StoreError>>;

    /// Ends a reservation: `kept` units of each charge, in the order of
    /// [`Reservation::charges`], count for good. `succeeded` gives back what the request gives back.
    ///
    /// What is settled is marked so: after an error the same can be asked again, for the rest.
    fn settle(
        &self,
        ticket: u32,
        reservation: &mut Reservation,
        kept: &[u64],
        succeeded: bool,
        now: UnixMillis,
    ) -> Poll<Result<(), StoreError>>;

    /// Lets a reservation live until `expires`, or what is not settled of it.
    fn renew(
        &self,
        ticket: u32,
        reservation: &mut Reservation,
        now: UnixMillis,
        expires: UnixMillis,
    ) -> Poll<Result<(), StoreError>>;

    /// How accounts stand.
    fn usage(&self, ticket: u32, query: &UsageQuery<'_>) -> Poll<Usage>;

    /// Whether a request with this digest was charged and is remembered.
    fn is_charged(&self, ticket: u32, repeat: &[u8; 16], now: UnixMillis) -> Poll<bool>;

    /// Remembers a charged request until a moment; `false` if it was remembered already: then this
    /// one is the repeat.
    fn remember_charged(
        &self,
        ticket: u32,
        repeat: &[u8; 16],
        now: UnixMillis,
        until: UnixMillis,
    ) -> Poll<Result<bool, StoreError>>;
}
