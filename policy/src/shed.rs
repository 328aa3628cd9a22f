//! Shedding: what becomes of a text that is too long for the moment.

pub mod rewrite;
pub mod split;
mod work;

pub use work::{TierKey, Work};
