//! A recording behind more than is held of any body.

use super::bodies::{BOUNDARY, Case, around, multipart, run};
use super::{assert_alive, assert_refused, policy};
use bytes::Bytes;
use std::time::Duration;
use voxgate_testbed::fixture::{Fixture, token};

const PADDING: usize = 60_000_000;

#[tokio::test]
async fn padding_hides_nothing() {
    let fixture = Fixture::of(policy()).start().await.unwrap();
    let form = multipart(&[("ref_audio", Some("me.wav"), b"RIFF....WAVE")]);
    let form = String::from_utf8(form).unwrap();
    let head = "--BOUNDARY\r\ncontent-disposition: form-data; name=\"pad\"\r\n\r\n"
        .replace("BOUNDARY", BOUNDARY);
    let kinds: Vec<(Case, Vec<Bytes>)> = vec![
        (
            Case::new("spaces", "/take/json", ""),
            around("", run(b' ', PADDING), r#"{"ref_audio":"AAAA"}"#),
        ),
        (
            Case::new("a member", "/take/json", ""),
            around(r#"{"pad":""#, run(b'x', PADDING), r#"","ref_audio":"AAAA"}"#),
        ),
        (
            Case::new("empty lines", "/take/jsonl", ""),
            around("", run(b'\n', PADDING), "{\"ref_audio\":\"AAAA\"}\n"),
        ),
        (
            Case::new("a field", "/take/form", ""),
            around("pad=", run(b'x', PADDING), "&ref_audio=AAAA"),
        ),
        (
            Case::new("a part", "/take/multipart", ""),
            around(&head, run(b'x', PADDING), &format!("\r\n{form}")),
        ),
    ];
    let basic = token("tts.basic");
    for (protocol, client) in fixture.both() {
        for (case, pieces) in &kinds {
            let length: usize = pieces.iter().map(Bytes::len).sum();
            for length in [Some(length), None] {
                let id = format!("{}, {length:?} bytes, over {protocol}", case.name);
                let head = case.head(&client).bearer(&basic).header("x-request-id", &id);
                let head = match length {
                    Some(length) => head.header("content-length", length.to_string()),
                    None => head,
                };
                let response = head.pieces(pieces.clone(), Duration::ZERO).send().await;
                let response = response.unwrap_or_else(|error| panic!("{id}: {error}"));
                assert_refused(&fixture, &response, (413, "body-too-large"), &id);
            }
        }
        assert_alive(&fixture, &client, protocol).await;
    }
    fixture.finish().await.unwrap();
}
