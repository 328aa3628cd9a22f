//! What became of a request, in words that both have.

use std::fmt;

use serde_json::Value;

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    Passed,
    Degraded,
    /// With this problem, by this part of the policy.
    Refused {
        problem: String,
        rule: String,
    },
    Broken(String),
}

/// The same, and what is known of why.
#[derive(Debug, Clone)]
pub struct Told {
    pub fate: Fate,
    pub why: String,
}

// === impl Fate ===

impl Fate {
    pub fn refused(problem: &Value) -> Self {
        let text = |name: &str| problem[name].as_str().unwrap_or_default().to_owned();
        Self::Refused { problem: text("type"), rule: text("rule") }
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} ({})", self.fate, self.why)
    }
}
