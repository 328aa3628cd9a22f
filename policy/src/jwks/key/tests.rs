use jsonwebtoken::Algorithm::{self, *};
use serde_json::Value;
use wasm_bindgen_test::wasm_bindgen_test;

use super::super::small_order::SMALL_ORDER;
use super::*;
use crate::testing::{self, SigningKey};

fn key(index: usize, algorithm: Algorithm) -> Key {
    let set: Value = serde_json::from_str(testing::jwks()).unwrap();
    Key::parse(&testing::without(&set["keys"][index], "alg"), &[algorithm]).unwrap()
}

/// Libraries differ here: some take a short signature for one with zeros in front.
#[wasm_bindgen_test(unsupported = test)]
fn a_signature_of_another_length_reaches_no_library() {
    let secret = serde_json::from_str::<Value>(&testing::hmac_jwks()).unwrap();
    let hs256 = Key::parse(&secret["keys"][0], &[HS256]).unwrap();
    for (key, algorithm, length) in [
        (key(0, RS256), RS256, 256),
        (key(0, PS512), PS512, 256),
        (key(1, ES256), ES256, 64),
        (key(2, ES384), ES384, 96),
        (key(3, EdDSA), EdDSA, 64),
        (hs256, HS256, 32),
    ] {
        let may = |length: usize| key.may_have_made(&vec![0x77; length], algorithm);
        assert!(may(length), "{algorithm:?}");
        for other in [0, 1, length - 1, length + 1, length * 2] {
            assert!(!may(other), "{algorithm:?} {other}");
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn an_ecdsa_signature_with_a_zero_reaches_no_library() {
    for (key, signer) in
        [(key(1, ES256), SigningKey::es256()), (key(2, ES384), SigningKey::es384())]
    {
        let good = signer.signature(b"message");
        let half = good.len() / 2;
        assert!(key.may_have_made(&good, signer.algorithm));
        for zeroed in [0..half, half..good.len(), 0..good.len()] {
            let mut bad = good.clone();
            bad[zeroed].fill(0);
            assert!(!key.may_have_made(&bad, signer.algorithm));
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn an_ed25519_signature_with_r_of_small_order_reaches_no_library() {
    let good = SigningKey::eddsa().signature(b"message");
    let key = key(3, EdDSA);
    assert!(key.may_have_made(&good, EdDSA));
    for point in SMALL_ORDER {
        let bad = [point.as_slice(), &good[32..]].concat();
        assert!(!key.may_have_made(&bad, EdDSA));
    }
}
