use wasm_bindgen_test::wasm_bindgen_test;

use super::*;

fn chars(text: &str) -> u64 {
    split(&[text.as_bytes()])
}

fn split(pieces: &[&[u8]]) -> u64 {
    let rates = SpeechRates::default();
    let mut counter = SsmlCounter::new(true);
    let mut before = 0;
    for piece in pieces {
        counter.feed(piece, &rates);
        assert!(counter.so_far().chars >= before, "the count shrank");
        before = counter.so_far().chars;
    }
    let all = counter.finish(&rates).chars;
    assert!(all >= before, "the count shrank at the end");
    all
}

#[wasm_bindgen_test(unsupported = test)]
fn tags_are_left_out() {
    assert_eq!(chars("<speak>Hello</speak>"), 5);
    assert_eq!(chars(" \n<speak version=\"1.1\"><p>你好<break time='1s'/></p></speak>"), 4);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_text_that_is_no_ssml_counts_whole() {
    for text in ["a<b>c", "<p>x</p>", " <spea", "<", "<spe ak>", "x <speak>y</speak>"] {
        assert_eq!(chars(text), text.len() as u64, "{text}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn nothing_hides_behind_a_bracket() {
    for (text, counted) in [
        ("<speak", 6),
        ("<speak>a<b cdef", 8),
        ("<speak>1 < 2 > 0", 9),
        ("<speak>a<b c<d>e", 6),
        ("<speak><!-- xy --></speak>", 11),
        ("<speak><![CDATA[long]]></speak>", 16),
        ("<speak><sub alias='long'>x</sub>", 19),
        ("<speak><Phoneme ph=\"x\"/>", 17),
        ("<speak><subs>x</subs>", 1),
    ] {
        assert_eq!(chars(text), counted, "{text}");
    }
    let long = format!("<speak><a {}>", "x".repeat(5000));
    assert!(chars(&long) > 5000);
}

#[wasm_bindgen_test(unsupported = test)]
fn tags_count_where_the_policy_says_so() {
    let mut counter = SsmlCounter::new(false);
    counter.feed(b"<speak>a</speak>", &SpeechRates::default());
    assert_eq!(counter.finish(&SpeechRates::default()).chars, 16);
}

#[cfg(not(target_arch = "wasm32"))]
mod properties {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn any_split_counts_the_same(
            text in "( ?<speak)?(<|>|/| |[a-c]|sub|phoneme|é|你|!|<b>|</b>){0,30}",
            junk: Vec<u8>,
            size in 1_usize..9,
        ) {
            let bytes = [text.as_bytes(), &junk, text.as_bytes()].concat();
            let pieces: Vec<&[u8]> = bytes.chunks(size).collect();
            prop_assert_eq!(split(&pieces), split(&[&bytes]));
        }
    }
}
