//! The filter through the real SDK and a fake Envoy.

mod bodies;
mod decisions;
mod keys;
mod secrets;
mod tenants;

use serde_json::{Value, json};
use voxgate_fake_host::{FakeHost, Stream};
use voxgate_jwt_tier::JwtTier;
use voxgate_policy::testing::{self, SigningKey};
use voxgate_policy::time::UnixMillis;

fn start() -> FakeHost {
    FakeHost::start(voxgate_host::start::<JwtTier>)
}

/// A host with the policy of [`policy`].
fn configured(jwks: Value) -> FakeHost {
    let host = start();
    assert!(host.configure(policy(jwks).to_string()), "{:?}", host.logs());
    host
}

fn policy(jwks: Value) -> Value {
    json!({
        "version": 1,
        "identity": {
            "source": ["jwt_authn", "token"],
            "issuers": [{
                "issuer": testing::ISSUER,
                "audiences": [testing::AUDIENCE],
                "algorithms": ["RS256", "ES256", "EdDSA"],
                "jwks": jwks,
            }],
            "claims": {"tenant": "tenant"},
        },
        "operations": {"presets": ["openai-audio", "glm-tts"]},
        "tiers": [
            {"name": "premium", "scopes": ["tts.premium"], "allow": ["tts.*", "voice.*"]},
            {"name": "basic", "scopes": ["tts.basic"], "allow": ["tts.synthesize"]},
        ],
    })
}

fn inline() -> Value {
    json!({"inline": serde_json::from_str::<Value>(testing::jwks()).unwrap()})
}

fn now(host: &FakeHost) -> UnixMillis {
    UnixMillis(u64::try_from(host.time().as_millis()).unwrap())
}

/// A good token of the tier basic.
fn token(host: &FakeHost, key: &SigningKey) -> String {
    testing::sign(testing::claims(now(host)).to_string(), key.header().to_string(), key)
}

fn post(host: &FakeHost, path: &str, token: impl AsRef<[u8]>) -> Stream {
    let bearer = [b"Bearer ", token.as_ref()].concat();
    let pseudo = host.new_request().header(":method", "POST").header(":path", path);
    pseudo.header("authorization", bearer).send()
}

/// One member of the decision in the filter state.
fn decision(stream: &Stream, member: &str) -> String {
    let record = stream.filter_state("voxgate.decision").expect("no decision in the filter state");
    let record: Value = serde_json::from_str(&record).unwrap();
    record[member].as_str().unwrap_or_default().to_owned()
}
