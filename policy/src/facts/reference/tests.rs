use ::base64::Engine;
use ::base64::engine::general_purpose::STANDARD;
use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::testing::audio::mp3;

fn read(mut reader: SourceReader, text: &str) -> String {
    text.as_bytes().chunks(3).for_each(|it| reader.feed(it));
    match reader.finish() {
        Source::None => "none".to_owned(),
        Source::Inline(audio) => format!("inline {}", audio.bytes),
        Source::Name(name) => format!("name {name:?}"),
        Source::Url(target) => {
            let target = target.expect("it has ended");
            let ambiguous = if target.is_ambiguous { " ambiguous" } else { "" };
            format!("url {}{ambiguous}", target.host.unwrap_or_default())
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_recording_is_base64_or_a_url() {
    for (text, expected) in [
        ("", "none"),
        (" \n", "none"),
        ("YWJj", "inline 3"),
        (" YWJj\n", "inline 3"),
        ("data:audio/wav;base64,YWJj", "inline 3"),
        ("DATA:,abc", "inline 3"),
        ("/etc/passwd", "inline 8"),
        ("./me.wav", "inline 8"),
        ("me.wav", "inline 6"),
        ("你好", "inline 6"),
        ("https://a.example/x", "url a.example"),
        ("HTTP://a.example/x", "url a.example"),
        ("x-y+z.1:abc", "url "),
        ("://a.example/", "url a.example"),
        ("//a.example/x", "url a.example"),
        ("\\\\a.example\\x", "url "),
        (" https://a.example/", "url a.example ambiguous"),
        ("\u{a0}https://a.example/", "url a.example ambiguous"),
        ("\0https://a.example/", "url a.example ambiguous"),
        ("ht\ntps://a.example/", "url a.example ambiguous"),
    ] {
        let (kind, _) = expected.split_once(' ').unwrap_or((expected, ""));
        let told = read(SourceReader::recording(false), text);
        // What a path decodes to is nobody's business, but that it is brought is.
        let is_path = text.starts_with('/') && kind == "inline";
        assert!(told == expected || is_path && told.starts_with(kind), "{text:?}: {told}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_base64_of_an_mp3_is_no_url_though_it_begins_with_two_slashes() {
    let text = STANDARD.encode(mp3(3));
    assert!(text.starts_with("//"));
    assert_eq!(read(SourceReader::recording(false), &text), format!("inline {}", 3 * 417));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_voice_is_a_name_unless_it_can_be_fetched_or_is_a_recording() {
    let long = "x".repeat(257);
    for (text, expected) in [
        ("", "none"),
        ("alloy", "name Some(\"alloy\")"),
        ("晓晓", "name Some(\"晓晓\")"),
        ("speech:me:1:2", "name Some(\"speech:me:1:2\")"),
        ("a/b:c", "name Some(\"a/b:c\")"),
        ("C:\\me.wav", "name Some(\"C:\\\\me.wav\")"),
        ("/srv/me.wav", "name Some(\"/srv/me.wav\")"),
        (&long, "name None"),
        ("data:audio/wav;base64,YWJj", "inline 3"),
        ("https://a.example/x", "url a.example"),
        ("s3://a.example/x", "url a.example"),
        ("//a.example/x", "url a.example"),
        ("file:/etc/passwd", "url "),
        (" http:a", "url "),
    ] {
        assert_eq!(read(SourceReader::voice(false), text), expected, "{text:?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_recording_is_brought_from_its_first_bytes() {
    let mut reader = SourceReader::recording(false);
    reader.feed(&[b'A'; 64]);
    assert!(matches!(reader.so_far(), Source::Inline(InlineAudio { bytes: 48, .. })));
    let mut reader = SourceReader::recording(false);
    reader.feed(b"h");
    assert_eq!(reader.so_far(), Source::Inline(InlineAudio::default()));
    reader.feed(b"ttps:");
    assert_eq!(reader.so_far(), Source::Url(None));
    let mut reader = SourceReader::voice(false);
    reader.feed(&[b'a'; 300]);
    assert_eq!(reader.so_far(), Source::Name(None));
}

#[wasm_bindgen_test(unsupported = test)]
fn an_empty_file_is_none() {
    assert_eq!(SourceReader::file(true).finish(), Source::None);
}
