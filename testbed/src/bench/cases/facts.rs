//! Requests whose bodies are read: what tiers decide with facts.

use super::{Ask, Case, Turns, case, empty_filter, known, native, no_filter};
use crate::bench::bodies::{self, Body};
use crate::bench::{MAX_BODY_BYTES, Plan};
use crate::fixture::{Fixture, Setup, policy};
use serde_json::{Value, json};

/// What the budget of a body that is read is measured by.
pub const BUFFER: &str = "buffer";

/// What a request costs of which the filter reads no body.
pub const UNREAD: &str = "jwt-tier, body not read";

/// Requests of a round carry no more than this: a round of large bodies has fewer of them.
const ROUND_BYTES: usize = 32 << 20;

/// No fewer, lest a round be over before anything can be measured.
const LEAST_REQUESTS: usize = 12;

/// One for each body that is wanted.
pub fn comparisons(plan: &Plan) -> Vec<Turns> {
    let bodies = bodies::all().filter(|it| plan.wants(&it.name()));
    let turns = bodies.map(|it| Turns {
        title: it.name(),
        requests: plan.requests.min((ROUND_BYTES / it.bytes).max(LEAST_REQUESTS)),
        ask: Ask::Speech(it.json().into()),
        cases: cases(&it),
    });
    turns.collect()
}

fn cases(body: &Body) -> Vec<Case> {
    let mut cases = vec![
        no_filter(),
        empty_filter(),
        case(BUFFER, buffer(), known("tts.basic")),
        case("Lua, counts the text", lua(), known("tts.basic")),
        jwt_tier(UNREAD, unread()),
        jwt_tier("jwt-tier, max.text_chars", limited(json!({ "text_chars": MAX_BODY_BYTES }))),
    ];
    if body.brings_recording() {
        let mut audited = limited(json!({ "reference_audio_seconds": 3600 }));
        cases.push(jwt_tier("jwt-tier, max.reference_audio_seconds", audited.clone()));
        audited["facts"]["audit_voice_creations"] = json!(true);
        cases.push(jwt_tier("jwt-tier, … and its SHA-256 logged", audited));
    }
    cases
}

fn jwt_tier(name: &'static str, policy: Value) -> Case {
    case(name, Fixture::of(policy), known("tts.premium"))
}

/// The tier may everything, within limits that no request here reaches.
fn limited(max: Value) -> Value {
    let mut policy = policy();
    policy["tiers"][0]["max"] = max;
    policy["facts"] = json!({ "max_held_bytes": MAX_BODY_BYTES });
    policy
}

/// A rule that says nothing of a body comes before the preset's.
fn unread() -> Value {
    let mut policy = policy();
    let rule = json!({
        "name": "any-speech",
        "path": "/v1/audio/speech",
        "operations": ["tts.synthesize"],
    });
    policy["operations"]["rules"] = json!([rule]);
    policy
}

fn buffer() -> Setup {
    native("buffer", "buffer.v3.Buffer", json!({ "max_request_bytes": MAX_BODY_BYTES }))
}

fn lua() -> Setup {
    let source = include_str!("../count_text.lua");
    let config = json!({ "default_source_code": { "inline_string": source } });
    native("lua", "lua.v3.Lua", config)
}
