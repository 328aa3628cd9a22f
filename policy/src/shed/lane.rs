//! Lanes: online requests, and those that can wait.

use std::fmt;

/// Where a request goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lane {
    /// To the workers that answer at once.
    #[default]
    Online,
    /// To the workers that take their time.
    Batch,
}

/// The header that tells a route, and the client, which lane it is. Clients cannot set it.
pub const LANE_HEADER: &str = "x-voxgate-lane";

// === impl Lane ===

impl Lane {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Online, Self::Batch];

    /// Its name in headers and metrics.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Batch => "batch",
        }
    }
}

impl fmt::Display for Lane {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
