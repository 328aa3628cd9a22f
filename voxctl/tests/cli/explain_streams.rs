//! `voxctl explain`: what would become of the response to a request.

use serde_json::{Value, json};

use super::{POLICY, Run, run};

const COALESCE: &str = r#"streams:
  coalesce:
    - {name: chatty, operations: [tts.synthesize], content_types: [audio/pcm], mode: playback}
    - {name: premium-only, tiers: [premium], mode: ramp}
    - {name: words, operations: ['llm.*'], content_types: [text/event-stream], mode: interval}
"#;

/// [`POLICY`], with a tier for callers without a token and these streams.
fn explain(streams: &str, more: &[&str]) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let rules = "  rules: [{name: tts, path: /tts, operations: [tts.synthesize]}, \
                 {name: chat, path: /chat, operations: [llm.chat]}]\n";
    let policy = POLICY
        .replace("operations:\n", "  anonymous: {tier: basic}\noperations:\n")
        .replace("  presets: [glm-tts]\n", rules);
    std::fs::write(folder.path().join("p.yaml"), policy + streams).unwrap();
    let args = ["explain", "--policy", "p.yaml", "--path", "/tts", "--method", "POST"];
    let no_body = ["-H", "content-length: 0"];
    run(folder.path(), &[&args[..], &no_body, more].concat())
}

#[test]
fn each_content_type_has_its_rule() {
    let told = explain(COALESCE, &[]);
    assert_eq!(told.code, 0, "{}{}", told.out, told.err);
    let shown = "its stream is measured, and by its content type:\n\
        \u{20} audio/pcm          put together by chatty: while the listener has enough left, up to \
        8192 bytes, for 100ms at most; not below 200ms\n\
        \u{20} text/event-stream  passes as it comes\n\
        \u{20} any other          passes as it comes\n";
    assert!(told.out.ends_with(shown), "{}", told.out);
    let told: Value = serde_json::from_str(&explain(COALESCE, &["--json"]).out).unwrap();
    let streams = &told["requests"][0]["streams"];
    assert_eq!(
        streams[0],
        json!({
            "content_type": "audio/pcm", "rule": "chatty", "mode": "playback", "max_bytes": 8192,
            "max_delay": "100ms", "floor": "200ms",
        })
    );
    assert_eq!((&streams[2]["content_type"], &streams[2]["rule"]), (&Value::Null, &Value::Null));
}

#[test]
fn without_a_rule_a_stream_passes_and_without_the_section_nothing_is_said() {
    let told = explain("streams: {}\n", &[]);
    assert!(told.out.ends_with("its stream is measured, and passes as it comes\n"), "{}", told.out);
    assert!(!explain("", &[]).out.contains("stream is measured"));
}
