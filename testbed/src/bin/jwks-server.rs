//! The key server as a program.

use clap::Parser;
use std::net::SocketAddr;
use voxgate_testbed::jwks::Jwks;

/// A key server for development: fresh keys at each start, POST /_rotate, POST /_sign with claims,
/// PUT /_fault with "malformed", {"slow": 500}, {"status": 503} … or "none".
#[derive(Debug, Parser)]
struct Arguments {
    /// Where it listens.
    #[arg(long, default_value = "127.0.0.1:8001")]
    listen: SocketAddr,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let jwks = Jwks::start_at(Arguments::parse().listen).await?;
    println!("keys at {}; anyone who reaches it can sign: for development only", jwks.uri());
    voxgate_testbed::process::until_asked_to_end(jwks.run()).await?;
    Ok(())
}
