//! Answers made by the filter itself.

use proxy_wasm::hostcalls;
use proxy_wasm::types::{GrpcStatusCode, MapType};
use voxgate_policy::decision::{Answer, GrpcCode};

use crate::headers::check_value;

/// An answer instead of the upstream's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LocalReply {
    /// HTTP status, 200 to 599; anything else is sent as 500.
    pub status: u16,
    /// Response headers. `content-length` is Envoy's business.
    pub headers: Vec<(&'static str, String)>,
    /// The body for an HTTP client.
    pub body: Vec<u8>,
    /// What a gRPC client gets instead of status and body; Envoy percent-encodes the message.
    pub grpc: Option<(GrpcStatus, String)>,
}

impl LocalReply {
    /// Sends the reply. Only in a stream's request phase, and once: a second one hangs the stream
    /// (envoy#28826).
    pub(crate) fn send(&self) {
        // A CR or LF would end the header and start another; such a header is left out.
        let (sound, broken): (Vec<_>, Vec<_>) =
            self.headers.iter().partition(|(_, value)| check_value(value.as_bytes()).is_ok());
        for (name, _) in broken {
            log::warn!("left a malformed {name} header out of a reply");
        }
        // Both calls only know Ok: Envoy sends, or does nothing if the stream is gone.
        let _ = match &self.grpc {
            Some((status, message)) if is_grpc_to_envoy() => hostcalls::send_grpc_response(
                status.code(),
                Some(message),
                sound.iter().map(|(name, value)| (*name, value.as_bytes())).collect(),
            ),
            _ => hostcalls::send_http_response(
                match self.status {
                    status @ 200..=599 => status.into(),
                    _ => 500,
                },
                sound.iter().map(|(name, value)| (*name, value.as_str())).collect(),
                Some(&self.body),
            ),
        };
    }
}

impl From<Answer> for LocalReply {
    fn from(answer: Answer) -> Self {
        let Answer { status, grpc, www_authenticate, retry_after, detail, problem } = answer;
        let mut headers = vec![("content-type", "application/problem+json".to_owned())];
        headers.extend(www_authenticate.map(|it| ("www-authenticate", it)));
        headers.extend(retry_after.map(|it| ("retry-after", it.to_string())));
        Self { status, headers, body: problem, grpc: Some((grpc.into(), detail)) }
    }
}

/// Whether Envoy itself takes the request for gRPC: `application/grpc`, alone or followed by `+`.
///
/// It sends a gRPC reply to anything else as `200` with the message as its body: a denial that
/// looks like a success. So its own rule decides, not ours, which also allows parameters.
fn is_grpc_to_envoy() -> bool {
    // Sent from the request phase only, where the map is there: Ok or NotFound.
    let content_type =
        hostcalls::get_map_value_bytes(MapType::HttpRequestHeaders, "content-type").ok().flatten();
    content_type
        .as_deref()
        .and_then(|value| value.strip_prefix(b"application/grpc"))
        .is_some_and(|rest| matches!(rest.first(), None | Some(b'+')))
}

/// The gRPC statuses a decision can end in
/// (github.com/grpc/grpc/blob/master/doc/statuscodes.md).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GrpcStatus {
    /// 3: the request itself is wrong, whatever the state of the system.
    InvalidArgument,
    /// 4: the deadline passed.
    DeadlineExceeded,
    /// 7: known, but not allowed.
    PermissionDenied,
    /// 8: a quota is used up.
    ResourceExhausted,
    /// 12: the operation is not known.
    Unimplemented,
    /// 13: something is broken.
    Internal,
    /// 14: try again later.
    Unavailable,
    /// 16: no valid credentials.
    Unauthenticated,
}

impl From<GrpcCode> for GrpcStatus {
    fn from(code: GrpcCode) -> Self {
        match code {
            GrpcCode::InvalidArgument => Self::InvalidArgument,
            GrpcCode::DeadlineExceeded => Self::DeadlineExceeded,
            GrpcCode::PermissionDenied => Self::PermissionDenied,
            GrpcCode::ResourceExhausted => Self::ResourceExhausted,
            GrpcCode::Unavailable => Self::Unavailable,
            GrpcCode::Unauthenticated => Self::Unauthenticated,
        }
    }
}

impl GrpcStatus {
    fn code(self) -> GrpcStatusCode {
        match self {
            Self::InvalidArgument => GrpcStatusCode::InvalidArgument,
            Self::DeadlineExceeded => GrpcStatusCode::DeadlineExceeded,
            Self::PermissionDenied => GrpcStatusCode::PermissionDenied,
            Self::ResourceExhausted => GrpcStatusCode::ResourceExhausted,
            Self::Unimplemented => GrpcStatusCode::Unimplemented,
            Self::Internal => GrpcStatusCode::Internal,
            Self::Unavailable => GrpcStatusCode::Unavailable,
            Self::Unauthenticated => GrpcStatusCode::Unauthenticated,
        }
    }
}
