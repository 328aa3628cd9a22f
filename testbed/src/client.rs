//! A real HTTP client of which a test controls every header.
//!
//! HTTP/1.1 and HTTP/2 (without TLS, by prior knowledge), repeated headers, odd bytes in values,
//! paths sent as written. What HTTP forbids altogether is sent by [`raw`].

mod flood;
mod leave;
mod payload;
pub mod raw;
mod request;
mod response;
#[cfg(feature = "mutual-tls")]
mod tunnel;
mod websocket;

pub use flood::flood;
pub use leave::{Leave, Left};
pub use request::Request;
pub use response::{Response, Streaming};
#[cfg(feature = "mutual-tls")]
pub use tunnel::Tunnel;
pub use websocket::{Upgrade, WebSocket};

use bytes::Bytes;
use http::StatusCode;
use http_body_util::combinators::UnsyncBoxBody;
use hyper_util::client::legacy;
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::net::{TcpSocket, TcpStream};

/// A client of one server; clones share its connections.
#[derive(Debug, Clone)]
pub struct Client {
    address: SocketAddr,
    http2: bool,
    pool: legacy::Client<Connector, Body>,
}

/// How much a client lets come that it has not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Room {
    /// As much as its libraries do.
    Ample,
    /// As little as they can.
    Scant,
}

/// A request's body, with or without trailers.
type Body = UnsyncBoxBody<Bytes, std::convert::Infallible>;

/// Why no response came.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// No connection, or it ended before the response did.
    #[error("{}", chain(.0))]
    Http(#[from] legacy::Error),
    /// The body ended too early or was malformed.
    #[error("the response broke off: {}", chain(.0))]
    Body(#[from] hyper::Error),
    /// A stream of HTTP/2 was reset before its end, by a code that says of no error: `NO_ERROR` or
    /// `CANCEL`. hyper takes that for an end.
    #[error("the response was reset before its end, without an error")]
    Reset,
    /// The request cannot be written as asked.
    #[error("no valid request: {0}")]
    Request(#[from] http::Error),
    /// Nothing came for this long.
    #[error("no answer within {0:?}")]
    TimedOut(Duration),
    /// An answer came before the client could leave.
    #[error("there was an answer ({status}) before the client could leave")]
    Stayed {
        /// Its status.
        status: StatusCode,
    },
    /// The connection failed.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The server speaks no WebSocket, or not correctly.
    #[error("WebSocket: {0}")]
    WebSocket(#[from] Box<tokio_tungstenite::tungstenite::Error>),
}

// === impl Client ===

impl Client {
    /// A client that speaks HTTP/1.1.
    pub fn http1(address: SocketAddr) -> Self {
        Self::new(address, false, Room::Ample)
    }

    /// A client that speaks HTTP/2 without TLS.
    pub fn http2(address: SocketAddr) -> Self {
        Self::new(address, true, Room::Ample)
    }

    /// A client like this one, with connections of its own, that lets little come which it has not
    /// read: a small buffer of its socket, and windows of 64 KB. What it does not read stays with
    /// the server.
    pub fn scant(&self) -> Self {
        Self::new(self.address, self.http2, Room::Scant)
    }

    /// One client of each protocol, with its name: for tests that must hold for both.
    pub fn both(address: SocketAddr) -> [(&'static str, Self); 2] {
        [("HTTP/1.1", Self::http1(address)), ("HTTP/2", Self::http2(address))]
    }

    fn new(address: SocketAddr, http2: bool, room: Room) -> Self {
        let mut builder = legacy::Client::builder(TokioExecutor::new());
        builder.http2_only(http2).http2_max_header_list_size(1 << 20);
        if room == Room::Scant {
            // The least of HTTP/2 before its settings are agreed upon (RFC 9113 §6.9.2).
            builder.http2_initial_stream_window_size(65_535);
            builder.http2_initial_connection_window_size(65_535);
        }
        let pool = builder.build(Connector { address, room });
        Self { address, http2, pool }
    }

    /// A request with this method; `path` is sent as written, with its query.
    pub fn request(&self, method: &str, path: &str) -> Request {
        Request::new(self.clone(), method, path)
    }

    /// A GET request.
    pub fn get(&self, path: &str) -> Request {
        self.request("GET", path)
    }

    /// A POST request.
    pub fn post(&self, path: &str) -> Request {
        self.request("POST", path)
    }

    /// A gRPC request that carries one message.
    pub fn grpc(&self, path: &str, message: &[u8]) -> Request {
        let length = u32::try_from(message.len()).expect("a small message").to_be_bytes();
        let frame = [&[0], &length[..], message].concat();
        self.post(path)
            .header("content-type", "application/grpc")
            .header("te", "trailers")
            .body(frame)
    }
}

/// Connects to one address, whatever the request's authority says.
#[derive(Debug, Clone)]
struct Connector {
    address: SocketAddr,
    room: Room,
}

impl tower_service::Service<http::Uri> for Connector {
    type Response = TokioIo<TcpStream>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: http::Uri) -> Self::Future {
        let Self { address, room } = *self;
        Box::pin(async move {
            let socket = TcpSocket::new_v4()?;
            if room == Room::Scant {
                socket.set_recv_buffer_size(4096)?;
            }
            let stream = socket.connect(address).await?;
            stream.set_nodelay(true)?;
            Ok(TokioIo::new(stream))
        })
    }
}

/// A wait with an end.
async fn within<T>(timeout: Duration, work: impl Future<Output = T>) -> Result<T, ClientError> {
    tokio::time::timeout(timeout, work).await.map_err(|_| ClientError::TimedOut(timeout))
}

/// An error with its causes; hyper's own text says only "client error (SendRequest)".
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

#[cfg(test)]
mod tests;
