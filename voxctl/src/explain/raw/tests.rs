//! What of a file is the body.

use super::{ChunkError, RawError, from_raw};
use crate::explain::RequestBody;

fn given(bytes: &[u8]) -> Result<RequestBody, RawError> {
    Ok(RequestBody::Given(bytes.to_vec()))
}

fn body_of(headers: &str, after: &str) -> Result<RequestBody, RawError> {
    let raw = format!("POST /tts HTTP/1.1\r\nhost: a\r\n{headers}\r\n{after}");
    from_raw(raw.as_bytes()).map(|it| it.body)
}

#[test]
fn all_that_follows_is_the_body_but_the_line_break_of_an_editor() {
    assert_eq!(body_of("", "{\"a\": 1}"), given(b"{\"a\": 1}"));
    assert_eq!(body_of("", "{\"a\":\n1}\n"), given(b"{\"a\":\n1}"));
    assert_eq!(body_of("", "a=b\r\n"), given(b"a=b"));
    assert_eq!(body_of("", "a\n\n"), given(b"a\n"));
}

#[test]
fn a_body_without_a_length_gets_one() {
    let request = from_raw(b"POST /tts HTTP/1.1\nhost: a\n\nhello\n").unwrap();
    assert_eq!(request.head.only("content-length"), Ok(Some(&b"5"[..])));
}

#[test]
fn a_length_is_kept_to() {
    assert_eq!(body_of("Content-Length: 5\r\n", "hello"), given(b"hello"));
    assert_eq!(body_of("Content-Length: 5\r\n", "hello\r\n"), given(b"hello"));
    assert_eq!(body_of("Content-Length: 6\r\n", "hello\n"), given(b"hello\n"));
    assert_eq!(body_of("Content-Length: 0\r\n", "\n"), Ok(RequestBody::Absent));
}

#[test]
fn a_length_that_is_not_the_bodys_is_an_error() {
    let length = |said, found| Err(RawError::Length { said, found });
    assert_eq!(body_of("Content-Length: 6\r\n", "hello"), length(6, 5));
    assert_eq!(body_of("Content-Length: 4\r\n", "hello"), length(4, 5));
    assert_eq!(body_of("Content-Length: 0\r\n", "hello"), length(0, 5));
    for wrong in ["-1", "five", "5, 5", "18446744073709551616"] {
        let header = format!("Content-Length: {wrong}\r\n");
        assert_eq!(body_of(&header, "hello"), Err(RawError::ContentLength), "{wrong}");
    }
    let twice = "Content-Length: 5\r\ncontent-length: 5\r\n";
    assert_eq!(body_of(twice, "hello"), Err(RawError::ContentLength));
}

#[test]
fn a_head_alone_may_have_had_a_body() {
    assert_eq!(body_of("", ""), Ok(RequestBody::Absent));
    assert_eq!(body_of("", "\r\n"), Ok(RequestBody::Absent));
    for told in ["content-type: text/plain", "content-length: 3", "transfer-encoding: chunked"] {
        assert_eq!(body_of(&format!("{told}\r\n"), ""), Ok(RequestBody::NotGiven), "{told}");
        let cut = format!("POST /tts HTTP/1.1\n{told}");
        assert_eq!(from_raw(cut.as_bytes()).unwrap().body, RequestBody::NotGiven, "{told}");
    }
}

#[test]
fn chunks_are_put_together() {
    let chunked = |after: &str| body_of("Transfer-Encoding: Chunked\r\n", after);
    assert_eq!(chunked("5\r\nhello\r\n0\r\n\r\n"), given(b"hello"));
    assert_eq!(
        chunked("5;x=y\r\nhel\r\n\r\nA \r\n0123456789\r\n00\r\nt: v\r\n\r\n"),
        given(b"hel\r\n0123456789")
    );
    assert_eq!(chunked("2\nhe\n3\nllo\n0\n"), given(b"hello"));
    assert_eq!(chunked("0\r\n\r\n"), given(b""));
}

#[test]
fn what_is_not_in_chunks_is_an_error() {
    let broken = |after: &str| match body_of("transfer-encoding: chunked\r\n", after) {
        Err(RawError::Chunks(error)) => error,
        other => panic!("{other:?}"),
    };
    assert_eq!(broken("{}\r\n"), ChunkError::Size(0));
    assert_eq!(broken("+2\r\nab\r\n0\r\n"), ChunkError::Size(0));
    assert_eq!(broken("2\r\nab\r\nx\r\n"), ChunkError::Size(7));
    assert_eq!(broken("2\r\nabc\r\n0\r\n"), ChunkError::TooLong(5));
    assert_eq!(broken("ffffffffffffffff\r\nab\r\n"), ChunkError::Size(0));
    for cut in ["5\r\nhel", "5\r\nhello", "5\r\nhello\r\n", "5"] {
        assert_eq!(broken(cut), ChunkError::Truncated, "{cut:?}");
    }
}

#[test]
fn other_codings_and_two_lengths_are_refused() {
    let coding = "transfer-encoding: gzip, chunked\r\n";
    assert_eq!(body_of(coding, "x"), Err(RawError::TransferEncoding));
    let both = "transfer-encoding: chunked\r\ncontent-length: 1\r\n";
    assert_eq!(body_of(both, "0\r\n\r\n"), Err(RawError::TwoLengths));
}
