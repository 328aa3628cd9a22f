//! Each problem type of `docs/problems`, byte for byte.

use serde_json::{Value, json};
use voxgate_policy::testing::claims;
use voxgate_testbed::client::{Client, Request, Response};
use voxgate_testbed::fixture::{Fixture, now, policy, signed, token};

/// All headers of a denial; `connection: close` is Envoy's on HTTP/1.1, where it answers 400.
const SENT: [&str; 6] =
    ["content-type", "content-length", "www-authenticate", "retry-after", "date", "connection"];

/// What a denial must be.
struct Denial {
    status: u16,
    challenge: Option<&'static str>,
    problem: Value,
}

impl Denial {
    fn assert_is(&self, response: &Response, what: &str) {
        assert_eq!(response.status, self.status, "{what}: {response:?}");
        assert_eq!(response.header("content-type"), Some("application/problem+json"), "{what}");
        assert_eq!(response.header("www-authenticate"), self.challenge, "{what}");
        let mut problem = self.problem.clone();
        problem["status"] = json!(self.status);
        problem["type"] =
            json!(format!("tag:voxgate,2026:problem/{}", problem["type"].as_str().unwrap()));
        assert_eq!(response.json(), problem, "{what}");
        let length = response.body.len().to_string();
        assert_eq!(response.header("content-length"), Some(length.as_str()), "{what}");
        let others = response.headers.keys().filter(|name| !SENT.contains(&name.as_str()));
        assert_eq!(others.count(), 0, "{what} says more than it must: {response:?}");
    }
}

/// A token of the tenant whose tier is capped.
fn capped() -> String {
    let mut claims = claims(now());
    claims["tenant"] = json!("capped");
    claims["scope"] = json!("tts.premium");
    signed(&claims)
}

fn expired() -> String {
    let mut claims = claims(now());
    claims["exp"] = json!(now().0 / 1000 - 3600);
    signed(&claims)
}

type Build = fn(&Client) -> Request;

fn denials() -> Vec<(&'static str, Build, Denial)> {
    vec![
        (
            "no token",
            |client| client.post("/tts"),
            Denial {
                status: 401,
                challenge: Some(r#"Bearer realm="voxgate""#),
                problem: json!({
                    "type": "missing-token",
                    "title": "A bearer token is needed",
                    "detail": "The request has no bearer token.",
                    "rule": "identity.anonymous",
                    "operation": "tts.synthesize",
                }),
            },
        ),
        (
            "credentials of another scheme",
            |client| client.post("/batch").header("authorization", "Basic dXNlcjpwYXNz"),
            Denial {
                status: 401,
                challenge: Some(r#"Bearer realm="voxgate""#),
                problem: json!({
                    "type": "missing-token",
                    "title": "A bearer token is needed",
                    "detail": "The request has no bearer token.",
                    "rule": "identity.anonymous",
                    "operation": "tts.batch",
                }),
            },
        ),
        (
            "an expired token",
            |client| client.post("/tts").bearer(expired()),
            Denial {
                status: 401,
                challenge: Some(
                    r#"Bearer realm="voxgate", error="invalid_token", error_description="the token has expired""#,
                ),
                problem: json!({
                    "type": "invalid-token",
                    "title": "The token is not accepted",
                    "detail": "The token has expired.",
                    "rule": "identity.issuers",
                    "operation": "tts.synthesize",
                }),
            },
        ),
        (
            "two Authorization headers",
            |client| client.post("/tts").bearer(token("tts.basic")).bearer(token("tts.basic")),
            Denial {
                status: 400,
                challenge: Some(
                    r#"Bearer realm="voxgate", error="invalid_request", error_description="the request has more than one Authorization header""#,
                ),
                problem: json!({
                    "type": "invalid-request",
                    "title": "The request cannot be read in one way only",
                    "detail": "The request has more than one Authorization header.",
                    "rule": "identity.issuers",
                    "operation": "tts.synthesize",
                }),
            },
        ),
        (
            "an ambiguous path",
            |client| client.post("/%2574ts").bearer(token("tts.basic")),
            Denial {
                status: 400,
                challenge: None,
                problem: json!({
                    "type": "invalid-request",
                    "title": "The request cannot be read in one way only",
                    "detail": "The path has a `%` escape that is invalid or encoded twice.",
                    "rule": "operations",
                    "tier": "basic",
                }),
            },
        ),
        (
            "a tier that may not",
            |client| client.post("/v1/voices").bearer(token("tts.basic")),
            Denial {
                status: 403,
                challenge: Some(
                    r#"Bearer realm="voxgate", error="insufficient_scope", scope="tts.premium""#,
                ),
                problem: json!({
                    "type": "insufficient-scope",
                    "title": "The token's scopes do not cover this operation",
                    "detail": "Tier basic may not voice.create; scope tts.premium is needed.",
                    "rule": "tiers.basic",
                    "operation": "voice.create",
                    "tier": "basic",
                    "needed_scope": "tts.premium",
                }),
            },
        ),
        (
            "scopes of no tier",
            |client| client.post("/tts").bearer(token("other")),
            Denial {
                status: 403,
                challenge: Some(
                    r#"Bearer realm="voxgate", error="insufficient_scope", scope="tts.basic""#,
                ),
                problem: json!({
                    "type": "insufficient-scope",
                    "title": "The token's scopes do not cover this operation",
                    "detail": "A caller whose scopes lead to no tier may not tts.synthesize; scope tts.basic is needed.",
                    "rule": "tiers",
                    "operation": "tts.synthesize",
                    "needed_scope": "tts.basic",
                }),
            },
        ),
        (
            "a capped tenant",
            |client| client.post("/v1/voices").bearer(capped()),
            Denial {
                status: 403,
                challenge: None,
                problem: json!({
                    "type": "tenant-capped",
                    "title": "The tenant's tier is capped below this operation",
                    "detail": "The tenant is capped at tier basic, which may not voice.create.",
                    "rule": "tenants.max_tier",
                    "operation": "voice.create",
                    "tier": "basic",
                }),
            },
        ),
        (
            "an unknown operation",
            |client| client.get("/admin").bearer(token("tts.premium")),
            Denial {
                status: 403,
                challenge: None,
                problem: json!({
                    "type": "unknown-operation",
                    "title": "No rule knows this operation",
                    "detail": "No rule of the policy knows this method and path, and operations.unknown is deny.",
                    "rule": "operations.unknown",
                    "tier": "premium",
                }),
            },
        ),
    ]
}

#[tokio::test]
async fn each_problem_type_is_answered_as_its_page_says() {
    let fixture = Fixture::of(super::policy()).start().await.unwrap();
    for (protocol, client) in fixture.both() {
        for (what, build, denial) in denials() {
            let what = format!("{what} over {protocol}");
            denial.assert_is(&build(&client).send().await.unwrap(), &what);
        }
        let allowed = client.post("/tts").bearer(token("tts.basic")).json(&json!({ "text": "a" }));
        assert_eq!(allowed.send().await.unwrap().status, 200);
        // The cap takes a tier away, not the rights that are left.
        let allowed = client.post("/tts").bearer(capped()).json(&json!({ "text": "a" }));
        assert_eq!(allowed.send().await.unwrap().status, 200);
    }
    assert_eq!(fixture.speech.count(), 4, "something of a denied request reached the service");
    fixture.finish().await.unwrap();
}

/// Callers without a token have a tier here, and no tier may create voices.
#[tokio::test]
async fn an_anonymous_caller_has_its_tier_and_no_more() {
    let mut policy = policy();
    policy["identity"]["anonymous"] = json!({ "tier": "free" });
    policy["tiers"] = json!([
        { "name": "basic", "scopes": ["tts.basic"], "allow": ["tts.*"] },
        { "name": "free", "allow": ["tts.synthesize"] },
    ]);
    policy["operations"]["unknown"] = json!("allow");
    let fixture = Fixture::of(policy).start().await.unwrap();
    for (protocol, client) in fixture.both() {
        let free =
            client.post("/tts").header("x-request-id", protocol).json(&json!({ "text": "a" }));
        assert_eq!(free.send().await.unwrap().status, 200, "{protocol}");
        let received = fixture.speech.received_as(protocol).unwrap();
        assert_eq!(received.headers.one("x-user-tier"), Some("free"));
        assert_eq!(received.headers.all("x-voxgate-tenant"), Vec::<&str>::new());

        let denial = Denial {
            status: 403,
            challenge: Some(
                r#"Bearer realm="voxgate", error="insufficient_scope", scope="tts.basic""#,
            ),
            problem: json!({
                "type": "insufficient-scope",
                "title": "The token's scopes do not cover this operation",
                "detail": "Tier free may not tts.batch; scope tts.basic is needed.",
                "rule": "tiers.free",
                "operation": "tts.batch",
                "tier": "free",
                "needed_scope": "tts.basic",
            }),
        };
        denial.assert_is(&client.post("/batch").send().await.unwrap(), protocol);
        let denial = Denial {
            status: 403,
            challenge: Some(r#"Bearer realm="voxgate", error="insufficient_scope""#),
            problem: json!({
                "type": "insufficient-scope",
                "title": "The token's scopes do not cover this operation",
                "detail": "Tier basic may not voice.create; no scope allows it.",
                "rule": "tiers.basic",
                "operation": "voice.create",
                "tier": "basic",
            }),
        };
        let create = client.post("/v1/voices").bearer(token("tts.basic"));
        denial.assert_is(&create.send().await.unwrap(), protocol);

        // A bad token is no anonymous caller.
        assert_eq!(client.post("/tts").bearer(expired()).send().await.unwrap().status, 401);
        // `operations.unknown: allow`, and the service does not know the path either.
        let unknown = client.get("/nowhere").bearer(token("tts.basic")).send().await.unwrap();
        assert_eq!(
            (unknown.status.as_u16(), unknown.header("x-received-user-tier")),
            (404, Some("basic"))
        );
    }
    assert_eq!(fixture.speech.count(), 4);
    fixture.finish().await.unwrap();
}

/// Nothing listens where the keys should be.
#[tokio::test]
async fn keys_that_cannot_be_had_are_503_and_never_401() {
    let nowhere = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = nowhere.local_addr().unwrap();
    drop(nowhere);
    let mut policy = policy();
    policy["identity"]["issuers"][0]["jwks"] = json!({ "remote": {
        "uri": "http://keys.test/jwks.json", "cluster": "keys", "max_wait": "300ms",
    } });
    let setup = Fixture::of(policy).cluster("keys", address);
    let setup = setup.envoy(|options| options.allow_log.push("jwks: http://keys.test".into()));
    let fixture = setup.start().await.unwrap();
    let denial = Denial {
        status: 503,
        challenge: None,
        problem: json!({
            "type": "keys-unavailable",
            "title": "The token cannot be verified at the moment",
            "detail": "The issuer's keys could not be fetched; the token may be good.",
            "rule": "identity.issuers",
            "operation": "tts.synthesize",
        }),
    };
    for (protocol, client) in fixture.both() {
        let response = client.post("/tts").bearer(token("tts.basic")).send().await.unwrap();
        denial.assert_is(&response, protocol);
        assert_eq!(response.header("retry-after"), Some("1"));
        // Keys have nothing to do with these.
        assert_eq!(client.post("/tts").send().await.unwrap().status, 401);
        assert_eq!(client.post("/tts").bearer(expired()).send().await.unwrap().status, 401);
    }
    assert_eq!(fixture.speech.count(), 0);
    fixture.finish().await.unwrap();
}
