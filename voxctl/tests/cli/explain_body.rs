//! `voxctl explain` of requests whose bodies matter.

use std::path::Path;

use serde_json::{Value, json};

use super::{Run, finish, run, voxctl};

/// Callers without a token are of tier basic, so that no test needs one.
const POLICY: &str = r#"version: 1
identity:
  source: [token]
  anonymous: {tier: basic}
  issuers:
    - issuer: https://issuer.test
      audiences: [speech]
      jwks:
        remote: {uri: "https://issuer.test/jwks.json", cluster: jwks}
operations:
  presets: [openai-audio]
tiers:
  - name: premium
    scopes: [tts.premium]
    allow: ["*"]
  - name: basic
    scopes: [tts.basic]
    allow: [tts.synthesize]
    max: {text_chars: 20}
"#;

const SPEECH: [&str; 2] = ["--path", "/v1/audio/speech"];
const JSON: [&str; 2] = ["-H", "content-type: application/json"];

fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("p.yaml", POLICY)].iter().chain(files) {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

fn explain(folder: &Path, more: &[&[&str]]) -> Run {
    run(folder, &[&["explain", "--policy", "p.yaml"], &more.concat()[..]].concat())
}

/// The explanation of a speech request with this JSON body.
fn of_body(body: &str) -> (i32, Value) {
    let folder = folder(&[("b", body)]);
    let explained = explain(folder.path(), &[&SPEECH, &JSON, &["--body", "b", "--json"]]);
    let mut parsed: Value = serde_json::from_str(&explained.out).expect(&explained.err);
    (explained.code, parsed["requests"][0].take())
}

#[test]
fn a_body_shows_its_facts_and_never_its_text() {
    let folder = folder(&[("b", r#"{"input": "Hello there", "voice": "alloy", "speed": 2}"#)]);
    let explained = explain(folder.path(), &[&SPEECH, &JSON, &["--body", "b"]]);
    assert_eq!(explained.code, 0, "{}{}", explained.out, explained.err);
    for expected in [
        "POST /v1/audio/speech\n",
        "  the decision depends on it\n",
        "  all of its 54 bytes were needed\n",
        "  11 characters, about ",
        "  \"alloy\"\n",
        "allow by tiers.basic: tier_allows\n",
    ] {
        assert!(explained.out.contains(expected), "{expected}\nin\n{}", explained.out);
    }
    assert!(!explained.out.contains("Hello"), "{}", explained.out);
}

#[test]
fn json_has_the_facts_and_what_they_took() {
    let (code, it) = of_body(r#"{"input": "Hello there", "voice": "alloy"}"#);
    assert_eq!(code, 0);
    assert_eq!(it["body"], json!({"bytes": 42, "needed": 42}));
    assert_eq!(it["facts"]["text"]["chars"], 11);
    assert_eq!(it["facts"]["voices"], json!({"known": ["alloy"], "overflow": false}));
    assert_eq!(it["decision"]["facts"]["text_chars"], 11);
    assert_eq!(it["missing_body"], false);
    let considered = it["considered"].as_array().unwrap();
    assert!(considered.iter().all(|it| it["subject"] != "facts"), "{considered:?}");
}

#[test]
fn a_decision_is_certain_before_the_end_where_the_filter_would_be() {
    let padding = "x".repeat(40_000);
    let body = format!(r#"{{"input": "{}", "pad": "{padding}"}}"#, "a".repeat(21));
    let (code, it) = of_body(&body);
    assert_eq!(code, 1);
    assert_eq!(it["body"], json!({"bytes": body.len(), "needed": 16 * 1024}));
    assert_eq!(it["decision"]["rule"], "tiers.basic.max.text_chars");
    assert_eq!(it["answer"]["status"], 403);
    // The text comes last, so all must be read.
    let body = format!(r#"{{"pad": "{padding}", "input": "a"}}"#);
    let (code, it) = of_body(&body);
    assert_eq!((code, &it["body"]["needed"]), (0, &Value::from(body.len())));
}

#[test]
fn a_recording_in_the_body_is_another_operation() {
    let (code, it) = of_body(r#"{"input": "a", "ref_audio": "UklGRiQAAABXQVZF"}"#);
    assert_eq!(code, 1);
    assert_eq!(it["decision"]["reason"], "insufficient_scope");
    assert_eq!(it["decision"]["operation"], "tts.synthesize+voice.create");
    assert_eq!(it["facts"]["reference"]["inline"]["count"], 1);
}

#[test]
fn a_malformed_body_says_what_and_where() {
    let (code, it) = of_body(r#"{"input": "a", "input": "b"}"#);
    assert_eq!(code, 1);
    assert_eq!(it["answer"]["status"], 400);
    assert_eq!(it["decision"]["reason"], "malformed_body");
    let detail = it["answer"]["detail"].as_str().unwrap();
    assert!(detail.contains("at byte"), "{detail}");
}

#[test]
fn without_the_body_a_decision_that_depends_on_it_is_not_made() {
    let folder = folder(&[]);
    for more in [&[][..], &JSON, &["-H", "content-length: 30"]] {
        let explained = explain(folder.path(), &[&SPEECH, &["-X", "POST"], more]);
        assert_eq!(explained.code, 2, "{more:?}: {}", explained.out);
        for expected in ["undecided: the decision depends on the body", "--body FILE"] {
            assert!(explained.out.contains(expected), "{more:?}: {}", explained.out);
        }
    }
    let explained = explain(folder.path(), &[&SPEECH, &["-X", "POST", "--json"]]);
    let explained: Value = serde_json::from_str(&explained.out).unwrap();
    let it = &explained["requests"][0];
    assert_eq!((&it["missing_body"], &it["passes"]), (&Value::Bool(true), &Value::Null));
}

#[test]
fn a_request_without_a_body_is_decided_by_its_head() {
    let folder = folder(&[("empty", "")]);
    let none = ["-X", "POST", "-H", "content-length: 0"];
    for more in [&none[..], &["--body", "empty"]] {
        let explained = explain(folder.path(), &[&SPEECH, more]);
        assert_eq!(explained.code, 0, "{}{}", explained.out, explained.err);
    }
}

#[test]
fn a_type_that_the_service_does_not_take_is_answered_415() {
    let folder = folder(&[("b", "a=b")]);
    let form = ["-H", "content-type: application/x-www-form-urlencoded", "--body", "b"];
    for more in [&form[..], &["--body", "b"]] {
        let explained = explain(folder.path(), &[&SPEECH, more]);
        assert_eq!(explained.code, 1);
        assert!(explained.out.contains("deny 415"), "{}", explained.out);
    }
}

#[test]
fn a_body_can_come_on_standard_input() {
    let folder = folder(&[]);
    let args = ["explain", "--policy", "p.yaml", "--body", "-"];
    let mut command = voxctl(folder.path(), &[&args[..], &SPEECH, &JSON].concat());
    command.write_stdin(format!(r#"{{"input": "{}"}}"#, "a".repeat(21)));
    let explained = finish(command);
    assert_eq!(explained.code, 1, "{}{}", explained.out, explained.err);
    assert!(explained.out.contains("21 characters"), "{}", explained.out);
    let twice = explain(folder.path(), &[&SPEECH, &["--body", "-", "--token-file", "-"]]);
    assert_eq!(twice.code, 2);
    assert!(twice.err.contains("only one file can be `-`"), "{}", twice.err);
}

#[test]
fn a_raw_request_brings_its_body() {
    let head = "POST /v1/audio/speech HTTP/1.1\nHost: a\nContent-Type: application/json\n";
    let body = format!(r#"{{"input": "{}"}}"#, "a".repeat(21));
    let chunks = format!("{:x}\n{}\n{:x}\n{}\n0\n\n", 5, &body[..5], body.len() - 5, &body[5..]);
    for raw in [
        format!("{head}\n{body}\n"),
        format!("{head}Content-Length: {}\n\n{body}", body.len()),
        format!("{head}Transfer-Encoding: chunked\n\n{chunks}"),
    ] {
        let folder = folder(&[("r.http", &raw)]);
        let explained = explain(folder.path(), &[&["--raw", "r.http"]]);
        assert_eq!(explained.code, 1, "{raw}\n{}{}", explained.out, explained.err);
        let rule = "deny 403 by tiers.basic.max.text_chars: text_chars_limit";
        assert!(explained.out.contains(rule), "{}", explained.out);
    }
    let folder = folder(&[("r.http", &format!("{head}Content-Length: 99\n\n{body}"))]);
    let explained = explain(folder.path(), &[&["--raw", "r.http"]]);
    assert_eq!(explained.code, 2);
    assert!(explained.err.contains("content-length says 99, and 34 bytes"), "{}", explained.err);
}

#[test]
fn an_archives_requests_bring_their_bodies() {
    let entry = |post_data: Value| {
        json!({"request": {
            "method": "POST", "url": "https://a/v1/audio/speech",
            "postData": post_data, "bodySize": 9,
        }})
    };
    let data = |text: &str| json!({"mimeType": "application/json", "text": text});
    // {"input":"hello, hello, hello, hello"}
    let base64 = "eyJpbnB1dCI6ImhlbGxvLCBoZWxsbywgaGVsbG8sIGhlbGxvIn0=";
    let encoded = json!({"mimeType": "application/json", "encoding": "base64", "text": base64});
    let har = json!({"log": {"entries": [
        entry(data(r#"{"input": "a"}"#)), entry(encoded), entry(Value::Null),
    ]}});
    let folder = folder(&[("r.har", &har.to_string())]);
    let explained = explain(folder.path(), &[&["--har", "r.har", "--json"]]);
    assert_eq!(explained.code, 1, "{}", explained.err);
    let explained: Value = serde_json::from_str(&explained.out).unwrap();
    let requests = explained["requests"].as_array().unwrap();
    let passes: Vec<&Value> = requests.iter().map(|it| &it["passes"]).collect();
    assert_eq!(passes, [&Value::Bool(true), &Value::Bool(false), &Value::Null]);
    assert_eq!(requests[1]["facts"]["text"]["chars"], 26);
    assert_eq!(requests[2]["missing_body"], true);
}

#[test]
fn a_recording_leaves_the_line_that_the_filter_logs() {
    let body = "--x\r\ncontent-disposition: form-data; name=\"audio_sample\"; filename=\"a.wav\"\r\n\
                \r\nabc\r\n--x--\r\n";
    let folder = folder(&[("b", body)]);
    let policy = POLICY.replace("allow: [tts.synthesize]", "allow: [voice.create, tts.synthesize]")
        + "facts: {audit_voice_creations: true}\n";
    std::fs::write(folder.path().join("p.yaml"), policy).unwrap();
    let form = ["-H", "content-type: multipart/form-data; boundary=x", "--body", "b"];
    let explained = explain(folder.path(), &[&["--path", "/v1/audio/voices"], &form]);
    assert_eq!(explained.code, 0, "{}{}", explained.out, explained.err);
    // Of `abc`.
    let digest = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    let line = format!(
        "  logged: audit=voice.create tenant=\"none\" operation=voice.create sha256={digest} urls=0 complete=true\n"
    );
    assert!(explained.out.contains(&line), "{}", explained.out);
    assert!(explained.out.contains("was needed\n"), "{}", explained.out);
}
