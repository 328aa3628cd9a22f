//! Asks a proxy.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;

use http::Uri;
use ureq::Agent;
use ureq::tls::{RootCerts, TlsConfig};

use super::{BadToken, BadUrl, Document, UsageError};

/// Where a policy's `quotas.usage` is if it does not say.
const DEFAULT_PATH: &str = "/.well-known/voxgate/usage";

/// For one answer, all in all.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A page has 1000 accounts of 64 rules at most.
const MAX_BYTES: u64 = 64 * 1024 * 1024;

/// The URL of a usage endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UsageUrl {
    base: String,
    host: String,
    is_encrypted: bool,
}

/// Asks one proxy with one token.
#[derive(Debug)]
pub struct Client {
    agent: Agent,
    url: UsageUrl,
    authorization: http::HeaderValue,
}

// === impl UsageUrl ===

impl UsageUrl {
    /// Whether whoever is on the way to it can read the token.
    pub fn exposes_token(&self) -> bool {
        !self.is_encrypted && !self.is_loopback()
    }

    fn is_loopback(&self) -> bool {
        let host = self.host.trim_start_matches('[').trim_end_matches(']');
        host == "localhost" || host.parse::<IpAddr>().is_ok_and(|it| it.is_loopback())
    }
}

impl FromStr for UsageUrl {
    type Err = BadUrl;

    fn from_str(text: &str) -> Result<Self, BadUrl> {
        let uri: Uri = text.parse().map_err(|_| BadUrl::Shape)?;
        let (scheme, authority) = uri.scheme_str().zip(uri.authority()).ok_or(BadUrl::Shape)?;
        if !matches!(scheme, "http" | "https") {
            return Err(BadUrl::Shape);
        }
        if uri.query().is_some() || text.contains('#') {
            return Err(BadUrl::Query);
        }
        if authority.as_str().contains('@') {
            return Err(BadUrl::Password);
        }
        let path = if uri.path() == "/" { DEFAULT_PATH } else { uri.path() };
        Ok(Self {
            base: format!("{scheme}://{authority}{path}"),
            host: authority.host().to_owned(),
            is_encrypted: scheme == "https",
        })
    }
}

impl fmt::Display for UsageUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base)
    }
}

// === impl Client ===

impl Client {
    /// A client for one URL and one token.
    ///
    /// # Errors
    /// The token has characters that no token has.
    pub fn new(url: UsageUrl, token: &str) -> Result<Self, BadToken> {
        let token = token.trim();
        // RFC 6750 §2.1: b64token.
        let is_sound = |it: u8| it.is_ascii_alphanumeric() || b"-._~+/=".contains(&it);
        if token.is_empty() || !token.bytes().all(is_sound) {
            return Err(BadToken);
        }
        let mut authorization =
            http::HeaderValue::try_from(format!("Bearer {token}")).map_err(|_| BadToken)?;
        authorization.set_sensitive(true);
        let mut config = Agent::config_builder()
            .http_status_as_error(false)
            .timeout_global(Some(TIMEOUT))
            .user_agent(concat!("voxctl/", env!("CARGO_PKG_VERSION")))
            // The token is for this host and no other.
            .max_redirects(0)
            .max_redirects_will_error(false)
            .tls_config(TlsConfig::builder().root_certs(RootCerts::PlatformVerifier).build());
        if url.is_loopback() {
            config = config.proxy(None);
        }
        Ok(Self { agent: config.build().into(), url, authorization })
    }

    /// The figures, from the first page; with `all`, of every page.
    ///
    /// # Errors
    /// The proxy cannot be reached, or answers something else.
    pub fn usage(&self, all: bool) -> Result<Document, UsageError> {
        let mut document = self.page(None)?;
        let mut asked = 0;
        while let Some(next) = document.next().filter(|it| all && *it > asked) {
            asked = next;
            document.append(self.page(Some(next))?);
        }
        Ok(document)
    }

    fn page(&self, page: Option<u32>) -> Result<Document, UsageError> {
        let request = self.agent.get(&self.url.base).header("accept", "application/json");
        let request = request.header("authorization", self.authorization.clone());
        let request = match page {
            Some(page) => request.query("page", page.to_string()),
            None => request,
        };
        let unreachable = |error| UsageError::unreachable(&self.url, error);
        let mut response = request.call().map_err(unreachable)?;
        let status = response.status().as_u16();
        let content_type = response.headers().get("content-type");
        let content_type = content_type.and_then(|it| it.to_str().ok()).map(str::to_owned);
        let body = response.body_mut().with_config().limit(MAX_BYTES).read_to_vec();
        let body = body.map_err(unreachable)?;
        if status != 200 {
            return Err(UsageError::refused(&self.url, status, &body));
        }
        Document::parse(&body)
            .ok_or_else(|| UsageError::NotUsage { url: self.url.to_string(), content_type })
    }
}
