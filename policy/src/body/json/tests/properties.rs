//! Any document, any split, against `serde_json`.

use proptest::prelude::*;

use crate::spec::DuplicateKeys;
use crate::testing::fuzz::json::{compare, read_json, read_pieces, trees};

/// Text with everything that strings treat in their own way.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[ -~]{0,20}",
        "[a-z]{0,40}",
        "\\PC{0,8}",
        Just("你好，世界。".to_owned()),
        Just("🎙\u{10ffff}\u{ffff}é".to_owned()),
        Just("\"\\/\u{8}\u{c}\n\r\t\0\u{1f}\u{7f}".to_owned()),
    ];
    prop::collection::vec(piece, 0..4).prop_map(|it| it.concat())
}

/// A string as JSON, each character escaped or not as `bits` say.
fn string() -> impl Strategy<Value = String> {
    (text(), any::<u64>()).prop_map(|(text, bits)| {
        let escaped = |(i, character): (usize, char)| {
            let must = character < ' ' || matches!(character, '"' | '\\');
            if must || bits >> (i % 64) & 1 == 1 {
                let mut units = [0; 2];
                let units = character.encode_utf16(&mut units).iter();
                units.map(|it| format!("\\u{it:04x}")).collect()
            } else {
                character.to_string()
            }
        };
        let inside: String = text.chars().enumerate().map(escaped).collect();
        format!("\"{inside}\"")
    })
}

/// Keys of the trees, some of them spelled in another way, and others.
fn key() -> impl Strategy<Value = String> {
    const KNOWN: [&str; 16] = [
        "\"input\"",
        "\"inp\\u0075t\"",
        "\"voice\"",
        "\"id\"",
        "\"messages\"",
        "\"content\"",
        "\"text\"",
        "\"input_audio\"",
        "\"data\"",
        "\"sample_rate\"",
        "\"a\"",
        "\"a\\/b\"",
        "\"é\"",
        "\"\\ud83c\\udf99\"",
        "\"\"",
        "\"\\\"\"",
    ];
    prop_oneof![8 => prop::sample::select(&KNOWN).prop_map(str::to_owned), 1 => string()]
}

/// A document as text, with white space anywhere, and keys that are repeated now and then.
fn document() -> impl Strategy<Value = String> {
    let scalar = prop_oneof![
        4 => string(),
        1 => "-?(0|[1-9][0-9]{0,9})(\\.[0-9]{1,4})?([eE][+-]?[0-9]{1,2})?",
        1 => prop::sample::select(&["true", "false", "null", "18446744073709551616"])
            .prop_map(str::to_owned),
    ];
    scalar.prop_recursive(5, 48, 6, |inner| {
        let space = || prop::sample::select(&["", " ", "\r\n\t"]);
        prop_oneof![
            prop::collection::vec((inner.clone(), space()), 0..6).prop_map(|items| {
                let items: Vec<_> =
                    items.iter().map(|(it, space)| format!("{space}{it}")).collect();
                format!("[{}]", items.join(","))
            }),
            prop::collection::vec((key(), space(), inner), 0..6).prop_map(|members| {
                let members: Vec<_> = members
                    .iter()
                    .map(|(key, space, it)| format!("{space}{key}{space}:{it}{space}"))
                    .collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

fn mode() -> impl Strategy<Value = DuplicateKeys> {
    prop::sample::select(&[DuplicateKeys::Deny, DuplicateKeys::LastWins])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn a_document_says_what_a_full_parse_says(json in document(), mode in mode()) {
        for tree in trees() {
            compare(json.as_bytes(), &tree, mode, read_json(json.as_bytes(), json.len(), &tree, mode));
        }
    }

    #[test]
    fn any_split_says_the_same(
        json in document(),
        mode in mode(),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let mut cuts: Vec<usize> = cuts.iter().map(|it| it.index(json.len() + 1)).collect();
        cuts.extend([0, json.len()]);
        cuts.sort_unstable();
        let pieces = cuts.windows(2).map(|it| &json.as_bytes()[it[0]..it[1]]);
        for tree in trees() {
            let whole = read_json(json.as_bytes(), json.len(), &tree, mode);
            prop_assert_eq!(&read_json(json.as_bytes(), 1, &tree, mode), &whole);
            prop_assert_eq!(read_pieces(pieces.clone(), &tree, mode), whole);
        }
    }

    #[test]
    fn one_wrong_byte_is_judged_as_by_a_full_parse(
        json in document(),
        mode in mode(),
        place: prop::sample::Index,
        byte in prop_oneof![any::<u8>(), prop::sample::select(&b"\"\\{}[]:,0 e.-\x1f\x80\xe4u"[..])],
    ) {
        let mut bytes = json.into_bytes();
        let place = place.index(bytes.len());
        bytes[place] = byte;
        for tree in trees() {
            let whole = read_json(&bytes, bytes.len(), &tree, mode);
            prop_assert_eq!(&read_json(&bytes, 1, &tree, mode), &whole);
            compare(&bytes, &tree, mode, whole);
        }
    }
}
