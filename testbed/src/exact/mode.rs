//! The modes in which a stream is put together, each that of a tier.

use crate::fixture::{now, policy, signed};
use serde_json::{Value, json};
use voxgate_policy::testing::claims;

/// What is done with a stream's chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mode {
    /// Nothing is held.
    Through,
    /// `playback`.
    Playback,
    /// `interval`.
    Interval,
    /// `ramp`.
    Ramp,
}

// === impl Mode ===

impl Mode {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Through, Self::Playback, Self::Interval, Self::Ramp];

    /// Those that hold.
    pub const HOLDING: [Self; 3] = [Self::Playback, Self::Interval, Self::Ramp];

    /// Its name, and its tier's.
    pub fn name(self) -> &'static str {
        match self {
            Self::Through => "through",
            Self::Playback => "playback",
            Self::Interval => "interval",
            Self::Ramp => "ramp",
        }
    }

    /// A token for its tier.
    pub fn token(self) -> String {
        let mut claims = claims(now());
        claims["scope"] = json!(self.name());
        signed(&claims)
    }

    /// A policy with a tier for each mode, in which everything may be asked for. Rules hold at most
    /// `max_bytes`, for at most `max_delay`, however little the listener has to play.
    pub(super) fn policy(max_bytes: u32, max_delay: &str) -> Value {
        let mut policy = policy();
        policy["tiers"] = Self::ALL.map(Self::tier).into();
        policy["operations"]["rules"] = json!([{
            "name": "any", "methods": ["GET", "HEAD", "POST"], "path": "/**", "operations": ["tts.synthesize"],
        }]);
        policy["streams"] = json!({
            // How slow they are is no concern here.
            "slow": { "percent": 0 },
            "coalesce": Self::HOLDING.map(|mode| mode.rule(max_bytes, max_delay)),
        });
        policy
    }

    fn tier(self) -> Value {
        json!({ "name": self.name(), "scopes": [self.name()], "allow": ["*"] })
    }

    fn rule(self, max_bytes: u32, max_delay: &str) -> Value {
        let mut rule = json!({
            "name": self.name(),
            "tiers": [self.name()],
            "mode": self.name(),
            "max_bytes": max_bytes,
            "max_delay": max_delay,
        });
        if self == Self::Playback {
            rule["floor"] = json!("20ms");
        }
        rule
    }
}
