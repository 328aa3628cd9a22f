//! HTTP requests of the plugin's own, through one of Envoy's clusters.

use std::marker::PhantomData;
use std::time::Duration;

use proxy_wasm::hostcalls;
use proxy_wasm::types::{BufferType, MapType, Status};

use crate::body::pieces;
use crate::headers::{check_name, check_value};

/// The most bytes of an answer that [`CallResponse::pieces`] has in the VM at once.
const CALL_PIECE: usize = 64 * 1024;

/// Names one call among those of its plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub(crate) u32);

/// A GET request.
#[derive(Clone, Copy, Debug)]
pub struct HttpCall<'a> {
    /// An Envoy cluster, in Istio `outbound|8080||keys.auth.svc.cluster.local`.
    pub cluster: &'a str,
    /// `:authority`.
    pub authority: &'a str,
    /// `:path`, with its query.
    pub path: &'a str,
    /// `http` or `https`, as the server is meant to see it; the cluster decides about TLS.
    pub scheme: &'a str,
    /// When to give up. Less than a millisecond counts as one: Envoy takes zero for "never".
    pub timeout: Duration,
    /// Further headers, in lower case.
    pub headers: &'a [(&'a str, &'a str)],
}

/// Why a call was not sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Envoy has no such cluster now.
    #[error(
        "the proxy has no cluster {0:?}; in a mesh, check that its host is in the sidecar's scope"
    )]
    UnknownCluster(String),
    /// Envoy could not send it.
    #[error("the proxy could not send a request to cluster {0:?}")]
    NotSent(String),
    /// A header, the path or the authority holds what no header may hold.
    #[error("{0:?} cannot be sent as a header")]
    Malformed(String),
}

impl HttpCall<'_> {
    pub(crate) fn send(&self) -> Result<CallId, CallError> {
        let mut headers = vec![
            (":method", "GET"),
            (":scheme", self.scheme),
            (":authority", self.authority),
            (":path", self.path),
        ];
        for (name, _) in self.headers {
            check_name(name).map_err(|_| CallError::Malformed((*name).to_owned()))?;
        }
        headers.extend_from_slice(self.headers);
        for (name, value) in &headers {
            check_value(value.as_bytes()).map_err(|_| CallError::Malformed((*name).to_owned()))?;
        }
        // The host reads the time as a signed number of milliseconds.
        let longest = Duration::from_millis(i32::MAX as u64);
        let timeout = self.timeout.clamp(Duration::from_millis(1), longest);
        hostcalls::dispatch_http_call(self.cluster, headers, None, Vec::new(), timeout)
            .map(CallId)
            .map_err(|status| match status {
                Status::BadArgument => CallError::UnknownCluster(self.cluster.to_owned()),
                _ => CallError::NotSent(self.cluster.to_owned()),
            })
    }
}

/// What came of a call; readable in [`Plugin::on_call_response`](crate::Plugin::on_call_response)
/// only.
#[derive(Debug)]
pub struct CallResponse<'a> {
    headers: Vec<(String, Vec<u8>)>,
    body_size: usize,
    phase: PhantomData<&'a ()>,
}

/// A body larger than is worth reading; it was not copied into the VM.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the response body has {size} bytes; {limit} are allowed")]
pub struct TooLarge {
    /// Its size in bytes.
    pub size: usize,
    /// What was allowed, in bytes.
    pub limit: usize,
}

impl CallResponse<'_> {
    pub(crate) fn new(headers: usize, body_size: usize) -> Self {
        // The map as a whole: without a response, to read a single header would be a wrong phase.
        let headers = match headers {
            0 => Vec::new(),
            _ => hostcalls::get_map_bytes(MapType::HttpCallResponseHeaders).unwrap_or_default(),
        };
        Self { headers, body_size, phase: PhantomData }
    }

    /// The status code. `None`: there was no response, the connection failed or broke. A time-out,
    /// or a cluster without a healthy host, is Envoy's own `504` or `503`.
    pub fn status(&self) -> Option<u16> {
        std::str::from_utf8(self.header(":status")?).ok()?.parse().ok()
    }

    /// The first value of a header, its name in lower case.
    pub fn header(&self, name: &str) -> Option<&[u8]> {
        let (_, value) = self.headers.iter().find(|(key, _)| key == name)?;
        Some(value)
    }

    /// Bytes of the body, as the host tells them. What [`pieces`](Self::pieces) gives may be less, if
    /// the host then has less.
    pub fn body_size(&self) -> usize {
        self.body_size
    }

    /// The body.
    ///
    /// # Errors
    /// [`TooLarge`], if it has more than `limit` bytes.
    pub fn body(&self, limit: usize) -> Result<Vec<u8>, TooLarge> {
        self.check_size(limit)?;
        // Ok, or NotFound if there is none; other statuses are for offsets past the end.
        let body = hostcalls::get_buffer(BufferType::HttpCallResponseBody, 0, self.body_size);
        Ok(body.ok().flatten().unwrap_or_default())
    }

    /// The body in pieces of at most 64 KiB, each copied into the VM when it is asked for, so that
    /// a large document never stands there whole. (Envoy itself has it whole, and takes no more than
    /// its buffer limit for HTTP clients.)
    ///
    /// # Errors
    /// [`TooLarge`], if it has more than `limit` bytes.
    pub fn pieces(&self, limit: usize) -> Result<impl Iterator<Item = Vec<u8>>, TooLarge> {
        self.check_size(limit)?;
        Ok(pieces(BufferType::HttpCallResponseBody, 0, self.body_size, CALL_PIECE))
    }

    fn check_size(&self, limit: usize) -> Result<(), TooLarge> {
        match self.body_size {
            size if size > limit => Err(TooLarge { size, limit }),
            _ => Ok(()),
        }
    }
}
