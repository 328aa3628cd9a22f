//! What can be wrong with a stream.

use super::{Difference, Plan};
use crate::client::ClientError;
use http::{HeaderMap, StatusCode};
use std::fmt;
use std::time::Duration;

/// Why a stream did not come as it was sent.
#[derive(Debug, thiserror::Error)]
pub enum Lost {
    /// It was answered otherwise.
    #[error("the status is {0}")]
    Status(StatusCode),
    /// A header is not what was sent.
    #[error("the headers are {0:?}")]
    Headers(HeaderMap),
    /// Other bytes came.
    #[error(transparent)]
    Different(#[from] Difference),
    /// It ended before its end, as if it were whole.
    #[error("it ended as if it were whole, after {came} of {sent} bytes")]
    CutShort {
        /// Bytes that came.
        came: usize,
        /// Bytes that were sent.
        sent: usize,
    },
    /// The service broke it off, and the client was told that it is whole.
    #[error("the service broke it off, and the client was not told: {came} bytes came")]
    Untold {
        /// Bytes that came.
        came: usize,
    },
    /// It broke off though the service did not break it off.
    #[error("it broke off after {came} of {sent} bytes: {error}")]
    BrokenOff {
        /// Bytes that came.
        came: usize,
        /// Bytes that were sent.
        sent: usize,
        /// How.
        error: ClientError,
    },
    /// Its trailers are not those that were sent.
    #[error("its trailers are {0:?}")]
    Trailers(HeaderMap),
    /// A message of a WebSocket is not as long as the one that was sent.
    #[error("message {number} has {came} bytes, not {sent}")]
    Message {
        /// Which one.
        number: usize,
        /// Bytes that came.
        came: usize,
        /// Bytes that were sent.
        sent: usize,
    },
    /// It took too long.
    #[error("it is stuck: no end within {0:?}")]
    Stuck(Duration),
    /// The client could not ask.
    #[error(transparent)]
    Client(#[from] ClientError),
}

/// The streams of a campaign that were not exact.
#[derive(thiserror::Error)]
pub struct Inexact {
    /// What everything random in it came from.
    pub seed: u64,
    /// How many streams there were.
    pub streams: usize,
    /// Each that was wrong.
    pub wrong: Vec<(Box<Plan>, Lost)>,
}

impl fmt::Display for Inexact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, streams, wrong } = self;
        write!(f, "{} of {streams} streams are wrong (VOXGATE_SEED={seed}):", wrong.len())?;
        for (plan, lost) in wrong.iter().take(30) {
            write!(f, "\n  {lost}\n    {plan:?}")?;
        }
        if wrong.len() > 10 {
            write!(f, "\n  …")?;
        }
        Ok(())
    }
}

/// As [`fmt::Display`]: this is what a test that fails prints.
impl fmt::Debug for Inexact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
