use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::body::{Field, Malformed};
use crate::testing::fuzz::json::read_lines;
use crate::testing::{Event, Recorder};

/// In one slice and byte by byte, which must be the same.
fn read(lines: &str) -> (Recorder, Result<(), BodyError>) {
    let mut tree = FieldTree::new();
    tree.add("/input_text", Field::Text).unwrap();
    tree.add("/prompt_audio/path", Field::Reference).unwrap();
    let tree = Rc::new(tree);
    let whole = read_lines(lines.as_bytes(), lines.len(), &tree, DuplicateKeys::Deny);
    assert_eq!(read_lines(lines.as_bytes(), 1, &tree, DuplicateKeys::Deny), whole);
    whole
}

/// The texts of a body, and how many jobs it has.
fn told(lines: &str) -> (Vec<String>, usize) {
    let (recorder, outcome) = read(lines);
    assert_eq!(outcome, Ok(()), "{lines:?}");
    let texts = recorder.values().into_iter().map(|(_, it)| String::from_utf8(it).unwrap());
    (texts.collect(), recorder.events.iter().filter(|it| **it == Event::EndOfJob).count())
}

fn refused(lines: &str) -> (Malformed, u64) {
    let error = read(lines).1.unwrap_err();
    (error.what, error.offset)
}

#[wasm_bindgen_test(unsupported = test)]
fn each_line_is_a_job() {
    let lines = "{\"input_text\": \"a\"}\n{\"input_text\": \"b\", \"x\": 1}\n3";
    assert_eq!(told(lines), (vec!["a".to_owned(), "b".to_owned()], 3));
    let events = read(lines).0.events;
    assert_eq!(events.last(), Some(&Event::EndOfJob));
    assert_eq!(events.iter().position(|it| *it == Event::EndOfJob), Some(3), "behind its values");
}

#[wasm_bindgen_test(unsupported = test)]
fn blank_lines_and_the_end_of_the_last_line_count_for_nothing() {
    for lines in ["1\n2", "1\n2\n", "\n1\r\n \t\r\n\n2\r\n\n ", " 1 \n 2 "] {
        assert_eq!(told(lines).1, 2, "{lines:?}");
    }
    for lines in ["", "\n", " \r\n\t"] {
        assert_eq!(told(lines).1, 0, "{lines:?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_document_is_on_one_line_and_a_line_has_one() {
    assert_eq!(refused("{\"input_text\":\n\"a\"}"), (Malformed::Truncated, 14));
    assert_eq!(refused("1\n\"a\n\""), (Malformed::Truncated, 4));
    assert_eq!(refused("1\ntru\ne"), (Malformed::Truncated, 5));
    assert_eq!(refused("\"\\ud83c\n\\udf99\""), (Malformed::Truncated, 7));
    assert_eq!(refused("{} {}\n"), (Malformed::Json, 3));
}

/// Python's `splitlines` ends a line there; a JSONL reader that does so must not find lines that
/// this does not.
#[wasm_bindgen_test(unsupported = test)]
fn nothing_but_a_line_feed_ends_a_line() {
    for end in ["\r", "\u{b}", "\u{c}", "\u{1c}", "\u{85}", "\u{2028}"] {
        assert_eq!(refused(&format!("1\n2{end}3")).0, Malformed::Json, "{end:?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn an_error_is_told_by_its_place_in_the_body() {
    let (recorder, outcome) = read("{\"input_text\": \"a\"}\r\n\n{\"input_text\": 01}\n");
    assert_eq!(outcome, Err(BodyError { what: Malformed::Json, offset: 38 }));
    assert_eq!(recorder.values().len(), 2, "what came before it is told");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_line_forgets_the_keys_of_the_one_before() {
    let line = "{\"input_text\": \"a\", \"prompt_audio\": {\"path\": \"p\"}}\n";
    assert_eq!(told(&line.repeat(3)).1, 3);
    let twice = "{\"input_text\": \"a\", \"input_text\": \"b\"}";
    assert_eq!(refused(&format!("{line}{twice}")), (Malformed::DuplicateKey, 51 + 20));
}
