//! Requests over a few connections that stay open.

use super::cases::Ask;
use crate::client::{Client, Request};
use anyhow::{Result, ensure};
use futures_util::future::try_join_all;
use std::net::SocketAddr;

/// How many requests are under way at once, each on a connection of its own.
const CONNECTIONS: usize = 4;

/// Sends one request with each token; every answer must have this status.
pub(super) async fn send(
    address: SocketAddr,
    ask: &Ask,
    tokens: Vec<String>,
    status: u16,
) -> Result<()> {
    let share = tokens.len().div_ceil(CONNECTIONS).max(1);
    let one_by_one = async |tokens: &[String]| -> Result<()> {
        let client = Client::http1(address);
        for token in tokens {
            let response = ask.of(&client).bearer(token).send().await?;
            ensure!(response.status == status, "{response:?} instead of {status}");
        }
        Ok(())
    };
    try_join_all(tokens.chunks(share).map(one_by_one)).await?;
    Ok(())
}

// === impl Ask ===

impl Ask {
    fn of(&self, client: &Client) -> Request {
        match self {
            Self::Voices => client.get("/v1/voices"),
            Self::Speech(json) => client
                .post("/v1/audio/speech")
                .header("content-type", "application/json")
                .body(json.clone()),
        }
    }
}
