//! A server on 127.0.0.1 that speaks HTTP/1.1, HTTP/2 without TLS, and upgrades, on one port.
//!
//! A handler can reset the connection that its request came on: it is told of it as a
//! [`Connection`] among the request's extensions.
//!
//! Dropping it closes the port and every connection, as a service that dies does.

use axum::{Extension, Router};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use rustix::net::sockopt::set_socket_linger;
use std::io;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio::task::{JoinHandle, JoinSet};

/// The connection of a request.
#[derive(Debug, Clone, Default)]
pub struct Connection(Arc<Notify>);

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
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Self { address, accepting: tokio::spawn(accept(listener, routes)) })
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

async fn accept(listener: TcpListener, routes: Router) {
    // Aborted with this task, when the set is dropped.
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        while connections.try_join_next().is_some() {}
        // A chunk of audio leaves when it is written, not when a segment is full.
        let _ = stream.set_nodelay(true);
        let Ok(socket) = stream.as_fd().try_clone_to_owned() else { continue };
        let connection = Connection::default();
        let service = TowerToHyperService::new(routes.clone().layer(Extension(connection.clone())));
        connections.spawn(async move {
            let builder = Builder::new(TokioExecutor::new());
            let served = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
            tokio::select! {
                _ = served => {}
                // A socket that does not linger is closed by a reset, when its last owner goes.
                () = connection.0.notified() => {
                    let _ = set_socket_linger(&socket, Some(Duration::ZERO));
                }
            }
        });
    }
}

// === impl Connection ===

impl Connection {
    /// Ends it at once by a TCP reset; of HTTP/2, all its streams.
    pub fn reset(&self) {
        self.0.notify_one();
    }
}
