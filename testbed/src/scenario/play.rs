//! Plays a scenario, and compares what happened with what should have.

use super::{Expectation, Scenario, Step};
use crate::client::{Client, ClientError, Response};
use crate::envoy::{AccessLogEntry, Envoy, EnvoyError};
use crate::speech::Speech;
use serde::Serialize;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A request that was played.
#[derive(Debug, Clone, Serialize)]
pub struct Played {
    /// The caller.
    pub who: String,
    /// What the caller wanted.
    pub asks: String,
    /// What became of it.
    #[serde(flatten)]
    pub seen: Seen,
    /// What should have.
    pub expected: Expectation,
    /// What differs, in words; empty if nothing does.
    pub differences: Vec<String>,
}

/// What became of a request.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Seen {
    /// The decision, from Envoy's access log.
    pub decision: Option<String>,
    /// The part of the policy that decided.
    pub rule: Option<String>,
    /// The status that the caller saw.
    pub status: u16,
    /// Milliseconds until the caller saw the first byte of the answer's body.
    pub first_byte_ms: f64,
    /// Whether the service saw the request.
    pub reached_service: bool,
    /// The tier that the service was told.
    pub tier: Option<String>,
    /// What the tenant had used when it was over, of what the scenario looks at.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub used: BTreeMap<String, u64>,
}

/// Where use is asked for.
const USAGE: &str = "/.well-known/voxgate/usage";

/// Why a scenario cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum PlayError {
    /// A request got no answer.
    #[error("{asks}: {error}")]
    NoAnswer {
        /// Which request.
        asks: String,
        /// Why not.
        error: ClientError,
    },
    /// Envoy cannot tell what it did.
    #[error(transparent)]
    Envoy(#[from] EnvoyError),
}

/// Plays the requests one after the other; nobody else may use this Envoy meanwhile, for its
/// access log is read by the order of requests. `progress` is told of each.
///
/// # Errors
/// When a request gets no answer or Envoy logs none.
pub async fn play(
    scenario: &Scenario,
    envoy: &mut Envoy,
    speech: &Speech,
    mut progress: impl FnMut(&Played),
) -> Result<Vec<Played>, PlayError> {
    let clients = [Client::http1(envoy.address()), Client::http2(envoy.address())];
    let mut played = Vec::new();
    for step in &scenario.requests {
        if step.days_later > 0 {
            envoy.move_clock(i64::from(step.days_later) * 86_400)?;
        }
        let seen = play_step(step, &clients, envoy, speech).await?;
        let step = Played {
            who: step.who.clone(),
            asks: step.asks.clone(),
            differences: differences(&seen, &step.expect),
            seen,
            expected: step.expect.clone(),
        };
        progress(&step);
        played.push(step);
    }
    Ok(played)
}

async fn play_step(
    step: &Step,
    clients: &[Client; 2],
    envoy: &Envoy,
    speech: &Speech,
) -> Result<Seen, PlayError> {
    let (logged, received) = (envoy.access_log()?.len(), speech.count());
    let token = step.token.as_ref().map(|it| it.sign(envoy.now()));
    let request = step.request.to_request(clients, token.as_deref());
    let response = request.send().await;
    let response =
        response.map_err(|error| PlayError::NoAnswer { asks: step.asks.clone(), error })?;
    let entry = envoy.access_log_entry_after(logged).await?;
    let mut seen = seen(&response, &entry, speech, received);
    if let Some(token) = token.filter(|_| !step.expect.used.is_empty()) {
        let asked = clients[0].get(USAGE).bearer(token).send().await;
        let usage =
            asked.map_err(|error| PlayError::NoAnswer { asks: step.asks.clone(), error })?.json();
        let rows = usage["limits"].as_array().into_iter().flatten();
        let rows = rows.filter_map(|it| Some((it["rule"].as_str()?, it["used"].as_u64()?)));
        let looked_at = rows.filter(|(rule, _)| step.expect.used.contains_key(*rule));
        seen.used = looked_at.map(|(rule, used)| (rule.to_owned(), used)).collect();
        envoy.access_log_entry_after(logged + 1).await?;
    }
    Ok(seen)
}

fn seen(response: &Response, entry: &AccessLogEntry, speech: &Speech, before: u64) -> Seen {
    let state = |name: &str| entry.get(name).map(unquoted).unwrap_or_default();
    // What passed the one may be denied by the other.
    let (quota, shed) = (state("quota"), state("shed"));
    let decision = match (quota["outcome"].as_str(), shed["outcome"].as_str()) {
        (Some("denied"), _) => quota,
        (_, Some("reject")) => json!({"outcome": "denied", "rule": shed["rule"]}),
        (_, Some("degrade" | "divert")) => shed,
        _ => state("decision"),
    };
    let text = |name: &str| decision[name].as_str().map(ToOwned::to_owned);
    let reached_service = speech.count() > before;
    let received = speech.received().pop().filter(|_| reached_service);
    let first_byte = response.time_to_first_byte.as_secs_f64() * 1000.0;
    let outcome = text("outcome").map(|it| if it == "denied" { "deny".to_owned() } else { it });
    Seen {
        decision: outcome,
        rule: text("rule"),
        status: response.status.as_u16(),
        first_byte_ms: (first_byte * 10.0).round() / 10.0,
        reached_service,
        tier: received.and_then(|received| Some(received.headers.one("x-user-tier")?.to_owned())),
        used: BTreeMap::new(),
    }
}

/// Filter state is text to Envoy, so the record in it arrives as JSON in a JSON string.
fn unquoted(value: &Value) -> Value {
    match value {
        Value::String(text) => serde_json::from_str(text).unwrap_or_default(),
        other => other.clone(),
    }
}

fn differences(seen: &Seen, expected: &Expectation) -> Vec<String> {
    let mut differences = Vec::new();
    let mut compare = |what: &str, seen: Option<&str>, expected: &str| {
        if seen != Some(expected) {
            let seen = seen.unwrap_or("nothing");
            differences.push(format!("{what} is {seen}, not {expected}"));
        }
    };
    compare("decision", seen.decision.as_deref(), &expected.decision);
    compare("rule", seen.rule.as_deref(), &expected.rule);
    compare("status", Some(&seen.status.to_string()), &expected.status.to_string());
    if let Some(tier) = &expected.tier {
        compare("tier at the service", seen.tier.as_deref(), tier);
    }
    if seen.used != expected.used {
        differences.push(format!("used is {:?}, not {:?}", seen.used, expected.used));
    }
    if seen.reached_service == (expected.decision == "deny") {
        let reached = if seen.reached_service { "reached" } else { "did not reach" };
        differences.push(format!("it {reached} the service"));
    }
    differences
}
