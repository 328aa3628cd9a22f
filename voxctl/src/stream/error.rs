//! Why there is no stream, and what to do about it.

use std::io;

use serde::Deserialize;

use super::StreamUrl;

/// Why there is no stream.
#[derive(Debug, thiserror::Error)]
pub enum StreamError {
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
    /// An answer, but none of 2xx.
    #[error("{url}: {status}, {detail}{}", next(*status))]
    Refused {
        /// What was asked.
        url: String,
        /// The status.
        status: u16,
        /// What the answer says.
        detail: String,
    },
}

/// What to do about a certificate.
const UNTRUSTED: &str = "see that the certificate is for this host name, and that this machine trusts its issuer \
    (on Linux, SSL_CERT_FILE=ca.pem names it for one run)";

/// What to do if nothing more is known.
const UNREACHABLE: &str =
    "see that the host's name is right from here, and that something listens there";

/// Problem details (RFC 9457), and what model servers write instead: `{"error": {"message": …}}`,
/// `{"detail": …}`, `{"message": …}`.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Problem {
    detail: serde_json::Value,
    title: serde_json::Value,
    message: serde_json::Value,
    error: serde_json::Value,
}

/// Of a text that another wrote, so much is shown.
const MOST_CHARS: usize = 300;

fn next(status: u16) -> &'static str {
    match status {
        300..=399 => "\nNext: redirects are not followed; write the address that it leads to",
        401 => {
            "\nNext: give a fresh token with --token-file; `voxctl token inspect < FILE` shows when one expires"
        }
        405 => "\nNext: -X POST, or give a body with --data",
        _ => "",
    }
}

// === impl StreamError ===

impl StreamError {
    pub(super) fn unreachable(url: &StreamUrl, error: &ureq::Error) -> Self {
        let (reason, advice) = match error {
            ureq::Error::Io(it) if it.kind() == io::ErrorKind::ConnectionRefused => (
                "connection refused".to_owned(),
                "see that the service runs, and that this is its port",
            ),
            ureq::Error::Timeout(_) => (
                "no answer in time".to_owned(),
                "see whether the service is busy, or give it longer with --max-time",
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

    /// Whether something answered.
    pub fn is_refusal(&self) -> bool {
        matches!(self, Self::Refused { .. })
    }

    pub(super) fn refused(url: &StreamUrl, status: u16, body: &[u8]) -> Self {
        Self::Refused { url: url.to_string(), status, detail: detail(body) }
    }
}

/// What an answer says of itself, harmless to a terminal.
fn detail(body: &[u8]) -> String {
    let problem: Problem = serde_json::from_slice(body).unwrap_or_default();
    let text = [
        &problem.detail,
        &problem.error["message"],
        &problem.error,
        &problem.message,
        &problem.title,
    ]
    .into_iter()
    .find_map(|it| it.as_str().filter(|it| !it.trim().is_empty()))
    // Whatever else came may be a page.
    .or_else(|| std::str::from_utf8(body).ok().filter(|it| it.len() < 200));
    match text.map(str::trim) {
        None | Some("") => "without a word".to_owned(),
        Some(text) => text
            .chars()
            .take(MOST_CHARS)
            .map(|it| if it.is_control() { '\u{fffd}' } else { it })
            .collect(),
    }
}
