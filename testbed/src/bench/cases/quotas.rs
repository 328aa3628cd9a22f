//! Requests that are counted: what a quota costs beside Envoy's own rate limit.

use super::{Ask, Case, Turns, case, empty_filter, known, native, no_filter};
use crate::bench::Plan;
use crate::fixture::{Fixture, Setup, policy};
use serde_json::{Value, json};

/// Enough for any number of rounds.
pub(super) const PLENTY: u64 = 1 << 40;

/// How many tenants have terms of their own, in the case with many.
const TENANTS: usize = 10_000;

/// The cases that are wanted; that without a filter is the first.
pub fn comparison(plan: &Plan) -> Turns {
    let cases = with_filters().into_iter().filter(|it| plan.wants(it.name));
    Turns {
        title: "Requests that are counted".to_owned(),
        requests: plan.requests,
        ask: Ask::Voices,
        cases: std::iter::once(no_filter()).chain(cases).collect(),
    }
}

fn with_filters() -> Vec<Case> {
    let basic = || known("tts.basic");
    vec![
        empty_filter(),
        case("local_ratelimit, 1 descriptor", local_ratelimit(1), basic()),
        case("local_ratelimit, 3 descriptors", local_ratelimit(3), basic()),
        case("jwt-tier, no quotas", Fixture::of(policy()), basic()),
        case("jwt-tier + voice-quota, 1 rule", with_rules(1), basic()),
        case("jwt-tier + voice-quota, 3 rules", with_rules(3), basic()),
        case("jwt-tier + voice-quota, 6 rules", with_rules(6), basic()),
        Case {
            name: "jwt-tier + voice-quota, denial",
            setup: Fixture::of(with_limit(1, 0)),
            tokens: basic(),
            status: 429,
        },
        case("… 1 rule, 10,000 tenants inline", many_tenants(), basic()),
    ]
}

fn with_rules(count: usize) -> Setup {
    Fixture::of(with_limit(count, PLENTY))
}

/// The tests' policy with rules of different windows and meters.
pub(super) fn with_limit(count: usize, limit: u64) -> Value {
    let rules = [
        ("month", "requests", Some("month"), "tenant"),
        ("streams", "streams", None, "tenant"),
        ("minute", "requests", Some("1m"), "tenant"),
        ("day", "requests", Some("day"), "tenant"),
        ("hour", "requests", Some("1h"), "tenant"),
        ("service", "requests", Some("1h"), "service"),
    ];
    let rules = rules.iter().take(count).map(|(name, meter, per, scope)| {
        let mut rule = json!({ "name": name, "meter": meter, "scope": scope });
        rule["default"] = json!({ "limit": limit });
        if let Some(per) = per {
            rule["per"] = json!(per);
        }
        rule
    });
    let mut policy = policy();
    policy["quotas"] = json!({ "rules": rules.collect::<Vec<_>>() });
    policy
}

fn many_tenants() -> Setup {
    let tenant = |number| {
        let limit = PLENTY + number as u64 % 7;
        json!({ "id": format!("tenant-{number:06}"), "quotas": { "month": { "limit": limit } } })
    };
    let mut policy = with_limit(1, PLENTY);
    policy["tenants"] = json!({ "inline": (0..TENANTS).map(tenant).collect::<Vec<_>>() });
    Fixture::of(policy)
}

/// Envoy's own, with token buckets by what the request says; as near as it comes to a tenant's.
fn local_ratelimit(descriptors: usize) -> Setup {
    let bucket = json!({
        "max_tokens": 4_000_000_000_u32, "tokens_per_fill": 4_000_000_000_u32, "fill_interval": "60s",
    });
    let names = ["a", "b", "c"];
    let of = |name: &&str| json!({ "entries": [{ "key": name, "value": "acme" }], "token_bucket": bucket });
    let rate = |name: &&str| json!({ "actions": [{ "generic_key": { "descriptor_key": name, "descriptor_value": "acme" } }] });
    let names: Vec<&str> = names.into_iter().take(descriptors).collect();
    let all = json!({ "default_value": { "numerator": 100, "denominator": "HUNDRED" } });
    let config = json!({
        "stat_prefix": "bench",
        "token_bucket": bucket,
        "filter_enabled": all,
        "filter_enforced": all,
        "descriptors": names.iter().map(of).collect::<Vec<_>>(),
        "rate_limits": names.iter().map(rate).collect::<Vec<_>>(),
    });
    native("local_ratelimit", "local_ratelimit.v3.LocalRateLimit", config)
}
