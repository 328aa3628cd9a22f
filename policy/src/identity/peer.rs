//! Peers whose identity headers are believed.

use crate::error::{Path, PolicyError};

/// A client certificate's URI SAN, or the start of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct PeerPattern(String);

impl PeerPattern {
    pub(super) fn matches(&self, peer: &str) -> bool {
        match self.0.strip_suffix('*') {
            Some(start) => peer.starts_with(start),
            None => peer == self.0,
        }
    }
}

/// Compiles the list at `path`; errors are added to `errors`.
pub(super) fn compile_peers(
    peers: &[String],
    path: &Path,
    errors: &mut Vec<PolicyError>,
) -> Vec<PeerPattern> {
    for (i, peer) in peers.iter().enumerate() {
        // A `*` without a trust domain before it would believe every mesh that shares a root.
        let start = peer.strip_suffix('*').unwrap_or(peer);
        let (_, rest) = start.split_once(':').unwrap_or_default();
        let name = rest.strip_prefix("//").unwrap_or_default();
        if name.is_empty() || start.contains('*') {
            errors.push(PolicyError::new(
                path.index(i),
                format!(
                    "`{peer}` is not a URI SAN, whole or with a `*` at its end; write for example `spiffe://cluster.local/ns/istio-system/sa/*`"
                ),
            ));
        }
    }
    peers.iter().cloned().map(PeerPattern).collect()
}
