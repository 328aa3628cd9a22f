//! What stands between the service and the listener.

use crate::bench::cases::without_filter;
use crate::fixture::{Fixture, Setup, policy, token};
use serde_json::{Value, json};
use voxctl::render::Filter;

/// One of them.
pub(super) struct Case {
    pub name: &'static str,
    /// None: the listener asks the service itself.
    pub setup: Option<Setup>,
    /// Where there is a jwt-tier.
    pub token: Option<String>,
}

/// All of them; the first is the measure of the others.
pub(super) fn all() -> Vec<Case> {
    let case = |name, setup| Case { name, setup: Some(setup), token: None };
    let empty = |module| Fixture::of(policy()).module(module);
    vec![
        Case { name: "direct", setup: None, token: None },
        case("Envoy, no filter", without_filter()),
        case("an empty Wasm filter", empty("empty.wasm")),
        case("… that is called for each chunk", empty("empty-watching.wasm")),
        case("chunk-flush, measuring", alone(&[])),
        case("chunk-flush, playback", alone(&[json!({ "name": "a", "mode": "playback" })])),
        case("chunk-flush, interval", alone(&[json!({ "name": "a", "mode": "interval" })])),
        case("chunk-flush, ramp", alone(&[json!({ "name": "a", "mode": "ramp" })])),
        Case {
            name: "jwt-tier + chunk-flush, measuring",
            setup: Some(Fixture::of(streams(&[]))),
            token: Some(token("tts.basic")),
        },
    ]
}

/// Only chunk-flush, so that what it costs is not jwt-tier's.
fn alone(coalesce: &[Value]) -> Setup {
    Fixture::of(streams(coalesce)).without_filter(Filter::JwtTier)
}

/// The defaults, and these rules.
fn streams(coalesce: &[Value]) -> Value {
    let mut policy = policy();
    policy["streams"] = json!({ "coalesce": coalesce });
    policy
}
