//! Envoy's admin interface.

use super::{Envoy, EnvoyError};
use crate::client::Client;
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};

/// Asks the admin interface at one address.
#[derive(Debug, Clone)]
pub(super) struct Admin {
    address: SocketAddr,
    client: Client,
}

// === impl Admin ===

impl Default for Admin {
    /// Not known yet: nothing answers on port 0.
    fn default() -> Self {
        Self::new(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
    }
}

impl Admin {
    pub fn new(address: SocketAddr) -> Self {
        Self { address, client: Client::http1(address) }
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub async fn is_ready(&self) -> bool {
        self.client.get("/ready").send().await.is_ok_and(|response| response.status == 200)
    }

    pub async fn text(&self, path: &str) -> Result<String, EnvoyError> {
        let problem = |problem: String| EnvoyError::Admin { path: path.to_owned(), problem };
        let response =
            self.client.get(path).send().await.map_err(|error| problem(error.to_string()))?;
        if response.status != 200 {
            return Err(problem(format!("status {}: {}", response.status, response.text())));
        }
        Ok(response.text())
    }

    pub async fn json(&self, path: &str) -> Result<Value, EnvoyError> {
        Ok(serde_json::from_str(&self.text(path).await?)?)
    }

    pub async fn listeners(&self) -> Result<BTreeMap<String, SocketAddr>, EnvoyError> {
        let path = "/listeners?format=json";
        let listeners = self.json(path).await?;
        let statuses = listeners["listener_statuses"].as_array().cloned().unwrap_or_default();
        Ok(statuses.iter().filter_map(named_address).collect())
    }
}

/// A listener without a socket, such as an internal one, has no address.
fn named_address(listener: &Value) -> Option<(String, SocketAddr)> {
    let socket = &listener["local_address"]["socket_address"];
    let host = socket["address"].as_str()?.parse().ok()?;
    let port = u16::try_from(socket["port_value"].as_u64()?).ok()?;
    Some((listener["name"].as_str()?.to_owned(), SocketAddr::new(host, port)))
}

// === impl Envoy ===

impl Envoy {
    /// Where its admin interface is.
    pub fn admin(&self) -> SocketAddr {
        self.admin.address()
    }

    /// Counters and gauges whose name begins with `prefix`.
    ///
    /// # Errors
    /// When the admin interface does not answer.
    pub async fn stats(&self, prefix: &str) -> Result<BTreeMap<String, u64>, EnvoyError> {
        let stats = self.admin.json("/stats?format=json").await?;
        let stats = stats["stats"].as_array().cloned().unwrap_or_default();
        let number = |stat: &Value| {
            let name = stat["name"].as_str().filter(|name| name.starts_with(prefix))?;
            Some((name.to_owned(), stat["value"].as_u64()?))
        };
        Ok(stats.iter().filter_map(number).collect())
    }

    /// One counter or gauge; 0 when it does not exist, as Envoy makes many at first use.
    ///
    /// # Errors
    /// As [`Envoy::stats`].
    pub async fn stat(&self, name: &str) -> Result<u64, EnvoyError> {
        Ok(self.stats(name).await?.get(name).copied().unwrap_or(0))
    }

    /// All metrics in the text format that Prometheus scrapes.
    ///
    /// # Errors
    /// As [`Envoy::stats`].
    pub async fn prometheus(&self) -> Result<String, EnvoyError> {
        self.admin.text("/stats/prometheus").await
    }

    /// The configuration in use.
    ///
    /// # Errors
    /// As [`Envoy::stats`].
    pub async fn config_dump(&self) -> Result<Value, EnvoyError> {
        self.admin.json("/config_dump").await
    }
}
