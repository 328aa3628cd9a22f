//! What Envoy and other filters know about a stream.

use proxy_wasm::hostcalls;

use crate::RequestHeaders;

impl RequestHeaders<'_> {
    /// One entry of the stream's dynamic metadata, such as the claims that Envoy's `jwt_authn`
    /// verified; `None` if there is none. A `Struct` comes in Envoy's "pairs".
    pub fn metadata(&self, namespace: &str, key: &str) -> Option<Vec<u8>> {
        property(vec!["metadata", "filter_metadata", namespace, key])
    }

    /// The first URI in the certificate of a peer that mutual TLS has verified; in a mesh, its
    /// SPIFFE id.
    pub fn peer_uri_san(&self) -> Option<String> {
        let mutual_tls = property(vec!["connection", "mtls"])?;
        if mutual_tls != [1] {
            return None;
        }
        String::from_utf8(property(vec!["connection", "uri_san_peer_certificate"])?).ok()
    }

    /// What [`set_filter_state`](Self::set_filter_state) set, here or in a filter before.
    pub fn filter_state(&self, key: &str) -> Option<Vec<u8>> {
        property(vec![key])
    }

    /// Tells the filters after this one and the access log something that no client can forge.
    ///
    /// Envoy keeps it as filter state `wasm.<key>`.
    pub fn set_filter_state(&mut self, key: &'static str, value: &[u8]) {
        let _ = hostcalls::set_property(vec![key], Some(value));
    }
}

fn property(path: Vec<&str>) -> Option<Vec<u8>> {
    // A NUL ends a part of the path, so a part that holds one would be another path.
    if path.iter().any(|part| part.contains('\0')) {
        return None;
    }
    // What is not found, not serialisable or failed within: the four statuses Envoy has for it are
    // the ones the SDK hands on.
    hostcalls::get_property(path).ok().flatten()
}
