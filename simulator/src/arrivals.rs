//! Who asks for what, and when.

mod scenario;
#[cfg(test)]
mod tests;
mod trace;

use std::rc::Rc;
use std::time::Duration;

use voxgate_policy::facts::AudioMillis;

pub use scenario::{Population, Scenario, Shape, Texts};
pub use trace::{TraceError, read_trace};

/// A request that comes.
#[derive(Clone, Debug, PartialEq)]
pub struct Arrival {
    /// Since the start.
    pub at: Duration,
    /// Who pays.
    pub tenant: Rc<str>,
    /// The name of its tier; empty: none.
    pub tier: Rc<str>,
    /// What it asks for.
    pub operation: Rc<str>,
    /// Unicode scalar values of its text.
    pub chars: u64,
    /// What the policy estimates that the text becomes.
    pub estimate: AudioMillis,
    /// What it becomes.
    pub audio: AudioMillis,
    /// In Hz.
    pub sample_rate: u32,
}

/// Texts that become more than this are called long in reports.
pub const LONG: AudioMillis = AudioMillis(60_000);

// === impl Arrival ===

impl Arrival {
    /// Whether its text is a long one.
    pub fn is_long(&self) -> bool {
        self.estimate > LONG
    }
}
