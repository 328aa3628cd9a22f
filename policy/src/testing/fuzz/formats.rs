//! Targets for the formats of bodies beside JSON.

use std::rc::Rc;

use crate::body::form::Form;
use crate::body::gzip::Gzip;
use crate::body::multipart::Multipart;
use crate::body::{BodyError, Field, FieldTree, Kind, Malformed};
use crate::spec::DuplicateKeys;
use crate::testing::{Event, Recorder};

/// Leaf 0 is `input`, 1 `ref`, 2 any of `files`.
fn tree() -> Rc<FieldTree> {
    let mut tree = FieldTree::new();
    tree.add("/input", Field::Text).unwrap();
    tree.add("/ref", Field::Reference).unwrap();
    tree.add("/files/*", Field::Audio).unwrap();
    Rc::new(tree)
}

/// The leaf that a field is told as.
fn leaf(name: &[u8]) -> Option<usize> {
    let names: [&[u8]; 4] = [b"input", b"ref", b"files", b"files[]"];
    names.into_iter().position(|it| it == name).map(|it| it.min(2))
}

/// The first byte says how what follows is split.
fn split(bytes: &[u8]) -> Option<(usize, &[u8])> {
    bytes.split_first().map(|(size, rest)| (usize::from(*size).max(1), rest))
}

type Outcome = (Recorder, Result<(), BodyError>);

/// The complete values of a good outcome, by leaf; everything of it is well-formed.
fn values((recorder, end): &Outcome) -> Option<Vec<(usize, Kind, Vec<u8>)>> {
    end.ok()?;
    let values = recorder.values();
    let count = |it: fn(&Event) -> bool| recorder.events.iter().filter(|event| it(event)).count();
    assert_eq!(recorder.events.last(), Some(&Event::EndOfJob));
    assert_eq!(count(|it| matches!(it, Event::EndOfJob)), 1);
    assert_eq!(count(|it| matches!(it, Event::Begin(_))), values.len());
    let value = |(value, bytes): (crate::body::Value, Vec<u8>)| {
        assert!(value.kind != Kind::String || std::str::from_utf8(&bytes).is_ok());
        (value.leaf.index(), value.kind, bytes)
    };
    Some(values.into_iter().map(value).collect())
}

/// A form: all splits say the same, and what is accepted says what `form_urlencoded` reads.
pub fn form_facts(bytes: &[u8]) {
    let Some((size, body)) = split(bytes) else { return };
    let read = |size| -> Outcome {
        let (mut form, mut recorder) =
            (Form::new(tree(), DuplicateKeys::LastWins), Recorder::default());
        let fed = body.chunks(size).try_for_each(|it| form.feed(it, &mut recorder));
        let end = fed.and_then(|()| form.finish(&mut recorder));
        (recorder, end)
    };
    let whole = read(usize::MAX);
    assert!(read(size) == whole && read(1) == whole, "another split, another outcome");
    let Some(values) = values(&whole) else { return };
    let expected = form_urlencoded::parse(body).filter_map(|(name, value)| {
        Some((leaf(name.as_bytes())?, Kind::String, value.into_owned().into_bytes()))
    });
    assert_eq!(values, expected.collect::<Vec<_>>());
}

/// A multipart form whose boundary is `b`: all splits say the same, and what is accepted is what
/// taking it apart at its delimiters gives.
pub fn multipart_facts(bytes: &[u8]) {
    let Some((size, body)) = split(bytes) else { return };
    let read = |size| -> Outcome {
        let content_type = b"multipart/form-data; boundary=b";
        let form = Multipart::new(content_type, tree(), DuplicateKeys::LastWins);
        let (mut form, mut recorder) = (form.unwrap(), Recorder::default());
        let fed = body.chunks(size).try_for_each(|it| form.feed(it, &mut recorder));
        let end = fed.and_then(|()| form.finish(&mut recorder));
        (recorder, end)
    };
    let whole = read(usize::MAX);
    assert!(read(size) == whole && read(1) == whole, "another split, another outcome");
    let Some(values) = values(&whole) else { return };
    // A recording under an unknown name is told as well; whether it is one, is not asked again.
    let mut values = values.into_iter().peekable();
    for Part { name, content, may_be_audio } in parts(body) {
        let value = (leaf(&name), content);
        if let Some(leaf) = value.0 {
            let (read, kind, bytes) = values.next_if(|it| it.0 == leaf).unwrap_or_else(|| {
                assert!(value.1.is_empty(), "a field is not told");
                (leaf, Kind::File, Vec::new())
            });
            assert!(read == leaf && matches!(kind, Kind::String | Kind::File));
            assert_eq!(bytes, value.1);
        } else if may_be_audio {
            values.next_if(|it| it.0 == 1 && it.1 == Kind::File && it.2 == value.1);
        }
    }
    assert_eq!(values.next(), None, "more than there is");
}

/// A part of a form.
struct Part {
    name: Vec<u8>,
    content: Vec<u8>,
    /// Whether its headers, or its first bytes, can make a recording of it.
    may_be_audio: bool,
}

/// The parts of a form that is well-formed, without looking twice.
fn parts(body: &[u8]) -> Vec<Part> {
    // Each byte is a character, so that positions stay.
    let text: String = body.iter().copied().map(char::from).collect();
    let bytes = |text: &str| text.chars().map(|it| it as u8).collect::<Vec<u8>>();
    let text = if text.starts_with("\r\n") { text } else { format!("\r\n{text}") };
    let mut parts = Vec::new();
    for part in text.split("\r\n--b").skip(1) {
        let Some(part) = part.strip_prefix("\r\n") else { break };
        let (headers, content) = part.split_once("\r\n\r\n").unwrap();
        let mut lines = headers.split("\r\n").filter_map(|it| it.split_once(':'));
        let disposition =
            lines.find(|it| it.0.eq_ignore_ascii_case("content-disposition")).unwrap();
        // A `;` within quotes does no harm: what is behind it does not begin with `name=` unless
        // the name of a file does.
        let quoted = |it: &str| it.split_once('"').map(|it| it.0.to_owned());
        let parameters = outside_quotes(disposition.1);
        let name = parameters.iter().find_map(|it| it.strip_prefix("name=")).unwrap();
        let name = name.strip_prefix('"').map_or(Some(name.to_owned()), quoted).unwrap();
        let (name, content) = (bytes(&name), bytes(content));
        let may_be_audio = headers.to_ascii_lowercase().contains("audio/")
            || content.len() > 3
            || content.first() == Some(&0xff);
        parts.push(Part { name, content, may_be_audio });
    }
    parts
}

/// The parameters of a header.
fn outside_quotes(value: &str) -> Vec<String> {
    let (mut parameters, mut is_quoted) = (vec![String::new()], false);
    for character in value.chars() {
        is_quoted ^= character == '"';
        if character == ';' && !is_quoted {
            parameters.push(String::new());
        } else {
            parameters.last_mut().unwrap().push(character);
        }
    }
    parameters.iter().map(|it| it.trim_matches([' ', '\t']).to_owned()).collect()
}

/// How much a body may become for [`gzip_body`].
const MAX_DECODED_BYTES: u64 = 100_000;

/// A body in gzip, or one that the target compresses: all splits decode the same, and what is
/// accepted is what is read of it at once.
pub fn gzip_body(bytes: &[u8]) {
    let Some((size, body)) = split(bytes) else { return };
    let Some((is_plain, body)) = body.split_first() else { return };
    if *is_plain % 2 == 1 {
        let repeated = body.repeat(usize::from(*is_plain));
        let outcome = gunzip(&compressed(&repeated), size);
        let fits = repeated.len() as u64 <= MAX_DECODED_BYTES;
        let kept = repeated.len().min(MAX_DECODED_BYTES as usize);
        assert_eq!(outcome.0, repeated[..kept]);
        assert_eq!(outcome.1.is_ok(), fits);
        return;
    }
    let whole = gunzip(body, usize::MAX);
    assert!(gunzip(body, size) == whole && gunzip(body, 1) == whole, "another split");
    let is_plain_header = body.get(3) == Some(&0);
    match whole.1 {
        Ok(()) if is_plain_header && !body.is_empty() => {
            let deflated = &body[10..body.len() - 8];
            let limit = MAX_DECODED_BYTES as usize;
            let at_once = miniz_oxide::inflate::decompress_to_vec_with_limit(deflated, limit);
            assert_eq!(at_once.unwrap(), whole.0);
        }
        Ok(()) => {}
        Err(error) => {
            assert_eq!(error.offset, whole.0.len() as u64);
            let is_large = error.what == Malformed::DecodedTooLarge;
            assert!(!is_large || error.offset == MAX_DECODED_BYTES);
        }
    }
}

fn gunzip(body: &[u8], size: usize) -> (Vec<u8>, Result<(), BodyError>) {
    let (mut gzip, mut text) = (Gzip::new(MAX_DECODED_BYTES), Vec::new());
    let mut decoded = |piece: &[u8]| {
        text.extend_from_slice(piece);
        Ok(())
    };
    let fed = body.chunks(size).try_for_each(|it| gzip.feed(it, &mut decoded));
    let end = fed.and_then(|()| gzip.finish(&mut decoded));
    (text, end)
}

/// `text` in gzip.
pub fn compressed(text: &[u8]) -> Vec<u8> {
    let crc = text.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 { 0xedb8_8320 ^ (crc >> 1) } else { crc >> 1 }
        })
    });
    let deflated = miniz_oxide::deflate::compress_to_vec(text, 6);
    let header = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    [&header[..], &deflated, &(!crc).to_le_bytes(), &(text.len() as u32).to_le_bytes()].concat()
}
