//! `RateLimit` and `RateLimit-Policy` (draft-ietf-httpapi-ratelimit-headers-11).

use std::fmt::Write;

use super::account::Standing;
use super::rules::QuotaRule;
use super::window::Limit;
use crate::time::UnixMillis;

/// The largest Integer of Structured Fields (RFC 9651 §3.3.1).
const MAX_INTEGER: u64 = 999_999_999_999_999;

/// The values of the two fields; empty if there is nothing to tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RateLimitFields {
    /// `RateLimit-Policy`: what is allowed.
    pub policy: String,
    /// `RateLimit`: what is left.
    pub limit: String,
}

/// The fields that tell of these rules. Units are those of the meter, whole ones.
pub fn rate_limit_fields<'a>(
    rules: impl IntoIterator<Item = (&'a QuotaRule, Limit, Standing)>,
    now: UnixMillis,
) -> RateLimitFields {
    let mut fields = RateLimitFields::default();
    for (rule, limit, standing) in rules {
        let whole =
            |units: u64| units.checked_div(rule.meter.scale()).unwrap_or_default().min(MAX_INTEGER);
        let RateLimitFields { policy, limit: left } = &mut fields;
        let gap = if policy.is_empty() { "" } else { ", " };
        let (name, unit) = (&rule.name, rule.meter.quota_unit());
        // Writing to a string cannot fail.
        let _ = write!(policy, "{gap}\"{name}\";q={}", whole(limit.units));
        if unit != "requests" {
            let _ = write!(policy, ";qu=\"{unit}\"");
        }
        if let Some(seconds) = rule.window.seconds(now) {
            let _ = write!(policy, ";w={}", seconds.min(MAX_INTEGER));
        }
        let remaining = whole(limit.burst.saturating_sub(standing.used));
        let _ = write!(left, "{gap}\"{name}\";r={remaining}");
        if let Some(millis) = standing.millis {
            let _ = write!(left, ";t={}", millis.div_ceil(1000).min(MAX_INTEGER));
        }
    }
    fields
}
