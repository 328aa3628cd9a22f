//! Any text, any split, against a search through the whole of it.

use proptest::prelude::*;

use super::advice;
use crate::shed::split::MAX_OFFSETS;

/// Texts in which most things that matter stand close together.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-c0-9.!? \n\")]{0,12}",
        "[你好。！？；…”』 ]{0,12}",
        "\\PC{0,6}",
        "[a-z]{0,24}",
    ];
    prop::collection::vec(piece, 0..12).prop_map(|it| it.concat())
}

fn is_mark(it: char) -> bool {
    ".!?…。！？；".contains(it)
}

fn closes(it: char) -> bool {
    "\"'”’»›)]}）］｝」』】》〉〕＂＇".contains(it)
}

/// Whether a sentence ends before the character `at`.
fn ends(text: &[char], at: usize) -> bool {
    let Some(next) = text.get(at) else { return false };
    if text[at - 1] == '\n' {
        return true;
    }
    let before = text[..at].iter().rev().find(|it| !closes(**it));
    let is_within = ".!?".contains(text[at - 1]) && next.is_ascii_alphanumeric();
    before.is_some_and(|it| is_mark(*it)) && !is_mark(*next) && !closes(*next) && !is_within
}

/// Where a part that begins at `start` ends, if the rest does not fit.
fn cut(text: &[char], start: usize, longest: usize) -> usize {
    let bound = start + longest;
    let is_gap = |at: usize| text[at].is_whitespace() || text[at - 1].is_whitespace();
    let mut places = (start + 1..=bound).rev();
    places
        .clone()
        .find(|at| at - start > longest / 2 && ends(text, *at))
        .or_else(|| places.find(|at| is_gap(*at) || ends(text, *at)))
        .unwrap_or(bound)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn parts_fit_and_end_where_a_reader_would_cut(
        text in text(),
        longest in 1_usize..24,
        size in 1_usize..9,
    ) {
        let characters: Vec<char> = text.chars().collect();
        let split = advice(&text, longest as u64, usize::MAX);
        prop_assert_eq!(&advice(&text, longest as u64, size), &split);
        let mut from = 0;
        for offset in split.iter().flat_map(|it| &it.offsets) {
            let to = usize::try_from(*offset).unwrap();
            prop_assert!(from < to && to - from <= longest && to < characters.len());
            prop_assert_eq!(to, cut(&characters, from, longest));
            from = to;
        }
        let is_all = characters.len() - from <= longest;
        let (named, has_more) = split.map_or((0, false), |it| (it.offsets.len(), it.has_more));
        prop_assert_eq!(has_more, !is_all);
        prop_assert!(is_all || named == MAX_OFFSETS);
    }
}
