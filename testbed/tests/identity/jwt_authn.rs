//! What Envoy's own `jwt_authn` verified, in Istio's way and in plain Envoy's.

use serde_json::{Value, json};
use voxgate_policy::testing::{AUDIENCE, ISSUER, SigningKey, attacker_jwks, claims, jwks, sign};
use voxgate_testbed::fixture::{Fixture, now, policy, resource, signed, token};

fn trusting_envoy() -> Value {
    let mut policy = policy();
    policy["identity"]["source"] = json!(["jwt_authn"]);
    policy["identity"]["issuers"][0]["algorithms"] = json!(["RS256"]);
    policy["identity"]["claims"]["scopes"] = json!(["scope", "realm_access.roles"]);
    policy
}

/// Claims of many shapes, each with the tier that they lead to.
fn shapes() -> Vec<(&'static str, Value, &'static str)> {
    let with = |change: fn(&mut Value)| {
        let mut claims = claims(now());
        change(&mut claims);
        claims
    };
    vec![
        ("a string of one scope", with(|_| {}), "basic"),
        ("a string of scopes", with(|it| it["scope"] = json!("a tts.premium b")), "premium"),
        ("an array of scopes", with(|it| it["scope"] = json!(["a", "tts.premium"])), "premium"),
        (
            "nested roles",
            with(|it| {
                it["scope"] = json!("a");
                it["realm_access"] = json!({ "roles": ["tts.premium"], "more": { "deep": [1] } });
            }),
            "premium",
        ),
        ("one audience of several", with(|it| it["aud"] = json!(["other", AUDIENCE])), "basic"),
        ("a null claim", with(|it| it["middle_name"] = Value::Null), "basic"),
        (
            "a null within, and an array of scopes",
            with(|it| {
                it["address"] = json!({ "street": [null] });
                it["scope"] = json!(["tts.basic"]);
            }),
            "basic",
        ),
        ("claims beyond ASCII", with(|it| it["name"] = json!("日本 \u{1f600} \u{0}")), "basic"),
        ("a fraction of a second", with(|it| it["iat"] = json!(1_700_000_000.25)), "basic"),
    ]
}

async fn assert_believed(fixture: &Fixture) {
    let mut count = 0;
    for (protocol, client) in fixture.both() {
        for (shape, claims, tier) in shapes() {
            let request = client.get("/v1/voices").bearer(signed(&claims));
            let response = request.send().await.unwrap();
            assert_eq!(response.status, 200, "{shape} over {protocol}: {response:?}");
            assert_eq!(response.header("x-received-user-tier"), Some(tier), "{shape}");
            assert_eq!(response.header("x-received-tenant"), Some("acme"), "{shape}");
            count += 1;
        }
        // No token at all is for the policy to judge.
        let missing = client.get("/v1/voices").send().await.unwrap();
        assert!(missing.text().contains("missing-token"), "{protocol}: {missing:?}");
        // A bad one never gets so far.
        let key = SigningKey::attacker_rs256();
        let forged =
            sign(claims(now()).to_string(), SigningKey::rs256().header().to_string(), &key);
        let refused = client.get("/v1/voices").bearer(forged).send().await.unwrap();
        assert_eq!(refused.status, 401, "{protocol}");
        let lacking = client.get("/v1/voices").bearer(token("other")).send().await.unwrap();
        assert_eq!(lacking.status, 403, "{protocol}: {lacking:?}");
        count += 1;
    }
    assert_eq!(fixture.identities("jwt_authn").await.unwrap(), count);
    assert_eq!(fixture.identities("token").await.unwrap(), 0);
}

#[tokio::test]
async fn what_a_request_authentication_verified_is_believed() {
    let setup = Fixture::of(trusting_envoy()).without("AuthorizationPolicy");
    let fixture = setup.start().await.unwrap();
    assert_believed(&fixture).await;
    fixture.finish().await.unwrap();

    // With the rendered DENY policy, Envoy answers those without a token before the filter.
    let fixture = Fixture::of(trusting_envoy()).start().await.unwrap();
    for (protocol, client) in fixture.both() {
        let missing = client.get("/v1/voices").send().await.unwrap();
        assert_eq!((missing.status.as_u16(), &*missing.text()), (403, "RBAC: access denied"));
        let good = client.get("/v1/voices").bearer(token("tts.basic")).send().await.unwrap();
        assert_eq!(good.status, 200, "{protocol}");
    }
    fixture.finish().await.unwrap();
}

/// `envoy.filters.http.jwt_authn` as an operator without Istio writes it.
fn plain(key: &str) -> Value {
    let provider = json!({
        "issuer": ISSUER,
        "audiences": [AUDIENCE],
        "forward": true,
        "payload_in_metadata": key,
        "local_jwks": { "inline_string": jwks() },
    });
    json!({
        "name": "envoy.filters.http.jwt_authn",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication",
            "providers": { "ours": provider },
            "rules": [{ "match": { "prefix": "/" }, "requires": { "requires_any": { "requirements": [
                { "provider_name": "ours" }, { "allow_missing": {} },
            ] } } }],
        },
    })
}

#[tokio::test]
async fn what_a_plain_envoy_verified_is_believed() {
    let setup = Fixture::of(trusting_envoy())
        .without("AuthorizationPolicy")
        .without("RequestAuthentication")
        .resource(resource::first_http_filter(plain("jwt_payload")));
    let fixture = setup.start().await.unwrap();
    assert_believed(&fixture).await;
    fixture.finish().await.unwrap();
}

#[tokio::test]
async fn an_issuer_that_only_envoy_believes_is_refused() {
    let other = json!({
        "apiVersion": "security.istio.io/v1",
        "kind": "RequestAuthentication",
        "metadata": { "name": "somebody-elses" },
        "spec": { "jwtRules": [{
            "issuer": "https://other.test",
            "jwks": attacker_jwks(),
            "forwardOriginalToken": true,
        }] },
    });
    let setup = Fixture::of(trusting_envoy()).without("AuthorizationPolicy").resource(other);
    let fixture = setup.start().await.unwrap();
    let key = SigningKey::attacker_rs256();
    for (protocol, client) in fixture.both() {
        let mut claims = claims(now());
        claims["iss"] = json!("https://other.test");
        let token = sign(claims.to_string(), key.header().to_string(), &key);
        let response = client.get("/v1/voices").bearer(token).send().await.unwrap();
        assert_eq!(response.status, 401, "{protocol}");
        assert!(response.text().contains("issuer is not accepted"), "{protocol}: {response:?}");
        let ours = client.get("/v1/voices").bearer(self::token("tts.basic")).send().await.unwrap();
        assert_eq!(ours.status, 200, "{protocol}");
    }
    assert_eq!(fixture.decisions(&[("reason", "unknown_issuer")]).await.unwrap(), 2);
    assert_eq!(fixture.speech.count(), 2);
    fixture.finish().await.unwrap();
}

/// Somebody forgot the `RequestAuthentication`, or its metadata has another name.
#[tokio::test]
async fn a_token_that_nobody_verified_is_refused() {
    for setup in [
        Fixture::of(trusting_envoy()),
        Fixture::of(trusting_envoy()).resource(resource::first_http_filter(plain("elsewhere"))),
    ] {
        let setup = setup.without("AuthorizationPolicy").without("RequestAuthentication");
        let fixture = setup.start().await.unwrap();
        for (protocol, client) in fixture.both() {
            let response =
                client.get("/v1/voices").bearer(token("tts.basic")).send().await.unwrap();
            assert_eq!(response.status, 401, "{protocol}: {response:?}");
            assert_eq!(response.json()["rule"], "identity.source", "{protocol}");
        }
        let refused = fixture.decisions(&[("reason", "not_verified_by_proxy")]).await.unwrap();
        assert_eq!(refused, 2);
        assert_eq!(fixture.speech.count(), 0);
        fixture.finish().await.unwrap();
    }
}
