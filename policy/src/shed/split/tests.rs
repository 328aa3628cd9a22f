#[cfg(not(target_arch = "wasm32"))]
mod properties;

use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::body::json::Json;
use crate::spec::DuplicateKeys;

fn tree() -> Rc<FieldTree> {
    let mut tree = FieldTree::new();
    tree.add("/input", Field::Text).unwrap();
    tree.add("/messages/*/content", Field::Text).unwrap();
    tree.add("/voice", Field::Voice).unwrap();
    Rc::new(tree)
}

/// The advice for a text that comes in pieces of `size` bytes.
fn advice(text: &str, longest: u64, size: usize) -> Option<Split> {
    let tree = tree();
    let leaf = tree.leaves().next().unwrap().0;
    let mut splitter = Splitter::new(tree, NonZeroU64::new(longest).unwrap());
    splitter.begin(Value { leaf, kind: Kind::String, replaces: false });
    text.as_bytes().chunks(size).for_each(|it| splitter.piece(it));
    assert_eq!(splitter.advice(), None, "the text has not ended");
    splitter.end();
    splitter.end_of_job();
    splitter.advice()
}

/// The parts that the advice makes of a text, whole or byte by byte.
fn parts(text: &str, longest: u64) -> Vec<String> {
    let split = advice(text, longest, usize::MAX);
    assert_eq!(advice(text, longest, 1), split);
    let split = split.unwrap_or(Split { offsets: Vec::new(), has_more: false });
    assert!(!split.has_more);
    let characters: Vec<char> = text.chars().collect();
    let mut parts = Vec::new();
    let mut from = 0;
    for to in split.offsets.iter().map(|it| *it as usize).chain([characters.len()]) {
        parts.push(characters[from..to].iter().collect());
        from = to;
    }
    parts
}

fn of_body(body: &str) -> Option<Split> {
    let (mut json, longest) = (Json::new(tree(), DuplicateKeys::LastWins), NonZeroU64::new(4));
    let mut splitter = Splitter::new(tree(), longest.unwrap());
    json.feed(body.as_bytes(), &mut splitter).unwrap();
    json.finish(&mut splitter).unwrap();
    splitter.advice()
}

#[wasm_bindgen_test(unsupported = test)]
fn a_text_that_fits_is_not_cut() {
    assert_eq!(parts("", 4), [""]);
    assert_eq!(parts("One.", 4), ["One."]);
    assert_eq!(parts("你好。吗", 4), ["你好。吗"]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_cut_is_behind_the_last_sentence_that_fits() {
    assert_eq!(parts("One two. Six! Ten is too far.", 16), ["One two. Six!", " Ten is too far."]);
    assert_eq!(parts("你好。很好！再见？", 7), ["你好。很好！", "再见？"]);
    assert_eq!(parts("one line\ntwo lines", 12), ["one line\n", "two lines"]);
    assert_eq!(parts("so it goes…and on；and on", 12), ["so it goes…", "and on；", "and on"]);
    assert_eq!(parts("Really?! Yes... So.", 10), ["Really?!", " Yes...", " So."]);
}

#[wasm_bindgen_test(unsupported = test)]
fn what_closes_a_sentence_belongs_to_it() {
    assert_eq!(parts("He said \"go.\" She went.", 16), ["He said \"go.\"", " She went."]);
    assert_eq!(parts("(他说：“走。”)她走了。", 10), ["(他说：“走。”)", "她走了。"]);
    // The quote does not fit any more, so the sentence does not.
    assert_eq!(parts("one two six.\" nine", 12), ["one two ", "six.\" nine"]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_point_within_a_number_or_a_name_ends_nothing() {
    assert_eq!(parts("It is 3.14159265 now", 10), ["It is ", "3.14159265", " now"]);
    assert_eq!(parts("see example.com/?a=b", 16), ["see ", "example.com/?a=b"]);
    assert_eq!(parts("in 2024. Then", 12), ["in 2024.", " Then"]);
}

#[wasm_bindgen_test(unsupported = test)]
fn an_early_sentence_is_worth_no_more_than_white_space() {
    assert_eq!(parts("One. two six ten", 14), ["One. two six ", "ten"]);
    assert_eq!(parts("一。二三四五六七八九", 8), ["一。", "二三四五六七八九"]);
}

#[wasm_bindgen_test(unsupported = test)]
fn without_a_sentence_a_cut_is_at_white_space_and_else_anywhere() {
    assert_eq!(parts("one two six", 8), ["one two ", "six"]);
    // The space comes behind what fits.
    assert_eq!(parts("one two six", 7), ["one two", " six"]);
    assert_eq!(parts("abcdefghij", 4), ["abcd", "efgh", "ij"]);
    assert_eq!(parts("一二三四五", 2), ["一二", "三四", "五"]);
    assert_eq!(parts("ab", 1), ["a", "b"]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_very_long_text_has_more_cuts_than_are_named() {
    let text = "x".repeat(4 * (MAX_OFFSETS + 1));
    let split = advice(&text, 4, 7).unwrap();
    assert_eq!((split.offsets.len(), split.has_more), (MAX_OFFSETS, false));
    let split = advice(&format!("{text}x"), 4, 7).unwrap();
    assert_eq!(split.offsets, (1..=64).map(|it| it * 4).collect::<Vec<u64>>());
    assert!(split.has_more);
}

#[wasm_bindgen_test(unsupported = test)]
fn there_is_advice_for_one_text_only() {
    let some = Some(Split { offsets: vec![4], has_more: false });
    assert_eq!(of_body(r#"{"voice":"a long name","input":"one\u0020two"}"#), some);
    assert_eq!(of_body(r#"{"messages":[{"content":"one two"}]}"#), some);
    for body in [
        r#"{"voice":"a long name"}"#,
        r#"{"input":"one two","messages":[{"content":""}]}"#,
        r#"{"messages":[{"content":"one two"},{"content":"one two"}]}"#,
        r#"{"input":"a","input":"one two"}"#,
        r#"{"input":["one two","b"]}"#,
        r#"{"input":"one two","messages":[{"content":12345}]}"#,
    ] {
        assert_eq!(of_body(body), None, "{body}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn ssml_is_not_cut() {
    for text in ["<speak>one two</speak>", " \n<speak version='1.1'>one</speak>"] {
        assert_eq!(advice(text, 4, 3), None);
    }
    assert!(advice(" <spea k", 4, 3).is_some());
    assert!(advice("a <speak>", 4, 3).is_some());
}

#[wasm_bindgen_test(unsupported = test)]
fn bytes_that_are_no_text_are_not_cut() {
    for bytes in [&b"one two\xff"[..], b"one two\xe4\xbd"] {
        let tree = tree();
        let leaf = tree.leaves().next().unwrap().0;
        let mut splitter = Splitter::new(tree, NonZeroU64::new(4).unwrap());
        splitter.begin(Value { leaf, kind: Kind::File, replaces: false });
        splitter.piece(bytes);
        splitter.end();
        assert_eq!(splitter.advice(), None);
    }
}
