//! A key server whose keys rotate and which fails on command.
//!
//! It also signs tokens with its newest key (ES256, made at the start and known to nobody else).

mod fault;
mod key;
mod routes;

pub use fault::Fault;

use crate::server::Server;
use key::Key;
use serde_json::{Value, json};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// A running key server; stopped when dropped.
#[derive(Debug)]
pub struct Jwks {
    address: SocketAddr,
    server: Option<Server>,
    state: Arc<Shared>,
}

#[derive(Debug)]
struct Shared(Mutex<State>);

#[derive(Debug)]
struct State {
    document: Document,
    fault: Fault,
    fetches: u64,
    made: u64,
}

/// What `/jwks.json` holds.
#[derive(Debug)]
enum Document {
    /// Our own keys, oldest first.
    Keys(Vec<Key>),
    /// Somebody's document as it stands.
    Fixed(String),
}

// === impl Jwks ===

impl Jwks {
    /// Starts with one fresh key, on a free port.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start() -> io::Result<Self> {
        Self::start_at(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await
    }

    /// Starts with one fresh key.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn start_at(address: SocketAddr) -> io::Result<Self> {
        Self::start_with(address, Document::Keys(vec![Key::generate(1)])).await
    }

    /// Starts with a key set whose private keys are somebody else's, such as
    /// `voxgate_policy::testing::jwks()`; [`Jwks::rotate`] puts fresh keys in its place.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn serving(document: &str) -> io::Result<Self> {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Self::start_with(address, Document::Fixed(document.to_owned())).await
    }

    async fn start_with(address: SocketAddr, document: Document) -> io::Result<Self> {
        let state = State { document, fault: Fault::None, fetches: 0, made: 1 };
        let state = Arc::new(Shared(Mutex::new(state)));
        let server = Server::start(address, routes::routes(Arc::clone(&state))).await?;
        Ok(Self { address: server.address(), server: Some(server), state })
    }

    /// Where it listens, or listened before it went down.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The URL of its keys.
    pub fn uri(&self) -> String {
        format!("http://{}/jwks.json", self.address)
    }

    /// Signs with a new key from now on, which is served beside the one before it; older ones are
    /// withdrawn. Returns its `kid`.
    pub fn rotate(&self) -> String {
        self.state.lock().rotate()
    }

    /// Withdraws all keys but the newest, as after a leak.
    pub fn revoke_old(&self) {
        if let Document::Keys(keys) = &mut self.state.lock().document {
            keys.drain(..keys.len().saturating_sub(1));
        }
    }

    /// Fails like this from now on; [`Fault::None`] ends it.
    pub fn set_fault(&self, fault: Fault) {
        self.state.lock().fault = fault;
    }

    /// Refuses connections and ends those that are open.
    pub fn go_down(&mut self) {
        self.server = None;
    }

    /// Listens again where it did.
    ///
    /// # Errors
    /// When somebody else has taken the port meanwhile.
    pub async fn come_up(&mut self) -> io::Result<()> {
        self.server = None;
        let routes = routes::routes(Arc::clone(&self.state));
        self.server = Some(Server::start(self.address, routes).await?);
        Ok(())
    }

    /// How often the keys were asked for, faults included.
    pub fn fetches(&self) -> u64 {
        self.state.lock().fetches
    }

    /// The newest key's `kid`; `None` if the keys are somebody else's.
    pub fn kid(&self) -> Option<String> {
        self.state.lock().newest().map(|key| key.kid().to_owned())
    }

    /// The `kid`s that are served; none if the keys are somebody else's.
    pub fn kids(&self) -> Vec<String> {
        self.state.lock().keys().iter().map(|key| key.kid().to_owned()).collect()
    }

    /// A token of these claims, signed with the oldest key that is still served: the one before
    /// the newest, while there are two.
    ///
    /// # Panics
    /// When the keys are somebody else's.
    pub fn sign_with_oldest(&self, claims: &Value) -> String {
        self.state.lock().keys().first().expect("keys of our own").sign(claims)
    }

    /// A token of these claims, signed with the newest key.
    ///
    /// # Panics
    /// When the keys are somebody else's.
    pub fn sign(&self, claims: &Value) -> String {
        self.state.lock().newest().expect("keys of our own").sign(claims)
    }

    /// Runs until the process ends.
    pub async fn run(self) {
        if let Some(server) = self.server {
            server.run().await;
        }
    }
}

// === impl Shared ===

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

// === impl State ===

impl State {
    fn rotate(&mut self) -> String {
        self.made += 1;
        let key = Key::generate(self.made);
        let kid = key.kid().to_owned();
        match &mut self.document {
            Document::Keys(keys) => {
                keys.push(key);
                keys.drain(..keys.len().saturating_sub(2));
            }
            fixed @ Document::Fixed(_) => *fixed = Document::Keys(vec![key]),
        }
        kid
    }

    /// Our own keys, oldest first.
    fn keys(&self) -> &[Key] {
        match &self.document {
            Document::Keys(keys) => keys,
            Document::Fixed(_) => &[],
        }
    }

    fn newest(&self) -> Option<&Key> {
        self.keys().last()
    }

    fn document(&self) -> String {
        match &self.document {
            Document::Keys(keys) => {
                json!({ "keys": keys.iter().map(Key::public).collect::<Vec<_>>() }).to_string()
            }
            Document::Fixed(document) => document.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
