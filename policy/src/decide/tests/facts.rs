//! What a body asks for, and when the decision is certain.

use super::*;
use crate::spec::PolicySpec;

/// A policy whose own rule takes all that a rule can take; `change` edits it.
pub(super) fn facts_policy(change: impl FnOnce(&mut serde_json::Value)) -> Policy {
    policy(|spec| {
        spec["operations"] = json!({
            "preset_voices": ["preset-*"],
            "rules": [
                {"name": "say", "methods": ["POST"], "path": "/say", "operations": ["tts.synthesize"],
                 "body": {"formats": ["json", "multipart"], "fields": {
                     "text": ["/text"], "voice": ["/voice"], "reference": ["/ref"], "model": ["/model"],
                     "sample_rate": ["/rate"], "format": ["/format"], "consent": ["/consent"]}},
                 "query": {"voice": ["/v"]}},
                {"name": "lines", "methods": ["POST"], "path": "/lines", "operations": ["tts.batch"],
                 "body": {"formats": ["jsonl"], "fields": {"text": ["/text"], "reference": ["/ref"]}}},
                {"name": "upload", "methods": ["POST"], "path": "/upload", "operations": ["voice.create"],
                 "body": {"formats": ["multipart"], "fields": {"reference": ["/file"]}}},
                {"name": "plain", "methods": ["POST"], "path": "/plain", "operations": ["tts.synthesize"],
                 "body": {"formats": ["plain"], "fields": {"text": [""]}}},
                {"name": "by-voice", "methods": ["POST"], "path": "/voices/{voice}/say",
                 "operations": ["tts.synthesize"], "voice_in_path": "voice"},
            ],
        });
        change(spec);
    })
}

/// A request of a caller with `scope`.
pub(super) fn ask(
    path: &str,
    scope: &str,
    content_type: &str,
    more: &[(&str, &str)],
) -> RequestHead {
    let bearer = format!("Bearer {}", token_with(scope));
    let mut headers = vec![("authorization", bearer.as_str()), ("content-type", content_type)];
    headers.extend(more);
    head("POST", path, &headers)
}

/// Decides with a body that comes in slices of `size` bytes; also says how much of it was needed.
pub(super) fn read(
    policy: &Policy,
    head: &RequestHead,
    body: &[u8],
    size: usize,
) -> (Decision, usize) {
    let mut known = Known::default();
    let mut reading = match decide(policy, head, Body::Follows, &mut known, NOW, &mut Silent) {
        Progress::Decided(decision) => return (decision, 0),
        Progress::ReadBody(reading) => reading,
        other => panic!("{other:?}"),
    };
    let mut fed = 0;
    for slice in body.chunks(size) {
        reading.feed(slice);
        fed += slice.len();
        if let Some(decision) = reading.decide(policy, &mut Silent) {
            return (decision, fed);
        }
    }
    reading.finish();
    (reading.decide(policy, &mut Silent).expect("the body has ended"), fed)
}

pub(super) fn reason(policy: &Policy, head: &RequestHead, body: &str) -> String {
    let (decision, _) = read(policy, head, body.as_bytes(), 7);
    let (whole, _) = read(policy, head, body.as_bytes(), body.len().max(1));
    assert_eq!(decision.reason.as_str(), whole.reason.as_str(), "{body}");
    decision.reason.as_str().to_owned()
}

pub(super) fn json_of(path: &str, scope: &str) -> RequestHead {
    ask(path, scope, "application/json", &[])
}

#[wasm_bindgen_test(unsupported = test)]
fn what_a_body_brings_is_an_operation() {
    let policy = facts_policy(|_| ());
    let basic = json_of("/say", "tts.basic");
    for (body, expected) in [
        (r#"{"text":"hello"}"#, "tier_allows"),
        (r#"{"text":"hello","voice":"preset-1"}"#, "tier_allows"),
        (r#"{"text":"hello","ref":null}"#, "tier_allows"),
        (r#"{"text":"hello","ref":""}"#, "tier_allows"),
        (r#"{"text":"hello","voice":"mine"}"#, "insufficient_scope"),
        (r#"{"text":"hello","ref":"UklGRg=="}"#, "insufficient_scope"),
        (r#"{"ref":"https://a.example/b.wav"}"#, "insufficient_scope"),
        (r#"{"voice":"data:audio/wav;base64,UklGRg=="}"#, "insufficient_scope"),
        (r#"{"\u0072ef":["UklGRg=="]}"#, "insufficient_scope"),
        (r#"{"text":"hello","text":"again"}"#, "malformed_body"),
        (r#"{"voice":"preset-1","Voice":"mine"}"#, "malformed_body"),
        (r#"{"REF":"UklGRg=="}"#, "malformed_body"),
        ("{\"\u{17f}peed\":1,\"Other\":2}", "tier_allows"),
        (r#"{"te\u0058t":"x"}"#, "malformed_body"),
        (r#"{"text":"#, "malformed_body"),
    ] {
        assert_eq!(reason(&policy, &basic, body), expected, "{body}");
    }
    let (decision, _) = read(&policy, &basic, br#"{"ref":"UklGRg=="}"#, 64);
    let Reason::InsufficientScope { missing } = decision.reason else { panic!("{decision:?}") };
    assert_eq!(policy.operations().display(missing), "voice.create");
    assert_eq!(decision.needed_scope(&policy), Some("tts.premium"));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_denial_comes_with_the_first_byte_that_makes_it_certain() {
    let policy = facts_policy(|_| ());
    let mut body = br#"{"ref":""#.to_vec();
    body.extend(std::iter::repeat_n(b'A', 1_000_000));
    let (decision, fed) = read(&policy, &json_of("/say", "tts.basic"), &body, 1);
    assert_eq!((decision.reason.as_str(), fed), ("insufficient_scope", 9));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_body_is_read_only_where_the_decision_hangs_on_it() {
    let unlimited = facts_policy(|_| ());
    // A form's references are files, and this caller may send any.
    let upload = ask("/upload", "tts.premium", "multipart/form-data; boundary=b", &[]);
    assert_eq!(read(&unlimited, &upload, b"not even a form", 4).1, 0);

    let limited = facts_policy(|spec| {
        spec["tiers"][0]["max"] = json!({"reference_audio_bytes": 1000});
    });
    let with_length = |length| {
        let length: &str = length;
        let more = [("content-length", length)];
        ask("/upload", "tts.premium", "multipart/form-data; boundary=b", &more)
    };
    assert_eq!(read(&limited, &with_length("1000"), b"--b", 4).1, 0, "no body can break the limit");
    assert_ne!(read(&limited, &with_length("1001"), b"--b", 4).1, 0);
    assert_ne!(read(&limited, &upload, b"--b", 4).1, 0);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_remainder_too_short_to_break_a_limit_need_not_be_read() {
    let policy = facts_policy(|spec| {
        spec["operations"]["rules"] = json!([
            {"name": "say", "path": "/say", "operations": ["tts.synthesize"],
             "body": {"formats": ["json"], "fields": {"text": ["/text"]}}},
        ]);
        spec["tiers"][1]["max"] = json!({"text_chars": 3000});
        spec["tiers"].as_array_mut().unwrap().remove(0);
    });
    let body = format!(r#"{{"x":"{}","text":"hello"}}"#, "a".repeat(9000));
    let length = body.len().to_string();
    let more = [("content-length", length.as_str())];
    let head = ask("/say", "tts.basic", "application/json", &more);
    let (decision, fed) = read(&policy, &head, body.as_bytes(), 1);
    // What parsers may hold back counts as still to come.
    assert_eq!((decision.reason.as_str(), fed), ("tier_allows", body.len() - (3000 - 1024)));
}

#[wasm_bindgen_test(unsupported = test)]
fn every_limit_is_kept() {
    let policy = facts_policy(|spec| {
        let premium = &mut spec["tiers"][0];
        premium["max"] = json!({
            "text_chars": 5, "audio_seconds": 60, "sample_rate_hz": 24000,
            "reference_audio_bytes": 6, "batch_lines": 2,
        });
        premium["models"] = json!(["glm-*"]);
        premium["voices"] = json!(["preset", "own-*"]);
        premium["formats"] = json!(["mp3", "wav"]);
    });
    let premium = json_of("/say", "tts.premium");
    for (body, expected) in [
        (r#"{"text":"héllo"}"#, "tier_allows"),
        (r#"{"text":"h\u00e9\uD83D\uDE00lo"}"#, "tier_allows"),
        (r#"{"text":"hello!"}"#, "text_chars_limit"),
        (r#"{"rate":24000}"#, "tier_allows"),
        (r#"{"rate":24001}"#, "sample_rate_limit"),
        (r#"{"rate":1e9}"#, "sample_rate_limit"),
        (r#"{"ref":"UklGRjE="}"#, "tier_allows"),
        (r#"{"ref":"UklGRjExMTE="}"#, "reference_audio_bytes_limit"),
        (r#"{"model":"glm-tts"}"#, "tier_allows"),
        (r#"{"model":"other"}"#, "model_not_listed"),
        (r#"{"voice":"own-1"}"#, "tier_allows"),
        (r#"{"voice":"preset-1"}"#, "tier_allows"),
        (r#"{"voice":"theirs"}"#, "voice_not_listed"),
        (r#"{"format":"mp3"}"#, "tier_allows"),
        (r#"{"format":"flac"}"#, "format_not_listed"),
        (r#"{"ref":"https://a.example/b.wav"}"#, "reference_url"),
    ] {
        assert_eq!(reason(&policy, &premium, body), expected, "{body}");
    }
    let lines = ask("/lines", "tts.premium", "application/jsonl", &[]);
    assert_eq!(reason(&policy, &lines, "{\"text\":\"a\"}\n{\"text\":\"b\"}\n"), "tier_allows");
    assert_eq!(
        reason(&policy, &lines, "{\"text\":\"a\"}\n{\"text\":\"b\"}\n{}\n"),
        "batch_lines_limit"
    );
    assert_eq!(
        reason(&policy, &lines, "{\"text\":\"a\"}\n{\"text\":\"abcdef\"}"),
        "text_chars_limit"
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn query_and_path_say_their_part() {
    let policy = facts_policy(|_| ());
    for (path, expected) in [
        ("/say?v=preset-1", "tier_allows"),
        ("/say?v=mine", "insufficient_scope"),
        ("/say?v=%6dine", "insufficient_scope"),
        ("/say?v=preset-1&v=mine", "malformed_query"),
        ("/say?v=%zz", "malformed_query"),
        ("/voices/preset-1/say", "tier_allows"),
        ("/voices/mine/say", "insufficient_scope"),
    ] {
        assert_eq!(reason(&policy, &json_of(path, "tts.basic"), "{}"), expected, "{path}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn what_cannot_be_read_is_refused_where_rights_hang_on_it() {
    let policy = facts_policy(|_| ());
    for (content_type, more, expected) in [
        ("text/plain", [("x", "")], "unsupported_content_type"),
        ("application/x-www-form-urlencoded", [("x", "")], "unsupported_content_type"),
        ("", [("x", "")], "unsupported_content_type"),
        ("application/json", [("content-encoding", "br")], "unsupported_content_encoding"),
        ("application/json", [("content-encoding", "gzip, gzip")], "unsupported_content_encoding"),
        ("application/json", [("content-encoding", "identity")], "tier_allows"),
        ("application/json", [("upgrade", "foo")], "tier_allows"),
        (
            "multipart/form-data; boundary=b",
            [("content-encoding", "gzip")],
            "unsupported_content_encoding",
        ),
        ("application/json; charset=utf-8", [("x", "")], "tier_allows"),
        ("application/json; Charset=\"UTF-8\"", [("x", "")], "tier_allows"),
        ("application/json; charset=utf-16", [("x", "")], "unsupported_content_type"),
        ("application/json;a=b; charset = utf-7", [("x", "")], "unsupported_content_type"),
        ("application/vnd.api+json", [("x", "")], "tier_allows"),
    ] {
        let head = ask("/say", "tts.basic", content_type, &more);
        assert_eq!(reason(&policy, &head, "{}"), expected, "{content_type} {more:?}");
    }
    // RFC 9110 §7.8: a server may ignore the upgrade and read the body.
    for announced in [("content-length", "2"), ("transfer-encoding", "chunked")] {
        let more = [("upgrade", "foo"), announced];
        let head = ask("/say", "tts.basic", "application/json", &more);
        assert_eq!(reason(&policy, &head, "{}"), "unsupported_upgrade");
    }
    // Where nothing hangs on it, nothing is asked.
    let head = ask("/plain", "tts.premium", "x/y", &[("content-encoding", "br")]);
    assert_eq!(reason(&policy, &head, "x"), "tier_allows");
}

#[wasm_bindgen_test(unsupported = test)]
fn past_what_is_held_the_policy_decides() {
    let long = format!(r#"{{"x":"{}","ref":"UklGRg=="}}"#, "a".repeat(5000));
    for (facts, scope, expected) in [
        (json!({}), "tts.basic", "body_too_large"),
        (json!({}), "tts.premium", "body_too_large"),
        (json!({"past_max_held": "by_headers"}), "tts.basic", "body_too_large"),
        // It could hold a URL, which nobody may send.
        (json!({"past_max_held": "by_headers"}), "tts.premium", "body_too_large"),
    ] {
        let policy = facts_policy(|spec| {
            spec["facts"] = facts.clone();
            spec["facts"]["max_held_bytes"] = json!(2048);
        });
        assert_eq!(reason(&policy, &json_of("/say", scope), &long), expected, "{facts} {scope}");
    }
    for (past, expected) in [("by_headers", "tier_allows"), ("deny", "body_too_large")] {
        let policy = facts_policy(|spec| {
            spec["facts"] = json!({"max_held_bytes": 2048, "past_max_held": past});
            spec["tiers"][0]["max"] = json!({"text_chars": 4000});
        });
        let plain = ask("/plain", "tts.premium", "text/plain", &[]);
        assert_eq!(reason(&policy, &plain, &long), expected, "{past}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn consent_is_a_claim_or_a_field() {
    let policy = |consent: serde_json::Value| {
        facts_policy(|spec| {
            spec["tiers"][0]["consent"] = consent;
        })
    };
    let premium = json_of("/say", "tts.premium");
    let by_field = policy(json!({"field": true}));
    let by_claim = policy(json!({"claim": "tenant"}));
    let no_claim = policy(json!({"claim": "consent"}));
    let either = policy(json!({"claim": "consent", "field": true}));
    let brings = r#"{"ref":"UklGRg==","consent":CONSENT}"#;
    let with = |value: &str| brings.replace("CONSENT", value);
    assert_eq!(reason(&by_field, &premium, &with("true")), "tier_allows");
    assert_eq!(reason(&by_field, &premium, &with("\"contract 7\"")), "tier_allows");
    assert_eq!(reason(&by_field, &premium, &with("false")), "no_consent");
    assert_eq!(reason(&by_field, &premium, &with("\"no\"")), "no_consent");
    assert_eq!(reason(&by_field, &premium, r#"{"text":"no voice is made"}"#), "tier_allows");
    assert_eq!(reason(&by_claim, &premium, &with("false")), "tier_allows");
    assert_eq!(reason(&no_claim, &premium, &with("true")), "no_consent");
    assert_eq!(reason(&either, &premium, &with("true")), "tier_allows");
}

#[wasm_bindgen_test(unsupported = test)]
fn references_by_url_come_from_listed_hosts_only() {
    let policy = facts_policy(|spec| {
        spec["tiers"][0]["reference_urls"] =
            json!({"hosts": ["media.example.com", "*.cdn.example.com", "10.0.0.1"]});
    });
    for (url, expected) in [
        ("https://media.example.com/a.wav", UrlVerdict::Passes),
        ("https://x.cdn.example.com/a.wav", UrlVerdict::Passes),
        ("https://media.example.com:8443/a.wav", UrlVerdict::Passes),
        ("https://cdn.example.com/a.wav", UrlVerdict::Is(UrlRefusal::NotListed)),
        ("https://evil.example/media.example.com", UrlVerdict::Is(UrlRefusal::NotListed)),
        ("http://media.example.com/a.wav", UrlVerdict::Is(UrlRefusal::Insecure)),
        ("file:///etc/passwd", UrlVerdict::Is(UrlRefusal::Insecure)),
        ("https://10.0.0.1/a.wav", UrlVerdict::Is(UrlRefusal::Private)),
        ("https://media.example.com@evil.example/", UrlVerdict::Is(UrlRefusal::Ambiguous)),
    ] {
        let body = json!({"ref": url}).to_string();
        let (decision, _) = read(&policy, &json_of("/say", "tts.premium"), body.as_bytes(), 16);
        let expected = match expected {
            UrlVerdict::Passes => Reason::TierAllows,
            UrlVerdict::Is(refusal) => Reason::ReferenceUrl(refusal),
        };
        assert_eq!(decision.reason, expected, "{url}");
    }
}

enum UrlVerdict {
    Passes,
    Is(UrlRefusal),
}

#[wasm_bindgen_test(unsupported = test)]
fn on_trial_nothing_is_lost() {
    for section in ["tiers", "facts"] {
        let policy = facts_policy(|spec| spec["shadow"] = json!([section]));
        let head = json_of("/say", "tts.basic");
        let (decision, _) = read(&policy, &head, b"{\"text\":", 64);
        assert_eq!(
            (decision.outcome, decision.reason.as_str()),
            (Outcome::WouldDeny, "malformed_body")
        );
    }
    let tiers = facts_policy(|spec| spec["shadow"] = json!(["tiers"]));
    let (decision, _) = read(&tiers, &json_of("/say", "tts.basic"), br#"{"ref":"UklGRg=="}"#, 64);
    assert_eq!(
        (decision.outcome, decision.reason.as_str()),
        (Outcome::WouldDeny, "insufficient_scope")
    );
    let facts = facts_policy(|spec| spec["shadow"] = json!(["facts"]));
    let (decision, _) = read(&facts, &json_of("/say", "tts.basic"), br#"{"ref":"UklGRg=="}"#, 64);
    assert_eq!(decision.outcome, Outcome::Deny);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_recording_leaves_its_digest_for_the_audit() {
    let policy = facts_policy(|spec| spec["facts"] = json!({"audit_voice_creations": true}));
    let head = ask("/upload", "tts.premium", "multipart/form-data; boundary=b", &[]);
    let body = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nabc\r\n--b--\r\n";
    let mut known = Known::default();
    let progress = decide(&policy, &head, Body::Follows, &mut known, NOW, &mut Silent);
    let Progress::Audited(decision, mut audit) = progress else { panic!("{progress:?}") };
    assert!(decision.passes());
    body.as_bytes().chunks(5).for_each(|it| audit.feed(it));
    audit.finish();
    let line = audit.record(&policy).unwrap().to_string();
    // FIPS 180-4's digest of "abc".
    let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(
        line,
        format!(
            "audit=voice.create tenant=\"acme\" operation=voice.create sha256={digest} urls=0 complete=true"
        )
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn limits_that_nothing_feeds_are_refused() {
    let error = |change: fn(&mut serde_json::Value)| {
        let mut spec = json!({
            "version": 1,
            "identity": {"source": ["jwt_authn"], "issuers": [{"issuer": "https://issuer.test"}]},
            "operations": {"rules": [{"name": "say", "path": "/say", "operations": ["tts.synthesize"],
                "body": {"formats": ["json"], "fields": {"text": ["/text"]}}}]},
            "tiers": [{"name": "basic", "scopes": ["a"], "allow": ["tts.synthesize"]}],
        });
        change(&mut spec);
        let spec = PolicySpec::from_json(spec.to_string().as_bytes()).unwrap();
        Policy::try_from(spec)
            .unwrap_err()
            .0
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("; ")
    };
    let unfed = error(|spec| spec["tiers"][0]["max"] = json!({"text_chars": 1, "batch_lines": 1}));
    assert!(unfed.starts_with("tiers[0].max.batch_lines: no rule tells the lines"), "{unfed}");
    assert!(!unfed.contains("text_chars"), "{unfed}");
    let unfed = error(|spec| spec["tiers"][0]["models"] = json!(["x"]));
    assert!(unfed.starts_with("tiers[0].models: no rule tells the model"), "{unfed}");
    let pointer =
        error(|spec| spec["operations"]["rules"][0]["body"]["fields"]["text"] = json!(["text"]));
    assert!(
        pointer.starts_with("operations.rules[0].body.fields.text[0]: `text` is not a pointer"),
        "{pointer}"
    );
    let preset = error(|spec| spec["tiers"][0]["voices"] = json!(["preset"]));
    assert!(preset.contains("tiers[0].voices: no voices are `preset`"), "{preset}");
}

/// HTTP/1.1 tells the end of a body apart from its last byte, and until then it may be malformed, or
/// lack what must be in it.
#[wasm_bindgen_test(unsupported = test)]
fn the_last_byte_that_was_told_is_not_the_end() {
    let by_consent = facts_policy(|spec| spec["tiers"][0]["consent"] = json!({"field": true}));
    let by_length = facts_policy(|spec| {
        spec["tiers"][0]["max"] = json!({"reference_audio_seconds": 5});
    });
    for (policy, scope, body, expected) in [
        (&by_length, "tts.premium", r#"{"ref":"UklGRg=="}"#, "reference_audio_seconds_limit"),
        (&by_consent, "tts.premium", r#"{"ref":"UklGRg=="}"#, "no_consent"),
        (&by_consent, "tts.premium", r#"{"ref":"UklGRg==","consent":true}"#, "tier_allows"),
        (&by_consent, "tts.premium", r#"{"text":"hello""#, "malformed_body"),
        (&by_consent, "tts.basic", r#"{"text":"hello""#, "malformed_body"),
        (&by_consent, "tts.basic", "", "malformed_body"),
        (&by_consent, "tts.basic", r#"{"text":"hello"}"#, "tier_allows"),
    ] {
        let length = body.len().to_string();
        let told = [("content-length", length.as_str())];
        for more in [&told[..], &[]] {
            let head = ask("/say", scope, "application/json", more);
            assert_eq!(reason(policy, &head, body), expected, "{body} of {scope}, {more:?}");
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_scope_that_a_caller_has_is_not_the_one_it_needs() {
    let policy = facts_policy(|spec| {
        spec["tiers"][0]["max"] = json!({"reference_audio_seconds": 5});
    });
    let head = json_of("/say", "tts.premium");
    let (decision, _) = read(&policy, &head, br#"{"ref":"AAAA"}"#, 64);
    assert_eq!(decision.reason.as_str(), "reference_audio_seconds_limit");
    assert_eq!(decision.needed_scope(&policy), None);
}
