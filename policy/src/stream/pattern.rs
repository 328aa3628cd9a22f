//! What is wrong with a service's socket, seen from how its chunks come.
//!
//! A service that writes small pieces without `TCP_NODELAY` has them held back by its kernel until what
//! it wrote before is acknowledged (Nagle's algorithm, RFC 1122 §4.2.3.4), and the other side's kernel
//! acknowledges what nothing answers after 40 ms at the earliest (RFC 1122 §4.2.3.2; Linux,
//! `TCP_DELACK_MIN`): so the second piece comes 40 to 44 ms after the first one, by the tick of the
//! kernel, together with all that was written meanwhile.
//!
//! - Linux acknowledges at once for a while after one such delay, so a stream has it once, near its
//!   beginning, on a connection that was used before (measured: 43.9 ms, then each write by itself).
//!   A model that takes 42 ms for something looks the same once, never always: hence
//!   [`Openings`], which go by many streams.
//! - Where the other side keeps delaying (other kernels), or where both sides speak in turn, the gaps go
//!   on like that: hence [`Rhythm`], which goes by one stream.

mod openings;
mod rhythm;
#[cfg(test)]
mod tests;

use std::time::Duration;

pub(super) use openings::Start;
pub use openings::{Opening, Openings};
pub(super) use rhythm::Rhythm;

/// What was recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Pattern {
    /// Pieces wait for a delayed acknowledgement: the service's socket lacks `TCP_NODELAY`.
    DelayedAck,
}

/// A delayed acknowledgement of Linux, with what a busy host adds: 40 ms, and up to a tick of 100 Hz
/// would be 50, but with 250 Hz and 1000 Hz, which distributions have, it is 44.
const DELAY: std::ops::RangeInclusive<Duration> =
    Duration::from_millis(38)..=Duration::from_millis(50);

/// What comes within so much time came in one go: the host reads at most so much at once.
const BURST: Duration = Duration::from_millis(3);

// === impl Pattern ===

impl Pattern {
    /// As metrics name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DelayedAck => "delayed_ack",
        }
    }

    /// What to do about it, for the log.
    pub fn advice(self) -> &'static str {
        match self {
            Self::DelayedAck => {
                "chunks wait 40 ms for a delayed acknowledgement: set TCP_NODELAY on the service's sockets"
            }
        }
    }
}
