//! The line that a recording leaves when a voice is made of it.

use super::bodies::{Case, base64, multipart, wav};
use super::{assert_passed, policy, sha256};
use serde_json::json;
use voxgate_testbed::fixture::{Fixture, token};

#[tokio::test]
async fn whoever_makes_a_voice_leaves_tenant_operation_and_digest_and_never_the_sample() {
    let mut policy = policy();
    policy["facts"] = json!({ "audit_voice_creations": true });
    let setup = Fixture::of(policy);
    let setup = setup.envoy(|options| options.allow_log.push("audit=voice.create".to_owned()));
    let fixture = setup.start().await.unwrap();
    let sample = |length| wav(length, 8000);
    let (one, two, three) = (sample(100), sample(200), sample(300));
    let both = json!({ "references": [{ "audio": base64(&one) }, { "audio": base64(&two) }] });
    let file = multipart(&[("voice_file", Some("me.wav"), &three)]);
    let lines: String =
        [&one, &three].map(|it| json!({ "ref_audio": base64(it) }).to_string() + "\n").concat();
    let cases = [
        (
            Case::new("JSON", "/take/json", json!({ "ref_audio": base64(&one) }).to_string()),
            vec![&one],
        ),
        (Case::new("two", "/take/json", both.to_string()).gzipped(), vec![&one, &two]),
        (Case::new("lines", "/take/jsonl", lines), vec![&one, &three]),
        // Passes while it is read.
        (Case::new("a file", "/v1/voices", file), vec![&three]),
        (Case::new("no recording", "/take/json", r#"{"text":"a"}"#), vec![]),
    ];
    let premium = token("tts.premium");
    let audits = || {
        let lines = fixture.envoy.log().unwrap().into_iter();
        lines.filter(|it| it.text.contains("audit=")).collect::<Vec<_>>()
    };
    for (protocol, client) in fixture.both() {
        for (case, samples) in &cases {
            let id = format!("{} over {protocol}", case.name);
            let before = audits().len();
            let request = case.head(&client).bearer(&premium).header("x-test-id", &id);
            let response = request.body(case.body.clone()).send().await.unwrap();
            if case.path == "/v1/voices" {
                assert_eq!(response.status, 201, "{id}");
            } else {
                assert_passed(&fixture, &response, &case.body, &id).await;
            }
            let new = audits().split_off(before);
            if samples.is_empty() {
                assert!(new.is_empty(), "{id}: {new:?}");
                continue;
            }
            assert_eq!(new.len(), 1, "{id}: {new:?}");
            let line = &new[0];
            assert_eq!((line.level.as_str(), line.logger.as_str()), ("warning", "wasm"), "{id}");
            let operation = if case.path == "/v1/voices" {
                "voice.create"
            } else {
                "tts.synthesize+voice.create"
            };
            let digests: String =
                samples.iter().map(|it| format!(" sha256={}", sha256(it))).collect();
            let expected = format!(
                "audit=voice.create tenant=\"acme\" operation={operation}{digests} urls=0 complete=true"
            );
            assert!(line.text.contains(&expected), "{id}: {}\nlacks {expected}", line.text);
        }
    }
    // A refused one makes no voice.
    let before = audits().len();
    let refused = fixture.http1().post("/take/json").bearer(token("tts.basic"));
    let refused = refused.json(&json!({ "ref_audio": base64(&one) })).send().await.unwrap();
    assert_eq!(refused.status, 403);
    assert_eq!(audits().len(), before);
    let log = fixture.envoy.log().unwrap();
    let sample = base64(&one);
    assert!(!log.iter().any(|it| it.text.contains(&sample[..40])), "the sample is in the log");
    fixture.finish().await.unwrap();
}
