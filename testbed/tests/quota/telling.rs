//! What clients and operators are told.

use anyhow::{Context, Result};
use base64::Engine;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use serde_json::{Value, json};
use voxgate_testbed::client::Client;
use voxgate_testbed::fixture::{Fixture, signed};

use super::support::{USAGE, rule, token_of, wait_for_use, with_rules};

async fn speak(client: &Client, tenant: &str, chars: usize) -> voxgate_testbed::client::Response {
    let token = token_of(tenant, "tts.premium");
    let text = json!({ "text": "x".repeat(chars) });
    client.post("/tts").bearer(token).json(&text).send().await.expect("an answer")
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_say_what_is_left_and_denials_when_to_come_back() -> Result<()> {
    let fixture = Fixture::of(with_rules(json!([
        rule("chars", "text.chars", Some("1h"), 100),
        rule("requests", "requests", Some("day"), 3),
        rule("streams", "streams", None, 4),
    ])))
    .start()
    .await?;
    for (protocol, client) in fixture.both() {
        let good = speak(&client, protocol, 60).await;
        assert_eq!(good.status, 200);
        assert_eq!(
            good.header("ratelimit-policy").context("no policy")?,
            "\"chars\";q=100;qu=\"text.chars\";w=3600, \"requests\";q=3;w=86400, \
             \"streams\";q=4;qu=\"concurrent-requests\""
        );
        let left = good.header("ratelimit").context("no limit")?;
        assert!(left.starts_with("\"chars\";r=40;t=2160, \"requests\";r=2;t="), "{left}");
        assert!(left.ends_with(", \"streams\";r=3"), "{left}");
        wait_for_use(&fixture, protocol, "chars", 60).await;

        let denied = speak(&client, protocol, 50).await;
        assert_eq!(denied.status, 429);
        assert_eq!(denied.header("content-type"), Some("application/problem+json"));
        let retry: u64 = denied.header("retry-after").context("no retry-after")?.parse()?;
        assert!((350..=360).contains(&retry), "ten characters drain in six minutes: {retry}");
        assert_eq!(denied.header("ratelimit"), Some(&*format!("\"chars\";r=40;t={retry}")));
        let problem = denied.json();
        assert_eq!(problem["type"], "tag:voxgate,2026:problem/quota-exceeded");
        assert_eq!(problem["violated-policies"], json!(["chars"]));
        assert_eq!(problem["rule"], "quotas.chars");
        assert_eq!(problem["violations"][0]["remaining"], 40);
        assert_eq!(problem["violations"][0]["requested"], 50);

        let never = speak(&client, protocol, 101).await;
        assert_eq!(never.status, 429);
        assert_eq!(never.header("retry-after"), None, "no time helps");
        // A denied request burns no other counter.
        wait_for_use(&fixture, protocol, "requests", 1).await;
    }
    // The decision stands in the access log's state, and in metrics, without the tenant's name.
    let labels = [("outcome", "denied"), ("rule", "chars"), ("tenant", "other")];
    assert_eq!(fixture.envoy.metric("voxgate_quota_decisions_total", &labels).await?, 4);
    fixture.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn soft_limits_are_told_and_nothing_is_denied() -> Result<()> {
    let fixture = Fixture::of(with_rules(json!([rule("chars", "text.chars", Some("month"), 100)])))
        .start()
        .await?;
    let client = fixture.http1();
    assert_eq!(speak(&client, "acme", 79).await.header("x-voxgate-quota-warning"), None);
    wait_for_use(&fixture, "acme", "chars", 79).await;
    let warned = speak(&client, "acme", 1).await;
    assert_eq!(warned.header("x-voxgate-quota-warning"), Some("\"chars\";percent=80"));
    wait_for_use(&fixture, "acme", "chars", 80).await;
    let warned = speak(&client, "acme", 15).await;
    assert_eq!(warned.header("x-voxgate-quota-warning"), Some("\"chars\";percent=95"));
    assert_eq!(warned.status, 200);
    fixture.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rule_on_trial_denies_nobody_and_counts_all_the_same() -> Result<()> {
    let mut trial = rule("chars", "text.chars", Some("month"), 10);
    trial["shadow"] = json!(true);
    let of_the_rule = with_rules(json!([trial]));
    let mut of_the_section = with_rules(json!([rule("chars", "text.chars", Some("month"), 10)]));
    of_the_section["shadow"] = json!(["quotas"]);
    for policy in [of_the_rule, of_the_section] {
        let fixture = Fixture::of(policy).start().await?;
        let response = speak(&fixture.http1(), "acme", 30).await;
        assert_eq!(response.status, 200);
        wait_for_use(&fixture, "acme", "chars", 30).await;
        let labels = [("outcome", "would_deny"), ("rule", "chars")];
        assert_eq!(fixture.envoy.metric("voxgate_quota_decisions_total", &labels).await?, 1);
        fixture.finish().await?;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn use_is_told_to_whom_it_concerns_and_to_nobody_without_a_token() -> Result<()> {
    let mut users = rule("users", "requests", Some("day"), 5);
    users["scope"] = json!("user");
    let mut policy = with_rules(json!([rule("chars", "text.chars", Some("month"), 100), users]));
    policy["identity"]["anonymous"] = json!({ "tier": "basic" });
    policy["shadow"] = json!(["identity", "operations", "tiers"]);
    let fixture = Fixture::of(policy).start().await?;
    let client = fixture.http1();
    for tenant in ["a", "b", "c"] {
        assert_eq!(speak(&client, tenant, 10).await.status, 200);
        wait_for_use(&fixture, tenant, "chars", 10).await;
    }
    for (protocol, client) in fixture.both() {
        assert_eq!(client.get(USAGE).send().await?.status, 401, "{protocol}");
        assert_eq!(client.get(USAGE).bearer("no.token.here").send().await?.status, 401);
        let own = client.get(USAGE).bearer(token_of("b", "tts.basic")).send().await?.json();
        assert_eq!(own["tenant"], "b");
        assert_eq!(own["limits"][0]["used"], 10);
        assert_eq!(own["limits"][0]["remaining"], 90);
        assert_eq!(own["user_limits"][0]["used"], 1);
        assert_eq!(own.get("accounts"), None);
        let posted = client.post(USAGE).bearer(token_of("b", "tts.basic")).send().await?;
        assert_eq!(posted.status, 405);
    }
    // All tenants, a page at a time.
    let operator = token_of("ops", "voxgate.operator");
    let mut seen = Vec::new();
    let mut path = format!("{USAGE}?limit=1");
    loop {
        let page = client.get(&path).bearer(&operator).send().await?.json();
        let accounts = page["accounts"].as_array().context("no accounts")?;
        seen.extend(accounts.iter().filter_map(|it| it["tenant"].as_str().map(str::to_owned)));
        match &page["next"] {
            Value::Null => break,
            next => path = format!("{USAGE}?limit=1&page={next}"),
        }
    }
    seen.sort();
    assert_eq!(seen, ["a", "b", "c"]);
    assert_eq!(fixture.speech.count(), 3, "the service never sees it");
    fixture.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grpc_client_is_told_in_its_own_way() -> Result<()> {
    let mut policy = with_rules(json!([rule("requests", "requests", Some("1h"), 1)]));
    policy["operations"]["rules"] = json!([{
        "name": "grpc", "path": "/voxgate.testbed.v1.Speech/Speak", "operations": ["tts.synthesize"],
    }]);
    let fixture = Fixture::of(policy)
        .resource(voxgate_testbed::fixture::resource::http2_upstream())
        .start()
        .await?;
    let client = fixture.http2();
    let ask = async || {
        let token = token_of("acme", "tts.premium");
        client.grpc("/voxgate.testbed.v1.Speech/Speak", b"hello").bearer(token).send().await
    };
    let good = ask().await?;
    assert_eq!(good.grpc_status(), Some("0"), "{good:?}");
    wait_for_use(&fixture, "acme", "requests", 1).await;
    let denied = ask().await?;
    assert_eq!(denied.grpc_status(), Some("8"), "{denied:?}");
    let details = denied.header("grpc-status-details-bin").context("no details")?;
    let details = BASE64_STANDARD_NO_PAD.decode(details.trim_end_matches('='))?;
    let wanted = b"type.googleapis.com/google.rpc.RetryInfo";
    assert!(details.windows(wanted.len()).any(|it| it == wanted));
    fixture.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn elevenlabs_clients_find_the_headers_they_know() -> Result<()> {
    let mut policy = with_rules(json!([
        rule("chars", "text.chars", Some("month"), 100),
        rule("streams", "streams", None, 3),
    ]));
    policy["operations"]["presets"] = json!(["elevenlabs"]);
    let fixture = Fixture::of(policy).start().await?;
    let request = fixture.http1().post("/v1/text-to-speech/21m00Tcm4TlvDq8ikWAM");
    let request = request.bearer(token_of("acme", "tts.premium"));
    let response = request.json(&json!({ "text": "Hello there" })).send().await?;
    // The testbed's service does not know the path; the headers are told all the same.
    assert_eq!(response.header("character-cost"), Some("11"));
    assert_eq!(response.header("current-concurrent-requests"), Some("1"));
    assert_eq!(response.header("maximum-concurrent-requests"), Some("3"));
    fixture.finish().await
}

/// Neither texts, nor tokens, nor users' names are told to anybody.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_text_or_a_token_is_logged_or_counted() -> Result<()> {
    let mut users = rule("users", "text.chars", Some("day"), 40);
    users["scope"] = json!("user");
    let mut policy = with_rules(json!([users]));
    policy["quotas"]["idempotency"] = json!({});
    let fixture = Fixture::of(policy).start().await?;
    let mut claims = voxgate_policy::testing::claims(voxgate_testbed::fixture::now());
    claims["scope"] = json!("tts.premium");
    claims["sub"] = json!("hushed-user");
    let bearer = signed(&claims);
    let client = fixture.http1();
    let text = json!({ "text": "a hushed text of thirty letters" });
    for expected in [200, 429] {
        let request = client
            .post("/tts")
            .bearer(&bearer)
            .header("idempotency-key", format!("hushed-key-{expected}"));
        assert_eq!(request.json(&text).send().await?.status, expected);
    }
    let signature = bearer.rsplit('.').next().context("no signature")?.to_owned();
    let log: Vec<String> = fixture.envoy.log()?.into_iter().map(|it| it.text).collect();
    let told = [
        log.join("\n"),
        format!("{:?}", fixture.envoy.access_log()?),
        fixture.envoy.prometheus().await?,
    ];
    for told in told {
        for secret in ["hushed", &signature] {
            let line = told.lines().find(|it| it.contains(secret));
            assert_eq!(line, None, "{secret} is told");
        }
    }
    fixture.finish().await
}
