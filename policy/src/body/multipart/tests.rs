//! What a form says, and which are refused.

mod delimiters;
mod headers;
mod hostile;

use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::body::Kind;
use crate::testing::{Event, Recorder};

const BOUNDARY: &str = "----WebKitFormBoundary7MA4YWxkTrZu0gW";

/// Leaves: 0 is `input`, 1 `ref`, 2 `files`.
fn tree() -> Rc<FieldTree> {
    let mut tree = FieldTree::new();
    tree.add("/input", Field::Text).unwrap();
    tree.add("/ref", Field::Reference).unwrap();
    tree.add("/files/*", Field::Audio).unwrap();
    Rc::new(tree)
}

fn content_type() -> String {
    format!("multipart/form-data; boundary={BOUNDARY}")
}

type Read = (Vec<Event>, Result<(), BodyError>);

fn read_split(body: &[u8], size: usize) -> Read {
    let content_type = content_type();
    let form = Multipart::new(content_type.as_bytes(), tree(), DuplicateKeys::Deny);
    let (mut form, mut recorder) = (form.unwrap(), Recorder::default());
    let fed = body.chunks(size).try_for_each(|it| form.feed(it, &mut recorder));
    let end = fed.and_then(|()| form.finish(&mut recorder));
    (recorder.events, end)
}

/// What all splits say.
fn read_all(body: &[u8]) -> Read {
    let whole = read_split(body, usize::MAX);
    for size in [1, 2, 3, 5, 40] {
        assert_eq!(read_split(body, size), whole, "{} by {size}", body.escape_ascii());
    }
    whole
}

/// The values: leaf, whether a file, text.
fn read(body: impl AsRef<[u8]>) -> Result<Vec<(usize, bool, String)>, Malformed> {
    let (events, end) = read_all(body.as_ref());
    end.map_err(|it| it.what)?;
    assert_eq!(events.last(), Some(&Event::EndOfJob));
    let value = |(value, bytes): (crate::body::Value, Vec<u8>)| {
        assert!(matches!(value.kind, Kind::String | Kind::File) && !value.replaces);
        let text = String::from_utf8(bytes).unwrap();
        (value.leaf.index(), value.kind == Kind::File, text)
    };
    Ok(Recorder { events }.values().into_iter().map(value).collect())
}

/// The body up to, and without, the last delimiter.
fn parts<'a>(parts: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    let part = |(headers, content)| format!("--{BOUNDARY}\r\n{headers}\r\n\r\n{content}\r\n");
    parts.into_iter().map(part).collect()
}

fn end() -> String {
    format!("--{BOUNDARY}--\r\n")
}

/// A form of these parts.
fn form<'a>(all: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    parts(all) + &end()
}

/// The header of a text field.
fn field(name: &str) -> String {
    format!("Content-Disposition: form-data; name=\"{name}\"")
}

const INPUT: &str = "Content-Disposition: form-data; name=\"input\"";
const FILE: &str = "Content-Disposition: form-data; name=\"x\"; filename=\"a\"";

fn text(text: &str) -> Result<Vec<(usize, bool, String)>, Malformed> {
    Ok(vec![(0, false, text.to_owned())])
}

fn audio(audio: &str) -> Result<Vec<(usize, bool, String)>, Malformed> {
    Ok(vec![(1, true, audio.to_owned())])
}

#[wasm_bindgen_test(unsupported = test)]
fn fields_and_files_are_told_by_name() {
    let file = "content-disposition: form-data; name=ref; filename=\"C:\\a; b.wav\"\r\n\
                Content-Type: audio/wav; codecs=\"1, 2\"\r\nContent-Length: 4\r\nX-Other: 1";
    let files = "Content-Disposition: form-data;name=\"files[]\";filename=\"\u{4f60}\"";
    let all = [(INPUT, "hi"), (&field("other"), "x"), (file, "\r\n--"), (files, ""), (files, "b")];
    let expected = [(0, false, "hi"), (1, true, "\r\n--"), (2, true, ""), (2, true, "b")];
    let expected = expected.map(|(leaf, is_file, text)| (leaf, is_file, text.to_owned()));
    assert_eq!(read(form(all)), Ok(expected.to_vec()));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_form_may_have_no_fields() {
    assert_eq!(read(""), Ok(Vec::new()));
    assert_eq!(read(end()), Ok(Vec::new()));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_text_that_matters_is_utf_8() {
    let body =
        |name: &str| [parts([(&*field(name), "ab\0")]).as_bytes(), end().as_bytes()].concat();
    let broken = |name| body(name).into_iter().map(|it| if it == 0 { 0xff } else { it });
    let (events, error) = read_all(&broken("input").collect::<Vec<_>>());
    assert_eq!(events.last(), Some(&Event::Bytes(b"ab".to_vec())));
    let start = body("input").iter().position(|it| *it == 0).unwrap();
    assert_eq!(error, Err(BodyError { what: Malformed::NotUtf8, offset: start as u64 }));
    assert_eq!(read_all(&broken("other").collect::<Vec<_>>()).1, Ok(()));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_repeated_field_is_refused() {
    assert_eq!(read(form([(INPUT, "a"), (INPUT, "b")])), Err(Malformed::DuplicateField));
    assert_eq!(read(form([(&*field("_charset_"), "utf-16")])), Err(Malformed::CharsetField));
}

#[wasm_bindgen_test(unsupported = test)]
fn where_the_last_counts_a_repeated_field_replaces() {
    let form = form([(INPUT, "a"), (INPUT, "b")]);
    let content_type = content_type();
    let mut parser =
        Multipart::new(content_type.as_bytes(), tree(), DuplicateKeys::LastWins).unwrap();
    let mut recorder = Recorder::default();
    parser.feed(form.as_bytes(), &mut recorder).unwrap();
    let replaces: Vec<bool> = recorder.values().iter().map(|it| it.0.replaces).collect();
    assert_eq!(replaces, [false, true]);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_recording_under_an_unknown_name_is_a_reference() {
    for audio_bytes in ["RIFF\0\0\0\0WAVEfmt 0123456789", "fLaC", "OggS", "ID3\x04", "abcdftypM4A "]
    {
        assert_eq!(read(form([(FILE, audio_bytes)])), audio(audio_bytes));
    }
    let typed = format!("{FILE}\r\nContent-Type: Audio/L16");
    assert_eq!(read(form([(&*typed, "")])), audio(""));
    assert_eq!(read(form([(&*typed, "12")])), audio("12"));
    for other in ["", "a", "RIFF\0\0\0\0AVI LIST0123456789", "{\"a\": 1}                "] {
        assert_eq!(read(form([(FILE, other)])), Ok(Vec::new()));
    }
    let (begin, end) = (parts([(FILE, "")]), end());
    let body = [begin.trim_end().as_bytes(), b"\r\n\r\n\xff\xfb\x90\r\n", end.as_bytes()];
    let (events, end) = read_all(&body.concat());
    assert_eq!((&events[1], end), (&Event::Bytes(b"\xff\xfb\x90".to_vec()), Ok(())));
}

#[wasm_bindgen_test(unsupported = test)]
fn unknown_files_say_nothing_where_no_reference_can_be() {
    let mut tree = FieldTree::new();
    tree.add("/input", Field::Text).unwrap();
    let content_type = content_type();
    let form_parser = Multipart::new(content_type.as_bytes(), Rc::new(tree), DuplicateKeys::Deny);
    let (mut parser, mut recorder) = (form_parser.unwrap(), Recorder::default());
    parser.feed(form([(FILE, "fLaC")]).as_bytes(), &mut recorder).unwrap();
    assert_eq!(recorder.events, []);
}

#[cfg(not(target_arch = "wasm32"))]
mod properties {
    use proptest::prelude::*;

    use super::*;

    fn content() -> impl Strategy<Value = String> {
        let pieces = prop_oneof![
            Just("\r\n"),
            Just("\r"),
            Just("\n"),
            Just("--"),
            Just("-"),
            Just("----WebKitForm"),
            Just("\r\n------WebKitFormBoundary7MA4YWxkTrZu0g"),
            Just("a"),
            Just("你"),
            Just("fLaC"),
        ];
        prop::collection::vec(pieces, 0..8).prop_map(|it| it.concat())
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(contents in prop::collection::vec(content(), 0..5), size in 1_usize..80) {
            let header = "Content-Disposition: form-data; name=\"files\"; filename=\"f\"";
            let body = form(contents.iter().map(|it| (header, &**it)));
            let (events, end) = read_split(body.as_bytes(), size);
            prop_assert_eq!(end, Ok(()));
            let read: Vec<_> = Recorder { events }.values().into_iter().map(|it| it.1).collect();
            let written: Vec<_> = contents.into_iter().map(String::into_bytes).collect();
            prop_assert_eq!(read, written);
        }

        #[test]
        fn any_split_of_a_broken_form_gives_the_same(
            content in content(),
            at in any::<prop::sample::Index>(),
            byte in prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'-'), Just(b'"'), Just(0xff), any::<u8>()],
            size in 1_usize..80,
        ) {
            let mut body = form([(INPUT, &*content), (FILE, &*content)]).into_bytes();
            let at = at.index(body.len());
            body[at] = byte;
            prop_assert_eq!(read_split(&body, size), read_split(&body, usize::MAX));
            body.remove(at);
            prop_assert_eq!(read_split(&body, size), read_split(&body, usize::MAX));
        }
    }
}
