//! Any body, any split, against a walk through `serde_json`'s document.

use proptest::prelude::*;

use crate::spec::DuplicateKeys;
use crate::testing::fuzz::rewrite::{changes, check, read};

/// Keys of the changes, some spelled in another way, and others.
fn key() -> impl Strategy<Value = String> {
    const KEYS: [&str; 12] = [
        "\"rate\"",
        "\"r\\u0061te\"",
        "\"opts\"",
        "\"opts\"",
        "\"a\"",
        "\"model\"",
        "\"format\"",
        "\"stream\"",
        "\"\\\"\\/\u{1f399}\"",
        "\"\\\"/\\ud83c\\udf99\"",
        "\"\"",
        "\"input\"",
    ];
    prop::sample::select(&KEYS).prop_map(str::to_owned)
}

fn scalar() -> impl Strategy<Value = String> {
    const WORDS: [&str; 17] = [
        "null",
        "true",
        "false",
        "0",
        "16000",
        "16000.0",
        "1.6e4",
        "24000",
        "-1",
        "\"8000\"",
        "\"48000\"",
        "\"mp3\"",
        "\"m\\u0070\\u0033\"",
        "\"fast \\\"\\u00e9\\\"\"",
        "\"true\"",
        "\"off\"",
        "\"\"",
    ];
    prop_oneof![
        8 => prop::sample::select(&WORDS).prop_map(str::to_owned),
        1 => "-?(0|[1-9][0-9]{0,9})(\\.[0-9]{1,4})?([eE]\\+?[0-9]{1,2})?",
        1 => "\"[ !#-\\[\\]-~\u{e9}\u{4f60}]{0,140}\"",
    ]
}

/// A document as text, with white space anywhere; mostly objects in objects.
fn document() -> impl Strategy<Value = String> {
    scalar().prop_recursive(4, 24, 6, |inner| {
        let space = || prop::sample::select(&["", " ", "\r\n\t"]);
        prop_oneof![
            1 => prop::collection::vec((inner.clone(), space()), 0..3).prop_map(|items| {
                let items: Vec<_> = items.iter().map(|(it, space)| format!("{space}{it}")).collect();
                format!("[{}]", items.join(","))
            }),
            4 => (prop::collection::vec((key(), space(), inner), 0..6), space()).prop_map(
                |(members, last)| {
                    let members: Vec<_> = members
                        .iter()
                        .map(|(key, space, it)| format!("{space}{key}{space}:{it}{space}"))
                        .collect();
                    format!("{{{}{last}}}", members.join(","))
                }
            ),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn a_body_becomes_what_it_must_and_nothing_else_of_it_changes(
        body in document(),
        is_denied: bool,
    ) {
        let mode = if is_denied { DuplicateKeys::Deny } else { DuplicateKeys::LastWins };
        let changes = changes();
        check(body.as_bytes(), &changes, read([body.as_bytes()].into_iter(), &changes, mode));
    }

    #[test]
    fn any_split_has_the_same_edits(
        body in document(),
        is_denied: bool,
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let mode = if is_denied { DuplicateKeys::Deny } else { DuplicateKeys::LastWins };
        let changes = changes();
        let mut cuts: Vec<usize> = cuts.iter().map(|it| it.index(body.len() + 1)).collect();
        cuts.extend([0, body.len()]);
        cuts.sort_unstable();
        let pieces = cuts.windows(2).map(|it| &body.as_bytes()[it[0]..it[1]]);
        let whole = read([body.as_bytes()].into_iter(), &changes, mode);
        prop_assert_eq!(&read(body.as_bytes().chunks(1), &changes, mode), &whole);
        prop_assert_eq!(read(pieces, &changes, mode), whole);
    }

    /// Most documents above repeat a key or have an object where a value should be; these do not,
    /// so that what is refused cannot hide what is wrong.
    #[test]
    fn a_body_with_plain_members_is_always_rewritten(
        of_root in prop::collection::btree_map(
            prop::sample::select(&["\"rate\"", "\"model\"", "\"format\"", "\"stream\"", "\"x\""][..]),
            scalar(),
            0..5,
        ),
        of_opts in prop::option::of(prop::collection::btree_map(
            prop::sample::select(&["\"rate\"", "\"format\"", "\"a\"", "\"y\""][..]),
            scalar(),
            0..4,
        )),
    ) {
        let object = |members: std::collections::BTreeMap<&str, String>| {
            let members = members.into_iter().map(|(key, value)| format!("{key}: {value}"));
            format!("{{{}}}", members.collect::<Vec<_>>().join(" , "))
        };
        let mut members = of_root;
        members.extend(of_opts.map(|it| ("\"opts\"", object(it))));
        let body = object(members);
        let changes = changes();
        let rewritten = read([body.as_bytes()].into_iter(), &changes, DuplicateKeys::Deny);
        prop_assert!(rewritten.is_ok());
        check(body.as_bytes(), &changes, rewritten);
    }
}
