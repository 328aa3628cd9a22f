//! Bodies that are read for what they cost, repeats, and questions for usage.

use serde_json::Value;

use super::facts::{ask, facts_policy, json_of, read, reason};
use super::*;
use crate::spec::ShadowSection;
use crate::subject::Subject;

/// A policy whose rules count these, each as `(meter, operations)`.
fn counting(rules: &[(&str, &[&str])], change: impl FnOnce(&mut Value)) -> Policy {
    facts_policy(|spec| {
        let rule = |(i, (meter, operations)): (usize, &(&str, &[&str]))| {
            let mut rule = json!({
                "name": format!("r{i}"), "meter": meter, "operations": operations,
                "default": {"limit": 1_000_000},
            });
            if !["streams", "voice.slots"].contains(meter) {
                rule["per"] = json!("day");
            }
            rule
        };
        spec["quotas"]["rules"] = rules.iter().enumerate().map(rule).collect();
        change(spec);
    })
}

/// All may all that a body can ask for, so that nothing hangs on one.
fn may_all(spec: &mut Value) {
    spec["operations"]["rules"] = json!([
        {"name": "say", "methods": ["POST"], "path": "/say", "operations": ["tts.synthesize"],
         "body": {"formats": ["json"], "fields": {
             "text": ["/text"], "voice": ["/voice"], "model": ["/model"]}}},
        {"name": "upload", "methods": ["POST"], "path": "/upload", "operations": ["voice.create"],
         "body": {"formats": ["multipart"], "fields": {"reference": ["/file"]}}},
        {"name": "bare", "methods": ["POST"], "path": "/bare", "operations": ["tts.synthesize"]},
        {"name": "chat", "methods": ["POST"], "path": "/chat", "operations": ["llm.chat"],
         "body": {"formats": ["json"], "fields": {"text": ["/text"], "model": ["/model"]}}},
    ]);
    for tier in 0..2 {
        spec["tiers"][tier]["allow"] = json!(["*"]);
    }
}

fn say(more: &[(&str, &str)]) -> RequestHead {
    ask("/say", "tts.premium", "application/json", more)
}

const BODY: &str = r#"{"text":"h\u00e9llo","voice":"preset-1","model":"m","text_after":1}"#;

#[wasm_bindgen_test(unsupported = test)]
fn a_body_is_read_to_its_end_where_its_length_costs() {
    let plain = facts_policy(may_all);
    assert!(!reads_bodies(&plain));
    assert_eq!(read(&plain, &say(&[]), BODY.as_bytes(), 4).1, 0);
    for meter in ["text.chars", "audio.seconds"] {
        let policy = counting(&[(meter, &[])], may_all);
        assert!(reads_bodies(&policy));
        for size in [1, 4, 1000] {
            let (decision, fed) = read(&policy, &say(&[]), BODY.as_bytes(), size);
            assert_eq!((decision.reason.as_str(), fed), ("tier_allows", BODY.len()));
            let facts = decision.facts.as_deref().unwrap();
            assert_eq!(facts.text.chars, 5, "{meter}");
            assert_eq!(facts.models.known, ["m"]);
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_body_is_not_read_where_nothing_in_it_costs() {
    for rules in [
        &[("requests", &[][..]), ("streams", &[])][..],
        &[("text.chars", &["llm.chat"])],
        &[("voice.creations", &["voice.create"])],
    ] {
        let policy = counting(rules, |spec| {
            may_all(spec);
            let say = &mut spec["operations"]["rules"][0];
            say["body"]["fields"].as_object_mut().unwrap().remove("voice");
        });
        assert_eq!(read(&policy, &say(&[]), BODY.as_bytes(), 4).1, 0, "{rules:?}");
    }
}

/// Padding before a text, or a mistake behind it, would make it free.
#[wasm_bindgen_test(unsupported = test)]
fn no_leniency_lets_a_body_pass_that_was_not_counted_whole() {
    let lenient = |spec: &mut Value| {
        small(spec);
        spec["facts"]["past_max_held"] = json!("by_headers");
        spec["facts"]["on_malformed"] = json!("allow");
    };
    let padded = format!("{{\"pad\":\"{}\",\"text\":\"hello\"}}", "x".repeat(4096));
    let broken = r#"{"text":"hello","#;
    for (meter, padded_is, broken_is) in [
        ("text.chars", "body_too_large", "malformed_body"),
        ("requests", "tier_allows", "tier_allows"),
    ] {
        let policy = counting(&[(meter, &[])], lenient);
        assert_eq!(read(&policy, &say(&[]), padded.as_bytes(), 64).0.reason.as_str(), padded_is);
        assert_eq!(read(&policy, &say(&[]), broken.as_bytes(), 64).0.reason.as_str(), broken_is);
    }
}

/// A recording of some megabytes was answered 413 where voices were counted, though its head says all.
#[wasm_bindgen_test(unsupported = test)]
fn a_recording_is_not_read_to_count_the_voice_that_it_makes() {
    let counts: &[(&str, &[&str])] = &[("voice.creations", &[]), ("voice.slots", &[])];
    let policy = counting(counts, |spec| {
        may_all(spec);
        spec["facts"]["max_held_bytes"] = json!(2048);
    });
    let head = ask("/upload", "tts.premium", "multipart/form-data; boundary=b", &[]);
    let (decision, fed) = read(&policy, &head, &[b'x'; 10_000], 1000);
    assert_eq!((decision.reason.as_str(), fed), ("tier_allows", 0));
}

/// What an operation costs that only a body tells of, was not counted if nothing else hung on the body.
#[wasm_bindgen_test(unsupported = test)]
fn a_body_is_read_for_the_operations_that_it_brings() {
    for (meter, operation) in
        [("requests", "voice.use"), ("streams", "voice.*"), ("text.chars", "voice.use")]
    {
        let policy = counting(&[(meter, &[operation])], may_all);
        let (decision, fed) = read(&policy, &say(&[]), br#"{"text":"hello","voice":"mine"}"#, 4);
        assert_eq!(fed, 31, "{meter} of {operation}");
        assert!(decision.operations.contains(crate::operation::OperationId::VOICE_USE));
        assert_eq!(decision.facts.unwrap().text.chars, 5);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_body_is_read_for_the_model_by_which_it_is_weighted() {
    let policy = counting(&[("requests", &[])], |spec| {
        may_all(spec);
        spec["quotas"]["rules"][0]["weight"] = json!({"model": {"m": 2}});
    });
    let (decision, fed) = read(&policy, &say(&[]), BODY.as_bytes(), 4);
    assert_eq!(fed, BODY.len());
    assert_eq!(decision.facts.unwrap().models.known, ["m"]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_breach_is_still_told_with_its_first_byte() {
    let policy = counting(&[("text.chars", &[])], |_| ());
    let mut body = br#"{"ref":""#.to_vec();
    body.extend(std::iter::repeat_n(b'A', 10_000));
    let (decision, fed) = read(&policy, &json_of("/say", "tts.basic"), &body, 1);
    assert_eq!((decision.reason.as_str(), fed), ("insufficient_scope", 9));
}

/// Bodies of which nobody can say what they cost, and what is answered.
fn uncounted() -> Vec<(RequestHead, Vec<u8>, &'static str)> {
    let long = format!(r#"{{"text":"{}"}}"#, "a".repeat(5000)).into_bytes();
    let good = BODY.as_bytes().to_vec();
    let of = |content_type| ask("/say", "tts.premium", content_type, &[]);
    vec![
        (of("text/html"), good.clone(), "unsupported_content_type"),
        (say(&[("content-encoding", "br")]), good.clone(), "unsupported_content_encoding"),
        (say(&[("upgrade", "foo"), ("content-length", "9")]), good, "unsupported_upgrade"),
        (say(&[]), long, "body_too_large"),
        (say(&[]), br#"{"text":"#.to_vec(), "malformed_body"),
    ]
}

fn small(spec: &mut Value) {
    may_all(spec);
    spec["facts"]["max_held_bytes"] = json!(2048);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_body_that_cannot_be_counted_is_refused_where_its_cost_hangs_on_it() {
    let policy = counting(&[("text.chars", &[])], small);
    for (head, body, expected) in uncounted() {
        let (decision, _) = read(&policy, &head, &body, 100);
        assert_eq!((decision.reason.as_str(), decision.passes()), (expected, false));
        let status = decision.answer(&policy).unwrap().status;
        assert!([400, 413, 415].contains(&status), "{expected}: {status}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn quotas_on_trial_refuse_no_body() {
    for counts in [&[("text.chars", &[][..])][..], &[("requests", &[])]] {
        let policy = counting(counts, |spec| {
            small(spec);
            spec["shadow"] = json!(["quotas"]);
        });
        assert!(policy.is_shadowed(ShadowSection::Quotas));
        for (head, body, expected) in uncounted() {
            let (decision, _) = read(&policy, &head, &body, 100);
            assert_eq!(decision.outcome, Outcome::Allow, "{expected}");
        }
    }
    // What a tier asks for is still asked for.
    let limited = counting(&[("text.chars", &[])], |spec| {
        small(spec);
        spec["tiers"][0]["max"] = json!({"text_chars": 100});
        spec["shadow"] = json!(["quotas"]);
    });
    for (head, body, expected) in uncounted() {
        let (decision, _) = read(&limited, &head, &body, 100);
        let expected = if expected == "body_too_large" { "text_chars_limit" } else { expected };
        assert_eq!(decision.reason.as_str(), expected);
    }
}

/// What passed only because tiers are on trial was not read, and so not charged.
#[wasm_bindgen_test(unsupported = test)]
fn what_passes_on_trial_is_charged_like_any_other() {
    let trial = |rules: &[(&str, &[&str])]| {
        counting(rules, |spec| {
            spec["shadow"] = json!(["tiers"]);
            spec["facts"]["max_held_bytes"] = json!(2048);
            spec["tiers"][1]["max"] = json!({"text_chars": 3});
        })
    };
    let basic = |path: &str| ask(path, "tts.basic", "application/json", &[]);
    let lines = ask("/lines", "tts.basic", "application/jsonl", &[]);
    let (charged, plain) = (trial(&[("text.chars", &[])]), trial(&[]));
    let one = br#"{"ref":"UklGRg==","text":"hello"}"#;
    for (head, body, expected) in [
        // Its operation, what its body brings, and a limit.
        (&lines, &br#"{"text":"hello"}"#[..], "insufficient_scope"),
        (&basic("/say"), one, "insufficient_scope"),
        (&basic("/say"), br#"{"text":"hello"}"#, "text_chars_limit"),
    ] {
        for size in [1, 1000] {
            let (decision, fed) = read(&charged, head, body, size);
            assert_eq!(
                (decision.outcome, decision.reason.as_str(), fed),
                (Outcome::WouldDeny, expected, body.len())
            );
            assert_eq!(decision.facts.unwrap().text.chars, 5);
        }
        let (decision, fed) = read(&plain, head, body, 1);
        assert_eq!((decision.reason.as_str(), fed < body.len()), (expected, true));
    }
    let long = format!(r#"{{"ref":"UklGRg==","text":"{}"}}"#, "a".repeat(5000));
    for (body, expected) in
        [(long.as_bytes(), "body_too_large"), (br#"{"ref":"UklGRg==","#, "malformed_body")]
    {
        assert_eq!(reason(&charged, &basic("/say"), std::str::from_utf8(body).unwrap()), expected);
        assert!(!read(&charged, &basic("/say"), body, 100).0.passes(), "{expected}");
        assert!(read(&plain, &basic("/say"), body, 100).0.passes(), "{expected}");
    }
}

fn idempotent(change: impl FnOnce(&mut Value)) -> Policy {
    counting(&[("requests", &[])], |spec| {
        small(spec);
        spec["quotas"]["idempotency"] = json!({});
        change(spec);
    })
}

const KEY: (&str, &str) = ("idempotency-key", "k1");

fn repeat(policy: &Policy, head: &RequestHead, body: &[u8]) -> Option<[u8; 16]> {
    let (decision, _) = read(policy, head, body, 7);
    assert!(decision.passes(), "{decision:?}");
    decision.repeat
}

/// A body that was too large to be digested was answered 413, though nothing else asked for it.
#[wasm_bindgen_test(unsupported = test)]
fn no_body_is_refused_for_want_of_its_digest() {
    let policy = idempotent(|_| ());
    for (head, body, expected) in uncounted() {
        let mut headers: Vec<(String, Vec<u8>)> = Vec::new();
        for name in head.names() {
            headers.push((name.to_owned(), head.first(name).unwrap().to_vec()));
        }
        headers.push((KEY.0.to_owned(), KEY.1.into()));
        let (decision, _) = read(&policy, &RequestHead::new(headers), &body, 100);
        assert_eq!((decision.outcome, decision.repeat), (Outcome::Allow, None), "{expected}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_repeat_has_the_same_key_path_and_body_of_the_same_caller() {
    let policy = idempotent(|spec| {
        spec["identity"]["claims"]["user"] = json!("sub");
        spec["operations"]["rules"].as_array_mut().unwrap().push(json!(
            {"name": "too", "path": "/too", "operations": ["tts.synthesize"],
             "body": {"formats": ["json"], "fields": {"text": ["/text"]}}}
        ));
    });
    let as_caller = |tenant: &str, user: &str, method: &str, path: &str, key: &str| {
        let mut claims = testing::claims(NOW);
        claims["scope"] = json!("tts.premium");
        claims["tenant"] = json!(tenant);
        claims["sub"] = json!(user);
        let signing = SigningKey::es256();
        let token = sign(claims.to_string(), signing.header().to_string(), &signing);
        let bearer = format!("Bearer {token}");
        let headers = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
            ("idempotency-key", key),
        ];
        head(method, path, &headers)
    };
    let body = BODY.as_bytes();
    let first = repeat(&policy, &as_caller("acme", "ann", "POST", "/say", "k"), body).unwrap();
    let again = repeat(&policy, &as_caller("acme", "ann", "POST", "/say", "k"), body);
    assert_eq!(again, Some(first));
    let whole = read(&policy, &as_caller("acme", "ann", "POST", "/say", "k"), body, 1000).0;
    assert_eq!(whole.repeat, Some(first), "however it is cut");
    let others = [
        repeat(&policy, &as_caller("zen", "ann", "POST", "/say", "k"), body),
        repeat(&policy, &as_caller("acme", "bob", "POST", "/say", "k"), body),
        repeat(&policy, &as_caller("acm", "eann", "POST", "/say", "k"), body),
        repeat(&policy, &as_caller("acme", "ann", "POST", "/too", "k"), body),
        repeat(&policy, &as_caller("acme", "ann", "POST", "/say?a=b", "k"), body),
        repeat(&policy, &as_caller("acme", "ann", "POST", "/say", "l"), body),
        repeat(&policy, &as_caller("acme", "ann", "POST", "/say", "k"), br#"{"text":"hallo"}"#),
        repeat(&policy, &as_caller("acme", "ann", "POST", "/say", "k"), br#"{"text":"hello"} "#),
        repeat(&policy, &as_caller("acme", "ann", "PUT", "/too", "k"), body),
    ];
    let mut digests: Vec<[u8; 16]> = others.map(|it| it.expect("it was read whole")).to_vec();
    digests.push(first);
    digests.sort_unstable();
    digests.dedup();
    assert_eq!(digests.len(), 10);
}

/// A body of which no rule says anything was not read, and each of the same key was the same request.
#[wasm_bindgen_test(unsupported = test)]
fn a_request_whose_body_was_not_read_repeats_none() {
    let policy = idempotent(|_| ());
    let bare = ask("/bare", "tts.premium", "application/json", &[KEY]);
    assert_eq!(repeat(&policy, &bare, b"one text"), None);
    let unknown = idempotent(|spec| spec["operations"]["unknown"] = json!("allow"));
    let elsewhere = ask("/elsewhere", "tts.premium", "application/json", &[KEY]);
    assert_eq!(repeat(&unknown, &elsewhere, b"one text"), None);
    let socket = say(&[KEY, ("upgrade", "websocket")]);
    assert_eq!(repeat(&policy, &socket, b"frames"), None);
    // There is none.
    let alone = decided(&policy, &bare, &mut Known::default());
    assert!(alone.repeat.is_some());
}

#[wasm_bindgen_test(unsupported = test)]
fn there_are_no_repeats_without_one_key_or_a_window() {
    let policy = idempotent(|_| ());
    let long = "k".repeat(257);
    let longest = "k".repeat(256);
    assert!(repeat(&policy, &say(&[KEY]), BODY.as_bytes()).is_some());
    assert!(repeat(&policy, &say(&[(KEY.0, &longest)]), BODY.as_bytes()).is_some());
    for headers in [&[][..], &[(KEY.0, "")], &[KEY, KEY], &[(KEY.0, &long)]] {
        assert_eq!(repeat(&policy, &say(headers), BODY.as_bytes()), None, "{headers:?}");
        assert_eq!(read(&policy, &say(headers), BODY.as_bytes(), 4).1, 0, "nor is it read");
    }
    let without = counting(&[("text.chars", &[])], may_all);
    assert_eq!(repeat(&without, &say(&[KEY]), BODY.as_bytes()), None);
}

const USAGE: &str = "/.well-known/voxgate/usage";

fn usage_policy(change: impl FnOnce(&mut Value)) -> Policy {
    policy(|spec| {
        spec["quotas"]["usage"] = json!({"operator_scope": "ops"});
        change(spec);
    })
}

fn get(path: &str, token: &str) -> RequestHead {
    head("GET", path, &[("authorization", &format!("Bearer {token}"))])
}

#[wasm_bindgen_test(unsupported = test)]
fn usage_is_told_to_whoever_has_a_token() {
    let policy = usage_policy(|_| ());
    for (scope, tier, is_operator) in
        [("tts.premium", Some("premium"), false), ("email", None, false), ("ops", None, true)]
    {
        let decision = decided(&policy, &get(USAGE, &token_with(scope)), &mut Known::default());
        assert_eq!((decision.outcome, &decision.reason), (Outcome::Allow, &Reason::Usage));
        assert_eq!(decision.tenant.as_deref(), Some("acme"));
        assert_eq!(decision.tier.map(|it| policy.tiers().name(it)), tier);
        assert_eq!(decision.is_operator, is_operator);
        let subject = Subject::new(&decision, &get(USAGE, ""), &policy);
        assert!(subject.asks_usage && subject.is_operator == is_operator);
        assert_eq!(decision.answer(&policy), None);
    }
    for path in ["/.well-known/voxgate/usage?page=7", "/.well-known//voxgate/%75sage"] {
        let decision = decided(&policy, &get(path, &token_with("email")), &mut Known::default());
        assert_eq!(decision.reason, Reason::Usage, "{path}");
    }
    let elsewhere = get("/.well-known/voxgate/usages", &token_with("ops"));
    assert_eq!(
        decided(&policy, &elsewhere, &mut Known::default()).reason,
        Reason::UnknownOperation
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn usage_is_never_told_without_a_token_whatever_is_on_trial() {
    let all = json!(["identity", "operations", "facts", "tiers", "quotas"]);
    for shadow in [json!([]), all] {
        let policy = usage_policy(|spec| {
            spec["shadow"] = shadow.clone();
            spec["identity"]["anonymous"] = json!({"tier": "basic"});
        });
        for (request, reason) in [
            (head("GET", USAGE, &[]), "missing_token"),
            (head("GET", USAGE, &[("authorization", "Basic YTpi")]), "missing_token"),
            (get(USAGE, "no.good.token"), "malformed"),
        ] {
            let decision = decided(&policy, &request, &mut Known::default());
            assert_eq!((decision.outcome, decision.reason.as_str()), (Outcome::Deny, reason));
            assert_eq!(decision.answer(&policy).unwrap().status, 401, "{shadow}");
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_question_for_usage_waits_for_keys_even_on_trial() {
    let policy = usage_policy(|spec| {
        spec["identity"]["issuers"][0]["jwks"] =
            json!({"remote": {"uri": "https://issuer.test/jwks.json", "cluster": "issuer"}});
        spec["shadow"] = json!(["identity"]);
    });
    let request = get(USAGE, &token_with("tts.basic"));
    let mut known = Known::default();
    let progress = decide(&policy, &request, Body::Absent, &mut known, NOW, &mut Silent);
    assert!(matches!(progress, Progress::WaitForKeys(_)), "{progress:?}");
}

#[wasm_bindgen_test(unsupported = test)]
fn without_a_usage_section_the_path_is_any_other() {
    let policy = policy(|_| ());
    let decision = decided(&policy, &get(USAGE, &token_with("ops")), &mut Known::default());
    assert_eq!(decision.reason, Reason::UnknownOperation);
}
