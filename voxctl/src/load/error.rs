//! Why there are no figures, and what to do about it.

use std::io;

use super::AdminUrl;

/// Not the URL of an admin interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("write http://HOST:PORT, as http://127.0.0.1:15000, without a path")]
pub struct BadAdminUrl;

/// Why there are no figures.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
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
    /// Something else answered.
    #[error(
        "{url}: {status}, and it is not Envoy's admin interface that answers\nNext: give the port of the bootstrap's `admin` (in Istio 15000), not that of a listener"
    )]
    NotEnvoy {
        /// What was asked.
        url: String,
        /// The status.
        status: u16,
    },
    /// An Envoy without the filter.
    #[error(
        "{url}: this Envoy runs no text-shed, or a filter of another version\nNext: see that the policy has a section `shedding`, that `voxctl render istio` or `render envoy` was applied, and that {url}/config_dump has `voxgate-text-shed`; if it has, Envoy's log says why the module is not loaded"
    )]
    NoFilter {
        /// What was asked.
        url: String,
    },
}

/// What to do if nobody listens.
const NOBODY: &str = "see that Envoy runs, and give the port of the bootstrap's `admin` with --admin; in Istio, \
    `kubectl port-forward POD 15000` brings it here";

// === impl LoadError ===

impl LoadError {
    pub(super) fn unreachable(url: &AdminUrl, error: &ureq::Error) -> Self {
        let (reason, advice) = match error {
            ureq::Error::Io(it) if it.kind() == io::ErrorKind::ConnectionRefused => {
                ("connection refused".to_owned(), NOBODY)
            }
            ureq::Error::Timeout(_) => (
                "no answer in time".to_owned(),
                "Envoy's main thread hangs, or something on the way drops packets: see whether /ready answers",
            ),
            _ => (
                error.to_string(),
                "see that this is Envoy's admin interface, and not a port that speaks TLS or another protocol",
            ),
        };
        Self::Unreachable { url: url.to_string(), reason, advice }
    }
}
