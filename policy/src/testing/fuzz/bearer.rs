//! Targets for a bearer token: bytes as they come, and bytes that were signed.

use std::collections::HashSet;
use std::sync::LazyLock;
use std::time::Duration;

use serde_json::{Value, json};

use super::{NOW, decided, head};
use crate::Policy;
use crate::decision::{Decision, Reason, Record};
use crate::identity::{IssuerKeys, Refusal, Source};
use crate::spec::PolicySpec;
use crate::testing::{self, AUDIENCE, ISSUER, SKEW_SECONDS, SigningKey};
use crate::token::{TimeRules, TokenError, UnverifiedToken, check_claims};

/// The tokens that a client could really have; every other one is a forgery.
static GENUINE: LazyLock<HashSet<Vec<u8>>> = LazyLock::new(|| {
    testing::valid_tokens(NOW).into_iter().map(|it| it.token.into_bytes()).collect()
});

const TIMES: TimeRules =
    TimeRules { skew: Duration::from_secs(SKEW_SECONDS), require_expiry: true };

thread_local! {
    static POLICY: Policy = policy();
    static KEY: SigningKey = SigningKey::eddsa();
}

/// A policy with the terms that the tables of tokens name.
fn policy() -> Policy {
    let keys: Value = serde_json::from_str(testing::jwks()).unwrap();
    let spec = json!({
        "version": 1,
        "identity": {
            "source": ["token"],
            "issuers": [{
                "issuer": ISSUER,
                "audiences": [AUDIENCE],
                "algorithms": ["RS256", "ES256", "EdDSA"],
                "jwks": {"inline": keys},
            }],
            "claims": {"tenant": "tenant", "scopes": ["scope", "scp"]},
        },
        "operations": {"presets": ["glm-tts"]},
        "tiers": [
            {"name": "premium", "scopes": ["tts.premium"], "allow": ["tts.*"]},
            {"name": "basic", "scopes": ["tts.basic"], "allow": ["tts.synthesize"]},
        ],
    });
    Policy::try_from(PolicySpec::from_json(spec.to_string().as_bytes()).unwrap()).unwrap()
}

/// A bearer token: exactly the genuine ones are accepted, and each way to ask says the same.
pub fn token(bytes: &[u8]) {
    POLICY.with(|policy| {
        let verified = verify(policy, bytes);
        for value in [[b"Bearer ", bytes].concat(), bytes.to_vec()] {
            let decision = decided_on(policy, &value);
            let is_bearer = value.to_ascii_lowercase().starts_with(b"bearer ");
            let sent = value.get(7..).unwrap_or_default().trim_ascii();
            let is_accepted = decision.source == Some(Source::Token);
            let is_genuine = is_bearer && GENUINE.contains(sent);
            assert_eq!(is_accepted, is_genuine, "{:?}", decision.reason);
            check_not_repeated(&decision, policy, sent);
            let is_as_it_stands = is_bearer && sent == bytes && !bytes.contains(&b',');
            if let (true, Err(error)) = (is_as_it_stands, verified) {
                assert_eq!(decision.reason, Reason::Refused(Refusal::Token(error)));
            }
        }
    });
}

/// A header and claims, with a NUL between, that the issuer signed. What is accepted says all
/// that it must, and what it says is what is decided.
pub fn signed_token(bytes: &[u8]) {
    let (header, claims) = match bytes.iter().position(|it| *it == 0) {
        Some(nul) => (bytes[..nul].to_vec(), &bytes[nul + 1..]),
        None => (KEY.with(SigningKey::header).to_string().into_bytes(), bytes),
    };
    let token = KEY.with(|key| testing::sign(claims, &header, key));
    POLICY.with(|policy| {
        let decision = decided_on(policy, format!("Bearer {token}").as_bytes());
        if decision.source != Some(Source::Token) {
            return;
        }
        let header: Value = serde_json::from_slice(&header).unwrap();
        let claims: Value = serde_json::from_slice(claims).unwrap();
        check_header(&header);
        check_accepted(&claims);
        assert_eq!(decision.tenant.as_deref(), claims["tenant"].as_str());
        let tier = decision.tier.map(|it| policy.tiers().name(it));
        assert_eq!(tier, deserved_tier(&claims));
    });
}

/// The way of a token without a request around it.
fn verify(policy: &Policy, token: &[u8]) -> Result<(), TokenError> {
    let (_, issuer) = policy.identity().issuers().next().unwrap();
    let IssuerKeys::Inline(keys) = &issuer.keys else { panic!("the keys stand in the policy") };
    let token = UnverifiedToken::parse(token)?;
    check_claims(token.claims(), &issuer.rules, &TIMES, NOW)?;
    token.verify_signature(keys)
}

fn decided_on(policy: &Policy, authorization: &[u8]) -> Decision {
    let tts: [(&str, &[u8]); 2] = [(":method", b"POST"), (":path", b"/tts")];
    decided(policy, &head(tts.into_iter().chain([("authorization", authorization)])))
}

/// No answer and no log line repeats a segment of a token. A shorter one could be a word.
fn check_not_repeated(decision: &Decision, policy: &Policy, token: &[u8]) {
    let answer = decision.answer(policy);
    let said = format!("{answer:?} {}", Record::new(decision, policy));
    let problem = answer.map(|it| it.problem).unwrap_or_default();
    let problem = String::from_utf8_lossy(&problem);
    let letters = |it: &&str| it.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
    let segments = token.split(|it| *it == b'.').filter_map(|it| std::str::from_utf8(it).ok());
    for segment in segments.filter(|it| it.len() >= 32).filter(letters) {
        assert!(!said.contains(segment) && !problem.contains(segment), "a token is repeated");
    }
}

fn check_header(header: &Value) {
    assert_eq!(header["alg"], "EdDSA");
    assert!(matches!(header["kid"].as_str(), None | Some("eddsa")));
    for extension in ["crit", "b64", "zip", "enc"] {
        assert!(header.get(extension).is_none(), "{extension} is not understood");
    }
}

/// What RFC 7519 §4.1 and the policy ask of accepted claims; dates within their rounding.
fn check_accepted(claims: &Value) {
    assert_eq!(claims["iss"], ISSUER);
    let audience = &claims["aud"];
    assert!(audience == AUDIENCE || audience.as_array().unwrap().contains(&AUDIENCE.into()));
    let now = NOW.0 as f64 / 1000.0;
    let skew = SKEW_SECONDS as f64 + 0.001;
    assert!(claims["exp"].as_f64().unwrap() + skew > now, "expired");
    for earliest in ["nbf", "iat"].into_iter().filter_map(|it| claims.get(it)) {
        assert!(earliest.as_f64().unwrap() <= now + skew, "not valid yet");
    }
}

fn deserved_tier(claims: &Value) -> Option<&'static str> {
    let words = |claim: &Value| -> Vec<String> {
        let texts = match claim {
            Value::Array(items) => items.iter().map(Value::as_str).collect(),
            one => one.as_str().map(|it| vec![it]),
        };
        let texts: Vec<&str> = texts.unwrap_or_default();
        texts.iter().flat_map(|it| it.split(' ')).map(str::to_owned).collect()
    };
    let scopes = [words(&claims["scope"]), words(&claims["scp"])].concat();
    let has = |scope: &str| scopes.iter().any(|it| it == scope);
    match (has("tts.premium"), has("tts.basic")) {
        (true, _) => Some("premium"),
        (false, true) => Some("basic"),
        (false, false) => None,
    }
}
