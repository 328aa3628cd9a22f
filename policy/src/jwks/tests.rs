use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm::{self, *};
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test;

use super::small_order::{SMALL_ORDER, is_small_order};
use super::*;
use crate::testing::{self, segment};
use crate::time::UnixMillis;
use crate::token::{TokenError, UnverifiedToken};

const ALL: [Algorithm; 12] =
    [RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, EdDSA, HS256, HS384, HS512];

fn parse(keys: Value, algorithms: &[Algorithm]) -> Result<KeySet, JwksError> {
    KeySet::parse(json!({ "keys": keys }).to_string().as_bytes(), algorithms)
}

/// The issuer's key at `index` with one member changed.
fn key(index: usize, member: &str, value: Value) -> Value {
    let set: Value = serde_json::from_str(testing::jwks()).unwrap();
    testing::with(&set["keys"][index], member, value)
}

fn skipped(key: Value) -> SkipReason {
    match parse(json!([key]), &ALL) {
        Err(JwksError::NoUsableKey { mut skipped, .. }) => skipped.remove(0).reason,
        other => panic!("{other:?}"),
    }
}

const RSA: usize = 0;
const P256: usize = 1;
const P384: usize = 2;
const ED25519: usize = 3;

#[wasm_bindgen_test(unsupported = test)]
fn keys_of_all_kinds_are_read() {
    let set = KeySet::parse(testing::jwks().as_bytes(), &ALL).unwrap();
    assert_eq!((set.len(), set.skipped()), (4, [].as_slice()));
    assert_eq!(KeySet::parse(testing::hmac_jwks().as_bytes(), &ALL).unwrap().len(), 1);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_key_that_cannot_be_used_is_skipped_and_its_reason_kept() {
    let set = KeySet::parse(testing::jwks().as_bytes(), &[RS256, ES256, EdDSA]).unwrap();
    let reason = SkipReason::AlgorithmNotAllowed;
    assert_eq!(set.skipped(), [SkippedKey { index: P384, reason }]);
    assert_eq!(set.len(), 3);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_set_without_usable_keys_says_what_is_wrong_with_each() {
    let keys = json!([key(RSA, "use", json!("enc")), 1, key(P256, "crv", json!("P-521"))]);
    assert_eq!(
        parse(keys, &[RS256, ES256]).unwrap_err().to_string(),
        "the JWK Set has no key for RS256, ES256: \
         keys[0]: use says that it is not for verifying signatures; \
         keys[1]: not a JSON object; keys[2]: crv is not P-256, P-384 or Ed25519"
    );
    let none = parse(json!([]), &[RS256]).unwrap_err();
    assert_eq!(none.to_string(), "the JWK Set has no key for RS256");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_key_not_meant_for_verifying_is_not_used() {
    assert_eq!(skipped(key(RSA, "use", json!("enc"))), SkipReason::NotForVerifying("use"));
    let ops = |value| key(RSA, "key_ops", value);
    assert_eq!(skipped(ops(json!(["sign"]))), SkipReason::NotForVerifying("key_ops"));
    assert_eq!(skipped(ops(json!("verify"))), SkipReason::Member("key_ops"));
    assert!(parse(json!([ops(json!(["sign", "verify"]))]), &ALL).is_ok());
    assert_eq!(skipped(key(RSA, "alg", json!("RSA-OAEP"))), SkipReason::AlgorithmNotAllowed);
    assert_eq!(skipped(key(RSA, "alg", json!("HS256"))), SkipReason::AlgorithmNotAllowed);
    assert_eq!(skipped(key(RSA, "alg", json!(1))), SkipReason::Member("alg"));
    assert_eq!(skipped(key(RSA, "kid", json!(1))), SkipReason::Member("kid"));
    assert_eq!(skipped(key(RSA, "kty", json!("AKP"))), SkipReason::UnknownType);
    assert_eq!(skipped(key(RSA, "kty", json!("rsa"))), SkipReason::UnknownType);
}

#[wasm_bindgen_test(unsupported = test)]
fn rsa_keys_are_bounded_before_any_library_sees_them() {
    let n = |bytes: &[u8]| key(RSA, "n", json!(segment(bytes)));
    let modulus = |top: u8, bytes: usize, low: u8| {
        let mut number = vec![0x5a; bytes];
        (number[0], number[bytes - 1]) = (top, low);
        number
    };
    assert_eq!(skipped(n(&[])), SkipReason::RsaBits { bits: 0 });
    assert_eq!(skipped(n(&[0; 256])), SkipReason::RsaBits { bits: 0 });
    assert_eq!(skipped(n(&modulus(0x7f, 256, 1))), SkipReason::RsaBits { bits: 2047 });
    assert_eq!(skipped(n(&modulus(0x01, 1025, 1))), SkipReason::RsaBits { bits: 8193 });
    assert_eq!(skipped(n(&modulus(0x80, 256, 2))), SkipReason::RsaModulus);
    assert!(parse(json!([n(&modulus(0x80, 256, 1))]), &ALL).is_ok());
    assert!(parse(json!([n(&modulus(0xff, 1024, 1))]), &ALL).is_ok());
    assert_eq!(skipped(key(RSA, "n", json!("ab="))), SkipReason::Member("n"));
    for exponent in [vec![], vec![1], vec![4], vec![0xff; 9], vec![2, 0, 0, 0, 1], vec![0xff; 300]]
    {
        let skipped = skipped(key(RSA, "e", json!(segment(&exponent))));
        assert_eq!(skipped, SkipReason::RsaExponent, "{exponent:?}");
    }
    for exponent in [vec![3], vec![0, 1, 0, 1], vec![1, 0xff, 0xff, 0xff, 0xff]] {
        let key = key(RSA, "e", json!(segment(&exponent)));
        assert!(parse(json!([key]), &ALL).is_ok(), "{exponent:?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_modulus_with_a_zero_in_front_verifies_all_the_same() {
    let set: Value = serde_json::from_str(testing::jwks()).unwrap();
    let n = set["keys"][RSA]["n"].as_str().unwrap();
    let padded = [&[0], URL_SAFE_NO_PAD.decode(n).unwrap().as_slice()].concat();
    let keys = parse(json!([key(RSA, "n", json!(segment(padded)))]), &[RS256]).unwrap();
    let token = testing::token(UnixMillis::from_secs(1_700_000_000));
    let token = UnverifiedToken::parse(token.as_bytes()).unwrap();
    assert_eq!(token.verify_signature(&keys), Ok(()));
}

#[wasm_bindgen_test(unsupported = test)]
fn coordinates_have_exactly_their_curves_size() {
    let length = |member, bytes, expected| SkipReason::Length { member, bytes, expected };
    let short = json!(segment([1; 31]));
    assert_eq!(skipped(key(P256, "x", short.clone())), length("x", 31, 32));
    assert_eq!(skipped(key(P256, "y", json!(segment([1; 33])))), length("y", 33, 32));
    assert_eq!(skipped(key(P256, "crv", json!("P-384"))), length("x", 32, 48));
    assert_eq!(skipped(key(P384, "crv", json!("P-256"))), length("x", 48, 32));
    assert_eq!(skipped(key(ED25519, "x", short)), length("x", 31, 32));
    assert_eq!(skipped(key(ED25519, "x", json!(segment([1; 33])))), length("x", 33, 32));
    assert_eq!(skipped(key(ED25519, "crv", json!("Ed448"))), SkipReason::Curve);
    assert_eq!(skipped(key(P256, "crv", json!("secp256k1"))), SkipReason::Curve);
    assert_eq!(skipped(key(P256, "crv", json!("Ed25519"))), SkipReason::Curve);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_curve_does_only_its_own_algorithm() {
    let bare = |index| {
        let set: Value = serde_json::from_str(testing::jwks()).unwrap();
        json!([testing::without(&set["keys"][index], "alg")])
    };
    assert!(parse(bare(P256), &[ES384]).is_err());
    assert!(parse(bare(P384), &[ES256]).is_err());
    assert!(parse(bare(P384), &[ES384]).is_ok());
    assert_eq!(skipped(key(P256, "alg", json!("ES384"))), SkipReason::AlgorithmNotAllowed);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_point_off_the_curve_verifies_nothing_and_does_no_harm() {
    let (p256, p384, ed) =
        (testing::SigningKey::es256(), testing::SigningKey::es384(), testing::SigningKey::eddsa());
    for (index, signer, size) in [(P256, p256, 32), (P384, p384, 48), (ED25519, ed, 32)] {
        let token = testing::sign("{}", signer.header().to_string(), &signer);
        let token = UnverifiedToken::parse(token.as_bytes()).unwrap();
        // The first is small, the last beyond every field; each is some curve's bad coordinate.
        for byte in [2, 0x7e, 0xff] {
            let x = json!(segment(vec![byte; size]));
            let keys = parse(json!([key(index, "x", x)]), &[signer.algorithm]).unwrap();
            let verified = token.verify_signature(&keys);
            assert_eq!(verified, Err(TokenError::BadSignature), "{:?} {byte}", signer.algorithm);
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_key_of_small_order_is_refused_in_every_encoding() {
    for mut point in SMALL_ORDER {
        for sign in [0, 0x80] {
            point[31] = point[31] & 0x7f | sign;
            assert!(is_small_order(&point));
            assert_eq!(skipped(key(ED25519, "x", json!(segment(point)))), SkipReason::SmallOrder);
            // The negative of a point whose x is 0 is no encoding; the library refuses it itself.
            if let Ok(key) = ed25519_dalek::VerifyingKey::from_bytes(&point) {
                assert!(key.is_weak(), "{point:?}");
            }
        }
    }
    let weak = SMALL_ORDER.iter().filter_map(|it| ed25519_dalek::VerifyingKey::from_bytes(it).ok());
    assert_eq!(weak.count(), SMALL_ORDER.len());
}

#[wasm_bindgen_test(unsupported = test)]
fn a_secret_is_as_long_as_its_hash() {
    let secret = |bytes: usize| json!([{"kty": "oct", "k": segment(vec![7; bytes])}]);
    for (algorithm, needed) in [(HS256, 32), (HS384, 48), (HS512, 64)] {
        assert!(parse(secret(needed), &[algorithm]).is_ok());
        let Err(JwksError::NoUsableKey { skipped, .. }) = parse(secret(needed - 1), &[algorithm])
        else {
            panic!("{algorithm:?}")
        };
        assert_eq!(skipped[0].reason, SkipReason::ShortSecret { bytes: needed - 1, needed });
    }
    let set = parse(secret(48), &[HS256, HS384, HS512]).unwrap();
    let fits: Vec<bool> = [HS256, HS384, HS512].map(|it| set.iter().any(|key| key.fits(it))).into();
    assert_eq!(fits, [true, true, false]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_public_key_never_becomes_a_secret() {
    let set = KeySet::parse(testing::jwks().as_bytes(), &ALL).unwrap();
    for algorithm in [HS256, HS384, HS512] {
        assert!(!set.iter().any(|key| key.fits(algorithm)));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_no_key_set_is_refused() {
    let refusal = |bytes: &[u8]| KeySet::parse(bytes, &ALL).unwrap_err();
    assert!(matches!(refusal(b"<html>"), JwksError::Json(JsonError::Syntax { .. })));
    assert!(matches!(refusal(b"[]"), JwksError::Json(JsonError::NotAnObject)));
    assert!(matches!(
        refusal(br#"{"keys":[],"keys":[]}"#),
        JwksError::Json(JsonError::DuplicateMember { .. })
    ));
    assert_eq!(refusal(b"{}"), JwksError::NoKeys);
    assert_eq!(refusal(br#"{"keys":{}}"#), JwksError::NoKeys);
    let many = json!({"keys": vec![1; MAX_KEYS + 1]}).to_string();
    assert_eq!(refusal(many.as_bytes()), JwksError::TooManyKeys { count: MAX_KEYS + 1 });
    let padded =
        |bytes: usize| testing::jwks().to_owned() + &" ".repeat(bytes - testing::jwks().len());
    let bytes = MAX_JWKS_BYTES + 1;
    assert_eq!(refusal(padded(bytes).as_bytes()), JwksError::TooLarge { bytes });
    assert!(KeySet::parse(padded(MAX_JWKS_BYTES).as_bytes(), &ALL).is_ok());
}

#[wasm_bindgen_test(unsupported = test)]
fn secrets_are_not_shown_by_a_debug_print() {
    let shown = format!("{:?}", KeySet::parse(testing::hmac_jwks().as_bytes(), &ALL).unwrap());
    assert!(shown.contains("redacted"), "{shown}");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_url_is_split_for_a_request() {
    assert_eq!(url_parts("https://a.test/jwks?x=1"), Some(("a.test", "/jwks?x=1")));
    assert_eq!(url_parts("http://a.test:8080"), Some(("a.test:8080", "/")));
    assert_eq!(url_parts("http://[::1]:80/"), Some(("[::1]:80", "/")));
    for bad in [
        "",
        "a.test/jwks",
        "ftp://a.test/",
        "https://",
        "https:///jwks",
        "https://u:p@a.test/",
        "https://a.test/#x",
        "https://a.test/a b",
        "https://a.test?x",
        "https://a.test/\u{e9}",
        "https://a.test\\b/",
        "https://a.test/\r\nx: y",
    ] {
        assert_eq!(url_parts(bad), None, "{bad}");
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod properties {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_bytes_make_the_reader_panic(bytes: Vec<u8>) {
            let _ = KeySet::parse(&bytes, &ALL);
        }

        #[test]
        fn no_key_members_make_reader_or_verifier_panic(
            index in 0..4_usize,
            member in prop::sample::select(vec!["n", "e", "x", "y", "kid", "alg", "crv", "kty"]),
            value in prop_oneof![
                prop::collection::vec(any::<u8>(), 0..300).prop_map(|it| json!(segment(it))),
                prop::collection::vec(any::<u8>(), 32..=48).prop_map(|it| json!(segment(it))),
                any::<String>().prop_map(|it| json!(it)),
                Just(Value::Null),
            ],
        ) {
            if let Ok(keys) = parse(json!([key(index, member, value)]), &ALL) {
                let signer = [
                    testing::SigningKey::rs256(),
                    testing::SigningKey::es256(),
                    testing::SigningKey::es384(),
                    testing::SigningKey::eddsa(),
                ].into_iter().nth(index).unwrap();
                let header = json!({"alg": format!("{:?}", signer.algorithm)}).to_string();
                let token = testing::sign("{}", header, &signer);
                let token = UnverifiedToken::parse(token.as_bytes()).unwrap();
                let _ = token.verify_signature(&keys);
            }
        }

        #[test]
        fn no_url_makes_the_splitter_panic(url: String, rest: String) {
            let _ = (url_parts(&url), url_parts(&format!("https://{rest}")));
        }
    }
}
