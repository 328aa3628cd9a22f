//! Tokens that the filter verifies itself, by each algorithm; and that it does so once.

use jsonwebtoken::Algorithm;
use serde_json::{Value, json};
use voxgate_policy::testing::{SigningKey, claims, jwks, segment, sign};
use voxgate_testbed::envoy::EnvoyError;
use voxgate_testbed::fixture::{Fixture, now, policy, token};

/// Long enough for HS512 (RFC 7518 §3.2).
const SECRET: [u8; 64] = *b"a secret of the tests and of nobody else, of sixty-four bytes...";

/// The tests' keys, each for all algorithms of its family.
fn keys() -> Value {
    let mut keys: Value = serde_json::from_str(jwks()).unwrap();
    let list = keys["keys"].as_array_mut().unwrap();
    for key in list.iter_mut() {
        key.as_object_mut().unwrap().remove("alg");
    }
    list.push(json!({ "kty": "oct", "kid": "hs256", "k": segment(SECRET) }));
    keys
}

fn accepting(algorithms: &[Algorithm]) -> Value {
    let mut policy = policy();
    let names: Vec<String> = algorithms.iter().map(|it| format!("{it:?}")).collect();
    policy["identity"]["issuers"][0]["algorithms"] = json!(names);
    policy["identity"]["issuers"][0]["jwks"]["inline"] = keys();
    policy
}

fn key(algorithm: Algorithm) -> SigningKey {
    match algorithm {
        Algorithm::ES256 => SigningKey::es256(),
        Algorithm::ES384 => SigningKey::es384(),
        Algorithm::EdDSA => SigningKey::eddsa(),
        Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => {
            SigningKey::secret(&SECRET).with_algorithm(algorithm)
        }
        rsa => SigningKey::rs256().with_algorithm(rsa),
    }
}

const NATIVE: [Algorithm; 9] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
    Algorithm::HS256,
    Algorithm::HS384,
    Algorithm::HS512,
];

const PSS: [Algorithm; 3] = [Algorithm::PS256, Algorithm::PS384, Algorithm::PS512];

async fn assert_verifies(fixture: &Fixture, algorithms: &[Algorithm]) {
    for (protocol, client) in fixture.both() {
        for algorithm in algorithms {
            let mut claims = claims(now());
            claims["jti"] = json!(protocol);
            let key = key(*algorithm);
            let token = sign(claims.to_string(), key.header().to_string(), &key);
            let response = client.get("/v1/voices").bearer(&token).send().await.unwrap();
            assert_eq!(response.status, 200, "{algorithm:?} over {protocol}: {response:?}");

            claims["tenant"] = json!("evil");
            let (header, rest) = token.split_once('.').unwrap();
            let (_, signature) = rest.split_once('.').unwrap();
            let forged = format!("{header}.{}.{signature}", segment(claims.to_string()));
            let response = client.get("/v1/voices").bearer(forged).send().await.unwrap();
            assert_eq!(response.status, 401, "{algorithm:?} over {protocol}");
        }
    }
    let count = 2 * algorithms.len() as u64;
    assert_eq!(fixture.decisions(&[("reason", "bad_signature")]).await.unwrap(), count);
    assert_eq!(fixture.identities("token").await.unwrap(), count);
}

#[tokio::test]
async fn each_algorithm_of_the_default_module_verifies() {
    let fixture = Fixture::of(accepting(&NATIVE)).start().await.unwrap();
    assert_verifies(&fixture, &NATIVE).await;
    fixture.finish().await.unwrap();
}

#[tokio::test]
async fn the_software_crypto_module_verifies_pss_too() {
    let all: Vec<Algorithm> = NATIVE.into_iter().chain(PSS).collect();
    let setup = Fixture::of(accepting(&all)).module("voxgate-jwt-tier-software-crypto.wasm");
    let fixture = setup.start().await.unwrap();
    assert_verifies(&fixture, &all).await;
    fixture.finish().await.unwrap();
}

#[tokio::test]
async fn the_default_module_refuses_a_policy_that_asks_for_pss() {
    let policy = accepting(&[Algorithm::RS256, Algorithm::PS256]);
    let error = Fixture::of(policy).start().await.unwrap_err();
    match error.downcast_ref::<EnvoyError>() {
        Some(EnvoyError::Refused { log, .. }) => {
            assert!(log.contains("identity.issuers[0].algorithms[1]"), "{log}");
            assert!(log.contains("PS256 cannot be verified by this module"), "{log}");
            assert!(log.contains("software-crypto"), "{log}");
        }
        _ => panic!("{error:?}"),
    }
}

#[tokio::test]
async fn a_token_is_verified_once_and_then_recalled() {
    let fixture = Fixture::of(policy()).start().await.unwrap();
    for (protocol, client) in fixture.both() {
        let token = token("tts.basic");
        for _ in 0..5 {
            let response = client.get("/v1/voices").bearer(&token).send().await.unwrap();
            assert_eq!(response.header("x-received-tenant"), Some("acme"), "{protocol}");
        }
        // Another signature of the same claims is another token.
        let (input, _) = token.rsplit_once('.').unwrap();
        let forged = format!("{input}.{}", segment([1; 256]));
        assert_eq!(client.get("/v1/voices").bearer(forged).send().await.unwrap().status, 401);
    }
    assert_eq!(fixture.identities("token").await.unwrap(), 2);
    assert_eq!(fixture.identities("cache").await.unwrap(), 8);
    fixture.finish().await.unwrap();
}
