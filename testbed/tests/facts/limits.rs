//! What a tier allows of each number, and of each name, that a body can ask for.

use super::bodies::{Case, base64, multipart, wav};
use super::{assert_passed, assert_refused, policy};
use serde_json::{Value, json};
use voxgate_policy::testing::claims;
use voxgate_testbed::fixture::{Fixture, now, signed, token};

const LIMIT: (u16, &str) = (403, "tier-limit");

/// The policy of these tests, with a tier that may all, within limits.
fn limited() -> Value {
    let mut policy = policy();
    policy["tenants"] = json!({ "inline": [{ "id": "capped", "max_tier": "basic" }] });
    let tier = json!({
        "name": "limited", "scopes": ["tts.limited"], "allow": ["*"],
        "max": {
            "text_chars": 10, "audio_seconds": 2, "sample_rate_hz": 24_000,
            "reference_audio_bytes": 100_000, "reference_audio_seconds": 2, "batch_lines": 3,
        },
        "models": ["glm-*", "tts-1"], "voices": ["preset", "named-*"], "formats": ["mp3", "wav*"],
    });
    policy["tiers"].as_array_mut().unwrap().insert(1, tier);
    policy
}

fn json(name: &'static str, body: Value) -> Case {
    Case::new(name, "/take/json", body.to_string())
}

/// Each with what is refused of it: the limit, its most, and what was found if that can be told.
fn over() -> Vec<(Case, &'static str, u64, Option<u64>)> {
    let recording = |milliseconds| base64(&wav(milliseconds, 8000));
    let no_audio = base64(&[1; 5000]);
    let lines = "{\"text\":\"a\"}\n".repeat(4);
    let long_line = "{\"text\":\"a\"}\n{\"text\":\"12345678901\"}\n";
    let file = multipart(&[("ref_audio", Some("me.wav"), &wav(3000, 8000))]);
    vec![
        (json("text", json!({ "text": "12345678901" })), "text_chars", 10, Some(11)),
        (
            json("text of wide characters", json!({ "text": "🎤".repeat(11) })),
            "text_chars",
            10,
            Some(11),
        ),
        (
            json(
                "messages",
                json!({ "messages": [{ "content": "123456" }, { "content": "78901" }] }),
            ),
            "text_chars",
            10,
            Some(11),
        ),
        (Case::new("plain text", "/take/plain", "12345678901"), "text_chars", 10, Some(11)),
        (Case::new("a form's text", "/take/form", "text=12345678901"), "text_chars", 10, Some(11)),
        (Case::new("a line's text", "/take/jsonl", long_line), "text_chars", 10, Some(11)),
        (json("Chinese", json!({ "text": "语音合成服务测试文本" })), "audio_seconds", 2, Some(3)),
        (
            json("slow speech", json!({ "text": "abcdefgh", "speed": 0.25 })),
            "audio_seconds",
            2,
            Some(3),
        ),
        (json("audio", json!({ "audio": recording(3000) })), "audio_seconds", 2, Some(3)),
        (json("audio of no known length", json!({ "audio": no_audio })), "audio_seconds", 2, None),
        (
            json("sample rate", json!({ "sample_rate": 48_000 })),
            "sample_rate_hz",
            24_000,
            Some(48_000),
        ),
        (
            json("sample rate as text", json!({ "sample_rate": "44100" })),
            "sample_rate_hz",
            24_000,
            Some(44_100),
        ),
        (
            json("recording", json!({ "ref_audio": base64(&[1; 100_001]) })),
            "reference_audio_bytes",
            100_000,
            Some(100_001),
        ),
        (
            json(
                "second recording",
                json!({ "references": [{ "audio": recording(100) }, { "audio": base64(&[1; 100_001]) }] }),
            ),
            "reference_audio_bytes",
            100_000,
            Some(100_001),
        ),
        (
            json("long recording", json!({ "ref_audio": recording(3000) })),
            "reference_audio_seconds",
            2,
            Some(3),
        ),
        (Case::new("a long file", "/take/multipart", file), "reference_audio_seconds", 2, Some(3)),
        (
            json("recording of no known length", json!({ "ref_audio": no_audio })),
            "reference_audio_seconds",
            2,
            None,
        ),
        (Case::new("lines", "/take/jsonl", lines), "batch_lines", 3, Some(4)),
    ]
}

/// Each with the member of the tier that does not list it.
fn unlisted() -> Vec<(Case, &'static str)> {
    vec![
        (json("model", json!({ "model": "gpt-4" })), "models"),
        (json("voice", json!({ "voice": "cloned-1" })), "voices"),
        (json("format", json!({ "format": "flac" })), "formats"),
        (json("a long name", json!({ "model": format!("glm-{}", "x".repeat(300)) })), "models"),
        (
            Case::new(
                "a model among lines",
                "/take/jsonl",
                "{\"model\":\"tts-1\"}\n{\"model\":\"x\"}",
            ),
            "models",
        ),
        (Case::new("a part", "/take/multipart", multipart(&[("voice", None, b"other")])), "voices"),
    ]
}

fn within() -> Vec<Case> {
    let recording = base64(&wav(1900, 8000));
    let body = json!({
        "text": "abcdefghij", "model": "glm-tts", "voice": "preset-1", "format": "wav_44",
        "sample_rate": 24_000, "ref_audio": recording,
    });
    vec![
        json("at every limit", body),
        json(
            "a named voice",
            json!({ "text": "a", "voice": "named-7", "format": "mp3", "model": "tts-1" }),
        ),
        Case::new("three lines", "/take/jsonl", "{\"text\":\"abcdefghij\"}\n".repeat(3)),
        json("nothing", json!({})),
    ]
}

#[tokio::test]
async fn each_limit_of_a_tier_holds_and_what_is_within_passes() {
    let mut policy = limited();
    policy["tiers"].as_array_mut().unwrap().retain(|it| it["name"] != "basic");
    policy.as_object_mut().unwrap().remove("tenants");
    // What has no length that could be told passes only where there is no limit.
    policy["tiers"][0].as_object_mut().unwrap().remove("max");
    let fixture = Fixture::of(policy).start().await.unwrap();
    let (limited, premium) = (token("tts.limited"), token("tts.premium"));
    for (protocol, client) in fixture.both() {
        for (case, limit, max, found) in over() {
            let id = format!("{} over {protocol}", case.name);
            let head = case.head(&client).bearer(&limited).header("x-request-id", &id);
            let response = head.body(case.body.clone()).send().await.unwrap();
            assert_refused(&fixture, &response, LIMIT, &id);
            let problem = response.json();
            assert_eq!(problem["limit"], limit, "{id}: {problem}");
            assert_eq!(problem["max"], max, "{id}: {problem}");
            assert_eq!(problem.get("found").and_then(Value::as_u64), found, "{id}: {problem}");
            assert_eq!(problem["rule"], format!("tiers.limited.max.{limit}"), "{id}");
            assert_eq!(problem["needed_scope"], "tts.premium", "{id}: {problem}");

            let head = case.head(&client).bearer(&premium).header("x-test-id", &id);
            let response = head.body(case.body.clone()).send().await.unwrap();
            assert_passed(&fixture, &response, &case.body, &id).await;
        }
        for (case, member) in unlisted() {
            let id = format!("{} {member} over {protocol}", case.name);
            let head = case.head(&client).bearer(&limited).header("x-request-id", &id);
            let response = head.body(case.body.clone()).send().await.unwrap();
            assert_refused(&fixture, &response, LIMIT, &id);
            assert_eq!(response.json()["rule"], format!("tiers.limited.{member}"), "{id}");
        }
        for case in within() {
            let id = format!("{} over {protocol}", case.name);
            let head = case.head(&client).bearer(&limited).header("x-test-id", &id);
            let response = head.body(case.body.clone()).send().await.unwrap();
            assert_passed(&fixture, &response, &case.body, &id).await;
        }
    }
    fixture.finish().await.unwrap();
}

#[tokio::test]
async fn a_capped_tenant_is_told_of_its_cap_where_its_scopes_would_do() {
    let fixture = Fixture::of(limited()).start().await.unwrap();
    let mut claims = claims(now());
    claims["tenant"] = json!("capped");
    claims["scope"] = json!("tts.premium");
    for (protocol, client) in fixture.both() {
        let request = client.post("/take/json").bearer(signed(&claims));
        let request = request.header("x-request-id", protocol);
        let brings = request.clone().json(&json!({ "ref_audio": "AAAA" })).send().await.unwrap();
        assert_refused(&fixture, &brings, (403, "tenant-capped"), protocol);
        // No scope would help.
        let long = request.json(&json!({ "text": "x".repeat(2001) })).send().await.unwrap();
        assert_refused(&fixture, &long, LIMIT, protocol);
        assert_eq!(long.json().get("needed_scope"), None);
    }
    fixture.finish().await.unwrap();
}
