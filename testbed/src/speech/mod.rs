//! A speech service to put behind a filter: an ordinary HTTP server that knows nothing of Voxgate.
//!
//! It speaks the paths of GLM-TTS (`/tts`, `/batch`) and of OpenAI (`/v1/audio/speech`,
//! `/v1/voices`, `/v1/chat/completions`), a WebSocket, and one gRPC method; `/take/…` takes any
//! body, and [`PAGE`] is a page that plays speech. It remembers what it received, so that a test can see what really got through.
//!
//! A request asks for a pace by the headers of [`Pace`], and for trouble by `x-test-status: 503`
//! (answered at once, while the body still comes), `x-test-hang: 1` (never answered),
//! `x-test-hold: NAME` (answered when the test releases that name), `x-test-reset: 1` (its
//! connection is reset before an answer) and `x-test-empty: 1` (speech without sound). By
//! `x-test-recording: NAME` it gets what the test has said by [`Speech::record`]; one that must know
//! each byte of a long answer without having it asks by a [`Script`](crate::script::Script).
//!
//! With [`Options::gpu`] it can be overloaded: its GPU slows down, runs out of memory and is away
//! while it restarts.

mod api;
mod chat;
mod exchange;
mod gpu;
mod grpc;
mod orca;
mod pace;
mod page;
mod received;
mod recording;
mod routes;
mod scripted;
mod synthesis;
mod take;
mod trouble;
mod voices;
mod wav;
mod websocket;

pub use gpu::GpuStatus;
pub use pace::Pace;
pub use page::PAGE;
pub use received::{Received, ReceivedHeaders};
pub use recording::{Piece, Played, Recording};
pub(crate) use synthesis::CHARACTER_MILLIS;
pub use synthesis::Engine;
pub(crate) use wav::streaming_header;

use crate::server::{Door, Server};
use received::Journal;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use voxgate_simulator::model::GpuModel;

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
    /// The GPU that makes the sound, instead of `engine` and `pace`; none, and no load is too much.
    pub gpu: Option<GpuModel>,
    /// Whether answers tell what load the GPU has, by `endpoint-load-metrics`.
    pub load_reports: bool,
    /// Said by each answer in `x-served-by`, so that a test sees which of several services it was.
    pub name: Option<String>,
}

/// A running speech service; stopped when dropped.
#[derive(Debug)]
pub struct Speech {
    server: Server,
    service: Arc<Service>,
    /// Keeps the GPU going.
    _clockwork: Option<gpu::Clockwork>,
}

/// What all requests share.
#[derive(Debug)]
struct Service {
    options: Options,
    journal: Journal,
    voices: voices::Voices,
    requests: AtomicU64,
    under_way: Arc<AtomicUsize>,
    holds: trouble::Holds,
    shelf: recording::Shelf,
    card: Option<Arc<gpu::Card>>,
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
            gpu: None,
            load_reports: false,
            name: None,
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
        let door = Door::default();
        let card = options.gpu.clone().map(|model| gpu::Card::start(model, door.clone()));
        let (card, clockwork) = card.unzip();
        let service = Arc::new(Service {
            options,
            journal: Journal::default(),
            voices: voices::Voices::default(),
            requests: AtomicU64::new(0),
            under_way: Arc::default(),
            holds: trouble::Holds::default(),
            shelf: recording::Shelf::default(),
            card,
        });
        let routes = routes::routes(Arc::clone(&service));
        let server = Server::start_behind(door, listen, routes).await?;
        Ok(Self { server, service, _clockwork: clockwork })
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

    /// How many requests are under way: they have come, and neither their end nor their client's
    /// going was seen.
    pub fn under_way(&self) -> usize {
        self.service.under_way.load(Ordering::SeqCst)
    }

    /// Waits until so many requests are under way.
    ///
    /// # Errors
    /// How many there are, when it is not so within five seconds.
    pub async fn wait_for_under_way(&self, count: usize) -> Result<(), usize> {
        wait_for(count, || self.under_way()).await
    }

    /// How many requests are held by `x-test-hold: NAME`.
    pub fn held(&self, name: &str) -> usize {
        self.service.holds.held(name)
    }

    /// Waits until so many requests are held under this name.
    ///
    /// # Errors
    /// How many there are, when it is not so within five seconds.
    pub async fn wait_for_held(&self, name: &str, count: usize) -> Result<(), usize> {
        wait_for(count, || self.held(name)).await
    }

    /// Lets `count` of the requests that are held under this name go on, the first first; of more
    /// than there are, those that come next.
    pub fn release(&self, name: &str, count: usize) {
        self.service.holds.release(name, count);
    }

    /// Lets all requests that are held under this name go on, and all that come later.
    pub fn release_all(&self, name: &str) {
        self.service.holds.release_all(name);
    }

    /// What its GPU does, if it has one.
    pub fn gpu(&self) -> Option<GpuStatus> {
        self.service.card.as_ref().map(|card| card.status())
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

async fn wait_for(wanted: usize, look: impl Fn() -> usize) -> Result<(), usize> {
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        match look() {
            found if found == wanted => return Ok(()),
            found if Instant::now() >= deadline => return Err(found),
            _ => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
}

#[cfg(test)]
mod tests;
