use wasm_bindgen_test::wasm_bindgen_test;

use super::*;

fn count(pieces: &[&[u8]]) -> TextAmount {
    let rates = SpeechRates::default();
    let (mut counter, mut amount) = (TextCounter::default(), TextAmount::default());
    pieces.iter().for_each(|it| counter.feed(it, &rates, &mut amount));
    counter.finish(&rates, &mut amount);
    amount
}

fn micros(text: &str) -> u64 {
    text.chars().map(|it| SpeechRates::default().micros(Script::of(it.into()))).sum()
}

#[wasm_bindgen_test(unsupported = test)]
fn characters_are_counted_and_not_bytes() {
    for text in
        ["", "hello", "你好，世界", "é日1😀", "\0\u{7f}\u{80}\u{7ff}\u{800}\u{ffff}\u{10000}"]
    {
        let expected = TextAmount { chars: text.chars().count() as u64, micros: micros(text) };
        assert_eq!(count(&[text.as_bytes()]), expected, "{text:?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_long_text_counts_the_same_by_blocks_as_by_characters() {
    let text = "The year 2026, and 42 more. ".repeat(100);
    assert_eq!(
        count(&[text.as_bytes()]),
        TextAmount { chars: text.len() as u64, micros: micros(&text) }
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn every_byte_that_is_no_utf8_counts() {
    for (bytes, chars) in [
        (&b"\xff"[..], 1),
        (b"\xc0\x80", 2),
        (b"\xe4\xbd", 2),
        (b"\xe4\xbda", 3),
        (b"\xe4\xbd\xe4\xbd\xa0", 3),
        (b"\xed\xa0\x80", 3),
        (b"\xf4\x90\x80\x80", 4),
        (b"\xe0\x80\x80", 3),
        (b"\xf0\x80\x80\x80", 4),
    ] {
        assert_eq!(count(&[bytes]).chars, chars, "{bytes:x?}");
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod properties {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_split_counts_the_same(
            parts in prop::collection::vec(
                prop_oneof![".{0,40}".prop_map(String::into_bytes), any::<Vec<u8>>()], 0..6),
            at in any::<prop::sample::Index>(),
        ) {
            let bytes = parts.concat();
            let (head, tail) = bytes.split_at(at.index(bytes.len() + 1));
            let single: Vec<&[u8]> = bytes.chunks(1).collect();
            prop_assert_eq!(count(&[head, tail]), count(&[&bytes]));
            prop_assert_eq!(count(&single), count(&[&bytes]));
        }

        #[test]
        fn text_counts_as_the_standard_library_has_it(text in ".{0,200}") {
            let expected = TextAmount { chars: text.chars().count() as u64, micros: micros(&text) };
            prop_assert_eq!(count(&[text.as_bytes()]), expected);
        }
    }
}
