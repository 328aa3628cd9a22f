mod fed;
mod rejected;

use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::Policy;
use crate::error::PolicyErrors;
use crate::policy::StreamPolicy;
use crate::spec::{CoalesceMode, PolicySpec, StallAction};
use crate::stream::tests::ms;
use crate::subject::Subject;
use crate::testing;

/// All that can be said.
fn policy() -> Value {
    let jwks: Value = serde_json::from_str(testing::jwks()).unwrap();
    json!({
        "version": 1,
        "identity": {"issuers": [{"issuer": "https://issuer.test", "jwks": {"inline": jwks}}]},
        "operations": {"define": ["tts.sing"], "presets": ["openai-audio", "openai-chat"]},
        "tiers": [
            {"name": "premium", "scopes": ["tts.premium"], "allow": ["*"]},
            {"name": "basic", "scopes": ["tts.basic"], "allow": ["tts.synthesize"]},
        ],
        "streams": {
            "listener": {"start": "200ms", "silence": "1s", "hole": "50ms"},
            "protect": {"no_transform": true, "no_accel_buffering": false,
                        "identity_encoding": true, "server_timing": false},
            "stall": {"after": "5s", "audio": "end", "events": "count"},
            "slow": {"percent": 200, "least": "1s"},
            "coalesce": [
                {"name": "chatty", "operations": ["tts.*"], "content_types": ["audio/pcm", "audio/l16"],
                 "tiers": ["basic"], "mode": "playback", "floor": "300ms", "max_bytes": 4096,
                 "max_delay": "80ms"},
                {"name": "grow", "operations": ["tts.synthesize"], "content_types": ["audio/*"],
                 "mode": "ramp", "frames": [2, 3]},
                {"name": "tokens", "content_types": ["text/event-stream"], "mode": "interval",
                 "max_delay": "30ms"},
            ],
            "connection": {"idle_timeout": "60s", "flush_timeout": "10s", "http2_window": 65_535,
                           "buffer_limit": 65_536},
        },
    })
}

/// [`policy`] with a change of its section.
fn changed(change: impl FnOnce(&mut Value)) -> Value {
    let mut policy = policy();
    change(&mut policy["streams"]);
    policy
}

fn told(errors: PolicyErrors) -> Vec<String> {
    errors.0.iter().map(ToString::to_string).collect()
}

/// What is wrong with it, as all filters and as chunk-flush see it.
fn errors(policy: &Value) -> (Vec<String>, Vec<String>) {
    let json = policy.to_string();
    let all = PolicySpec::from_json(json.as_bytes()).and_then(Policy::try_from);
    let own = StreamPolicy::from_json(json.as_bytes());
    (all.map_or_else(told, |_| Vec::new()), own.map_or_else(told, |_| Vec::new()))
}

/// The one thing that is wrong with it, wherever it is read.
fn only_error(policy: &Value) -> String {
    let (mut all, own) = errors(policy);
    assert_eq!(all, own, "whoever reads it");
    assert_eq!(all.len(), 1, "{all:#?}");
    all.remove(0)
}

fn read(policy: &Value) -> StreamPolicy {
    StreamPolicy::from_json(policy.to_string().as_bytes()).unwrap()
}

fn rules(policy: &Value) -> StreamRules {
    read(policy).rules().unwrap().clone()
}

#[wasm_bindgen_test(unsupported = test)]
fn a_sound_policy_with_every_member_compiles() {
    assert_eq!(errors(&policy()), (Vec::new(), Vec::new()));
    let rules = rules(&policy());
    let listener = ListenerTerms { start: ms(200), hole: ms(50) };
    assert_eq!(rules.observer, ObserverTerms { listener, silence: ms(1000) });
    let stall = StallTerms { after: ms(5000), audio: StallAction::End, events: StallAction::Count };
    assert_eq!(rules.stall, Some(stall));
    assert_eq!(rules.slow, SlowTerms { percent: 200, least: ms(1000) });
    assert!(rules.protect.no_transform && !rules.protect.no_accel_buffering);
    assert_eq!(rules.connection.buffer_limit, 65_536);
    let all: Vec<_> = rules.coalesce.iter().map(|it| (*it.rule).clone()).collect();
    assert_eq!(all.iter().map(|it| &*it.name).collect::<Vec<_>>(), ["chatty", "grow", "tokens"]);
    assert_eq!(all[0].mode, CoalesceMode::Playback);
    assert_eq!((all[0].floor, all[0].max_bytes, all[0].max_delay), (ms(300), 4096, ms(80)));
    assert_eq!(all[1].frames, [2, 3]);
    assert_eq!((all[2].max_bytes, all[2].max_delay), (8192, ms(30)));
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_not_said_has_its_defaults() {
    let rules = rules(&changed(|it| {
        *it = json!({"coalesce": [
            {"name": "a", "mode": "playback", "tiers": ["basic"]},
            {"name": "b", "mode": "ramp", "tiers": ["premium"]},
        ]});
    }));
    let listener = ListenerTerms { start: ms(100), hole: ms(100) };
    assert_eq!(rules.observer, ObserverTerms { listener, silence: ms(2000) });
    assert_eq!(rules.stall, None);
    assert_eq!(rules.slow, SlowTerms { percent: 300, least: ms(500) });
    let all: Vec<_> = rules.coalesce.iter().map(|it| (*it.rule).clone()).collect();
    assert_eq!((all[0].floor, all[0].max_bytes, all[0].max_delay), (ms(200), 8192, ms(100)));
    assert!(all[0].frames.is_empty());
    assert_eq!((all[1].floor, all[1].max_delay), (ms(20), ms(400)));
    assert_eq!(all[1].frames, [4, 4, 8, 16, 25]);
}

#[wasm_bindgen_test(unsupported = test)]
fn without_the_section_nothing_is_done_and_with_an_empty_one_nothing_is_held() {
    let mut without = policy();
    without.as_object_mut().unwrap().remove("streams");
    assert!(read(&without).rules().is_none());
    let as_policy = |it: &Value| {
        Policy::try_from(PolicySpec::from_json(it.to_string().as_bytes()).unwrap()).unwrap()
    };
    assert!(as_policy(&without).streams().is_none());
    assert!(!as_policy(&without).tells_subjects());
    let empty = changed(|it| *it = json!({}));
    assert!(as_policy(&empty).tells_subjects(), "operations and tiers are labels");
    assert!(rules(&empty).coalesce.is_empty());
    assert!(
        rules(&empty)
            .coalesce_for(&Subject::default(), b"audio/pcm", read(&empty).operations())
            .is_none()
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn the_first_rule_that_matches_decides() {
    let policy = read(&policy());
    let find = |operation: &str, tier: Option<&str>, content_type: &str| {
        let subject = Subject {
            operations: vec![operation.to_owned()],
            tier: tier.map(str::to_owned),
            ..Subject::default()
        };
        let rules = policy.rules().unwrap();
        let rule = rules.coalesce_for(&subject, content_type.as_bytes(), policy.operations());
        rule.map(|it| it.name.to_string())
    };
    let chatty = Some("chatty".to_owned());
    let grow = Some("grow".to_owned());
    let tokens = Some("tokens".to_owned());
    assert_eq!(find("tts.synthesize", Some("basic"), "audio/pcm"), chatty);
    assert_eq!(find("tts.sing", Some("basic"), "Audio/L16; rate=24000"), chatty);
    assert_eq!(find("tts.sing", Some("basic"), "audio/L16, rate=24000"), chatty);
    assert_eq!(find("tts.synthesize", Some("premium"), "audio/pcm"), grow);
    assert_eq!(find("tts.synthesize", None, "audio/mpeg"), grow);
    assert_eq!(find("tts.sing", None, "audio/mpeg"), None);
    assert_eq!(find("llm.chat", None, "text/event-stream; charset=utf-8"), tokens);
    assert_eq!(find("none", None, "text/event-stream"), tokens);
    assert_eq!(find("none", None, "audio/pcm"), None, "what is not known is not named");
    assert_eq!(find("llm.chat", None, ""), None);
}
