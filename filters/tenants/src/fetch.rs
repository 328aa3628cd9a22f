//! One request for the document, and what came of it.

use voxgate_host::{CallError, CallId, CallResponse, HttpCall, RootHost};
use voxgate_policy::QuotaPolicy;
use voxgate_policy::jwks::url_parts;
use voxgate_policy::spec::TenantSourceSpec;
use voxgate_policy::tenant::{TenantReader, TenantTable};

/// The longest `ETag` that is sent back, in bytes.
const MAX_ETAG_BYTES: usize = 1024;

/// What became of a fetch, for metrics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A document came, and is used.
    Ok,
    /// 304: there is none newer.
    Unchanged,
    /// The call could not be sent.
    NotSent,
    /// There was no answer.
    Unreachable,
    /// Another status than 200 and 304.
    Status,
    /// It has more than `max_bytes`.
    TooLarge,
    /// It is no document of tenants, or none that fits the policy.
    Malformed,
}

/// A document.
pub struct Fetched {
    pub table: TenantTable,
    pub etag: Option<String>,
}

/// A word for the metric, a sentence for the log.
pub type Failure = (Outcome, String);

// === impl Outcome ===

impl Outcome {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Unchanged => "unchanged",
            Self::NotSent => "not_sent",
            Self::Unreachable => "unreachable",
            Self::Status => "status",
            Self::TooLarge => "too_large",
            Self::Malformed => "malformed",
        }
    }
}

/// Asks for the document, unless it is still that of `etag`.
pub fn ask(
    spec: &TenantSourceSpec,
    etag: Option<&str>,
    host: &mut RootHost<'_>,
) -> Result<CallId, CallError> {
    // Checked when the policy was loaded.
    let (authority, path) = url_parts(&spec.uri).unwrap_or_default();
    let scheme = if spec.uri.starts_with("https:") { "https" } else { "http" };
    let accept = ("accept", "application/jsonl, application/x-ndjson, application/json");
    let headers: Vec<_> =
        [accept].into_iter().chain(etag.map(|it| ("if-none-match", it))).collect();
    host.call(&HttpCall {
        cluster: &spec.cluster,
        scheme,
        authority,
        path,
        headers: &headers,
        timeout: spec.timeout.0,
    })
}

/// Reads the answer; `None` if there is nothing newer than what `had_etag` asked about.
///
/// # Errors
/// [`Failure`].
pub fn read(
    spec: &TenantSourceSpec,
    policy: &QuotaPolicy,
    had_etag: bool,
    response: &CallResponse<'_>,
) -> Result<Option<Fetched>, Failure> {
    match response.status() {
        Some(200) => document(spec, policy, response).map(Some),
        Some(304) if had_etag => Ok(None),
        Some(status) => Err((Outcome::Status, format!("answered {status}"))),
        None => Err((Outcome::Unreachable, "no answer".to_owned())),
    }
}

fn document(
    spec: &TenantSourceSpec,
    policy: &QuotaPolicy,
    response: &CallResponse<'_>,
) -> Result<Fetched, Failure> {
    let limit = usize::try_from(spec.max_bytes).unwrap_or(usize::MAX);
    let pieces = response.pieces(limit).map_err(|error| {
        let told = format!("the document has {} bytes, and `max_bytes` is {limit}", error.size);
        (Outcome::TooLarge, told)
    })?;
    let mut reader = TenantReader::new(policy.tiers(), policy.quotas());
    let mut came = 0_usize;
    for piece in pieces {
        came = came.saturating_add(piece.len());
        reader.feed(&piece);
    }
    // Half a document ends at a line all too often.
    if came != response.body_size() {
        return Err((Outcome::Unreachable, "the proxy did not give all of the answer".to_owned()));
    }
    let table = reader.finish().map_err(|error| (Outcome::Malformed, error.to_string()))?;
    Ok(Fetched { table, etag: response.header("etag").and_then(usable) })
}

/// An entity tag that can be sent back (RFC 9110 §8.8.3).
fn usable(etag: &[u8]) -> Option<String> {
    let is_sound = etag.len() <= MAX_ETAG_BYTES && etag.iter().all(|it| matches!(it, 0x20..=0x7e));
    is_sound.then(|| String::from_utf8_lossy(etag).into_owned())
}
