//! Nothing that a body says stands in a log, an access log, a metric or an answer.

use super::bodies::{Case, base64, multipart};
use super::policy;
use serde_json::json;
use voxgate_testbed::fixture::{Fixture, token};

#[tokio::test]
async fn no_operator_reads_what_bodies_say() {
    let mut policy = policy();
    policy["facts"] = json!({ "audit_voice_creations": true });
    policy["tiers"][1]["models"] = json!(["listed"]);
    let setup = Fixture::of(policy).envoy(|options| {
        options.component_log_level = Some("wasm:debug".into());
        options.allow_log.push("audit=voice.create".to_owned());
    });
    let fixture = setup.start().await.unwrap();
    let sample = base64(b"SampleHushSampleHushSampleHush");
    let full = json!({
        "text": "TextHush", "voice": "VoiceHush", "model": "ModelHush",
        "format": "FormatHush", "consent": "ConsentHush", "sample_rate": "RateHush",
        "ref_audio": sample, "KeyHush": 1,
    });
    let parts = [
        ("text", None, &b"TextHush"[..]),
        ("ref_audio", Some("FileHush"), b"SampleHush"),
        ("KeyHush", None, b"OtherHush"),
    ];
    let cases = [
        Case::new("all", "/take/json", full.to_string()),
        Case::new("compressed", "/take/json", full.to_string()).gzipped(),
        Case::new("torn", "/take/json", full.to_string().replace('}', "")),
        Case::new("a URL", "/take/json", r#"{"ref_audio":"https://urlhush.test/PathHush"}"#),
        Case::new("a model", "/take/json", r#"{"model":"ModelHush"}"#),
        Case::new("a wrong type", "/take/plain", full.to_string())
            .headers(&[("content-type", "x/TypeHush")]),
        Case::new("a form", "/take/form", "text=TextHush&text=TextHush&KeyHush=1"),
        Case::new("parts", "/take/multipart", multipart(&parts)),
        Case::new("long", "/take/json", format!(r#"{{"text":"{}"}}"#, "TextHush".repeat(300))),
    ];
    let tokens = [token("tts.basic"), token("tts.premium")];
    let mut statuses = Vec::new();
    let mut answers = Vec::new();
    for (_, client) in fixture.both() {
        for case in &cases {
            for token in &tokens {
                let request = case.head(&client).bearer(token).body(case.body.clone());
                let response = request.send().await.unwrap();
                statuses.push(response.status.as_u16());
                answers.push(response.text());
            }
        }
    }
    for status in [200, 400, 403, 415] {
        assert!(statuses.contains(&status), "{status} is not among {statuses:?}");
    }
    fixture.envoy.access_log_entry_after(statuses.len() - 1).await.unwrap();
    let log = fixture.envoy.log().unwrap();
    assert!(log.iter().any(|it| it.text.contains("decision=deny")));
    let entries = fixture.envoy.access_log().unwrap();
    assert!(entries.iter().any(|it| it["decision"].to_string().contains("text_chars")));
    let texts = log.into_iter().map(|it| it.text);
    let texts = texts.chain(entries.into_iter().map(|it| json!(it).to_string()));
    let texts = texts.chain([fixture.envoy.prometheus().await.unwrap()]).chain(answers);
    for text in texts {
        let text = text.to_lowercase();
        let sample = &sample[..12].to_lowercase();
        assert!(!text.contains("hush") && !text.contains(sample), "{text}");
    }
    fixture.finish().await.unwrap();
}
