//! Bodies that are rewritten, against a change of `serde_json`'s whole document.

use std::rc::Rc;

use serde::de::IgnoredAny;

use crate::body::Field;
use crate::facts::literal::{self, Flag};
use crate::shed::rewrite::{Change, Outcome, Rewrite, RewriteError, Rewriter, Rewritten, To};
use crate::spec::DuplicateKeys;
use crate::testing::json_model::Document;

/// A field at one place, one at several, of which some are in other objects, and keys that have to
/// be escaped.
pub(crate) fn changes() -> Rc<Rewrite> {
    let change = |field, pointers: &[&str], to| {
        let pointers = pointers.iter().map(|it| (*it).to_owned()).collect();
        Change { field, pointers, to }
    };
    let changes = vec![
        change(Field::SampleRate, &["/rate", "/opts/rate", "/opts/a/rate"], To::AtMost(16_000)),
        change(Field::Model, &["/model"], To::Text("fast \"\u{e9}\"".into())),
        change(Field::Format, &["/opts/format", "/format"], To::Text("mp3".into())),
        change(Field::Stream, &["/stream", "/opts/\"~1\u{1f399}"], To::True),
    ];
    Rc::new(Rewrite::compile(changes).unwrap())
}

/// A JSON body, behind two bytes that say how keys may be repeated and how it is split: any split
/// says the same, and the edits make of it what they must.
pub fn rewrite(bytes: &[u8]) {
    let [how, size, body @ ..] = bytes else { return };
    let mode = if how & 1 == 0 { DuplicateKeys::Deny } else { DuplicateKeys::LastWins };
    let changes = changes();
    let whole = read(body.chunks(body.len().max(1)), &changes, mode);
    for size in [1, usize::from(*size).max(1)] {
        assert_eq!(read(body.chunks(size), &changes, mode), whole, "in slices of {size}");
    }
    check(body, &changes, whole);
}

/// What is to be done with a body that comes in `pieces`.
pub(crate) fn read<'a>(
    mut pieces: impl Iterator<Item = &'a [u8]>,
    changes: &Rc<Rewrite>,
    mode: DuplicateKeys,
) -> Result<Rewritten, RewriteError> {
    let mut rewriter = Rewriter::new(Rc::clone(changes), mode);
    pieces.try_for_each(|it| rewriter.feed(it))?;
    rewriter.finish()
}

/// The body with its edits made.
pub(crate) fn apply(body: &[u8], rewritten: &Rewritten) -> Vec<u8> {
    let starts: Vec<u64> = rewritten.edits.iter().map(|it| it.range.start).collect();
    assert!(starts.is_sorted_by(|a, b| a < b), "two edits at one place");
    let (mut all, mut from) = (Vec::new(), 0);
    for edit in &rewritten.edits {
        let (start, end) = (edit.range.start as usize, edit.range.end as usize);
        assert!(from <= start && start <= end, "edits are out of order");
        let gone = &body[start..end];
        if gone.is_empty() {
            assert_eq!(body[start], b'}', "something is added elsewhere than at an object's end");
        } else {
            serde_json::from_slice::<IgnoredAny>(gone).unwrap();
            assert!(!matches!(gone[0], b'[' | b'{'));
            assert_eq!(gone, gone.trim_ascii(), "more than a value goes");
        }
        all.extend([&body[from..start], &edit.bytes].concat());
        from = end;
    }
    all.extend(&body[from..]);
    all
}

/// Compares what is to be done with what a walk through the document says.
pub(crate) fn check(body: &[u8], changes: &Rewrite, rewritten: Result<Rewritten, RewriteError>) {
    let document = match serde_json::from_slice::<Document>(body) {
        Ok(document) => document,
        // A number that is no double is JSON all the same.
        Err(_) => {
            let is_json = serde_json::from_slice::<IgnoredAny>(body).is_ok();
            return assert!(rewritten.is_err() || is_json);
        }
    };
    // Numbers that are zero as doubles only.
    if body.windows(2).any(|it| it.eq_ignore_ascii_case(b"e-")) {
        return;
    }
    match rewritten {
        // What is refused is told by the parser, which has a target of its own.
        Err(RewriteError::Body(_) | RewriteError::TooManyEdits) => {}
        Err(RewriteError::Container(_)) => assert_eq!(model(&document, changes), None),
        Ok(rewritten) => {
            let after = apply(body, &rewritten);
            let after: Document = serde_json::from_slice(&after).unwrap();
            let (expected, outcomes) = model(&document, changes).unwrap();
            assert_eq!(doubles(after), doubles(expected));
            assert_eq!(rewritten.outcomes, outcomes);
            assert_eq!(rewritten.edits.is_empty(), !outcomes.contains(&Outcome::Made));
        }
    }
}

/// The document as it must be, and what becomes of each change; `None` if one finds an object or an
/// array in the place of its value.
fn model(document: &Document, changes: &Rewrite) -> Option<(Document, Vec<Outcome>)> {
    let (mut after, mut outcomes) = (document.clone(), Vec::new());
    for change in changes.changes() {
        let mut outcome = Outcome::NoPlace;
        for pointer in &change.pointers {
            let Some((members, key)) = place(&mut after, pointer) else { continue };
            let mut values: Vec<_> = members.iter_mut().filter(|(it, _)| *it == key).collect();
            if let [(_, Document::Null)] = &values[..] {
                continue;
            }
            for (_, value) in &mut values {
                let now = now(value, &change.to)?;
                let is_made = now.is_some() || outcome == Outcome::Made;
                outcome = if is_made { Outcome::Made } else { Outcome::AlreadySo };
                now.into_iter().for_each(|now| *value = now);
            }
        }
        if outcome == Outcome::NoPlace && add(&mut after, change) {
            outcome = Outcome::Made;
        }
        outcomes.push(outcome);
    }
    Some((after, outcomes))
}

/// Puts the value in place of the first `null`, or at the end of the first object.
fn add(document: &mut Document, change: &Change) -> bool {
    let value = now(&Document::Null, &change.to).unwrap().unwrap();
    for pointer in &change.pointers {
        if let Some((members, key)) = place(document, pointer)
            && let Some((_, null)) = members.iter_mut().find(|(it, _)| *it == key)
        {
            *null = value;
            return true;
        }
    }
    for pointer in &change.pointers {
        if let Some((members, key)) = place(document, pointer) {
            members.push((key, value));
            return true;
        }
    }
    false
}

type Members = Vec<(String, Document)>;

/// The object that a pointer's member would be in, and its key.
fn place<'a>(document: &'a mut Document, pointer: &str) -> Option<(&'a mut Members, String)> {
    let unescaped = |it: &str| it.replace("~1", "/").replace("~0", "~");
    let (path, key) = pointer.rsplit_once('/').unwrap();
    let mut object = document;
    for token in path.split('/').skip(1) {
        let Document::Object(members) = object else { return None };
        object = &mut members.iter_mut().find(|(it, _)| *it == unescaped(token))?.1;
    }
    match object {
        Document::Object(members) => Some((members, unescaped(key))),
        _ => None,
    }
}

/// What must stand in place of a value, if it may not stay; `None` for an object or an array.
fn now(value: &Document, to: &To) -> Option<Option<Document>> {
    let (stays, is_string, is_number) = match value {
        Document::Array(_) | Document::Object(_) => return None,
        Document::Null => (false, false, false),
        Document::Bool(is_true) => (*is_true && *to == To::True, false, false),
        Document::Number(number) => (is(&number.to_string(), to), false, true),
        Document::String(text) => (
            match to {
                To::Text(to) => text == to,
                _ if text.len() > 128 => *to == To::True,
                _ => is(text, to),
            },
            true,
            false,
        ),
    };
    if stays {
        return Some(None);
    }
    Some(Some(match to {
        To::Text(text) => Document::String(text.clone()),
        To::AtMost(most) if is_string => Document::String(most.to_string()),
        To::AtMost(most) => Document::Number((*most).into()),
        To::True if is_string => Document::String("true".into()),
        To::True if is_number => Document::Number(1.into()),
        To::True => Document::Bool(true),
    }))
}

fn is(text: &str, to: &To) -> bool {
    match to {
        To::Text(_) => false,
        To::AtMost(most) => text.parse().is_ok_and(|it| (0.0..=*most as f64).contains(&it)),
        To::True => literal::flag(text.as_bytes()) != Flag::False,
    }
}

/// With all numbers as doubles: a literal may stay that is 16000 to a double.
fn doubles(document: Document) -> Document {
    match document {
        Document::Number(it) => {
            let double = it.as_f64().and_then(serde_json::Number::from_f64);
            Document::Number(double.unwrap_or(it))
        }
        Document::Array(items) => Document::Array(items.into_iter().map(doubles).collect()),
        Document::Object(members) => {
            Document::Object(members.into_iter().map(|(key, it)| (key, doubles(it))).collect())
        }
        other => other,
    }
}
