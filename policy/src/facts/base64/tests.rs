use ::base64::Engine;
use ::base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use wasm_bindgen_test::wasm_bindgen_test;

use super::*;

fn decode(pieces: &[&[u8]]) -> (Vec<u8>, Base64) {
    let (mut decoder, mut decoded) = (Base64::default(), Vec::new());
    pieces.iter().for_each(|it| decoder.decode(it, &mut |bytes| decoded.extend(bytes)));
    let (last, length) = decoder.finish();
    decoded.extend(&last[..length]);
    (decoded, decoder)
}

#[wasm_bindgen_test(unsupported = test)]
fn both_alphabets_decode_with_and_without_padding_and_white_space() {
    for text in ["-_-_YQ", "+/+/YQ==", "+/\r\n+/ YQ=\n="] {
        let (decoded, decoder) = decode(&[text.as_bytes()]);
        assert_eq!(decoded, b"\xfb\xff\xbfa", "{text}");
        assert!(decoder.is_valid());
        assert_eq!(decoder.decoded_len(), 4);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_strange_is_skipped_and_told() {
    for text in ["Y!WI=", "YW==I", "YWI===", "YéWI"] {
        let (decoded, decoder) = decode(&[text.as_bytes()]);
        assert_eq!(decoded, b"ab", "{text}");
        assert!(!decoder.is_valid(), "{text}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_alphabet_is_the_one_that_decodes() {
    for byte in 0..=u8::MAX {
        assert_eq!(is_alphabet(byte), Base64::default().sextet(byte).is_some(), "{byte:#x}");
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod properties {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_a_crate_encodes_is_decoded_at_any_split(bytes: Vec<u8>, size in 1_usize..80) {
            for text in [STANDARD.encode(&bytes), URL_SAFE_NO_PAD.encode(&bytes)] {
                let pieces: Vec<&[u8]> = text.as_bytes().chunks(size).collect();
                let (decoded, decoder) = decode(&pieces);
                prop_assert_eq!(&decoded, &bytes);
                prop_assert!(decoder.is_valid());
                prop_assert_eq!(decoder.decoded_len(), bytes.len() as u64);
            }
        }

        #[test]
        fn counting_is_decoding_without_the_bytes(
            text in "([A-Za-z0-9+/_-]{0,70}|[ =!]|é){0,8}", size in 1_usize..80,
        ) {
            let mut counted = Base64::default();
            text.as_bytes().chunks(size).for_each(|it| counted.count(it));
            let (decoded, decoder) = decode(&[text.as_bytes()]);
            prop_assert_eq!(counted.decoded_len(), decoded.len() as u64);
            prop_assert_eq!(counted.is_valid(), decoder.is_valid());
        }
    }
}
