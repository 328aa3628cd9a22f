use super::*;
use crate::client::Client;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{Signature, VerifyingKey};

async fn served(client: &Client) -> Value {
    client.get("/jwks.json").send().await.unwrap().json()
}

fn kids(document: &Value) -> Vec<&str> {
    let keys = document["keys"].as_array().unwrap();
    keys.iter().map(|key| key["kid"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_token_verifies_with_the_served_key_of_its_kid() {
    let jwks = Jwks::start().await.unwrap();
    jwks.rotate();
    let token = jwks.sign(&json!({ "sub": "acme" }));
    let document = served(&Client::http1(jwks.address())).await;

    let (signed, signature) = token.rsplit_once('.').unwrap();
    let header = URL_SAFE_NO_PAD.decode(signed.split('.').next().unwrap()).unwrap();
    let header: Value = serde_json::from_slice(&header).unwrap();
    let keys = document["keys"].as_array().unwrap();
    let verifies = |key: &&Value| {
        let coordinate = |name: &str| URL_SAFE_NO_PAD.decode(key[name].as_str().unwrap()).unwrap();
        let point = [vec![4], coordinate("x"), coordinate("y")].concat();
        let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
        VerifyingKey::from_sec1_bytes(&point)
            .unwrap()
            .verify(signed.as_bytes(), &Signature::from_slice(&signature).unwrap())
            .is_ok()
    };
    let good: Vec<_> = keys.iter().filter(verifies).map(|key| &key["kid"]).collect();
    assert_eq!(good, [&header["kid"]]);
    assert_eq!(keys.len(), 2);
}

#[tokio::test]
async fn rotation_keeps_the_key_before_and_withdraws_older_ones() {
    let jwks = Jwks::start().await.unwrap();
    let client = Client::http1(jwks.address());
    assert_eq!(kids(&served(&client).await), ["key-1"]);
    assert_eq!(jwks.rotate(), "key-2");
    let rotated = client.post("/_rotate").send().await.unwrap().json();
    assert_eq!(rotated["kid"], "key-3");
    assert_eq!(kids(&served(&client).await), ["key-2", "key-3"]);
    jwks.revoke_old();
    assert_eq!(kids(&served(&client).await), ["key-3"]);
    assert_eq!(jwks.fetches(), 3);
}

#[tokio::test]
async fn each_fault_is_what_it_says_and_ends_on_command() {
    let jwks = Jwks::start().await.unwrap();
    let client = Client::http1(jwks.address());
    let fetch = || client.get("/jwks.json").send();

    jwks.set_fault(Fault::Slow(50));
    assert!(fetch().await.unwrap().time_to_first_byte.as_millis() >= 50);
    jwks.set_fault(Fault::Huge(3 << 20));
    assert_eq!(fetch().await.unwrap().body.len(), 3 << 20);
    jwks.set_fault(Fault::Malformed);
    assert!(serde_json::from_slice::<Value>(&fetch().await.unwrap().body).is_err());
    jwks.set_fault(Fault::Empty);
    assert_eq!(kids(&fetch().await.unwrap().json()), [""; 0]);
    let over_http = client.request("PUT", "/_fault").json(&json!({ "status": 500 })).send().await;
    assert_eq!(over_http.unwrap().status, 204);
    assert_eq!(fetch().await.unwrap().status, 500);
    jwks.set_fault(Fault::None);
    assert_eq!(kids(&served(&client).await), ["key-1"]);
}

#[tokio::test]
async fn a_server_that_is_down_refuses_and_comes_up_where_it_was_with_its_keys() {
    let mut jwks = Jwks::start().await.unwrap();
    let address = jwks.address();
    let client = Client::http1(address);
    jwks.go_down();
    assert!(client.get("/jwks.json").send().await.is_err());
    jwks.come_up().await.unwrap();
    assert_eq!(jwks.address(), address);
    assert_eq!(kids(&served(&client).await), ["key-1"]);
}

#[tokio::test]
async fn a_fixed_document_is_served_as_it_stands_until_a_rotation() {
    let jwks = Jwks::serving(r#"{"keys":[],"note":1}"#).await.unwrap();
    let client = Client::http1(jwks.address());
    assert_eq!(served(&client).await["note"], 1);
    assert_eq!(jwks.kid(), None);
    jwks.rotate();
    assert_eq!(kids(&served(&client).await), ["key-2"]);
}
