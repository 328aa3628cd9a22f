use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::body::Field;
use crate::testing::{Event, Recorder};

fn read(pointer: &str, pieces: &[&[u8]]) -> (Vec<Event>, Result<(), BodyError>) {
    let mut tree = FieldTree::new();
    tree.add(pointer, Field::Text).unwrap();
    let (mut plain, mut recorder) = (Plain::new(Rc::new(tree)), Recorder::default());
    let fed = pieces.iter().try_for_each(|it| plain.feed(it, &mut recorder));
    let end = fed.and_then(|()| plain.finish(&mut recorder));
    (recorder.events, end)
}

#[wasm_bindgen_test(unsupported = test)]
fn the_whole_body_is_one_string() {
    let text = "\u{feff}Hallo, 你好".as_bytes();
    let whole = read("", &[text]);
    assert_eq!(whole.1, Ok(()));
    assert_eq!(whole.0[1..], [Event::Bytes(text.to_vec()), Event::End, Event::EndOfJob]);
    let bytes: Vec<&[u8]> = text.chunks(1).collect();
    assert_eq!(read("", &bytes), whole);
}

#[wasm_bindgen_test(unsupported = test)]
fn an_empty_body_is_an_empty_string() {
    let (events, end) = read("", &[]);
    assert_eq!((events.len(), end), (3, Ok(())));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_body_that_says_nothing_is_not_read() {
    assert_eq!(read("/input", &[b"\xff"]), (vec![Event::EndOfJob], Ok(())));
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_not_utf_8_is_malformed_where_it_begins() {
    let error = |offset| Err(BodyError { what: Malformed::NotUtf8, offset });
    assert_eq!(read("", &[b"ab\xe4", b"\xbd", b"c"]).1, error(2));
    assert_eq!(read("", &[b"ab\xe4"]).1, error(2));
}
