//! What a request takes of which account.

use serde_json::{Value, json};

use super::policies::{policy, policy_of, subject};
use super::*;
use crate::Policy;
use crate::spec::QuotaScope;
use crate::subject::Subject;
use crate::tenant::TenantTerms;

/// Account, rule and units of each charge.
fn demanded(policy: &Policy, subject: &Subject) -> Vec<(AccountId, String, Units)> {
    let terms: Option<&TenantTerms> =
        subject.tenant.as_ref().and_then(|it| policy.tenants().get(it));
    let demand = policy.quotas().demand(subject, policy, terms);
    let all = demand.accounts.into_iter().flat_map(|account| {
        let shares = account.shares.into_iter().zip(account.charges);
        let id = account.id;
        shares.map(move |(share, charge)| (id.clone(), share.rule, charge.units))
    });
    let name = |rule| policy.quotas().get(rule).unwrap().name.clone();
    all.map(|(id, rule, units)| (id, name(rule), units)).collect()
}

/// Units of the only rule, if it is charged at all.
fn units(policy: &Policy, subject: &Subject) -> Option<Units> {
    let mut all = demanded(policy, subject);
    assert!(all.len() <= 1);
    all.pop().map(|(_, _, units)| units)
}

fn rule(meter: &str, more: Value) -> Value {
    let mut rule = json!({"name": "r", "meter": meter, "default": {"limit": 1000}});
    if !["streams", "voice.slots"].contains(&meter) {
        rule["per"] = json!("day");
    }
    let Value::Object(more) = more else { panic!("no object") };
    rule.as_object_mut().unwrap().extend(more);
    rule
}

fn only(meter: &str, more: Value) -> Policy {
    policy(json!([rule(meter, more)]))
}

fn models(subject: Subject, models: &[&str]) -> Subject {
    Subject { models: models.iter().map(|it| (*it).to_owned()).collect(), ..subject }
}

#[wasm_bindgen_test(unsupported = test)]
fn each_meter_counts_its_own() {
    let speech = Subject {
        text_chars: 90,
        speech_ms: 6000,
        ..subject(&["tts.synthesize", "voice.use", "voice.create"])
    };
    let batch =
        Subject { text_chars: 50, speech_ms: 3000, batch_lines: 3, ..subject(&["tts.batch"]) };
    let upload = subject(&["voice.create"]);
    let heard = Subject { input_audio_ms: 2500, ..subject(&["asr.transcribe"]) };
    let chat = Subject { text_chars: 9, ..subject(&["llm.chat"]) };
    let exact = |units| Some(Units::Exact(units));
    let guess = |units, most| Some(Units::Estimate { units, most });
    for (meter, expected) in [
        ("requests", [exact(1); 5]),
        ("streams", [exact(1); 5]),
        ("text.chars", [exact(90), exact(50), None, None, exact(9)]),
        ("audio.seconds", [guess(6000, 100_000), guess(3000, 100_000), None, exact(2500), None]),
        ("voice.creations", [exact(1), None, exact(1), None, None]),
        ("voice.uses", [exact(1), None, None, None, None]),
        ("voice.slots", [None, None, exact(1), None, None]),
        ("batch.lines", [None, exact(3), None, None, None]),
        ("llm.tokens", [None, None, None, None, guess(5, 100)]),
    ] {
        let policy = only(meter, json!({}));
        let found = [&speech, &batch, &upload, &heard, &chat].map(|it| units(&policy, it));
        assert_eq!(found, expected, "{meter}");
    }
}

/// Tokens of speech were charged by its text.
#[wasm_bindgen_test(unsupported = test)]
fn only_what_can_tell_of_tokens_is_charged_for_them() {
    let policy = only("llm.tokens", json!({}));
    let charged =
        |operation| units(&policy, &Subject { text_chars: 8, ..subject(&[operation]) }).is_some();
    let operations = ["llm.chat", "agent.invoke", "my.model", "tts.synthesize", "asr.transcribe"];
    assert_eq!(operations.map(charged), [true, true, true, false, false]);
    assert!(units(&policy, &subject(&[])).is_none());
}

#[wasm_bindgen_test(unsupported = test)]
fn operations_that_are_named_count_and_no_others() {
    let policy = only("requests", json!({"operations": ["tts.*", "voice.use"]}));
    for (operations, counts) in [
        (vec!["tts.synthesize"], true),
        (vec!["tts.batch", "voice.create"], true),
        (vec!["voice.use", "llm.chat"], true),
        (vec!["voice.create"], false),
        (vec!["llm.chat"], false),
        (vec![], false),
        (vec!["of.another.policy"], false),
    ] {
        assert_eq!(units(&policy, &subject(&operations)).is_some(), counts, "{operations:?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn unknown_requests_count_where_no_operations_are_named() {
    let all = only("requests", json!({}));
    assert_eq!(units(&all, &subject(&[])), Some(Units::Exact(1)));
    assert_eq!(units(&all, &subject(&["of.another.policy"])), Some(Units::Exact(1)));
    let named = only("requests", json!({"operations": ["*"]}));
    assert_eq!(units(&named, &subject(&[])), None);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_preflight_and_a_question_for_usage_cost_nothing() {
    let policy = only("requests", json!({}));
    for subject in
        [Subject { is_exempt: true, ..subject(&[]) }, Subject { asks_usage: true, ..subject(&[]) }]
    {
        assert_eq!(policy.quotas().demand(&subject, &policy, None), Demand::default());
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn accounts_are_taken_from_the_narrowest_to_the_widest() {
    let of = |scope: &str| json!({"name": scope, "meter": "requests", "per": "1m", "scope": scope, "default": {"limit": 9}});
    let policy = policy(json!([of("service"), of("tenant"), of("user")]));
    let named = |subject: &Subject| -> Vec<(AccountId, String)> {
        demanded(&policy, subject).into_iter().map(|(id, rule, _)| (id, rule)).collect()
    };
    let found = named(&subject(&["llm.chat"]));
    let rules: Vec<&str> = found.iter().map(|(_, rule)| rule.as_str()).collect();
    assert_eq!(rules, ["user", "tenant", "service"]);
    assert!(matches!(found[0].0, AccountId::User(_)));
    assert_eq!(found[1].0, tenant("acme"));
    assert_eq!(found[2].0, AccountId::Service);
    let user = |tenant: Option<&str>, user: Option<&str>| {
        let (tenant, user) = (tenant.map(str::to_owned), user.map(str::to_owned));
        named(&Subject { tenant, user, ..subject(&["llm.chat"]) })[0].0.clone()
    };
    let all = [
        user(Some("acme"), Some("ann")),
        user(Some("acme"), Some("bob")),
        user(Some("acm"), Some("eann")),
        user(Some("zen"), Some("ann")),
        user(None, Some("acmeann")),
        user(Some("acme"), None),
    ];
    let distinct: std::collections::BTreeSet<_> = all.iter().collect();
    assert_eq!(distinct.len(), all.len(), "each is another's account");
    let nobody = named(&Subject { tenant: None, ..subject(&["llm.chat"]) });
    assert_eq!(nobody[1].0, AccountId::Anonymous);
}

#[wasm_bindgen_test(unsupported = test)]
fn terms_are_the_tenants_then_the_tiers_then_the_default() {
    let policy = policy_of(|spec| {
        spec["quotas"]["rules"] = json!([{
            "name": "r", "meter": "requests", "per": "day",
            "default": {"limit": 3}, "tiers": {"premium": {"limit": 2}},
        }]);
        spec["tenants"] = json!({"inline": [
            {"id": "own", "quotas": {"r": {"limit": 1}}},
            {"id": "free", "quotas": {"r": {"unlimited": true}}},
            {"id": "plain"},
        ]});
    });
    let limit = |tenant: &str, tier: Option<&str>| {
        let (name, tier) = (Some(tenant.to_owned()), tier.map(str::to_owned));
        let subject = Subject { tenant: name, tier, ..subject(&["llm.chat"]) };
        let demand = policy.quotas().demand(&subject, &policy, policy.tenants().get(tenant));
        demand.accounts[0].charges[0].limit.map(|it| it.units)
    };
    assert_eq!(limit("own", Some("premium")), Some(1));
    assert_eq!(limit("own", None), Some(1));
    assert_eq!(limit("free", Some("premium")), None, "counted, and never denied");
    assert_eq!(limit("plain", Some("premium")), Some(2));
    assert_eq!(limit("unknown", Some("premium")), Some(2));
    assert_eq!(limit("unknown", Some("basic")), Some(3));
    assert_eq!(limit("unknown", Some("of another policy")), Some(3));
    assert_eq!(limit("unknown", None), Some(3));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_caller_without_a_tier_is_limited_only_by_defaults() {
    let tiers = json!({"premium": {"limit": 2}, "basic": {"limit": 1}});
    let policy = policy(json!([{"name": "r", "meter": "requests", "per": "day", "tiers": tiers}]));
    let nobody = Subject { tier: None, ..subject(&["llm.chat"]) };
    let demand = policy.quotas().demand(&nobody, &policy, None);
    assert_eq!(demand, Demand::default());
}

#[wasm_bindgen_test(unsupported = test)]
fn an_unlimited_bucket_is_not_counted_but_the_request_is_metered() {
    let unlimited = |per: &str| {
        let default = json!({"unlimited": true});
        only("requests", json!({"per": per, "default": default}))
    };
    for (per, charges) in [("1h", 0), ("day", 1)] {
        let policy = unlimited(per);
        let demand = policy.quotas().demand(&subject(&["llm.chat"]), &policy, None);
        assert!(demand.is_metered);
        assert_eq!(demand.accounts.len(), charges, "{per}");
    }
    let streams = only("streams", json!({}));
    assert!(!streams.quotas().demand(&subject(&["llm.chat"]), &streams, None).is_metered);
}

#[wasm_bindgen_test(unsupported = test)]
fn the_highest_weight_that_fits_counts() {
    let weight = json!({"model": {"hd": 2, "hd-*": 3, "half": 0.5, "free": 0, "most": 1000}});
    let chars = only("text.chars", json!({"weight": weight, "default": {"limit": 1_000_000}}));
    let text = Subject { text_chars: 7, ..subject(&["tts.synthesize"]) };
    for (names, expected) in [
        (vec![], Some(7)),
        (vec!["unlisted"], Some(7)),
        (vec!["hd"], Some(14)),
        (vec!["hd-1"], Some(21)),
        (vec!["half"], Some(4)),
        (vec!["free"], None),
        (vec!["most"], Some(7000)),
        (vec!["half", "hd"], Some(14)),
        (vec!["half", "unlisted"], Some(7)),
        (vec!["free", "half"], Some(4)),
    ] {
        let found = units(&chars, &models(text.clone(), &names));
        assert_eq!(found, expected.map(Units::Exact), "{names:?}");
    }
    let huge = Subject { text_chars: u64::MAX, ..text };
    assert_eq!(units(&chars, &models(huge, &["most"])), Some(Units::Exact(u64::MAX)));
}

/// Sixteen cheap names before a dear one hid it, and so did a name too long to be kept.
#[wasm_bindgen_test(unsupported = test)]
fn a_model_that_is_not_told_may_be_the_dearest() {
    let weight = json!({"model": {"hd": 2, "free": 0}});
    let chars = only("text.chars", json!({"weight": weight, "default": {"limit": 1_000_000}}));
    let text = Subject { text_chars: 7, has_more_models: true, ..subject(&["tts.synthesize"]) };
    for names in [vec![], vec!["free"], vec!["unlisted"]] {
        let found = units(&chars, &models(text.clone(), &names));
        assert_eq!(found, Some(Units::Exact(14)), "{names:?}");
    }
}

/// What weighs nothing took the least that is reserved, and was denied when that was not left.
#[wasm_bindgen_test(unsupported = test)]
fn a_guess_that_weighs_nothing_takes_nothing() {
    let more = json!({"weight": {"model": {"free": 0, "hd": 2}}, "reserve": {"least": 5}});
    let tokens = only("llm.tokens", more);
    let chat = Subject { text_chars: 100, ..subject(&["llm.chat"]) };
    assert_eq!(units(&tokens, &models(chat.clone(), &["free"])), None);
    let guess = Units::Estimate { units: 100, most: 100 };
    assert_eq!(units(&tokens, &models(chat, &["hd"])), Some(guess));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_guess_is_at_least_the_least_and_at_most_its_share() {
    let more = json!({"reserve": {"share": 25, "least": 3}, "default": {"limit": 10}});
    let audio = only("audio.seconds", more);
    let speech = |speech_ms| units(&audio, &Subject { speech_ms, ..subject(&["tts.synthesize"]) });
    assert_eq!(speech(1), Some(Units::Estimate { units: 3000, most: 2500 }));
    assert_eq!(speech(9000), Some(Units::Estimate { units: 9000, most: 2500 }));
    assert_eq!(speech(0), None);
    let none = only("llm.tokens", json!({"default": {"limit": 0}}));
    let chat = units(&none, &subject(&["llm.chat"]));
    assert_eq!(chat, Some(Units::Estimate { units: 1, most: 1 }));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_voice_that_is_deleted_gives_its_slot_back_and_takes_none() {
    for (scope, id) in [("tenant", tenant("acme")), ("service", AccountId::Service)] {
        let policy = only("voice.slots", json!({"scope": scope}));
        let demand = policy.quotas().demand(&subject(&["voice.delete"]), &policy, None);
        assert!(demand.accounts.is_empty());
        let (_, rule) = policy.quotas().named("r").unwrap();
        assert_eq!(rule.scope == QuotaScope::Service, scope == "service");
        assert_eq!(demand.gives_back, [(id, rule.key)]);
        let created = policy.quotas().demand(&subject(&["voice.create"]), &policy, None);
        assert!(created.gives_back.is_empty());
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_counter_is_the_same_while_name_meter_and_window_are() {
    let key = |name: &str, more: Value| {
        let mut rule = rule("requests", more);
        rule["name"] = json!(name);
        policy(json!([rule])).quotas().rules[0].key
    };
    let base = key("r", json!({}));
    assert_eq!(base, key("r", json!({"default": {"limit": 5}, "soft": [50], "shadow": true})));
    assert_ne!(base, key("s", json!({})));
    assert_ne!(base, key("r", json!({"per": "week"})));
    assert_ne!(base, key("r", json!({"per": "day", "timezone": "Europe/Berlin"})));
}

#[wasm_bindgen_test(unsupported = test)]
fn on_trial_every_charge_is_taken_and_a_repeat_takes_only_what_is_held() {
    let policy = policy(json!([
        rule("requests", json!({"name": "a"})),
        rule("streams", json!({"name": "b"})),
        rule("requests", json!({"name": "c", "scope": "service"})),
    ]));
    let mut demand = policy.quotas().demand(&subject(&["llm.chat"]), &policy, None);
    demand.put_on_trial();
    assert!(demand.accounts.iter().flat_map(|it| &it.charges).all(|it| it.is_shadow));
    let held = demand.of_what_is_held();
    let found: Vec<_> = held.accounts.iter().flat_map(|it| &it.shares).map(|it| it.rule).collect();
    assert_eq!(found, [RuleId(1)]);
    assert_eq!(held.accounts[0].charges[0].window, Window::Held);
}
