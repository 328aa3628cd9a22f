//! A speech service to put behind a filter: an ordinary HTTP server that knows nothing of Voxgate.
//!
//! It speaks the paths of GLM-TTS (`/tts`, `/batch`) and of OpenAI (`/v1/audio/speech`,
//! `/v1/voices`, `/v1/chat/completions`), a WebSocket, and one gRPC method; `/take/…` takes any
//! body. It remembers what it received, so that a test can see what really got through.
//!
//! A request asks for a pace by the headers of [`Pace`], and for trouble by `x-test-status: 503`
//! (answered at once, while the body still comes), `x-test-hang: 1` (never answered),
//! `x-test-reset: 1` (its connection is reset before an answer) and `x-test-empty: 1` (speech
//! without sound).

mod api;
mod chat;
mod exchange;
mod grpc;
mod pace;
mod received;
mod routes;
mod synthesis;
mod take;
mod voices;
mod wav;
mod websocket;

pub use pace::Pace;
pub use received::{Received, ReceivedHeaders};
pub use synthesis::Engine;

use crate::server::Server;
use received::Journal;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

/// How a speech service behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where it listens; port 0 takes a free one.
    pub listen: SocketAddr,
    /// What makes the sound.
    pub engine: Engine,
    /// Samples a second, 16-bit mono.
    pub sample_rate: u32,
    /// How fast sound comes.
    pub pace: Pace,
    /// Of every hundred requests, so many are answered by 500: evenly spread, not at random.
    pub failures_percent: u8,
}

/// A running speech service; stopped when dropped.
#[derive(Debug)]
pub struct Speech {
    server: Server,
    service: Arc<Service>,
}

/// What all requests share.
#[derive(Debug)]
struct Service {
    options: Options,
    journal: Journal,
    voices: voices::Voices,
    requests: AtomicU64,
}

// === impl Options ===

impl Default for Options {
    /// Fast and the same every time, as tests want it.
    fn default() -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            engine: Engine::Formants,
            sample_rate: 22_050,
            pace: Pace::default(),
            failures_percent: 0,
        }
    }
}

// === impl Speech ===

impl Speech {
    /// Starts with [`Options::default`].
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start() -> io::Result<Self> {
        Self::start_with(Options::default()).await
    }

    /// Starts.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn start_with(options: Options) -> io::Result<Self> {
        let listen = options.listen;
        let service = Arc::new(Service {
            options,
            journal: Journal::default(),
            voices: voices::Voices::default(),
            requests: AtomicU64::new(0),
        });
        let server = Server::start(listen, routes::routes(Arc::clone(&service))).await?;
        Ok(Self { server, service })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.server.address()
    }

    /// The last requests, oldest first; at most 1000.
    pub fn received(&self) -> Vec<Received> {
        self.service.journal.all()
    }

    /// How many requests ever came.
    pub fn count(&self) -> u64 {
        self.service.journal.count()
    }

    /// The request with this `x-request-id` or `x-test-id`; the newest, if there are several.
    pub fn received_as(&self, id: &str) -> Option<Received> {
        self.service.journal.find(id)
    }

    /// Waits until `wanted` is true of the request with this id: its end, or the client's going,
    /// come after the response.
    ///
    /// # Errors
    /// With what was last seen, when it is not so within five seconds.
    pub async fn wait_for(
        &self,
        id: &str,
        wanted: impl Fn(&Received) -> bool,
    ) -> Result<Received, Option<Box<Received>>> {
        let deadline = Instant::now() + Duration::from_secs(5);
        loop {
            match self.received_as(id) {
                Some(received) if wanted(&received) => return Ok(received),
                seen if Instant::now() >= deadline => return Err(seen.map(Box::new)),
                _ => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
    }

    /// Forgets all requests.
    pub fn forget(&self) {
        self.service.journal.clear();
    }

    /// Runs until the process ends.
    pub async fn run(self) {
        self.server.run().await;
    }
}

#[cfg(test)]
mod tests;
