//! Numbers, strings and structure are held against `serde_json` in `properties` and by the public
//! suite in `suite`; here stands what a reader wants to see.

#[cfg(not(target_arch = "wasm32"))]
mod properties;
mod suite;

use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::body::{Field, LeafId};
use crate::testing::fuzz::json::read_json;
use crate::testing::{Event, Recorder};

fn tree(pointers: &[&str]) -> Rc<FieldTree> {
    let mut tree = FieldTree::new();
    pointers.iter().for_each(|it| tree.add(it, Field::Text).unwrap());
    Rc::new(tree)
}

/// In one slice and byte by byte, which must be the same.
fn read(
    json: impl AsRef<[u8]>,
    pointers: &[&str],
    mode: DuplicateKeys,
) -> (Recorder, Result<(), BodyError>) {
    let (json, tree) = (json.as_ref(), tree(pointers));
    let whole = read_json(json, json.len(), &tree, mode);
    assert_eq!(read_json(json, 1, &tree, mode), whole);
    whole
}

fn outcome(json: impl AsRef<[u8]>) -> Result<(), BodyError> {
    read(json, &["", "/a"], DuplicateKeys::Deny).1
}

fn refused(what: Malformed, offset: u64) -> Result<(), BodyError> {
    Err(BodyError { what, offset })
}

/// The scalars told of an acceptable document, each as `leaf: text`, with `!` if it replaces.
fn told(json: impl AsRef<[u8]>, pointers: &[&str], mode: DuplicateKeys) -> Vec<String> {
    let (recorder, outcome) = read(json, pointers, mode);
    assert_eq!(outcome, Ok(()));
    let text = |(value, bytes): (Value, Vec<u8>)| {
        let text = match value.kind {
            Kind::String | Kind::Number => String::from_utf8(bytes).unwrap(),
            other => format!("{other:?}"),
        };
        format!("{}: {text}{}", value.leaf.index(), if value.replaces { "!" } else { "" })
    };
    recorder.values().into_iter().map(text).collect()
}

#[wasm_bindgen_test(unsupported = test)]
fn values_are_told_at_the_places_that_matter_and_nowhere_else() {
    let json = r#" { "model" : "m", "input": "text", "x": {"input": "no"}, "n": [1, {"input": 2}],
        "messages": [{"content": "a"}, {"role": "user", "content": "b"}, "content", []],
        "speed": -1.5e3, "stream": true, "none": null } "#;
    let pointers = ["/input", "/messages/*/content", "/speed", "/stream", "/none", "/absent"];
    assert_eq!(
        told(json, &pointers, DuplicateKeys::Deny),
        ["0: text", "1: a", "1: b", "2: -1.5e3", "3: Bool(true)", "4: Null"]
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn a_leaf_covers_what_is_below_but_for_other_nodes() {
    let tree = tree(&["/c", "/c/*/text"]);
    let json = br#"{"c": [{"type": "t", "text": "x", "o": {"text": "y"}}, "z"], "d": "w"}"#;
    let (recorder, outcome) = read_json(json, 9, &tree, DuplicateKeys::Deny);
    assert_eq!(outcome, Ok(()));
    let leaves: Vec<LeafId> = tree.leaves().map(|(it, _)| it).collect();
    let begin = |i: usize, kind| Event::Begin(Value { leaf: leaves[i], kind, replaces: false });
    assert_eq!(
        recorder.events,
        [
            begin(0, Kind::Container),
            begin(1, Kind::String),
            Event::Bytes(b"x".to_vec()),
            Event::End,
            // A string in the place of such an object.
            begin(0, Kind::String),
            Event::Bytes(b"z".to_vec()),
            Event::End,
            Event::End,
            Event::EndOfJob
        ]
    );
    assert_eq!(
        told(r#"{"input": ["a", {"b": "c", "d": [["e"]]}, 1]}"#, &["/input"], DuplicateKeys::Deny),
        ["0: a", "0: c", "0: e", "0: 1"]
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn the_empty_pointer_is_the_whole_document() {
    for (json, text) in [(r#""a""#, "0: a"), ("12", "0: 12"), ("-0.5E+1", "0: -0.5E+1")] {
        assert_eq!(told(json, &[""], DuplicateKeys::Deny), [text]);
    }
    assert_eq!(told("[[1],{\"a\":2}]", &[""], DuplicateKeys::Deny), ["0: 1", "0: 2"]);
}

#[wasm_bindgen_test(unsupported = test)]
fn an_item_is_not_a_member_called_star_and_a_member_called_zero_is_no_item() {
    assert_eq!(told(r#"{"*": "a", "0": "b"}"#, &["/*"], DuplicateKeys::Deny), [""; 0]);
    assert_eq!(told(r#"["a"]"#, &["/0"], DuplicateKeys::Deny), [""; 0]);
}

#[wasm_bindgen_test(unsupported = test)]
fn keys_are_the_same_in_every_spelling() {
    let json = "{\"inp\\u0075t\": \"a\", \"\\u00e9\\ud83c\\udf99\": \"b\", \"\\/\\\"\": \"c\"}";
    let pointers = ["/input", "/é🎙", "/~1\""];
    assert_eq!(told(json, &pointers, DuplicateKeys::Deny), ["0: a", "1: b", "2: c"]);
}

#[wasm_bindgen_test(unsupported = test)]
fn escapes_are_undone() {
    let json = "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00E9\\ud83C\\uDf99\\u0000é🎙\"";
    let text = "0: \"\\/\u{8}\u{c}\n\r\té🎙\0é🎙";
    assert_eq!(told(json, &[""], DuplicateKeys::Deny), [text]);
}

#[wasm_bindgen_test(unsupported = test)]
fn half_a_surrogate_pair_is_refused_where_it_is_certain() {
    for (json, offset) in [
        (r#""\udc00""#, 6),
        (r#""\ud800""#, 7),
        (r#""\ud800x""#, 7),
        (r#""\ud800\n""#, 8),
        (r#""\ud800\ud800""#, 12),
        (r#""\ud800A""#, 7),
        (r#""\ud800\u0041""#, 12),
        (r#"{"\ud800": 1}"#, 8),
    ] {
        assert_eq!(outcome(json), refused(Malformed::LoneSurrogate, offset), "{json}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_not_utf_8_is_refused_where_the_character_begins() {
    let overlong: [&[u8]; 3] = [b"\xc0\xaf", b"\xe0\x80\xaf", b"\xf0\x80\x80\xaf"];
    let beyond: [&[u8]; 4] = [b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xff", b"\x80"];
    let cut: [&[u8]; 3] = [b"\xc3", b"\xe4\xbd", b"\xf0\x9f\x8e"];
    for bytes in overlong.into_iter().chain(beyond).chain(cut) {
        for before in ["", "a", "12345678", "你"] {
            let json = [b"{\"a\": \"", before.as_bytes(), bytes, b"\", \"b\": 1}"].concat();
            let offset = 7 + before.len() as u64;
            assert_eq!(outcome(&json), refused(Malformed::NotUtf8, offset), "{bytes:?}");
            let elsewhere = read(&json, &["/b"], DuplicateKeys::Deny).1;
            assert_eq!(elsewhere, refused(Malformed::NotUtf8, offset), "where nothing is told");
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_not_json_is_refused_at_its_first_byte() {
    for (json, what, offset) in [
        ("", Malformed::Truncated, 0),
        (" \n", Malformed::Truncated, 2),
        ("\u{feff}{}", Malformed::Json, 0),
        ("{} {}", Malformed::Json, 3),
        ("1 2", Malformed::Json, 2),
        ("[1,]", Malformed::Json, 3),
        ("[1}", Malformed::Json, 2),
        ("{\"a\":1]", Malformed::Json, 6),
        ("{\"a\" 1}", Malformed::Json, 5),
        ("{,}", Malformed::Json, 1),
        ("{\"a\":1,}", Malformed::Json, 7),
        ("{a:1}", Malformed::Json, 1),
        ("01", Malformed::Json, 1),
        ("-", Malformed::Truncated, 1),
        ("1.", Malformed::Truncated, 2),
        ("1.e1", Malformed::Json, 2),
        ("+1", Malformed::Json, 0),
        ("truE", Malformed::Json, 3),
        ("nul", Malformed::Truncated, 3),
        ("NaN", Malformed::Json, 0),
        ("'a'", Malformed::Json, 0),
        ("\"a\tb\"", Malformed::ControlCharacter, 2),
        ("\"\\x\"", Malformed::Escape, 2),
        ("\"\\u12G4\"", Malformed::Escape, 5),
        ("\"abc", Malformed::Truncated, 4),
        ("[1]// c", Malformed::Json, 3),
    ] {
        assert_eq!(outcome(json), refused(what, offset), "{json}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_repeated_key_is_refused_where_the_tree_knows_it() {
    let json = r#"{"a": 1, "b": 2, "b": 3, "\u0061": 4}"#;
    assert_eq!(outcome(json), refused(Malformed::DuplicateKey, 25));
    assert_eq!(told(r#"{"b": 2, "b": 3}"#, &["/a"], DuplicateKeys::Deny), [""; 0]);
    let per_object = r#"{"a": [{"b": 1}, {"b": 2}], "b": 3}"#;
    assert_eq!(told(per_object, &["/a/*/b", "/b"], DuplicateKeys::Deny), ["0: 1", "0: 2", "1: 3"]);
}

#[wasm_bindgen_test(unsupported = test)]
fn the_last_of_repeated_scalars_wins_if_the_policy_says_so() {
    let json = r#"{"a": "x", "b": 2, "\u0061": null, "a": "y"}"#;
    assert_eq!(told(json, &["/a"], DuplicateKeys::LastWins), ["0: x", "0: Null!", "0: y!"]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_repeated_object_or_array_is_refused_all_the_same() {
    for (json, pointers, offset) in [
        (r#"{"a": ["x"], "a": ["y"]}"#, &["/a"][..], 13),
        (r#"{"a": ["x"], "a": "y"}"#, &["/a"], 13),
        (r#"{"a": "x", "a": ["y"]}"#, &["/a"], 11),
        (r#"{"a": {"b": 1}, "a": {}}"#, &["/a/b"], 16),
        (r#"{"a": 1, "a": 2}"#, &["/a/b"], 9),
    ] {
        let (_, outcome) = read(json, pointers, DuplicateKeys::LastWins);
        assert_eq!(outcome, refused(Malformed::DuplicateKey, offset), "{json}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn limits_hold_to_the_byte() {
    let depth = MAX_DEPTH as usize;
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert_eq!(outcome(nested(depth)), Ok(()));
    assert_eq!(outcome(nested(depth + 1)), refused(Malformed::TooDeep, depth as u64));
    let key = |len: usize| format!("{{\"{}\": 1}}", "k".repeat(len));
    assert_eq!(outcome(key(MAX_KEY_BYTES)), Ok(()));
    assert_eq!(outcome(key(MAX_KEY_BYTES + 1)), refused(Malformed::KeyTooLong, 1));
    let number = |len: usize| format!("[{}]", "1".repeat(len));
    assert_eq!(outcome(number(MAX_NUMBER_BYTES)), Ok(()));
    let offset = 1 + MAX_NUMBER_BYTES as u64;
    assert_eq!(outcome(number(MAX_NUMBER_BYTES + 1)), refused(Malformed::NumberTooLong, offset));
}

/// A key longer than any of the tree's, which begins as one of them does, is none of them.
#[wasm_bindgen_test(unsupported = test)]
fn a_long_key_is_not_taken_for_its_beginning() {
    let name = "k".repeat(128);
    let json = format!("{{\"{name}k\": 1, \"{name}\": 2}}");
    assert_eq!(told(json, &[&format!("/{name}")], DuplicateKeys::Deny), ["0: 2"]);
}

#[wasm_bindgen_test(unsupported = test)]
fn it_takes_less_than_a_kilobyte() {
    assert!(size_of::<Json>() < 512, "{}", size_of::<Json>());
}

#[wasm_bindgen_test(unsupported = test)]
fn nothing_of_a_body_is_in_its_debug_form() {
    let mut json = Json::new(tree(&["/a"]), DuplicateKeys::Deny);
    json.feed(b"{\"secret-key", &mut Recorder::default()).unwrap();
    assert!(!format!("{json:?}").contains(&format!("{:?}", b"secret")[1..20]));
}
