//! Who asks for streams: a client of each protocol, with a token for each mode.

use super::{Mode, Protocol};
use crate::client::Client;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// How many connections of HTTP/2 share the streams.
const CONNECTIONS: usize = 4;

/// Clients of one Envoy; clones share their connections.
#[derive(Debug, Clone)]
pub struct Clients {
    tokens: Arc<[(Mode, String)]>,
    http1: Client,
    http2: Vec<Client>,
    next: Arc<AtomicUsize>,
}

// === impl Clients ===

impl Clients {
    /// Clients that have no connection yet.
    pub fn of(envoy: SocketAddr) -> Self {
        Self {
            tokens: Mode::ALL.map(|mode| (mode, mode.token())).into(),
            http1: Client::http1(envoy),
            http2: (0..CONNECTIONS).map(|_| Client::http2(envoy)).collect(),
            next: Arc::default(),
        }
    }

    pub(super) fn token(&self, mode: Mode) -> &str {
        let token = self.tokens.iter().find(|(of, _)| *of == mode);
        token.map_or("", |(_, token)| token)
    }

    pub(super) fn client(&self, protocol: Protocol) -> &Client {
        match protocol {
            Protocol::Http1 | Protocol::WebSocket => &self.http1,
            Protocol::Http2 | Protocol::Grpc => {
                let next = self.next.fetch_add(1, Ordering::Relaxed);
                &self.http2[next % self.http2.len()]
            }
        }
    }
}
