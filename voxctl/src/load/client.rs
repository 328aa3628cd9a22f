//! Asks Envoy's admin interface.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use http::Uri;
use ureq::Agent;

use super::series::Series;
use super::{BadAdminUrl, Load, LoadError};

/// For the answer, all in all.
const TIMEOUT: Duration = Duration::from_secs(10);

/// A series takes some 200 bytes.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// The URL of an admin interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdminUrl(String);

/// Asks one proxy.
#[derive(Debug)]
pub struct Client {
    agent: Agent,
    url: AdminUrl,
}

// === impl AdminUrl ===

impl FromStr for AdminUrl {
    type Err = BadAdminUrl;

    fn from_str(text: &str) -> Result<Self, BadAdminUrl> {
        let uri: Uri = text.parse().map_err(|_| BadAdminUrl)?;
        let authority = uri.authority().filter(|_| uri.scheme_str() == Some("http"));
        let authority = authority.ok_or(BadAdminUrl)?.as_str();
        if uri.path() != "/" || uri.query().is_some() || authority.contains('@') {
            return Err(BadAdminUrl);
        }
        Ok(Self(format!("http://{authority}")))
    }
}

impl fmt::Display for AdminUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

// === impl Client ===

impl Client {
    /// A client for one proxy.
    pub fn new(url: AdminUrl) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(TIMEOUT))
            .user_agent(concat!("voxctl/", env!("CARGO_PKG_VERSION")))
            .max_redirects(0)
            .max_redirects_will_error(false)
            // An admin interface is here, or a tunnel to it.
            .proxy(None)
            .build();
        Self { agent: config.into(), url }
    }

    /// What the proxy knows.
    ///
    /// # Errors
    /// It cannot be reached, is no Envoy, or has no text-shed.
    pub fn load(&self) -> Result<Load, LoadError> {
        let unreachable = |error| LoadError::unreachable(&self.url, &error);
        let request = self.agent.get(format!("{}/stats", self.url));
        let request = request.query("filter", "voxgate_shed").query("format", "json");
        let mut response = request.call().map_err(unreachable)?;
        let status = response.status().as_u16();
        let body = response.body_mut().with_config().limit(MAX_BYTES).read_to_vec();
        let body = body.map_err(unreachable)?;
        let series = Some(body).filter(|_| status == 200).and_then(|it| Series::parse(&it));
        let url = || self.url.to_string();
        let series = series.ok_or_else(|| LoadError::NotEnvoy { url: url(), status })?;
        Load::new(&series).ok_or_else(|| LoadError::NoFilter { url: url() })
    }
}
