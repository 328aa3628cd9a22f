//! What must not happen to a stream on its way, said in its headers.

#[cfg(test)]
mod tests;

use std::borrow::Cow;

use crate::spec::ProtectSpec;

/// What is known of a response's headers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Headers<'a> {
    /// The status.
    pub status: u16,
    /// `content-type`; empty if there is none.
    pub content_type: &'a [u8],
    /// Whether there is a `content-length`.
    pub has_length: bool,
    /// `cache-control`.
    pub cache_control: Option<&'a [u8]>,
    /// `x-accel-buffering`.
    pub accel_buffering: Option<&'a [u8]>,
}

/// A header to set, instead of one that there may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// In lower case.
    pub name: &'static str,
    /// Its value.
    pub value: Cow<'static, [u8]>,
}

/// `Server-Timing`, in which a client is told what stages took.
pub const SERVER_TIMING: &str = "server-timing";

const NO_TRANSFORM: &[u8] = b"no-transform";

/// Media types whose bodies are streams, whatever their length.
const STREAMS: [&[u8]; 6] = [
    b"text/event-stream",
    b"application/x-ndjson",
    b"application/ndjson",
    b"application/jsonl",
    b"application/x-jsonlines",
    b"multipart/x-mixed-replace",
];

/// Whether a response is a stream: a success that is audio, video, events, lines or gRPC, or bytes of
/// unknown length.
pub fn is_stream(headers: &Headers<'_>) -> bool {
    if !(200..300).contains(&headers.status) {
        return false;
    }
    let end = headers.content_type.iter().position(|it| matches!(it, b';' | b','));
    let name = headers.content_type.get(..end.unwrap_or(headers.content_type.len()));
    let name = name.unwrap_or_default().trim_ascii().to_ascii_lowercase();
    let begins = |prefix: &[u8]| name.starts_with(prefix);
    begins(b"audio/")
        || begins(b"video/")
        || name == b"application/ogg"
        || begins(b"application/grpc")
        || STREAMS.contains(&name.as_slice())
        || (name == b"application/octet-stream" && !headers.has_length)
}

/// What the headers of a stream are changed to.
pub fn on_response(spec: &ProtectSpec, headers: &Headers<'_>) -> Vec<Change> {
    let mut changes = Vec::new();
    if spec.no_transform {
        changes.extend(no_transform(headers.cache_control));
    }
    let is_no = |it: &[u8]| it.trim_ascii().eq_ignore_ascii_case(b"no");
    if spec.no_accel_buffering && !headers.accel_buffering.is_some_and(is_no) {
        changes.push(Change { name: "x-accel-buffering", value: Cow::Borrowed(b"no") });
    }
    changes
}

/// What the headers of a request are changed to; `accept` is its `accept-encoding`. Without one nothing is
/// changed: no service encodes what nobody asked for, and each change costs Envoy its choice of a route.
pub fn on_request(
    spec: &ProtectSpec,
    operations: &[String],
    accept: Option<&[u8]>,
) -> Option<Change> {
    let accept = accept?.trim_ascii();
    let is_wanted = spec.identity_encoding
        && !accept.is_empty()
        && !accept.eq_ignore_ascii_case(b"identity")
        && operations.iter().any(|it| makes_audio(it));
    let value = Cow::Borrowed(b"identity".as_slice());
    is_wanted.then_some(Change { name: "accept-encoding", value })
}

/// Whether an operation answers with audio or video.
pub fn makes_audio(operation: &str) -> bool {
    operation.starts_with("tts.") || matches!(operation, "face.animate" | "video.generate")
}

/// `no-transform` behind what the service said (RFC 9111 §5.2.2.6), unless it said it itself.
fn no_transform(cache_control: Option<&[u8]>) -> Option<Change> {
    let said = cache_control.unwrap_or_default().trim_ascii();
    let mut is_quoted = false;
    let mut directives = said.split(|it| {
        is_quoted ^= *it == b'"';
        *it == b',' && !is_quoted
    });
    if directives.any(|it| it.trim_ascii().eq_ignore_ascii_case(NO_TRANSFORM)) {
        return None;
    }
    let value = match said {
        b"" => Cow::Borrowed(NO_TRANSFORM),
        said => Cow::Owned([said, b", ", NO_TRANSFORM].concat()),
    };
    Some(Change { name: "cache-control", value })
}
