//! `voxctl facts`: what a body asks for, without a caller or a decision.

use std::path::Path;

use serde_json::{Value, json};

use super::{POLICY, Run, finish, run, voxctl};

fn folder(body: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("b"), body).unwrap();
    std::fs::write(folder.path().join("p.yaml"), POLICY).unwrap();
    folder
}

fn facts(folder: &Path, content_type: &str, more: &[&str]) -> Run {
    run(folder, &[&["facts", "b", "--content-type", content_type], more].concat())
}

const SPEECH: [&str; 4] = ["--preset", "openai-audio", "--rule", "speech"];

#[test]
fn a_body_shows_what_it_asks_for_and_never_its_text() {
    let folder = folder(
        br#"{"input": "Guten Tag", "model": "tts-1", "voice": {"id": "a\u001b[31m"}, "stream": true}"#,
    );
    let found = facts(folder.path(), "application/json", &SPEECH);
    assert_eq!(found.code, 0, "{}{}", found.out, found.err);
    let lines: Vec<&str> = found.out.lines().collect();
    assert_eq!(lines[0], "openai-audio/speech, 88 bytes");
    assert!(lines[1].starts_with("  text    9 characters, about 0."), "{}", found.out);
    // A name is escaped: it could command the terminal.
    let rest = ["  voice   \"a\\u{1b}[31m\"", "  model   \"tts-1\"", "  stream  yes"];
    assert_eq!(lines[2..], rest, "{}", found.out);
    assert!(!found.out.contains("Guten"));
}

#[test]
fn json_has_every_fact() {
    let folder = folder(b"{}");
    let found = facts(folder.path(), "application/json", &[&SPEECH[..], &["--json"]].concat());
    let none = json!({"known": [], "overflow": false});
    let audio = json!({
        "count": 0, "largest_bytes": 0, "longest_ms": 0, "total_ms": 0, "all_lengths_known": false,
        "sample_rate_hz": null, "sha256": [],
    });
    let expected = json!({
        "rule": "openai-audio/speech",
        "bytes": 2,
        "facts": {
            "text": {"chars": 0, "longest_chars": 0, "audio_ms": 0, "longest_audio_ms": 0},
            "reference": {
                "inline": audio,
                "urls": {
                    "count": 0, "hosts": none, "any_insecure": false, "any_private": false,
                    "any_ambiguous": false,
                },
            },
            "audio": audio,
            "sample_rate_hz": null,
            "formats": none,
            "models": none,
            "voices": none,
            "stream": null,
            "batch_lines": 0,
            "consent": false,
        },
        "defect": null,
    });
    assert_eq!(serde_json::from_str::<Value>(&found.out).unwrap(), expected);
}

#[test]
fn a_policys_rule_is_found_by_the_path() {
    let folder = folder(b"{\"input_text\": \"a\"}\n{\"input_text\": \"abc\"}\n");
    let by_path = ["--policy", "p.yaml", "--path", "/batch", "--json"];
    let found = facts(folder.path(), "application/jsonl", &by_path);
    assert_eq!(found.code, 0, "{}{}", found.out, found.err);
    let found: Value = serde_json::from_str(&found.out).unwrap();
    assert_eq!(found["rule"], "glm-tts/batch");
    assert_eq!(found["facts"]["batch_lines"], 2);
    assert_eq!(found["facts"]["text"]["chars"], 4);
    assert_eq!(found["facts"]["text"]["longest_chars"], 3);
}

#[test]
fn a_path_brings_its_query_and_its_voice() {
    let folder = folder(br#"{"text": "abc"}"#);
    let path = "/v1/text-to-speech/JBFqnCBsd6RMkjVDRZzb?output_format=mp3_44100_128";
    let found =
        facts(folder.path(), "application/json", &["--preset", "elevenlabs", "--path", path]);
    assert_eq!(found.code, 0, "{}{}", found.out, found.err);
    for expected in ["3 characters", "\"JBFqnCBsd6RMkjVDRZzb\"", "44100 Hz"] {
        assert!(found.out.contains(expected), "{expected}\nin\n{}", found.out);
    }
}

#[test]
fn a_malformed_body_says_what_and_where() {
    let folder = folder(b"{\"input\": \"a\", \"voice\": \"\x01\"}");
    let found = facts(folder.path(), "application/json", &SPEECH);
    assert_eq!(found.code, 1, "{}{}", found.out, found.err);
    assert!(
        found.out.contains("at least 1 character,"),
        "what came before is shown: {}",
        found.out
    );
    let defect = "malformed body: a control character in a string at byte 25\n";
    assert!(found.out.ends_with(defect), "{}", found.out);
    let found = facts(folder.path(), "application/json", &[&SPEECH[..], &["--json"]].concat());
    assert_eq!(found.code, 1);
    let found: Value = serde_json::from_str(&found.out).unwrap();
    assert_eq!(found["defect"]["part"], "body");
    assert_eq!(found["defect"]["offset"], 25);
}

#[test]
fn a_malformed_query_is_told_from_a_malformed_body() {
    let folder = folder(b"{}");
    let path = "/v1/text-to-speech/x?output_format=mp3&output_format=pcm";
    let found =
        facts(folder.path(), "application/json", &["--preset", "elevenlabs", "--path", path]);
    assert_eq!(found.code, 1, "{}{}", found.out, found.err);
    assert!(found.out.contains("malformed query: a field that may stand once"), "{}", found.out);
}

#[test]
fn what_is_not_read_at_all_says_what_would_be() {
    let folder = folder(b"x");
    let found = facts(folder.path(), "text/plain", &SPEECH);
    assert_eq!(found.code, 1);
    assert!(found.out.contains("`openai-audio/speech` takes application/json"), "{}", found.out);
    let brotli = [&SPEECH[..], &["--content-encoding", "br"]].concat();
    let found = facts(folder.path(), "application/json", &brotli);
    assert_eq!(found.code, 1);
    assert!(found.out.contains("`gzip` of JSON is read unless"), "{}", found.out);
}

#[test]
fn a_compressed_body_is_decoded() {
    // printf '{"input":"hello"}' | gzip -n
    let gzip = [
        31, 139, 8, 0, 0, 0, 0, 0, 0, 3, 171, 86, 202, 204, 43, 40, 45, 81, 178, 82, 202, 72, 205,
        201, 201, 87, 170, 5, 0, 84, 35, 153, 255, 17, 0, 0, 0,
    ];
    let folder = folder(&gzip);
    let args = [&SPEECH[..], &["--content-encoding", "gzip"]].concat();
    let found = facts(folder.path(), "application/json", &args);
    assert_eq!(found.code, 0, "{}{}", found.out, found.err);
    assert!(found.out.contains("5 characters"), "{}", found.out);
}

#[test]
fn without_an_operation_both_ways_to_name_it_are_shown() {
    let folder = folder(b"{}");
    let found = facts(folder.path(), "application/json", &[]);
    assert_eq!(found.code, 2);
    for way in ["--policy FILE --path", "--preset openai-audio --rule speech"] {
        assert!(found.err.contains(way), "{}", found.err);
    }
    assert_eq!(facts(folder.path(), "application/json", &["--policy", "p.yaml"]).code, 2);
}

#[test]
fn an_operation_that_is_not_known_says_what_is() {
    let folder = folder(b"{}");
    for (args, expected) in [
        (&["--preset", "openai-adio"][..], "did you mean `openai-audio`?"),
        (&["--preset", "openai-audio"], "name one with --rule (speech, transcriptions,"),
        (&["--preset", "openai-audio", "--rule", "speach"], "did you mean `speech`?"),
        (&["--preset", "openai-audio", "--path", "/v2"], "no rule knows POST /v2"),
        (&["--policy", "p.yaml", "--path", "/v2"], "no rule knows POST /v2"),
        (&["--preset", "openai-audio", "--path", "/%zz"], "the path: "),
        (&["--preset", "openai-audio", "-X", "GET", "--path", "/v1/models"], "names no place"),
    ] {
        let found = facts(folder.path(), "application/json", args);
        assert_eq!((found.code, found.out.as_str()), (2, ""), "{args:?}");
        assert!(found.err.contains(expected), "{args:?}: {}", found.err);
    }
}

#[test]
fn a_body_can_come_on_standard_input() {
    let folder = folder(b"");
    let args = ["facts", "-", "--content-type", "application/json"];
    let mut command = voxctl(folder.path(), &[&args[..], &SPEECH].concat());
    command.write_stdin(r#"{"input": "abc"}"#);
    let found = finish(command);
    assert!(found.out.contains("3 characters"), "{}{}", found.out, found.err);
}
