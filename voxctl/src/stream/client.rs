//! Requests a stream and tells when each part of it came.

use std::io::Read as _;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ureq::Agent;
use ureq::config::Config;
use ureq::tls::{RootCerts, TlsConfig};
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{ConnectionDetails, Connector, DefaultConnector, Transport};

use super::{Ask, StreamError, StreamUrl};

/// What bounds a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// For all of it.
    pub time: Duration,
    /// Of its body.
    pub bytes: u64,
}

/// What an answer says of itself before its body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// 2xx.
    pub status: u16,
    /// Empty if there is none.
    pub content_type: String,
    /// Empty if there is none.
    pub content_encoding: String,
    /// Of the body, if it is told.
    pub content_length: Option<u64>,
    /// How long it took to connect.
    pub connecting: Duration,
    /// When the request was sent, the connection being there.
    pub sent: Instant,
    /// When the headers were read.
    pub came: Instant,
}

/// Why nothing more comes.
#[derive(Debug)]
pub enum Over {
    /// It was complete.
    Complete,
    /// The time was up.
    Time,
    /// There were as many bytes as are read at most.
    Bytes,
    /// Nobody listens any more.
    Unheard,
    /// The connection broke, or what came was not HTTP.
    Broken(String),
}

/// Notes when the connection was there: what comes after is the service's time. Clones are one.
#[derive(Clone, Debug, Default)]
pub struct Connected(Arc<Mutex<Option<Instant>>>);

/// Of one reading of the socket, and so of one chunk as it is told. More than a socket's buffer has as
/// it is read promptly.
const READ: usize = 128 * 1024;

/// Of an answer that is no stream.
const MAX_ERROR: u64 = 64 * 1024;

/// Requests a stream; `heard` gets its head, then each part as it came with the moment it came,
/// and says when it has heard enough.
///
/// Each call for a part is one reading of the socket: what the peer, or the network, sent together.
///
/// # Errors
/// There is no answer, or its status is not 2xx.
pub fn request(
    ask: &Ask,
    url: &StreamUrl,
    bounds: Bounds,
    connected: &Connected,
    mut heard: impl FnMut(Heard) -> ControlFlow<()>,
) -> Result<Over, StreamError> {
    let agent = agent(url, bounds.time, connected);
    let began = Instant::now();
    let response = agent.run(ask.to(url));
    let response = response.map_err(|error| StreamError::unreachable(url, &error))?;
    let came = Instant::now();
    let sent = connected.at().unwrap_or(began);

    let status = response.status().as_u16();
    let text = |name: &str| {
        let value = response.headers().get(name).map(http::HeaderValue::as_bytes);
        value.map_or_else(String::new, |it| String::from_utf8_lossy(it).into_owned())
    };
    let head = Head {
        status,
        content_type: text("content-type"),
        content_encoding: text("content-encoding"),
        content_length: response.body().content_length(),
        connecting: sent.saturating_duration_since(began),
        sent,
        came,
    };
    let mut body = response.into_body().into_reader();
    if !(200..300).contains(&status) {
        let mut said = Vec::new();
        // What came before it broke off says more than nothing.
        let _ = body.take(MAX_ERROR).read_to_end(&mut said);
        return Err(StreamError::refused(url, status, &said));
    }
    if heard(Heard::Head(head)).is_break() {
        return Ok(Over::Unheard);
    }

    let mut left = bounds.bytes;
    let mut buffer = vec![0; READ];
    loop {
        match body.read(&mut buffer) {
            Ok(0) => return Ok(Over::Complete),
            Ok(length) => {
                let now = Instant::now();
                let length = length.min(usize::try_from(left).unwrap_or(usize::MAX));
                if heard(Heard::Part(now, buffer[..length].to_vec())).is_break() {
                    return Ok(Over::Unheard);
                }
                left -= length as u64;
                if left == 0 {
                    return Ok(Over::Bytes);
                }
            }
            Err(error) if is_timeout(&error) => return Ok(Over::Time),
            Err(error) => return Ok(Over::Broken(error.to_string())),
        }
    }
}

/// What is heard of a stream.
#[derive(Debug)]
pub enum Heard {
    /// It begins.
    Head(Head),
    /// So much came together.
    Part(Instant, Vec<u8>),
}

fn agent(url: &StreamUrl, time: Duration, connected: &Connected) -> Agent {
    let mut config = Config::builder()
        .http_status_as_error(false)
        .timeout_global(Some(time))
        .user_agent(concat!("voxctl/", env!("CARGO_PKG_VERSION")))
        // A token is for this host and no other.
        .max_redirects(0)
        .max_redirects_will_error(false)
        .input_buffer_size(READ)
        .tls_config(TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build());
    if url.is_loopback() {
        config = config.proxy(None);
    }
    let connector = DefaultConnector::new().chain(connected.clone());
    Agent::with_parts(config.build(), connector, DefaultResolver::default())
}

fn is_timeout(error: &std::io::Error) -> bool {
    let inner = error.get_ref().and_then(|it| it.downcast_ref::<ureq::Error>());
    error.kind() == std::io::ErrorKind::TimedOut || matches!(inner, Some(ureq::Error::Timeout(_)))
}

// === impl Connected ===

impl Connected {
    /// When it was there, if it was.
    pub fn at(&self) -> Option<Instant> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<In: Transport> Connector<In> for Connected {
    type Out = In;

    fn connect(
        &self,
        _: &ConnectionDetails<'_>,
        chained: Option<In>,
    ) -> Result<Option<In>, ureq::Error> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
        Ok(chained)
    }
}
