//! JSON and JSONL against `serde_json`.

use std::rc::Rc;

use serde::de::IgnoredAny;

use crate::body::json::Json;
use crate::body::jsonl::JsonLines;
use crate::body::{BodyError, Field, FieldTree, Kind, Malformed};
use crate::spec::DuplicateKeys;
use crate::testing::json_model::{self, Document};
use crate::testing::{Event, Recorder};

/// What one reading told, and how it ended.
type Reading = (Recorder, Result<(), BodyError>);

const MODES: [DuplicateKeys; 2] = [DuplicateKeys::Deny, DuplicateKeys::LastWins];

/// The whole body; places of which some are within others; places that are repeated.
pub(crate) fn trees() -> [Rc<FieldTree>; 3] {
    let tree = |pointers: &[(&str, Field)]| {
        let mut tree = FieldTree::new();
        pointers.iter().for_each(|(pointer, field)| tree.add(pointer, *field).unwrap());
        Rc::new(tree)
    };
    [
        tree(&[("", Field::Text)]),
        tree(&[
            ("/input", Field::Text),
            ("/voice", Field::Voice),
            ("/voice/id", Field::Voice),
            ("/messages/*/content", Field::Text),
            ("/messages/*/content/*/text", Field::Text),
            ("/messages/*/content/*/input_audio/data", Field::Audio),
            ("/sample_rate", Field::SampleRate),
            ("/stream", Field::Stream),
            ("/a~1b/\u{e9}/\u{1f399}", Field::Model),
            ("/", Field::Consent),
            ("/\"", Field::Format),
        ]),
        tree(&[("/*/*", Field::Text), ("/*/a/a/a", Field::Voice), ("/a/a/a", Field::Model)]),
    ]
}

/// A JSON body: accepted if `serde_json` accepts it and it breaks no limit of ours, with the same
/// values at the same places, whatever the slices it comes in.
pub fn json_facts(bytes: &[u8]) {
    for tree in trees() {
        for mode in MODES {
            let whole = read_json(bytes, bytes.len(), &tree, mode);
            for size in [1, 2, 3, 7, 8, 9] {
                assert_eq!(read_json(bytes, size, &tree, mode), whole, "in slices of {size}");
            }
            compare(bytes, &tree, mode, whole);
        }
    }
}

/// A JSONL body: what it tells is what its lines tell, each on its own.
pub fn jsonl_facts(bytes: &[u8]) {
    for tree in trees() {
        for mode in MODES {
            let whole = read_lines(bytes, bytes.len(), &tree, mode);
            for size in [1, 2, 3, 7, 8, 9] {
                assert_eq!(read_lines(bytes, size, &tree, mode), whole, "in slices of {size}");
            }
            let (mut told, mut outcome, mut offset) = (Recorder::default(), Ok(()), 0);
            for line in bytes.split(|it| *it == b'\n') {
                if !line.iter().all(|it| matches!(it, b' ' | b'\t' | b'\r')) {
                    let (of_line, ended) = read_json(line, line.len(), &tree, mode);
                    compare(line, &tree, mode, (of_line.clone(), ended));
                    told.events.extend(of_line.events);
                    if let Err(BodyError { what, offset: within }) = ended {
                        outcome = Err(BodyError { what, offset: offset + within });
                        break;
                    }
                }
                offset += line.len() as u64 + 1;
            }
            assert_eq!(whole, (told, outcome));
        }
    }
}

/// `bytes` in slices of `size`.
pub(crate) fn read_json(
    bytes: &[u8],
    size: usize,
    tree: &Rc<FieldTree>,
    mode: DuplicateKeys,
) -> Reading {
    read_pieces(bytes.chunks(size.max(1)), tree, mode)
}

/// A body that comes in `pieces`.
pub(crate) fn read_pieces<'a>(
    mut pieces: impl Iterator<Item = &'a [u8]>,
    tree: &Rc<FieldTree>,
    mode: DuplicateKeys,
) -> Reading {
    let (mut json, mut told) = (Json::new(Rc::clone(tree), mode), Recorder::default());
    let fed = pieces.try_for_each(|it| json.feed(it, &mut told));
    let outcome = fed.and_then(|()| json.finish(&mut told));
    (told, outcome)
}

/// `bytes` in slices of `size`.
pub(crate) fn read_lines(
    bytes: &[u8],
    size: usize,
    tree: &Rc<FieldTree>,
    mode: DuplicateKeys,
) -> Reading {
    let (mut lines, mut told) = (JsonLines::new(Rc::clone(tree), mode), Recorder::default());
    let fed = bytes.chunks(size.max(1)).try_for_each(|it| lines.feed(it, &mut told));
    let outcome = fed.and_then(|()| lines.finish(&mut told));
    (told, outcome)
}

/// Compares a reading with that of `serde_json`.
pub(crate) fn compare(
    bytes: &[u8],
    tree: &FieldTree,
    mode: DuplicateKeys,
    (told, outcome): Reading,
) {
    assert!(outcome.is_ok_and(|()| true) == told.events.contains(&Event::EndOfJob));
    assert!(outcome.map_or_else(|it| it.offset, |()| 0) <= bytes.len() as u64);
    let what = outcome.map_err(|it| it.what);
    if what == Err(Malformed::NumberTooLong) {
        return;
    }
    match serde_json::from_slice::<Document>(bytes) {
        Ok(document) => {
            let (expected, end) = json_model::tell(&document, tree, mode);
            assert_eq!(what, end);
            assert_eq!(with_read_numbers(told), expected);
        }
        // It reads numbers into doubles: a literal that is none is JSON all the same.
        Err(error) if error.to_string().starts_with("number out of range") => {
            let is_json = serde_json::from_slice::<IgnoredAny>(bytes).is_ok();
            assert!(what.is_err() || is_json);
        }
        Err(error) => assert!(what.is_err(), "serde_json: {error}"),
    }
}

/// With numbers as `serde_json` writes them.
fn with_read_numbers(mut told: Recorder) -> Recorder {
    let mut is_number = false;
    for event in &mut told.events {
        match event {
            Event::Begin(value) => is_number = value.kind == Kind::Number,
            Event::Bytes(literal) if is_number => {
                let number: serde_json::Number = serde_json::from_slice(literal).unwrap();
                *literal = number.to_string().into_bytes();
            }
            _ => {}
        }
    }
    told
}
