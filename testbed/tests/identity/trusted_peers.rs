//! Identity headers of peers, believed by the certificate of their mutual TLS.

use serde_json::{Value, json};
use voxgate_testbed::client::{Client, Request};
use voxgate_testbed::fixture::{Authority, Fixture, policy, token};

const GATEWAY: &str = "spiffe://cluster.local/ns/edge/sa/gateway";
const STRANGER: &str = "spiffe://cluster.local/ns/other/sa/stranger";

fn trusting() -> Value {
    let mut policy = policy();
    policy["identity"]["source"] = json!(["trusted_peers", "token"]);
    policy["identity"]["trusted_peers"] = json!([GATEWAY, "spiffe://cluster.local/ns/apps/*"]);
    policy
}

/// Only premium callers may.
fn create_voice(client: &Client) -> Request {
    let content_type = "multipart/form-data; boundary=b";
    client.post("/v1/voices").header("content-type", content_type).body("--b--\r\n")
}

fn as_premium(request: Request) -> Request {
    request.header("x-user-tier", "premium").header("x-voxgate-tenant", "of-the-edge")
}

async fn assert_not_believed(fixture: &Fixture, client: &Client, who: &str) {
    let response = as_premium(create_voice(client)).send().await.unwrap();
    assert_eq!(response.status, 401, "{who}: {response:?}");
    let request = as_premium(create_voice(client)).bearer(token("tts.basic"));
    assert_eq!(request.send().await.unwrap().status, 403, "{who}");
    // With a token of its own it passes as who it is.
    let request = as_premium(client.get("/v1/voices")).bearer(token("tts.basic"));
    let response = request.header("x-request-id", who).send().await.unwrap();
    assert_eq!(response.status, 200, "{who}");
    let received = fixture.speech.received_as(who).unwrap();
    assert_eq!(received.headers.one("x-user-tier"), Some("basic"), "{who}");
    assert_eq!(received.headers.one("x-voxgate-tenant"), Some("acme"), "{who}");
}

#[tokio::test]
async fn a_listed_certificate_is_believed_and_no_other() {
    let authority = Authority::new().unwrap();
    let setup = Fixture::of(trusting()).resource(authority.listener().unwrap());
    let fixture = setup.start().await.unwrap();
    let server = fixture.envoy.address();

    let mut believed = 0;
    for id in [GATEWAY, "spiffe://cluster.local/ns/apps/sa/any"] {
        let tunnel = authority.tunnel(server, &[id]).await.unwrap();
        for (protocol, client) in Client::both(tunnel.address()) {
            let what = format!("{id} over {protocol}");
            let request = as_premium(create_voice(&client)).header("x-request-id", &what);
            assert_eq!(request.send().await.unwrap().status, 201, "{what}");
            believed += 1;
            let received = fixture.speech.received_as(&what).unwrap();
            assert_eq!(received.headers.one("x-user-tier"), Some("premium"));
            assert_eq!(received.headers.one("x-voxgate-tenant"), Some("of-the-edge"));
            assert_eq!(received.headers.one("x-voxgate-operation"), Some("voice.create"));

            // The nearest word counts, whatever the token.
            let request = create_voice(&client).header("x-user-tier", "basic");
            let request = request.bearer(token("tts.premium"));
            assert_eq!(request.send().await.unwrap().status, 403, "{what}");
            believed += 1;
            // A peer that says nothing is a caller like any other.
            assert_eq!(create_voice(&client).send().await.unwrap().status, 401, "{what}");
            let own = create_voice(&client).bearer(token("tts.premium"));
            assert_eq!(own.send().await.unwrap().status, 201, "{what}");
            // What does not fit the policy is no word at all.
            for tier in ["platinum", "", "Premium", "premium, basic"] {
                let request = create_voice(&client).header("x-user-tier", tier);
                let response = request.bearer(token("tts.premium")).send().await.unwrap();
                assert_eq!(response.status, 401, "{tier:?} by {what}");
            }
            let twice = create_voice(&client).header("x-user-tier", "premium");
            let twice = twice.header("x-user-tier", "premium").send().await.unwrap();
            assert_eq!(twice.status, 401, "{what}");
        }
    }
    assert_eq!(fixture.identities("trusted_peer").await.unwrap(), believed);
    assert_eq!(fixture.decisions(&[("reason", "peer_headers")]).await.unwrap(), 20);

    for ids in [
        &[][..],
        &[STRANGER],
        &["spiffe://cluster.local/ns/edge/sa/gateway2"],
        &["spiffe://cluster.local/ns/edge/sa/gatewa"],
        &["spiffe://cluster.local/ns/appsx/sa/any"],
        &["spiffe://evil.test/ns/edge/sa/gateway"],
        // A mesh's certificate has one id; of several, the first counts.
        &[STRANGER, GATEWAY],
    ] {
        let tunnel = authority.tunnel(server, ids).await.unwrap();
        for (protocol, client) in Client::both(tunnel.address()) {
            assert_not_believed(
                &fixture,
                &client,
                &format!("peer {} over {protocol}", ids.join(" ")),
            )
            .await;
        }
    }
    assert_eq!(fixture.identities("trusted_peer").await.unwrap(), believed);

    // A certificate of another authority gets no connection.
    let other = Authority::new().unwrap();
    let tunnel = authority.tunnel_with(server, &[GATEWAY], &other).await.unwrap();
    let refused = as_premium(create_voice(&Client::http1(tunnel.address()))).send().await;
    assert!(refused.is_err(), "{refused:?}");
    fixture.finish().await.unwrap();
}

#[tokio::test]
async fn nobody_is_believed_without_tls() {
    let fixture = Fixture::of(trusting()).start().await.unwrap();
    for (protocol, client) in fixture.both() {
        assert_not_believed(&fixture, &client, protocol).await;
        let xfcc = format!("By=spiffe://x/y;URI={GATEWAY}");
        let request = as_premium(create_voice(&client)).header("x-forwarded-client-cert", xfcc);
        assert_eq!(request.send().await.unwrap().status, 401, "{protocol}");
    }
    assert_eq!(fixture.identities("trusted_peer").await.unwrap(), 0);
    fixture.finish().await.unwrap();
}
