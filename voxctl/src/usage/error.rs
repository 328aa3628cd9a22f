//! Why there are no figures, and what to do about it.

use std::io;

use serde::Deserialize;

use super::UsageUrl;

/// Not the URL of a usage endpoint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadUrl {
    /// Of another shape.
    #[error(
        "write http://HOST:PORT or https://HOST, with a path if the policy's `quotas.usage` has another than /.well-known/voxgate/usage"
    )]
    Shape,
    /// Pages are asked for by `--all`.
    #[error("leave out the query; --all asks for every page")]
    Query,
    /// Whoever sees the process list would see it.
    #[error("leave out user and password; the token comes from --token-file")]
    Password,
}

/// A token with characters that none has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "this is no bearer token: it is empty, or has characters that none has; give the token alone, without `Bearer`"
)]
pub struct BadToken;

/// Why there are no figures.
#[derive(Debug, thiserror::Error)]
pub enum UsageError {
    /// No answer.
    #[error("{url}: {reason}\nNext: {advice}")]
    Unreachable {
        /// What was asked.
        url: String,
        /// What the network said.
        reason: String,
        /// What to look at.
        advice: &'static str,
    },
    /// 401.
    #[error(
        "{url}: 401, {detail}\nNext: get a fresh token of an issuer and audience that the policy names; `voxctl token inspect < FILE` shows when one expires"
    )]
    Token {
        /// What was asked.
        url: String,
        /// What the proxy said.
        detail: String,
    },
    /// Nothing there tells usage.
    #[error(
        "{url}: {status}, nothing there tells what was used\nNext: give the policy `quotas: {{usage: {{}}}}` and apply it for jwt-tier and voice-quota; if its `usage.path` is another, write it in --url"
    )]
    NoEndpoint {
        /// What was asked.
        url: String,
        /// 403 of a policy, 404 of a service.
        status: u16,
    },
    /// Another status.
    #[error("{url}: {status}, {detail}")]
    Refused {
        /// What was asked.
        url: String,
        /// The status.
        status: u16,
        /// What the proxy said.
        detail: String,
    },
    /// Something else answered.
    #[error("{url}: the answer ({}) is not that of the filter voice-quota\nNext: see that the URL leads to its proxy, and that voice-quota stands after jwt-tier with the same policy", content_type.as_deref().unwrap_or("of no type"))]
    NotUsage {
        /// What was asked.
        url: String,
        /// The type of what came.
        content_type: Option<String>,
    },
}

/// What to do about a certificate.
const UNTRUSTED: &str = "see that the certificate is for this host name, and that this machine trusts its issuer \
    (on Linux, SSL_CERT_FILE=ca.pem names it for one run)";

/// What to do if nothing more is known.
const UNREACHABLE: &str =
    "see that the host's name is right from here, and that the URL leads to the proxy";

/// Problem details, as far as they are shown.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Problem {
    r#type: String,
    detail: String,
}

// === impl UsageError ===

impl UsageError {
    pub(super) fn unreachable(url: &UsageUrl, error: ureq::Error) -> Self {
        let (reason, advice) = match &error {
            ureq::Error::Io(it) if it.kind() == io::ErrorKind::ConnectionRefused => (
                "connection refused".to_owned(),
                "see that Envoy runs, and that this is the port its listener has",
            ),
            ureq::Error::Timeout(_) => (
                "no answer in time".to_owned(),
                "see whether something between here and the proxy drops packets",
            ),
            ureq::Error::Rustls(_) | ureq::Error::Tls(_) => (error.to_string(), UNTRUSTED),
            // What rustls says of a handshake comes as an error of reading.
            ureq::Error::Io(it) if it.kind() == io::ErrorKind::InvalidData => {
                (it.to_string(), UNTRUSTED)
            }
            ureq::Error::Io(it) => (it.to_string(), UNREACHABLE),
            _ => (error.to_string(), UNREACHABLE),
        };
        Self::Unreachable { url: url.to_string(), reason, advice }
    }

    pub(super) fn refused(url: &UsageUrl, status: u16, body: &[u8]) -> Self {
        let problem: Problem = serde_json::from_slice(body).unwrap_or_default();
        let url = url.to_string();
        let detail = match problem.detail.as_str() {
            // Istio's AuthorizationPolicy answers a sentence; whatever else came may be a page.
            "" => match std::str::from_utf8(body) {
                Ok(text) if text.len() < 200 && !text.trim().is_empty() => text.trim().to_owned(),
                _ => "without a word".to_owned(),
            },
            detail => detail.to_owned(),
        };
        match status {
            401 => Self::Token { url, detail },
            403 if problem.r#type.ends_with("/unknown-operation") => {
                Self::NoEndpoint { url, status }
            }
            404 => Self::NoEndpoint { url, status },
            _ => Self::Refused { url, status, detail },
        }
    }

    /// Whether the proxy denied it, to this token.
    pub fn is_denial(&self) -> bool {
        matches!(self, Self::Token { .. } | Self::Refused { status: 403, .. })
    }
}
