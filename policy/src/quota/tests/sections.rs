//! What the `quotas` section, tenants' terms and their source must not say, each refused with its
//! place.

use serde_json::{Value, json};

use super::policies::errors;
use super::*;
use crate::spec::PolicySpec;

/// What is wrong with a policy of one sound rule after `change`, which edits the section.
fn wrong(change: impl FnOnce(&mut Value)) -> Vec<String> {
    errors(|spec| {
        spec["quotas"] = json!({"rules": [
            {"name": "r", "meter": "requests", "per": "day", "default": {"limit": 5}},
        ]});
        change(&mut spec["quotas"]);
    })
}

/// … after `change`, which edits the rule.
fn wrong_rule(change: impl FnOnce(&mut Value)) -> Vec<String> {
    wrong(|quotas| change(&mut quotas["rules"][0]))
}

/// Whether that is all that is wrong, and says so.
fn assert_only(errors: &[String], place: &str, says: &str) {
    let [error] = errors else { panic!("{place}: {errors:#?}") };
    assert!(error.starts_with(&format!("{place}: ")), "{error}");
    assert!(error.contains(says), "{error}");
}

/// What is wrong with a document that cannot be read.
fn unreadable(change: impl FnOnce(&mut Value)) -> String {
    let mut spec = policies::spec();
    spec["quotas"] = json!({"rules": [
        {"name": "r", "meter": "requests", "per": "day", "default": {"limit": 5}},
    ]});
    change(&mut spec);
    let text = serde_json::to_string_pretty(&spec).unwrap();
    PolicySpec::from_json(text.as_bytes()).unwrap_err().to_string()
}

#[wasm_bindgen_test(unsupported = test)]
fn sound_sections_are_accepted() {
    assert_eq!(wrong(|_| ()), Vec::<String>::new());
    for (field, value) in [
        ("per", json!("1s")),
        ("per", json!("366d")),
        ("per", json!("month")),
        ("default", json!({"unlimited": true})),
        ("default", json!({"limit": 0})),
        ("default", json!({"limit": u64::MAX})),
        ("reserve", json!({"share": 1})),
        ("reserve", json!({"share": 100, "least": 0})),
        ("soft", json!([])),
        ("soft", json!([1, 100])),
        ("weight", json!({"model": {"a": 0, "b": 1000, "c": 0.001, "*-hd": 2.5}})),
        ("operations", json!(["*"])),
        ("operations", json!(["tts.*", "my.model"])),
        ("scope", json!("user")),
        ("name", json!("a-B_9.z")),
    ] {
        assert_eq!(wrong_rule(|rule| rule[field] = value.clone()), [""; 0], "{field}: {value}");
    }
    let burst = wrong_rule(|rule| {
        rule["per"] = json!("1m");
        rule["default"] = json!({"limit": 5, "burst": 50});
    });
    assert_eq!(burst, [""; 0]);
}

#[wasm_bindgen_test(unsupported = test)]
fn wrong_rules_are_refused_with_their_place() {
    let place = |rest: &str| format!("quotas.rules[0]{rest}");
    for (field, value, at, says) in [
        ("name", json!(""), ".name", "is not a rule name"),
        ("name", json!("a\"b"), ".name", "is not a rule name"),
        ("name", json!("a".repeat(65)), ".name", "1 to 64"),
        (
            "operations",
            json!(["tts.synthesise"]),
            ".operations[0]",
            "did you mean `tts.synthesize`",
        ),
        ("operations", json!(["tts.*", "x.*"]), ".operations[1]", "fits no operation"),
        ("per", json!("500ms"), ".per", "between 1 s and 31622400 s"),
        ("per", json!("367d"), ".per", "between 1 s and 31622400 s"),
        ("per", Value::Null, "", "`requests` needs a window"),
        ("reserve", json!({"share": 0}), ".reserve.share", "between 1 and 100"),
        ("reserve", json!({"share": 101}), ".reserve.share", "between 1 and 100"),
        ("soft", json!([80, 80]), ".soft", "ascending"),
        ("soft", json!([95, 80]), ".soft", "ascending"),
        ("soft", json!([0]), ".soft", "1 to 100"),
        ("soft", json!([101]), ".soft", "1 to 100"),
        ("weight", json!({"model": {"a": -1}}), ".weight.model.a", "between 0 and 1000"),
        ("weight", json!({"model": {"a": 1000.001}}), ".weight.model.a", "between 0 and 1000"),
        ("weight", json!({"model": {"a": 0.0005}}), ".weight.model.a", "steps of 0.001"),
        ("default", json!({}), ".default", "`limit: N` or `unlimited: true`"),
        ("default", json!({"burst": 3}), ".default", "`limit: N` or `unlimited: true`"),
        ("default", json!({"limit": 3, "unlimited": true}), ".default", "`unlimited` excludes"),
        ("default", json!({"burst": 3, "unlimited": true}), ".default", "`unlimited` excludes"),
        ("default", json!({"limit": 3, "burst": 3}), ".default", "only a rolling window"),
        ("tiers", json!({"premum": {"limit": 3}}), ".tiers.premum", "did you mean `premium`"),
        ("tiers", json!({"basic": {}}), ".tiers.basic", "`limit: N` or `unlimited: true`"),
    ] {
        let found = wrong_rule(|rule| rule[field] = value.clone());
        assert_only(&found, &place(at), says);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn what_does_not_go_together_is_refused() {
    assert_only(
        &wrong_rule(|rule| {
            rule["per"] = json!("1m");
            rule["timezone"] = json!("UTC");
        }),
        "quotas.rules[0].timezone",
        "only the calendar's windows",
    );
    for meter in ["streams", "voice.slots"] {
        let found = wrong_rule(|rule| rule["meter"] = json!(meter));
        assert_only(&found, "quotas.rules[0].per", "is held, not used up");
        let found = wrong_rule(|rule| {
            rule["meter"] = json!(meter);
            rule["per"] = Value::Null;
            rule["default"] = json!({"limit": 3, "burst": 3});
        });
        assert_only(&found, "quotas.rules[0].default", "only a rolling window");
    }
    assert_only(
        &wrong_rule(|rule| {
            rule["per"] = json!("1m");
            rule["default"] = json!({"limit": 3, "burst": 0});
        }),
        "quotas.rules[0].default",
        "write `limit: 0`",
    );
    assert_only(
        &wrong_rule(|rule| {
            rule["meter"] = json!("voice.slots");
            rule["per"] = Value::Null;
            rule["weight"] = json!({"model": {"hd": 2}});
        }),
        "quotas.rules[0].weight.model",
        "each counts 1",
    );
    let no_users = errors(|spec| {
        spec["identity"]["claims"] = json!({"tenant": "tenant"});
        spec["quotas"]["rules"] = json!([
            {"name": "r", "meter": "requests", "per": "day", "scope": "user", "default": {"limit": 5}},
        ]);
    });
    assert_only(&no_users, "quotas.rules[0].scope", "`identity.claims.user`");
}

#[wasm_bindgen_test(unsupported = test)]
fn each_tier_that_a_rule_can_apply_to_has_a_limit() {
    let tiers = |operations: Value, tiers: Value| {
        wrong_rule(|rule| {
            rule.as_object_mut().unwrap().remove("default");
            rule["operations"] = operations;
            rule["tiers"] = tiers;
        })
    };
    let premium = json!({"premium": {"limit": 1}});
    assert_only(
        &tiers(json!([]), premium.clone()),
        "quotas.rules[0].tiers",
        "tier `basic` has no limit under rule `r`; name one under `tiers`, write `basic: {unlimited: true}`",
    );
    assert_only(&tiers(json!(["tts.*"]), premium.clone()), "quotas.rules[0].tiers", "`basic`");
    // Basic may not.
    assert_eq!(tiers(json!(["llm.chat"]), premium), [""; 0]);
    assert_eq!(tiers(json!([]), json!({})).len(), 2);
    let both = json!({"premium": {"limit": 1}, "basic": {"unlimited": true}});
    assert_eq!(tiers(json!([]), both), [""; 0]);
}

#[wasm_bindgen_test(unsupported = test)]
fn rules_have_names_of_their_own_and_are_not_too_many() {
    let found = wrong(|quotas| {
        let rule = quotas["rules"][0].clone();
        quotas["rules"].as_array_mut().unwrap().push(rule);
    });
    assert_only(&found, "quotas.rules[1].name", "a second rule called `r`");
    let many = |count: usize| {
        wrong(|quotas| {
            let rule = |it: usize| {
                let mut rule = quotas["rules"][0].clone();
                rule["name"] = json!(format!("r{it}"));
                rule
            };
            quotas["rules"] = (0..count).map(rule).collect();
        })
    };
    assert_eq!(many(64), [""; 0]);
    assert_only(&many(65), "quotas.rules", "more than 64 rules");
}

#[wasm_bindgen_test(unsupported = test)]
fn wrong_sections_are_refused_with_their_place() {
    for (field, value, at, says) in [
        ("soft", json!([95, 80]), "soft", "ascending"),
        ("lease", json!("999ms"), "lease", "between 1 s and 3600 s"),
        ("lease", json!("3601s"), "lease", "between 1 s and 3600 s"),
        ("idempotency", json!({"window": "0s"}), "idempotency.window", "between 1 s and 604800 s"),
        ("idempotency", json!({"window": "8d"}), "idempotency.window", "between 1 s and 604800 s"),
        ("usage", json!({"path": "/usage?x=1"}), "usage.path", "without a query"),
        ("usage", json!({"path": "usage"}), "usage.path", "plainest form"),
        ("usage", json!({"path": ""}), "usage.path", "plainest form"),
        ("usage", json!({"path": "/a/../b"}), "usage.path", "plainest form"),
        ("usage", json!({"path": "/a/"}), "usage.path", "plainest form"),
        ("usage", json!({"path": "/%61"}), "usage.path", "plainest form"),
        (
            "label_tenants",
            (0..101).map(|it| json!(it.to_string())).collect(),
            "label_tenants",
            "100",
        ),
    ] {
        let found = wrong(|quotas| quotas[field] = value.clone());
        assert_only(&found, &format!("quotas.{at}"), says);
    }
    for (field, value) in [
        ("lease", json!("1s")),
        ("lease", json!("1h")),
        ("idempotency", json!({})),
        ("idempotency", json!({"window": "7d"})),
        ("usage", json!({})),
        ("usage", json!({"path": "/u", "operator_scope": "ops"})),
    ] {
        assert_eq!(wrong(|quotas| quotas[field] = value.clone()), [""; 0], "{field}: {value}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn an_operator_is_known_by_scopes_only() {
    let found = errors(|spec| {
        spec["identity"] =
            json!({"source": ["trusted_peers"], "trusted_peers": ["spiffe://a.test/b"]});
        spec["quotas"]["usage"] = json!({"operator_scope": "ops"});
    });
    assert_only(&found, "quotas.usage.operator_scope", "nobody has scopes");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_rule_that_nothing_feeds_is_refused() {
    let of = |meter: &str, operations: Value| {
        errors(|spec| {
            let mut rule = json!({
                "name": "r", "meter": meter, "operations": operations, "default": {"limit": 5},
            });
            if !["streams", "voice.slots"].contains(&meter) {
                rule["per"] = json!("1h");
            }
            spec["quotas"]["rules"] = json!([rule]);
        })
    };
    for (meter, feeds, starves) in [
        ("requests", "llm.chat", "video.generate"),
        ("streams", "llm.chat", "video.generate"),
        ("text.chars", "llm.chat", "asr.transcribe"),
        ("audio.seconds", "asr.transcribe", "voice.delete"),
        ("batch.lines", "tts.batch", "tts.synthesize"),
        ("voice.creations", "voice.create", "llm.chat"),
        ("voice.slots", "voice.create", "llm.chat"),
        ("voice.uses", "tts.synthesize", "llm.chat"),
        ("llm.tokens", "llm.chat", "tts.synthesize"),
        ("llm.tokens", "my.model", "tts.*"),
    ] {
        assert_eq!(of(meter, json!([feeds])), [""; 0], "{meter} of {feeds}");
        let found = of(meter, json!([starves]));
        assert_only(&found, "quotas.rules[0]", "nothing feeds rule `r`");
        assert_eq!(of(meter, json!([])), [""; 0], "{meter}");
    }
    // A voice that a synthesis names is used, and may be a recording.
    for operation in ["voice.use", "voice.create"] {
        assert_eq!(of("requests", json!([operation])), [""; 0], "{operation}");
    }
    // One that is spoken with, and forgotten, takes no slot.
    let found = errors(|spec| {
        let rules = spec["operations"]["rules"].as_array_mut().unwrap();
        rules.retain(|it| it["name"] != "upload");
        spec["quotas"]["rules"] =
            json!([{"name": "r", "meter": "voice.slots", "default": {"limit": 5}}]);
    });
    assert_only(&found, "quotas.rules[0]", "that a voice is made");
}

#[wasm_bindgen_test(unsupported = test)]
fn tenants_have_terms_only_of_rules_that_are_theirs() {
    let terms = |quotas: Value| {
        errors(|spec| {
            spec["quotas"]["rules"] = json!([
                {"name": "day", "meter": "requests", "per": "day", "default": {"limit": 5}},
                {"name": "hour", "meter": "requests", "per": "1h", "default": {"limit": 5}},
                {"name": "all", "meter": "requests", "per": "1h", "scope": "service", "default": {"limit": 5}},
            ]);
            spec["tenants"] = json!({"inline": [{"id": "acme", "quotas": quotas}]});
        })
    };
    let good = json!({"day": {"limit": 1}, "hour": {"limit": 1, "burst": 9}});
    assert_eq!(terms(good), [""; 0]);
    for (quotas, at, says) in [
        (json!({"dya": {"limit": 1}}), "dya", "accepted: day, hour, all"),
        (json!({"all": {"limit": 1}}), "all", "limits all tenants together"),
        (json!({"day": {}}), "day", "`limit: N` or `unlimited: true`"),
        (json!({"day": {"limit": 1, "burst": 1}}), "day", "only a rolling window"),
        (json!({"hour": {"limit": 1, "unlimited": true}}), "hour", "`unlimited` excludes"),
    ] {
        assert_only(&terms(quotas), &format!("tenants.inline[0].quotas.{at}"), says);
    }
    let tier = errors(|spec| {
        spec["tenants"] = json!({"inline": [{"id": "acme", "max_tier": "basci"}]});
    });
    assert_only(&tier, "tenants.inline[0].max_tier", "did you mean `basic`");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_source_of_tenants_has_a_url_a_cluster_and_times() {
    let source = |field: &str, value: Value| {
        errors(|spec| {
            let mut source =
                json!({"uri": "http://tenants.test/voxgate.jsonl", "cluster": "tenants"});
            source[field] = value;
            spec["tenants"] = json!({ "source": source });
        })
    };
    assert_eq!(source("refresh", json!("1s")), [""; 0]);
    for (field, value, says) in [
        ("uri", json!("tenants.test/voxgate.jsonl"), "`http://` or `https://`"),
        ("uri", json!("file:///tenants"), "`http://` or `https://`"),
        ("cluster", json!(""), "name the Envoy cluster"),
        ("refresh", json!("999ms"), "1 s or more"),
        ("timeout", json!("0s"), "more than 0 s"),
    ] {
        assert_only(&source(field, value), &format!("tenants.source.{field}"), says);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn what_cannot_be_read_is_told_with_its_place_in_the_document() {
    let window = unreadable(|spec| spec["quotas"]["rules"][0]["per"] = json!("fortnight"));
    assert!(window.starts_with("quotas.rules[0].per"), "{window}");
    assert!(
        window.contains("`fortnight` is not a window; write `day`, `week`, `month`"),
        "{window}"
    );
    assert!(window.contains("line "), "{window}");
    for (change, place) in [
        (json!({"meter": "chars"}), "quotas.rules[0].meter"),
        (json!({"scope": "team"}), "quotas.rules[0].scope"),
        (json!({"limit": 5}), "quotas.rules[0]"),
        (json!({"default": {"limit": -1}}), "quotas.rules[0].default.limit"),
        (json!({"default": {"limits": 1}}), "quotas.rules[0].default"),
        (json!({"soft": [256]}), "quotas.rules[0].soft[0]"),
    ] {
        let Value::Object(more) = change else { continue };
        let error = unreadable(|spec| {
            spec["quotas"]["rules"][0].as_object_mut().unwrap().extend(more);
        });
        assert!(error.starts_with(place), "{error}");
    }
    for (field, value) in [
        ("on_store_error", json!("ignore")),
        ("websockets", json!("never")),
        ("refund", json!({"failed": "half"})),
        ("usage", json!({"port": 1})),
    ] {
        let error = unreadable(|spec| spec["quotas"][field] = value);
        assert!(error.starts_with(&format!("quotas.{field}")), "{error}");
    }
}
