//! A server on 127.0.0.1 that speaks HTTP/1.1, HTTP/2 without TLS, and upgrades, on one port.
//!
//! A handler can reset the connection that its request came on: it is told of it as a
//! [`Connection`] among the request's extensions.
//!
//! Its [`Door`] can be shut: every connection is reset, and each new one at once, as the port of a
//! container that restarts does behind a Kubernetes Service.
//!
//! Dropping it closes the port and every connection, as a service that dies does.

use axum::{Extension, Router};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use rustix::net::sockopt::set_socket_linger;
use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Notify, watch};
use tokio::task::{JoinHandle, JoinSet};

/// The connection of a request.
#[derive(Debug, Clone, Default)]
pub struct Connection(Arc<Notify>);

/// Whether a server takes connections; clones are the same door.
#[derive(Debug, Clone)]
pub struct Door(watch::Sender<bool>);

/// A running server; stopped when dropped.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    accepting: JoinHandle<()>,
}

// === impl Server ===

impl Server {
    /// Serves `routes` at `address`; port 0 takes a free one.
    ///
    /// # Errors
    /// When the address cannot be bound.
    pub async fn start(address: SocketAddr, routes: Router) -> io::Result<Self> {
        Self::start_behind(Door::default(), address, routes).await
    }

    /// Serves `routes` while `door` is open.
    ///
    /// # Errors
    /// As [`Server::start`].
    pub async fn start_behind(door: Door, address: SocketAddr, routes: Router) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Self { address, accepting: tokio::spawn(accept(listener, door, routes)) })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Runs until the process ends.
    pub async fn run(mut self) {
        let _ = (&mut self.accepting).await;
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, door: Door, routes: Router) {
    // Aborted with this task, when the set is dropped.
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        while connections.try_join_next().is_some() {}
        // A chunk of audio leaves when it is written, not when a segment is full.
        let _ = stream.set_nodelay(true);
        let Ok(socket) = stream.as_fd().try_clone_to_owned() else { continue };
        if !door.is_open() {
            reset(&socket);
            continue;
        }
        let (connection, door) = (Connection::default(), door.clone());
        let service = TowerToHyperService::new(routes.clone().layer(Extension(connection.clone())));
        connections.spawn(async move {
            let builder = Builder::new(TokioExecutor::new());
            let served = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
            tokio::select! {
                _ = served => {}
                () = connection.0.notified() => reset(&socket),
                () = door.shuts() => reset(&socket),
            }
        });
    }
}

/// A socket that does not linger is closed by a reset, when its last owner goes.
fn reset(socket: &OwnedFd) {
    let _ = set_socket_linger(socket, Some(Duration::ZERO));
}

// === impl Door ===

impl Default for Door {
    /// An open one.
    fn default() -> Self {
        Self(watch::Sender::new(true))
    }
}

impl Door {
    /// Resets all connections, and each new one, until it is opened.
    pub fn shut(&self) {
        self.0.send_replace(false);
    }

    /// Takes connections again.
    pub fn open(&self) {
        self.0.send_replace(true);
    }

    /// Whether it takes connections.
    pub fn is_open(&self) -> bool {
        *self.0.borrow()
    }

    async fn shuts(&self) {
        // This door is a sender itself, so that there always is one.
        let _ = self.0.subscribe().wait_for(|open| !open).await;
    }
}

// === impl Connection ===

impl Connection {
    /// Ends it at once by a TCP reset; of HTTP/2, all its streams.
    pub fn reset(&self) {
        self.0.notify_one();
    }
}
