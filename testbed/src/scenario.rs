//! A scenario: who asks what, and what should become of it.

mod play;
mod report;
mod token;

pub use play::{Played, Seen, play};
pub use report::{json, table};
pub use token::{Signer, TokenSpec};

use crate::client::{Client, Request};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

/// The scenario as written, in YAML.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it shows.
    pub title: String,
    /// The requests, played one after the other.
    pub requests: Vec<Step>,
}

/// One request.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The caller, for people.
    pub who: String,
    /// What the caller wants, for people.
    pub asks: String,
    /// How many days Envoy's clock is moved before it is asked.
    #[serde(default)]
    pub days_later: u32,
    /// The caller's token; none if absent.
    pub token: Option<TokenSpec>,
    /// What is sent.
    pub request: RequestSpec,
    /// What should become of it.
    pub expect: Expectation,
}

/// What is sent.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestSpec {
    /// The method.
    #[serde(default = "post")]
    pub method: String,
    /// The path, sent as written.
    pub path: String,
    /// Whether it is sent over HTTP/2.
    #[serde(default)]
    pub http2: bool,
    /// Headers beside the token's and the content type.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body, as JSON.
    pub json: Option<Value>,
    /// The body as it stands; a header says what it is.
    pub body: Option<String>,
}

/// What should become of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Expectation {
    /// `allow`, `degrade`, `divert`, `deny` or `would_deny`.
    pub decision: String,
    /// The part of the policy that decides.
    pub rule: String,
    /// The status of the answer.
    pub status: u16,
    /// The tier that the service is told; not looked at if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tier: Option<String>,
    /// What the tenant has used when the request is over, by quota rule; not looked at if absent.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub used: BTreeMap<String, u64>,
}

fn post() -> String {
    "POST".to_owned()
}

// === impl Scenario ===

impl Scenario {
    /// Reads YAML.
    ///
    /// # Errors
    /// When it is no scenario: with line and column.
    pub fn parse(yaml: &str) -> Result<Self, serde_saphyr::Error> {
        serde_saphyr::from_str(yaml)
    }
}

// === impl RequestSpec ===

impl RequestSpec {
    /// The request, from a client of the right protocol.
    pub fn to_request(&self, [http1, http2]: &[Client; 2], token: Option<&str>) -> Request {
        let client = if self.http2 { http2 } else { http1 };
        let mut request = client.request(&self.method, &self.path);
        for (name, value) in &self.headers {
            request = request.header(name, value);
        }
        if let Some(token) = token {
            request = request.bearer(token);
        }
        match (&self.json, &self.body) {
            (Some(body), _) => request.json(body),
            (None, Some(body)) => request.body(body.clone()),
            (None, None) => request,
        }
    }

    /// The same as a line for a shell; `token` is put as it stands, so it may be `$TOKEN`.
    pub fn to_curl(&self, base: &str, token: Option<&str>) -> String {
        let quoted = |text: &str| format!("'{}'", text.replace('\'', r"'\''"));
        let mut line = format!(
            "curl -sS -i -o - -X {} {}",
            self.method,
            quoted(&format!("{base}{}", self.path))
        );
        if self.http2 {
            line += " --http2-prior-knowledge";
        }
        for (name, value) in &self.headers {
            line += &format!(" -H {}", quoted(&format!("{name}: {value}")));
        }
        if let Some(token) = token {
            line += &format!(" -H \"authorization: Bearer {token}\"");
        }
        if let Some(body) = &self.json {
            let body = quoted(&body.to_string());
            line += &format!(" -H 'content-type: application/json' -d {body}");
        } else if let Some(body) = &self.body {
            line += &format!(" --data-binary {}", quoted(body));
        }
        line
    }
}

#[cfg(test)]
mod tests;
