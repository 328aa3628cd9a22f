//! A client's connection, of which wake-ups and bytes are counted.

use super::pace::Wanted;
use super::service::WANTED;
use super::sound::{Moment, length};
use anyhow::{Result, ensure};
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

/// Nothing here takes so long.
const TIMEOUT: Duration = Duration::from_secs(60);

/// What a listener speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP/1.1.
    Http1,
    /// HTTP/2 without TLS.
    Http2,
}

/// A connection that stays open, with one stream at a time.
pub(super) struct Connection {
    sender: Sender,
    counts: Arc<Counts>,
    token: Option<String>,
}

/// One stream as it came.
#[derive(Debug, Clone)]
pub(super) struct Received {
    pub wanted: Wanted,
    pub sent: Moment,
    pub bytes: Vec<u8>,
    /// When the client had how many bytes; one for each frame of HTTP/2, chunk of HTTP/1.1.
    pub arrivals: Vec<(Moment, usize)>,
    /// How often the client waited for its connection and something came: it was woken.
    pub wakes: u64,
    /// Bytes on the wire, headers and framing included.
    pub wire_bytes: u64,
}

enum Sender {
    Http1(http1::SendRequest<Full<Bytes>>),
    Http2(http2::SendRequest<Full<Bytes>>),
}

#[derive(Debug, Default)]
struct Counts {
    /// Reads that brought something when the one before had found nothing. Others only had no room for
    /// all that was there.
    wakes: AtomicU64,
    bytes: AtomicU64,
    waits: AtomicBool,
}

struct Counted {
    inner: TcpStream,
    counts: Arc<Counts>,
}

// === impl Protocol ===

impl Protocol {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Http1, Self::Http2];

    /// As the field calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Http1 => "HTTP/1.1",
            Self::Http2 => "HTTP/2",
        }
    }
}

// === impl Connection ===

impl Connection {
    pub async fn open(
        address: SocketAddr,
        protocol: Protocol,
        token: Option<String>,
    ) -> Result<Self> {
        let inner = TcpStream::connect(address).await?;
        inner.set_nodelay(true)?;
        let counts = Arc::<Counts>::default();
        let io = TokioIo::new(Counted { inner, counts: Arc::clone(&counts) });
        let sender = match protocol {
            Protocol::Http1 => {
                let (sender, connection) = http1::handshake(io).await?;
                tokio::spawn(connection);
                Sender::Http1(sender)
            }
            Protocol::Http2 => {
                let (sender, connection) = http2::handshake(TokioExecutor::new(), io).await?;
                tokio::spawn(connection);
                Sender::Http2(sender)
            }
        };
        Ok(Self { sender, counts, token })
    }

    pub async fn listen(&mut self, wanted: Wanted) -> Result<Received> {
        tokio::time::timeout(TIMEOUT, self.stream(wanted)).await?
    }

    async fn stream(&mut self, wanted: Wanted) -> Result<Received> {
        let request = self.request(&wanted)?;
        let (wakes, bytes) = self.counts.now();
        let sent = Moment::now();
        let response = match &mut self.sender {
            Sender::Http1(sender) => {
                sender.ready().await?;
                sender.send_request(request).await?
            }
            Sender::Http2(sender) => {
                sender.ready().await?;
                sender.send_request(request).await?
            }
        };
        ensure!(response.status() == 200, "{response:?}");
        let mut body = response.into_body();
        let mut received = Received {
            wanted,
            sent,
            bytes: Vec::with_capacity(length(&wanted)),
            arrivals: Vec::new(),
            wakes: 0,
            wire_bytes: 0,
        };
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame?.into_data() else { continue };
            if data.is_empty() {
                continue;
            }
            received.bytes.extend_from_slice(&data);
            received.arrivals.push((Moment::now(), received.bytes.len()));
        }
        ensure!(
            received.bytes.len() == length(&wanted),
            "{} bytes instead of {}",
            received.bytes.len(),
            length(&wanted)
        );
        let (wakes_now, bytes_now) = self.counts.now();
        received.wakes = wakes_now - wakes;
        received.wire_bytes = bytes_now - bytes;
        Ok(received)
    }

    fn request(&self, wanted: &Wanted) -> Result<Request<Full<Bytes>>> {
        let (uri, host) = match self.sender {
            Sender::Http1(_) => ("/v1/audio/speech", Some("speech.test")),
            Sender::Http2(_) => ("http://speech.test/v1/audio/speech", None),
        };
        let mut request = Request::post(uri)
            .header("content-type", "application/json")
            .header(WANTED, serde_json::to_string(wanted)?);
        if let Some(host) = host {
            request = request.header("host", host);
        }
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let body = r#"{"model":"tts-1","voice":"alloy","input":"Twenty letters, yes.","response_format":"wav"}"#;
        Ok(request.body(Full::new(Bytes::from_static(body.as_bytes())))?)
    }
}

// === impl Counts ===

impl Counts {
    fn now(&self) -> (u64, u64) {
        (self.wakes.load(Ordering::Relaxed), self.bytes.load(Ordering::Relaxed))
    }
}

// === impl Counted ===

impl AsyncRead for Counted {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let polled = Pin::new(&mut self.inner).poll_read(context, buffer);
        let read = buffer.filled().len() - before;
        let has_waited = self.counts.waits.swap(polled.is_pending(), Ordering::Relaxed);
        if read > 0 {
            self.counts.wakes.fetch_add(has_waited.into(), Ordering::Relaxed);
            self.counts.bytes.fetch_add(read as u64, Ordering::Relaxed);
        }
        polled
    }
}

impl AsyncWrite for Counted {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}
