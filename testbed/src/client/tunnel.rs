//! Mutual TLS for clients that speak none: a local port whose connections go on encrypted.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

/// A local port that leads to a server through TLS; closed when dropped.
#[derive(Debug)]
pub struct Tunnel {
    address: SocketAddr,
    task: JoinHandle<()>,
}

// === impl Tunnel ===

impl Tunnel {
    /// Opens one to `server`, whose certificate must be for the name `localhost`. A handshake that
    /// fails closes the client's connection.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn open(server: SocketAddr, config: ClientConfig) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let connector = TlsConnector::from(Arc::new(config));
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(relay(client, server, connector.clone()));
            }
        });
        Ok(Self { address, task })
    }

    /// Where clients connect.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Tunnel {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn relay(mut client: TcpStream, server: SocketAddr, tls: TlsConnector) -> io::Result<()> {
    let name = ServerName::try_from("localhost").expect("a host name");
    let mut server = tls.connect(name, TcpStream::connect(server).await?).await?;
    copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}
