//! A tier that may not bring recordings does not, in whatever way one is written or hidden.

use super::bodies::{Case, base64, gzip, multipart, wav};
use super::{Refusal, assert_alive, assert_passed, assert_refused, policy};
use serde_json::json;
use voxgate_testbed::fixture::{Fixture, token};

const BROUGHT: Refusal = (403, "insufficient-scope");
const UNREAD: Refusal = (415, "unsupported-body");
const MALFORMED: Refusal = (400, "malformed-body");

/// What a premium caller may send: a recording, each written in another way.
fn recordings() -> Vec<Case> {
    let recording = wav(100, 16_000);
    let inline = base64(&recording);
    let data = format!("data:audio/wav;base64,{inline}");
    let json = |name, value: serde_json::Value| Case::new(name, "/take/json", value.to_string());
    let line = |i: usize, extra: &str| format!("{{\"text\":\"Line {i}.\"{extra}}}\n");
    let mut lines: String = (1..10_000).map(|i| line(i, "")).collect();
    lines.push_str(&line(10_000, &format!(",\"ref_audio\":\"{inline}\"")));
    let form: String = inline.replace('+', "%2B").replace('=', "%3D");
    vec![
        json("base64", json!({ "text": "a", "ref_audio": inline })),
        json("base64 for URLs", json!({ "ref_audio": inline.replace('+', "-").replace('/', "_") })),
        json("a data: URL", json!({ "text": "a", "ref_audio": data })),
        json("a data: URL in capitals", json!({ "ref_audio": data.replace("data:", "DATA:") })),
        json("in an array", json!({ "references": [{ "audio": inline }] })),
        json(
            "last in an array",
            json!({ "references": [{}, { "audio": null }, { "audio": inline }] }),
        ),
        json("an array in its place", json!({ "ref_audio": [inline] })),
        json("an object in its place", json!({ "ref_audio": { "data": inline } })),
        json("as a voice", json!({ "text": "a", "voice": data })),
        Case::new("an escaped key", "/take/json", format!(r#"{{"ref\u005faudio":"{inline}"}}"#)),
        Case::new(
            "an escaped URL",
            "/take/json",
            r#"{"ref_audio":"d\u0061ta:audio/wav;base64,AAAA"}"#,
        ),
        Case::new(
            "spaces around it",
            "/take/json",
            format!("\n\t{{ \"ref_audio\" :\r\n \"{inline}\" }} \n"),
        ),
        json("compressed", json!({ "text": "a", "ref_audio": inline })).gzipped(),
        Case::new("JSON with a suffix", "/take/json", json!({ "ref_audio": inline }).to_string())
            .headers(&[("content-type", "Application/Vnd.Speech+JSON ; charset=utf-8")]),
        Case::new("line 10,000", "/take/jsonl", lines),
        Case::new("a field", "/take/form", format!("text=a&ref_audio={form}")),
        Case::new("an escaped field", "/take/form", format!("text=a&ref%5Faudi%6f={form}")),
        Case::new("a list", "/take/form", format!("files[]={form}")),
        Case::new(
            "a file",
            "/take/multipart",
            multipart(&[("text", None, b"a"), ("ref_audio", Some("me.wav"), &recording)]),
        ),
        Case::new(
            "a text part",
            "/take/multipart",
            multipart(&[("ref_audio", None, inline.as_bytes())]),
        ),
        Case::new(
            "one of files",
            "/take/multipart",
            multipart(&[("files", Some("me.wav"), &recording)]),
        ),
        Case::new(
            "a file under an unknown name",
            "/take/multipart",
            multipart(&[("speaker_wav", Some("me.bin"), &recording)]),
        ),
        Case::new("GLM-TTS", "/tts", json!({ "text": "a", "prompt_audio": inline }).to_string()),
        Case::new(
            "OpenAI",
            "/v1/audio/speech",
            json!({ "model": "m", "voice": "alloy", "input": "a", "ref_audio": inline })
                .to_string(),
        ),
    ]
}

/// What nobody may send, for it can be read in more than one way, or not at all.
fn refused() -> Vec<(Case, Refusal)> {
    let inline = base64(&wav(100, 16_000));
    let body = json!({ "text": "a", "ref_audio": inline }).to_string();
    let json = |name, body: &str| Case::new(name, "/take/json", body.to_owned());
    let typed = |name, content_type| json(name, &body).headers(&[("content-type", content_type)]);
    let encoded = |name, encoding| {
        json(name, &body)
            .headers(&[("content-type", "application/json"), ("content-encoding", encoding)])
    };
    let utf16: Vec<u8> = body.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let form = multipart(&[("text", None, b"a"), ("ref_audio", Some("me.wav"), b"RIFF")]);
    let behind = |prefix: &[u8]| [prefix, &form[..]].concat();
    let twice = [gzip(br#"{"text":"a"}"#), gzip(body.as_bytes())].concat();
    vec![
        (typed("JSON as text", "text/plain"), UNREAD),
        (typed("JSON as a form", "application/x-www-form-urlencoded"), UNREAD),
        (typed("JSON as JSONL", "application/jsonl"), UNREAD),
        (typed("JSON as anything", "application/octet-stream"), UNREAD),
        (typed("an empty content type", ""), UNREAD),
        (json("no content type", &body).headers(&[]), UNREAD),
        (encoded("brotli", "br"), UNREAD),
        (encoded("deflate", "deflate"), UNREAD),
        (encoded("twice gzip", "gzip, gzip"), UNREAD),
        (encoded("no gzip", "gzip"), MALFORMED),
        (
            Case::new("two gzip members", "/take/json", twice)
                .headers(&[("content-type", "application/json"), ("content-encoding", "gzip")]),
            MALFORMED,
        ),
        (
            json("two encodings", &body).headers(&[
                ("content-type", "application/json"),
                ("content-encoding", "identity"),
                ("content-encoding", "gzip"),
            ]),
            UNREAD,
        ),
        (json("a repeated key", &format!(r#"{{"text":"a","text":{body}}}"#)), MALFORMED),
        (
            json("a repeated, escaped key", r#"{"ref_audio":null,"ref\u005faudio":"AAAA"}"#),
            MALFORMED,
        ),
        (json("a second document", &format!("{{\"text\":\"a\"}}{body}")), MALFORMED),
        (json("a byte order mark", &format!("\u{feff}{body}")), MALFORMED),
        (json("a comment", &format!("/* */{body}")), MALFORMED),
        (Case::new("UTF-16", "/take/json", utf16), MALFORMED),
        (Case::new("a preamble", "/take/multipart", behind(b"\r\nhi\r\n")), MALFORMED),
        (
            Case::new(
                "behind the end of a form",
                "/take/multipart",
                [multipart(&[("text", None, b"a")]), form.clone()].concat(),
            ),
            MALFORMED,
        ),
        (Case::new("a field twice", "/take/form", "text=a&text=b"), MALFORMED),
        (Case::new("a semicolon in a form", "/take/form", "text=a;ref_audio=AAAA"), MALFORMED),
        (
            json("two content types", &body)
                .headers(&[("content-type", "text/plain"), ("content-type", "application/json")]),
            (400, "invalid-request"),
        ),
        (
            typed("two content types in one", "text/plain, application/json"),
            (400, "invalid-request"),
        ),
    ]
}

#[tokio::test]
async fn no_way_of_writing_a_recording_is_open_to_a_basic_tier_and_all_are_to_premium() {
    let fixture = Fixture::of(policy()).start().await.unwrap();
    let (basic, premium) = (token("tts.basic"), token("tts.premium"));
    for (protocol, client) in fixture.both() {
        for case in recordings() {
            let id = format!("{} over {protocol}, basic", case.name);
            let head = case.head(&client).bearer(&basic).header("x-request-id", &id);
            let response = head.body(case.body.clone()).send().await.unwrap();
            assert_refused(&fixture, &response, BROUGHT, &id);
            let operation = response.json()["operation"].clone();
            assert!(operation.as_str().unwrap().contains("voice.create"), "{id}: {operation}");

            let id = format!("{} over {protocol}, premium", case.name);
            let head = case.head(&client).bearer(&premium).header("x-test-id", &id);
            let response = head.body(case.body.clone()).send().await.unwrap();
            assert_passed(&fixture, &response, &case.body, &id).await;
        }
        assert_alive(&fixture, &client, protocol).await;
    }
    fixture.finish().await.unwrap();
}

#[tokio::test]
async fn what_servers_could_read_in_another_way_is_refused() {
    let fixture = Fixture::of(policy()).start().await.unwrap();
    let tokens = [token("tts.basic"), token("tts.premium")];
    for (protocol, client) in fixture.both() {
        for (case, refusal) in refused() {
            for token in &tokens {
                let id = format!("{} over {protocol}", case.name);
                let head = case.head(&client).bearer(token).header("x-request-id", &id);
                let response = head.body(case.body.clone()).send().await.unwrap();
                assert_refused(&fixture, &response, refusal, &id);
            }
        }
        assert_alive(&fixture, &client, protocol).await;
    }
    fixture.finish().await.unwrap();
}

#[tokio::test]
async fn names_of_voices_that_are_not_anyones_and_urls_are_found_wherever_they_stand() {
    let fixture = Fixture::of(policy()).start().await.unwrap();
    let basic = token("tts.basic");
    for (protocol, client) in fixture.both() {
        for (voice, operation) in [
            ("cloned-1", "tts.synthesize+voice.use"),
            ("https://elsewhere.test/a.wav", "tts.synthesize+voice.create"),
            ("//elsewhere.test/a.wav", "tts.synthesize+voice.create"),
            ("file:///etc/passwd", "tts.synthesize+voice.create"),
        ] {
            let id = format!("{voice} over {protocol}");
            let request = client.post("/take/json").bearer(&basic).header("x-request-id", &id);
            let response = request.json(&json!({ "text": "a", "voice": voice })).send().await;
            let response = response.unwrap();
            assert_refused(&fixture, &response, BROUGHT, &id);
            assert_eq!(response.json()["operation"], operation, "{id}");
        }
        let own = client.post("/take/json").bearer(&basic).header("x-test-id", "preset");
        let body = json!({ "text": "a", "voice": "preset-7" });
        let response = own.json(&body).send().await.unwrap();
        assert_passed(&fixture, &response, body.to_string().as_bytes(), "preset").await;
    }
    fixture.finish().await.unwrap();
}
