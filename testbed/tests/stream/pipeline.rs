//! ASR → language model → TTS → face, with one deadline, one trace, and the stages handed on by whoever
//! asks them one behind the other.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use voxgate_testbed::client::Response;
use voxgate_testbed::fixture::{Fixture, now, policy, token};
use voxgate_testbed::script::{Content, HEADER, Script};

const STAGES: &str = "x-voxgate-stages";
const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

/// The stages that a header names, each with the milliseconds that it took.
fn stages(response: &Response, header: &str) -> Vec<(String, f64)> {
    let value = response.header(header).unwrap_or_default().to_owned();
    let stages = value.split(", ").filter_map(|it| it.split_once(";dur="));
    stages.map(|(name, took)| (name.to_owned(), took.parse().expect("a number"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn stages_add_up_across_the_services_of_a_digital_human() -> Result<()> {
    let mut policy = policy();
    policy["streams"] = json!({ "slow": { "percent": 0 } });
    let rule = |name: &str, path: &str, operation: &str| {
        let operations = [operation];
        json!({ "name": name, "methods": ["POST"], "path": path, "operations": operations })
    };
    policy["operations"]["rules"] = json!([
        rule("asr", "/asr", "asr.transcribe"),
        rule("llm", "/llm", "llm.chat"),
        rule("face", "/face", "face.animate"),
    ]);
    let mut fixture = Fixture::of(policy).start().await?;
    fixture.envoy.allow_log("stages=late");
    let client = fixture.http2();
    // It cannot be kept: so the last stage is late, and says where the time went.
    let deadline = (now().0 + 1).to_string();
    let mut carried: Option<String> = None;
    for (index, (path, content)) in [
        ("/asr", Content::AudioLines),
        ("/llm", Content::Events),
        ("/tts", Content::Wav),
        ("/face", Content::Mp4),
    ]
    .into_iter()
    .enumerate()
    {
        let script = Script { content, bytes: 20_000, longest_pause_ms: 5, ..Script::default() };
        let mut request = client
            .post(path)
            .bearer(token("tts.premium"))
            .header(HEADER, script.to_header())
            .header("traceparent", format!("00-{TRACE}-b7ad6b7169203331-01"))
            .header("x-voxgate-deadline", &deadline)
            .json(&json!({ "text": "Good morning." }));
        if let Some(stages) = &carried {
            request = request.header(STAGES, stages);
        }
        let response = request.send().await?;
        assert_eq!(response.status, 200, "{path}: {response:?}");
        let names: Vec<String> = stages(&response, STAGES).into_iter().map(|it| it.0).collect();
        assert_eq!(names, ["asr", "llm", "tts", "face"][..=index]);
        assert_eq!(stages(&response, "server-timing"), stages(&response, STAGES));
        carried = response.header(STAGES).map(str::to_owned);
    }
    let is_last = |it: &serde_json::Map<String, Value>| it.get("path") == Some(&json!("/face"));
    let entry = fixture.envoy.access_log_entry(is_last).await?;
    let figures: Value = serde_json::from_str(entry["stream"].as_str().context("no figures")?)?;
    let line = figures["stages"].as_str().context("no stages")?;
    println!("{line}");
    for part in ["asr=", " llm=", " tts=", " face=", " total=", " of="] {
        assert!(line.contains(part), "{part} in {line}");
    }
    let late = format!("trace={TRACE}");
    fixture.envoy.wait_for_log(&late).await?;
    fixture.finish().await
}
