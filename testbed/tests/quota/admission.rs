//! What is admitted and what is denied, and how it is told.

use anyhow::Result;
use serde_json::json;
use voxgate_testbed::fixture::Fixture;

use super::support::{rule, token_of, used, wait_for_use, with_rules};

#[tokio::test(flavor = "multi_thread")]
async fn characters_are_charged_exactly_and_what_does_not_fit_is_told() -> Result<()> {
    let policy = with_rules(json!([rule("chars", "text.chars", Some("month"), 100)]));
    let fixture = Fixture::of(policy).start().await?;
    let token = token_of("acme", "tts.premium");
    for (_, client) in fixture.both() {
        let response = client
            .post("/tts")
            .bearer(&token)
            .json(&json!({ "text": "ä".repeat(30) }))
            .send()
            .await?;
        assert_eq!(response.status, 200, "{response:?}");
    }
    wait_for_use(&fixture, "acme", "chars", 60).await;
    let text = json!({ "text": "x".repeat(41) });
    let response = fixture.http1().post("/tts").bearer(&token).json(&text).send().await?;
    println!("{response:?}");
    assert_eq!(response.status, 429);
    assert_eq!(used(&fixture.http1(), "acme", "chars").await, (60, 0));
    fixture.finish().await
}
