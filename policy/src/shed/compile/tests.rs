mod fed;
mod ladder;
mod rejected;

use std::rc::Rc;

use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::Policy;
use crate::error::PolicyErrors;
use crate::policy::ShedPolicy;
use crate::shed::ladder::{Degrade, Rung};
use crate::shed::lane::Lane;
use crate::shed::load::LoadTerms;
use crate::spec::{PolicySpec, RejectSpec};
use crate::testing;

/// All that can be said, and the operations that feed it.
fn policy() -> Value {
    let jwks: Value = serde_json::from_str(testing::jwks()).unwrap();
    json!({
        "version": 1,
        "identity": {"issuers": [{"issuer": "https://issuer.test", "jwks": {"inline": jwks}}]},
        "operations": {
            "define": ["tts.sing"],
            "rules": [
                {"name": "say", "path": "/say", "operations": ["tts.synthesize"],
                 "body": {"formats": ["json"], "fields": {
                     "text": ["/text"], "model": ["/model"], "format": ["/format"],
                     "sample_rate": ["/rate"], "stream": ["/stream"]}}},
                {"name": "sing", "path": "/sing", "operations": ["tts.sing"],
                 "body": {"formats": ["json"], "fields": {
                     "text": ["/text"], "model": ["/songs/*/model"], "stream": ["/stream"]}}},
                {"name": "form", "path": "/form", "operations": ["face.animate"],
                 "body": {"formats": ["multipart"], "fields": {"model": ["/model"]}}},
            ],
        },
        "tiers": [
            {"name": "premium", "scopes": ["tts.premium"], "allow": ["*"]},
            {"name": "basic", "scopes": ["tts.basic"], "allow": ["tts.synthesize"],
             "max": {"sample_rate_hz": 24000}, "models": ["small", "tiny"], "formats": ["mp3"]},
        ],
        "shedding": {
            "capacity": {
                "unit": "audio_seconds", "limit": 240, "batch_limit": 600, "most": 900,
                "tiers": {
                    "premium": {"share": 3, "reserve": 30, "queue": {"max": 50, "wait": "2s"}},
                    "basic": {"share": 1},
                },
            },
            "load": {
                "busy": {"in_use": 60, "first_byte": 150, "reported": 70},
                "overload": {"in_use": 90, "first_byte": 300, "reported": 90},
                "dwell": "3s", "report_header": "x-load", "report_metrics": ["named_metrics.gpu"],
            },
            "ladder": [
                {"name": "short", "text_chars": {"up_to": 100}, "rung": "pass"},
                {"name": "less", "operations": ["tts.synthesize"], "tiers": ["basic"],
                 "load": ["busy"], "audio_seconds": {"above": 20, "up_to": 60}, "rung": "degrade",
                 "degrade": {"sample_rate": 16000, "model": "small", "format": "mp3",
                             "stream": true, "headers": {"x-quality": "draft"}}},
                {"name": "aside", "load": ["busy"], "text_chars": {"above": 500}, "rung": "divert"},
                {"name": "long", "load": ["overload"], "text_chars": {"above": 500},
                 "rung": "reject"},
                {"name": "full", "load": ["overload"], "tiers": ["basic"], "rung": "reject",
                 "reject": "busy"},
            ],
            "deadline": {"default": "30s", "tiers": {"premium": "500ms"}},
            "lease": "20s",
        },
    })
}

/// [`policy`] with a change of its section.
fn changed(change: impl FnOnce(&mut Value)) -> Value {
    let mut policy = policy();
    change(&mut policy["shedding"]);
    policy
}

fn told(errors: PolicyErrors) -> Vec<String> {
    errors.0.iter().map(ToString::to_string).collect()
}

/// What is wrong with it, as all filters and as text-shed see it.
fn errors(policy: &Value) -> (Vec<String>, Vec<String>) {
    let json = policy.to_string();
    let all = PolicySpec::from_json(json.as_bytes()).and_then(Policy::try_from);
    let shed = ShedPolicy::from_json(json.as_bytes());
    (all.map_or_else(told, |_| Vec::new()), shed.map_or_else(told, |_| Vec::new()))
}

/// The one thing that is wrong with it, wherever it is read.
fn only_error(policy: &Value) -> String {
    let (mut all, shed) = errors(policy);
    assert_eq!(all, shed, "whoever reads it");
    assert_eq!(all.len(), 1, "{all:#?}");
    all.remove(0)
}

fn rules(policy: &Value) -> ShedRules {
    let read = ShedPolicy::from_json(policy.to_string().as_bytes()).unwrap();
    read.rules().unwrap().clone()
}

#[wasm_bindgen_test(unsupported = test)]
fn a_sound_policy_with_every_member_compiles() {
    assert_eq!(errors(&policy()), (Vec::new(), Vec::new()));
    let rules = rules(&policy());
    let (premium, basic) = (TierKey::of("premium"), TierKey::of("basic"));
    let gate = rules.gate_terms(Work(5));
    assert_eq!((gate.capacity, gate.lease), (Work(5), Duration::from_secs(20)));
    let queue = Some(QueueTerms { max: 50, wait: Duration::from_secs(2) });
    let terms =
        |tier, share, reserve_percent, queue| TierTerms { tier, share, reserve_percent, queue };
    assert_eq!(gate.tiers, [terms(basic, 1, 0, None), terms(premium, 3, 30, queue)]);
    let thresholds = |use_percent, first_byte_percent, reported_percent| Thresholds {
        use_percent,
        first_byte_percent,
        reported_percent,
    };
    let load = LoadTerms {
        capacity: Some(Work(240_000)),
        learn_from: Work(90_000),
        least: Work(1000),
        most: Work(900_000),
        busy: thresholds(60, 150, 70),
        overload: thresholds(90, 300, 90),
        dwell: Duration::from_secs(3),
    };
    assert_eq!(rules.load_terms(Lane::Online), load);
    let batch = LoadTerms { capacity: Some(Work(600_000)), ..load };
    assert_eq!(rules.load_terms(Lane::Batch), batch);
    assert_eq!(rules.report_header, "x-load");
    assert_eq!(rules.report_metrics.len(), 1);
    assert_eq!(rules.budget(premium), Some(Duration::from_millis(500)));
    assert_eq!(rules.budget(basic), Some(Duration::from_secs(30)));
    let rungs: Vec<&Rung> = rules.ladder.rules().map(|it| &it.rung).collect();
    let degrade = Degrade {
        sample_rate: Some(16_000),
        model: Some("small".to_owned()),
        format: Some("mp3".to_owned()),
        stream: true,
        headers: [("x-quality".to_owned(), "draft".to_owned())].into(),
    };
    assert_eq!(
        rungs,
        [
            &Rung::Pass,
            &Rung::Degrade(Rc::new(degrade)),
            &Rung::Divert,
            &Rung::Reject(RejectSpec::TextTooLong),
            &Rung::Reject(RejectSpec::Busy),
        ]
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn an_empty_section_learns_the_capacity_and_keeps_to_it() {
    let mut written = policy();
    written["shedding"] = json!({});
    assert_eq!(errors(&written), (Vec::new(), Vec::new()));
    let rules = rules(&written);
    assert!(Lane::ALL.into_iter().all(|it| rules.is_learned(it)));
    assert!(rules.gate_terms(Work(1)).tiers.is_empty());
    assert_eq!(rules.budget(TierKey::of("basic")), None);
    assert_eq!(rules.ladder.rules().count(), 0);
    assert_eq!(rules.report_header, "endpoint-load-metrics");
}

#[wasm_bindgen_test(unsupported = test)]
fn without_a_section_nothing_is_shed() {
    let mut written = policy();
    written.as_object_mut().unwrap().remove("shedding");
    let json = written.to_string();
    assert!(ShedPolicy::from_json(json.as_bytes()).unwrap().rules().is_none());
    let spec = PolicySpec::from_json(json.as_bytes()).unwrap();
    assert!(Policy::try_from(spec).unwrap().shedding().is_none());
}

#[wasm_bindgen_test(unsupported = test)]
fn text_shed_and_the_whole_policy_read_the_same() {
    let json = policy().to_string();
    let shed = ShedPolicy::from_json(json.as_bytes()).unwrap();
    let whole = Policy::try_from(PolicySpec::from_json(json.as_bytes()).unwrap()).unwrap();
    assert_eq!(format!("{:?}", shed.rules()), format!("{:?}", whole.shedding()));
    let names = |it: &OperationNames| it.iter().map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(names(shed.operations()), names(whole.operations()));
    assert!(!shed.is_on_trial());
    let mut trial = policy();
    trial["shadow"] = json!(["shedding"]);
    assert!(ShedPolicy::from_json(trial.to_string().as_bytes()).unwrap().is_on_trial());
}

#[wasm_bindgen_test(unsupported = test)]
fn work_is_counted_in_the_unit_and_never_as_nothing() {
    use crate::subject::Subject;
    let subject = |text_chars, speech_ms, input_audio_ms| Subject {
        text_chars,
        speech_ms,
        input_audio_ms,
        ..Subject::default()
    };
    let of = |unit: &str| rules(&changed(|it| it["capacity"]["unit"] = json!(unit)));
    for (unit, long, brought, nothing, units) in [
        ("audio_seconds", 6_500, 3_500, 1_000, 7),
        ("text_chars", 100, 20, 15, 100),
        ("requests", 1, 1, 1, 1),
    ] {
        let rules = of(unit);
        assert_eq!(rules.work(&subject(100, 6_500, 0)), Work(long), "{unit}");
        assert_eq!(rules.work(&subject(20, 500, 3_000)), Work(brought), "{unit}");
        assert_eq!(rules.work(&subject(0, 0, 0)), Work(nothing), "{unit}");
        assert_eq!(rules.units(Work(long)), units, "{unit}");
        let endless = rules.work(&subject(u64::MAX, u64::MAX, u64::MAX));
        assert!(endless >= Work(1), "{unit}");
    }
    let floor = rules(&changed(|it| it["capacity"]["least"] = json!(4)));
    let (short, long) = (floor.work(&subject(2, 200, 0)), floor.work(&subject(50, 5_000, 0)));
    assert_eq!((short, long), (Work(4_000), Work(5_000)));
}
