//! One gRPC method, to see gRPC requests pass or be refused: it answers each message with itself
//! and `grpc-status: 0` (gRPC over HTTP/2, "Responses").

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use http_body::Frame;
use http_body_util::StreamBody;
use std::convert::Infallible;

/// Its path.
pub(super) const PATH: &str = "/voxgate.testbed.v1.Speech/Speak";

pub(super) async fn speak(headers: HeaderMap, messages: Bytes) -> Response {
    let kind = headers.get(header::CONTENT_TYPE);
    if !kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc")) {
        return StatusCode::UNSUPPORTED_MEDIA_TYPE.into_response();
    }
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    let frames = [Ok::<_, Infallible>(Frame::data(messages)), Ok(Frame::trailers(trailers))];
    let body = Body::new(StreamBody::new(futures_util::stream::iter(frames)));
    ([(header::CONTENT_TYPE, "application/grpc")], body).into_response()
}
