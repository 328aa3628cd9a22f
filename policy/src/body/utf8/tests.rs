use wasm_bindgen_test::wasm_bindgen_test;

use super::*;

fn read(pieces: &[&[u8]]) -> (Vec<u8>, Result<(), NotUtf8>) {
    let (mut text, mut read) = (Utf8Text::default(), Vec::new());
    let mut on = |piece: &[u8]| {
        assert!(std::str::from_utf8(piece).is_ok_and(|it| !it.is_empty()));
        read.extend_from_slice(piece);
    };
    let fed = pieces.iter().try_for_each(|it| text.feed(it, &mut on));
    let end = fed.and_then(|()| text.finish());
    (read, end)
}

#[wasm_bindgen_test(unsupported = test)]
fn characters_come_whole_however_they_are_split() {
    let text = "a é 你 😀".as_bytes();
    for at in 0..=text.len() {
        let (before, after) = text.split_at(at);
        assert_eq!(read(&[before, b"", after]), (text.to_vec(), Ok(())), "at {at}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn overlong_forms_surrogates_and_what_is_past_unicode_are_refused() {
    for bad in [b"\xc0\x80".as_slice(), b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xff", b"\x80"] {
        let text = [b"ab", bad, b"c"].concat();
        assert_eq!(read(&[&text]), (b"ab".to_vec(), Err(NotUtf8 { valid: 2 })));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_text_that_ends_within_a_character_is_refused() {
    assert_eq!(read(&[b"a\xe4\xbd"]), (b"a".to_vec(), Err(NotUtf8 { valid: 1 })));
}

#[cfg(not(target_arch = "wasm32"))]
mod properties {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn it_agrees_with_the_standard_library_in_any_split(
            text in prop_oneof![
                prop::collection::vec(prop_oneof![Just(0xe4), Just(0xbd), Just(0xa0), any::<u8>()], 0..24),
                "\\PC{0,12}".prop_map(String::into_bytes),
            ],
            size in 1_usize..6,
        ) {
            let pieces: Vec<&[u8]> = text.chunks(size).collect();
            let (bytes, end) = read(&pieces);
            let valid = match std::str::from_utf8(&text) {
                Ok(_) => text.len(),
                Err(error) => error.valid_up_to(),
            };
            prop_assert_eq!(&bytes, &text[..valid]);
            let expected = if valid == text.len() { Ok(()) } else { Err(NotUtf8 { valid: valid as u64 }) };
            prop_assert_eq!(end, expected);
        }
    }
}
