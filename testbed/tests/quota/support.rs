//! Policies with quotas, and what the usage endpoint says.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use voxgate_testbed::client::Client;
use voxgate_testbed::fixture::{Fixture, policy, signed};

/// Where use is asked for.
pub const USAGE: &str = "/.well-known/voxgate/usage";

/// The tests' policy with these quota rules, and everybody's use to be asked for.
pub fn with_rules(rules: Value) -> Value {
    let mut policy = policy();
    policy["identity"]["claims"]["user"] = json!("sub");
    policy["quotas"] = json!({
        "rules": rules,
        "usage": { "operator_scope": "voxgate.operator" },
    });
    policy
}

/// A rule that limits all tiers alike.
pub fn rule(name: &str, meter: &str, per: Option<&str>, limit: u64) -> Value {
    let mut rule = json!({ "name": name, "meter": meter, "default": { "limit": limit } });
    if let Some(per) = per {
        rule["per"] = json!(per);
    }
    rule
}

/// A token of this tenant with these scopes.
pub fn token_of(tenant: &str, scopes: &str) -> String {
    let mut claims = voxgate_policy::testing::claims(voxgate_testbed::fixture::now());
    claims["scope"] = json!(scopes);
    claims["tenant"] = json!(tenant);
    signed(&claims)
}

/// What a tenant used under a rule: used and reserved.
pub async fn used(client: &Client, tenant: &str, rule: &str) -> (u64, u64) {
    let token = token_of(tenant, "tts.premium");
    let response = client.get(USAGE).bearer(&token).send().await.expect("an answer");
    assert_eq!(response.status, 200, "{response:?}");
    let usage: Value = response.json();
    let rows = usage["limits"].as_array().expect("rows").iter();
    let row = rows.clone().find(|it| it["rule"] == rule).unwrap_or_else(|| panic!("{usage:#}"));
    (row["used"].as_u64().unwrap(), row["reserved"].as_u64().unwrap())
}

/// Waits until a tenant's use under a rule is this: a stream's end comes after its response.
pub async fn wait_for_use(fixture: &Fixture, tenant: &str, rule: &str, expected: u64) {
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        let found = used(&fixture.http1(), tenant, rule).await;
        if found == (expected, 0) {
            return;
        }
        assert!(Instant::now() < deadline, "{rule} of {tenant}: {found:?}, not {expected}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
