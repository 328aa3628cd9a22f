//! What stands in front of the service.
//!
//! Envoy's own are set as its documentation advises, and better where we found better; why, stands at
//! each. Its pages: "Admission Control" and "Adaptive Concurrency" under "HTTP filters", "Circuit
//! breaking" under "Upstream clusters".

use anyhow::Result;
use serde_json::{Value, json};
use std::net::SocketAddr;

use super::mix::Tier;
use crate::bench::cases::{native, without_filter};
use crate::bench::subject::{each_object, remove_members};
use crate::fixture::{Fixture, Setup, policy, resource};

/// One Envoy.
pub(super) struct Case {
    pub name: &'static str,
    /// For how long it is flooded unless it is said.
    pub seconds: u64,
    setup: Setup,
    /// At most so many requests at once to the cluster.
    max_requests: Option<u32>,
}

/// Long enough for a dozen crashes and restarts.
const SHORT: u64 = 300;

/// All of them; the first is without a filter.
pub(super) fn all(batch: SocketAddr) -> Vec<Case> {
    let case = |name, setup| Case { name, seconds: SHORT, setup, max_requests: None };
    let breaker = |name, most| Case { max_requests: Some(most), ..case(name, without_filter()) };
    let mut cases = vec![
        case("no filter", without_filter()),
        case("admission_control, as it is", admission_control(json!({}))),
        case("admission_control, tuned", admission_control(tuned_admission())),
        case("adaptive_concurrency, learning", adaptive_concurrency(learning(), json!({}))),
        case("adaptive_concurrency, told", adaptive_concurrency(told(), told_limit())),
        breaker("circuit breaker, max_requests 4", 4),
        breaker("circuit breaker, max_requests 8", 8),
    ];
    cases.push(Case { seconds: 600, ..case("Voxgate", voxgate(batch)) });
    cases
}

/// jwt-tier and text-shed, with the lane for batches at `batch`.
fn voxgate(batch: SocketAddr) -> Setup {
    const BATCH: &str = "inbound|8080|batch|";
    let mut policy = policy();
    policy["tiers"] = Tier::ALL
        .map(|it| {
            let scope = format!("tts.{}", it.name());
            json!({ "name": it.name(), "scopes": [scope], "allow": ["tts.synthesize"] })
        })
        .into();
    policy["shedding"] = shedding();
    Fixture::of(policy).cluster(BATCH, batch).resource(resource::first_route(json!({
        "name": "batch",
        "match": {
            "prefix": "/",
            "headers": [{ "name": "x-voxgate-lane", "string_match": { "exact": "batch" } }],
        },
        "route": { "cluster": BATCH, "timeout": "0s" },
    })))
}

/// Half as many jobs again as fill the GPU, for those that wait for their first sound leave it to others;
/// half of them are premium's. Long texts are made at 16 kHz as soon as it is busy, and those of basic
/// on the batch lane when it is full. Found by trying: counted in audio seconds, so many short texts fit
/// that premium's first byte is late.
fn shedding() -> Value {
    let long = json!({ "above": 300 });
    json!({
        "capacity": {
            "unit": "requests",
            "limit": 12,
            "batch_limit": 6,
            "tiers": {
                "premium": { "share": 4, "reserve": 50 },
                "standard": { "share": 2 },
                "basic": { "share": 1 },
            },
        },
        "ladder": [
            {
                "name": "long-basic",
                "tiers": ["basic"],
                "text_chars": long,
                "load": ["overload"],
                "rung": "divert",
            },
            {
                "name": "long-busy",
                "text_chars": long,
                "load": ["busy", "overload"],
                "rung": "degrade",
                "degrade": { "sample_rate": 16_000 },
            },
        ],
    })
}

/// It refuses at random by the share of failures of late. Its own settings: 95 % of successes are well,
/// counted over 30 s, at most 80 % refused.
fn admission_control(mut settings: Value) -> Setup {
    settings["success_criteria"] = json!({});
    native("admission_control", "admission_control.v3.AdmissionControl", settings)
}

/// It learns of an overload only by failures, and here these come when the service has fallen already;
/// so the best it can do is to remember them beyond the restart (20 s), to react to few, and to refuse
/// as much as is too much (two thirds), with something over.
fn tuned_admission() -> Value {
    json!({
        "sampling_window": "60s",
        "sr_threshold": { "default_value": { "value": 99 }, "runtime_key": "sr" },
        "aggression": { "default_value": 2.0, "runtime_key": "aggression" },
        "max_rejection_probability": { "default_value": { "value": 90 }, "runtime_key": "most" },
    })
}

/// It raises and lowers how many requests there may be at once by what whole requests take. Some five
/// to seven end in a second here, so that windows of 100 ms, as in the documentation's example, know nothing:
/// two seconds. The median is the default, and of whole requests' times it is that of the short ones.
fn adaptive_concurrency(best_time: Value, mut limit: Value) -> Setup {
    limit["concurrency_update_interval"] = json!("2s");
    let config = json!({ "gradient_controller_config": {
        "sample_aggregate_percentile": { "value": 50 },
        "concurrency_limit_params": limit,
        "min_rtt_calc_params": best_time,
    } });
    native("adaptive_concurrency", "adaptive_concurrency.v3.AdaptiveConcurrency", config)
}

/// The best time is learned of 20 requests, three at once, each minute; failures at once are times, too.
fn learning() -> Value {
    json!({
        "interval": "60s",
        "request_count": 20,
        "min_concurrency": 3,
        "jitter": { "value": 10 },
        "buffer": { "value": 25 },
    })
}

/// The best time is what a short text takes alone, so that no outage is taken for it …
fn told() -> Value {
    json!({ "fixed_value": "0.6s", "min_concurrency": 3, "buffer": { "value": 25 } })
}

/// … and an outage, of which each answer comes at once, raises the limit no further than what fills
/// the GPU.
fn told_limit() -> Value {
    json!({ "max_concurrency_limit": 8 })
}

// === impl Case ===

impl Case {
    /// Envoy's whole configuration.
    pub fn bootstrap(&self, upstream: SocketAddr) -> Result<Value> {
        let mut bootstrap = self.setup.bootstrap(upstream)?;
        remove_members(&mut bootstrap, "access_log");
        if let Some(most) = self.max_requests {
            // As Istio's `http2MaxRequests`, which holds for HTTP/1.1, too. What is over it is
            // answered at once; connections are not bounded, so that nothing waits for one.
            each_object(&mut bootstrap, &mut |members| {
                if members.contains_key("circuit_breakers") {
                    let thresholds = json!({ "thresholds": [{ "max_requests": most }] });
                    members.insert("circuit_breakers".to_owned(), thresholds);
                }
            });
        }
        Ok(bootstrap)
    }
}
