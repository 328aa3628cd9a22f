//! Workers that contend for one tenant's counters.

use std::time::Instant;

use anyhow::{Result, ensure};
use futures_util::future::try_join_all;

use super::cases::counted;
use super::subject::answered_by_envoy;
use crate::client::Client;
use crate::fixture::{Fixture, token};

/// Connections, so many that the kernel gives some to each worker.
const CONNECTIONS: usize = 32;

/// How workers got along on one tenant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Contention {
    /// Workers of the Envoy.
    pub workers: u32,
    /// Requests that were granted and settled.
    pub grants: u64,
    /// … in a second, client and Envoy on the same machine.
    pub grants_a_second: f64,
    /// Changes of the counters that had to be tried again, of two a request.
    pub retries: u64,
}

/// Asks for one tenant from many connections at once, of an Envoy with so many workers.
///
/// # Errors
/// When the Envoy does not start, or denies.
pub async fn contention(workers: u32, requests: usize) -> Result<Contention> {
    let setup = Fixture::of(counted(3));
    let mut envoy = answered_by_envoy(&setup, workers).await?;
    envoy.allow_log("quota: ");
    let token = token("tts.basic");
    let address = envoy.address();
    let began = Instant::now();
    let asking = (0..CONNECTIONS).map(async |_| -> Result<()> {
        let client = Client::http1(address);
        for _ in 0..requests / CONNECTIONS {
            let response = client.get("/v1/voices").bearer(&token).send().await?;
            ensure!(response.status == 200, "{response:?}");
        }
        Ok(())
    });
    try_join_all(asking).await?;
    let seconds = began.elapsed().as_secs_f64();
    let grants = (requests / CONNECTIONS * CONNECTIONS) as u64;
    // Told at each tick.
    tokio::time::sleep(std::time::Duration::from_millis(2500)).await;
    let retries = envoy.metric("voxgate_quota_store_retries_total", &[]).await?;
    envoy.finish().await?;
    Ok(Contention { workers, grants, grants_a_second: grants as f64 / seconds, retries })
}
