use std::collections::HashSet;
use std::time::Duration;

use jsonwebtoken::Algorithm;
use serde_json::json;
use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::claims::{ClaimPath, Claims};
use crate::testing::{self, SigningKey};
use crate::time::UnixMillis;

const NOW: UnixMillis = UnixMillis(1_700_000_000_250);
const SKEW: Duration = Duration::from_secs(testing::SKEW_SECONDS);

fn issuer() -> IssuerRules {
    IssuerRules {
        issuer: testing::ISSUER.to_owned(),
        audiences: vec![testing::AUDIENCE.to_owned()],
        algorithms: vec![Algorithm::RS256, Algorithm::ES256, Algorithm::EdDSA],
    }
}

fn keys() -> KeySet {
    KeySet::parse(testing::jwks().as_bytes(), &issuer().algorithms).unwrap()
}

fn times() -> TimeRules {
    TimeRules { skew: SKEW, require_expiry: true }
}

/// The whole way of a token, as `identity` goes it; a tenant is asked for as there.
fn accept(token: &[u8], keys: &KeySet) -> Result<Validity, &'static str> {
    let verified = || {
        let token = UnverifiedToken::parse(token)?;
        let validity = check_claims(token.claims(), &issuer(), &times(), NOW)?;
        token.verify_signature(keys)?;
        Ok((validity, token.claims().clone()))
    };
    let (validity, claims) = verified().map_err(TokenError::reason)?;
    claims.string(&ClaimPath::fixed("tenant")).map(|_| validity).ok_or("no_tenant")
}

#[wasm_bindgen_test(unsupported = test)]
fn every_hostile_token_is_refused_for_its_own_reason() {
    let keys = keys();
    let table = testing::hostile_tokens(NOW);
    let wrong: Vec<String> = table
        .iter()
        .filter(|row| accept(&row.token, &keys) != Err(row.reason))
        .map(|row| format!("{}: {:?}, not {}", row.name, accept(&row.token, &keys), row.reason))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[wasm_bindgen_test(unsupported = test)]
fn the_hostile_table_has_no_token_twice() {
    let table = testing::hostile_tokens(NOW);
    let names: HashSet<_> = table.iter().map(|row| row.name).collect();
    let tokens: HashSet<_> = table.iter().map(|row| row.token.as_slice()).collect();
    assert_eq!(names.len(), table.len(), "names");
    assert_eq!(tokens.len(), table.len(), "tokens");
    assert!(table.len() >= 200, "{} tokens", table.len());
}

#[wasm_bindgen_test(unsupported = test)]
fn every_valid_token_is_accepted() {
    let keys = keys();
    let refused: Vec<_> = testing::valid_tokens(NOW)
        .into_iter()
        .filter_map(|row| accept(row.token.as_bytes(), &keys).err().map(|why| (row.name, why)))
        .collect();
    assert!(refused.is_empty(), "{refused:?}");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_token_says_what_it_says() {
    let text = testing::token(NOW);
    let token = UnverifiedToken::parse(text.as_bytes()).unwrap();
    assert_eq!(token.algorithm(), Algorithm::RS256);
    assert_eq!(token.kid(), Some("rs256"));
    assert_eq!(token.issuer(), Some(testing::ISSUER));
    assert_eq!(token.claims().string(&ClaimPath::fixed("sub")).unwrap(), testing::TENANT);
    assert_eq!(format!("{token:?}"), "UnverifiedToken { algorithm: RS256, .. }");
}

#[wasm_bindgen_test(unsupported = test)]
fn another_number_of_segments_is_called_so() {
    for token in ["", "a", "a.b", "a.b.c.d", "a.b.c.d.e", "...."] {
        let refused = UnverifiedToken::parse(token.as_bytes()).unwrap_err();
        assert_eq!(refused, TokenError::NotThreeSegments, "{token}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn every_algorithm_verifies_its_own_signature_and_no_other() {
    use Algorithm::*;
    let sets = [testing::jwks().to_owned(), testing::hmac_jwks()];
    let rsa = |algorithm| SigningKey::rs256().with_algorithm(algorithm);
    let open = testing::jwks().replace("\"alg\": \"RS256\",", "");
    for (key, jwks) in [
        (rsa(RS256), &open),
        (rsa(RS384), &open),
        (rsa(RS512), &open),
        (rsa(PS256), &open),
        (rsa(PS384), &open),
        (rsa(PS512), &open),
        (SigningKey::es256(), &sets[0]),
        (SigningKey::es384(), &sets[0]),
        (SigningKey::eddsa(), &sets[0]),
        (SigningKey::hs256(), &sets[1]),
    ] {
        let keys = KeySet::parse(jwks.as_bytes(), &[key.algorithm]).unwrap();
        let token = testing::sign(testing::claims(NOW).to_string(), key.header().to_string(), &key);
        let token = UnverifiedToken::parse(token.as_bytes()).unwrap();
        assert_eq!(token.verify_signature(&keys), Ok(()), "{:?}", key.algorithm);
        let others: Vec<_> = [RS256, RS384, ES256, ES384, EdDSA, PS256]
            .into_iter()
            .filter(|it| *it != key.algorithm)
            .collect();
        let keys = KeySet::parse(open.as_bytes(), &others).unwrap();
        assert_eq!(token.verify_signature(&keys), Err(TokenError::AlgorithmNotAllowed));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_token_without_kid_costs_ten_verifications_at_most() {
    let ours: serde_json::Value = serde_json::from_str(testing::jwks()).unwrap();
    let theirs: serde_json::Value = serde_json::from_str(testing::attacker_jwks()).unwrap();
    let set = |others: usize| {
        let mut keys = vec![theirs["keys"][2].clone(); others];
        keys.push(ours["keys"][3].clone());
        KeySet::parse(json!({"keys": keys}).to_string().as_bytes(), &[Algorithm::EdDSA]).unwrap()
    };
    let key = SigningKey::eddsa();
    let token = testing::sign(testing::claims(NOW).to_string(), r#"{"alg":"EdDSA"}"#, &key);
    let token = UnverifiedToken::parse(token.as_bytes()).unwrap();
    assert_eq!(token.verify_signature(&set(MAX_KEYS_TRIED - 1)), Ok(()));
    assert_eq!(token.verify_signature(&set(MAX_KEYS_TRIED)), Err(TokenError::BadSignature));
}

#[wasm_bindgen_test(unsupported = test)]
fn keys_that_share_a_kid_are_all_tried() {
    let theirs = testing::attacker_jwks().replace("attacker-eddsa", "eddsa");
    let theirs: serde_json::Value = serde_json::from_str(&theirs).unwrap();
    let ours: serde_json::Value = serde_json::from_str(testing::jwks()).unwrap();
    let set = json!({"keys": [theirs["keys"][2], ours["keys"][3]]}).to_string();
    let keys = KeySet::parse(set.as_bytes(), &[Algorithm::EdDSA]).unwrap();
    for key in [SigningKey::eddsa(), SigningKey::attacker_eddsa()] {
        let token = testing::sign("{}", r#"{"alg":"EdDSA","kid":"eddsa"}"#, &key);
        let token = UnverifiedToken::parse(token.as_bytes()).unwrap();
        assert_eq!(token.verify_signature(&keys), Ok(()), "{}", key.kid);
    }
}

fn check(claims: serde_json::Value, now: UnixMillis) -> Result<Validity, TokenError> {
    let claims = JsonClaims::parse(claims.to_string().as_bytes()).unwrap();
    check_claims(&claims, &issuer(), &times(), now)
}

#[wasm_bindgen_test(unsupported = test)]
fn a_token_ends_exactly_when_exp_and_skew_are_past() {
    let exp = 1_700_000_000;
    let claims = testing::with(&testing::claims(NOW), "exp", json!(exp));
    let end = UnixMillis::from_secs(exp).plus(SKEW);
    assert_eq!(check(claims.clone(), UnixMillis(end.0 - 1)), Ok(Validity { until: Some(end) }));
    assert_eq!(check(claims.clone(), UnixMillis(end.0 - 1000)), Ok(Validity { until: Some(end) }));
    for past in [0, 1, 1000] {
        assert_eq!(check(claims.clone(), UnixMillis(end.0 + past)), Err(TokenError::Expired));
    }
    let fraction = testing::with(&claims, "exp", json!(1_700_000_000.123));
    let end = UnixMillis(1_700_000_000_123).plus(SKEW);
    assert!(check(fraction.clone(), UnixMillis(end.0 - 1)).is_ok());
    assert_eq!(check(fraction, end), Err(TokenError::Expired));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_token_begins_exactly_a_skew_before_nbf_and_iat() {
    let begin = 1_700_000_000;
    for (claim, early) in [("nbf", TokenError::NotYetValid), ("iat", TokenError::IssuedInFuture)] {
        let claims = testing::with(&testing::claims(NOW), claim, json!(begin));
        let first = UnixMillis::from_secs(begin).minus(SKEW);
        for after in [0, 1, 1000] {
            assert!(check(claims.clone(), UnixMillis(first.0 + after)).is_ok(), "{claim}");
        }
        for before in [1, 1000] {
            assert_eq!(check(claims.clone(), UnixMillis(first.0 - before)), Err(early), "{claim}");
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_not_configured_is_not_asked_for() {
    let bare = JsonClaims::parse(br#"{"iss":"https://issuer.test"}"#).unwrap();
    let lenient = TimeRules { skew: Duration::ZERO, require_expiry: false };
    let open = IssuerRules { audiences: Vec::new(), ..issuer() };
    assert_eq!(check_claims(&bare, &open, &lenient, NOW), Ok(Validity { until: None }));
    assert_eq!(check_claims(&bare, &open, &times(), NOW), Err(TokenError::NoExpiry));
}

#[wasm_bindgen_test(unsupported = test)]
fn descriptions_fit_a_challenge_and_tell_nothing_of_the_token() {
    for row in testing::hostile_tokens(NOW) {
        let token = UnverifiedToken::parse(&row.token);
        let refused = token.and_then(|token| {
            check_claims(token.claims(), &issuer(), &times(), NOW)?;
            token.verify_signature(&keys())
        });
        let Err(error) = refused else { continue };
        let text = error.to_string();
        let printable = |byte: u8| matches!(byte, 0x20..=0x7e) && !matches!(byte, b'"' | b'\\');
        assert!(text.bytes().all(printable), "{}: {text}", row.name);
        for secret in ["evil", "issuer.test", "eddsa", "rs256", testing::TENANT] {
            assert!(!text.contains(secret), "{}: {text}", row.name);
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_digest_is_the_sha_256_of_the_token() {
    let TokenDigest(empty) = TokenDigest::of(b"");
    assert_eq!(empty[..4], [0xe3, 0xb0, 0xc4, 0x42]);
    assert_ne!(TokenDigest::of(b"a"), TokenDigest::of(b"b"));
}

#[cfg(not(target_arch = "wasm32"))]
mod properties {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn no_single_flipped_bit_goes_unnoticed() {
        let keys = keys();
        let key = SigningKey::eddsa();
        let good = testing::sign(testing::claims(NOW).to_string(), key.header().to_string(), &key);
        accept(good.as_bytes(), &keys).unwrap();
        for bit in 0..good.len() * 8 {
            assert!(accept(&flipped(&good, bit), &keys).is_err(), "bit {bit}");
        }
    }

    fn flipped(token: &str, bit: usize) -> Vec<u8> {
        let mut bytes = token.as_bytes().to_vec();
        bytes[bit / 8] ^= 1 << (bit % 8);
        bytes
    }

    proptest! {
        #[test]
        fn no_flipped_bit_passes_with_rsa_or_ecdsa(bit: prop::sample::Index) {
            let keys = keys();
            for key in [SigningKey::rs256(), SigningKey::es256()] {
                let claims = testing::claims(NOW).to_string();
                let good = testing::sign(claims, key.header().to_string(), &key);
                let bad = flipped(&good, bit.index(good.len() * 8));
                prop_assert!(accept(&bad, &keys).is_err());
            }
        }

        #[test]
        fn no_bytes_make_the_verifier_panic(bytes: Vec<u8>) {
            prop_assert!(accept(&bytes, &keys()).is_err());
        }

        #[test]
        fn no_segments_make_the_verifier_panic(
            header: Vec<u8>, payload: Vec<u8>, signature: Vec<u8>
        ) {
            let segment = |bytes: &[u8]| testing::segment(bytes);
            let token =
                format!("{}.{}.{}", segment(&header), segment(&payload), segment(&signature));
            prop_assert!(accept(token.as_bytes(), &keys()).is_err());
        }

        #[test]
        fn no_signature_makes_the_verifier_panic(
            signature in prop::collection::vec(any::<u8>(), 0..300), which in 0..3_usize
        ) {
            let key = [SigningKey::rs256(), SigningKey::es256(), SigningKey::eddsa()]
                .into_iter().nth(which).unwrap();
            let head = testing::segment(key.header().to_string());
            let body = testing::segment(testing::claims(NOW).to_string());
            let token = format!("{head}.{body}.{}", testing::segment(signature));
            prop_assert_eq!(accept(token.as_bytes(), &keys()), Err("bad_signature"));
        }
    }
}
