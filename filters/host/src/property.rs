//! What Envoy and other filters know about a stream.
//!
//! The bytes of a metadata value, as measured on Envoy 1.40.0 with `jwt_authn` and `set_metadata`.
//! Nothing tells the types apart; the reader must know what it asks for. All little-endian.
//!
//! | value | bytes |
//! |---|---|
//! | string | as it is; an empty one reads as absent |
//! | number | 8-byte double, integers too: 1.5 is `000000000000f83f` |
//! | bool | one byte, `01` or `00` |
//! | map | pairs: u32 count, count × (u32 key length, u32 value length), then key `00` value `00`; `{"a":"b"}` is `01000000 01000000 01000000 6100 6200`; members in no order |
//! | list | pairs whose keys are the items and whose values are empty: `["x",2]` is `02000000 01000000 00000000 08000000 00000000 7800 00 0000000000000040 00 00` |
//! | empty map, empty list | `00000000` |
//! | null | nothing: it reads as absent, **and so does every map or list that holds a null**, at any depth |
//!
//! So a token with one null claim has no readable payload; each of its other claims still is, by its
//! own path. A path can go on into maps by key and into lists by index.

use proxy_wasm::hostcalls;

use crate::RequestHeaders;

impl RequestHeaders<'_> {
    /// One entry of the stream's dynamic metadata, such as the claims that Envoy's `jwt_authn`
    /// verified; `None` if there is none, or if it holds a null. For the bytes see this file's head.
    pub fn metadata(&self, namespace: &str, key: &str) -> Option<Vec<u8>> {
        self.metadata_member(namespace, &[key])
    }

    /// One member within an entry: `["payload", "sub"]` is the claim `sub`. Works where a null
    /// elsewhere in the entry makes the whole unreadable.
    pub fn metadata_member(&self, namespace: &str, path: &[&str]) -> Option<Vec<u8>> {
        let mut parts = vec!["metadata", "filter_metadata", namespace];
        parts.extend_from_slice(path);
        property(parts)
    }

    /// The first URI in the certificate that the peer presented; in a mesh, its SPIFFE id. It is as
    /// good as the listener's validation of certificates.
    pub fn peer_uri_san(&self) -> Option<String> {
        let mutual_tls = property(vec!["connection", "mtls"])?;
        if mutual_tls != [1] {
            return None;
        }
        String::from_utf8(property(vec!["connection", "uri_san_peer_certificate"])?).ok()
    }

    /// The cluster that the request's route leads to, `None` if no route fits or it leads elsewhere. In
    /// Istio `outbound|8080||tts.ai.svc.cluster.local` or `inbound|8080||`.
    pub fn cluster(&self) -> Option<String> {
        String::from_utf8(property(vec!["xds", "cluster_name"])?).ok()
    }

    /// What [`set_filter_state`](Self::set_filter_state) set, here or in a filter before.
    pub fn filter_state(&self, key: &str) -> Option<Vec<u8>> {
        property(vec![key])
    }

    /// Tells the filters after this one and the access log something that no client can forge.
    ///
    /// Envoy keeps it as filter state `wasm.<key>`: `%FILTER_STATE(wasm.<key>:PLAIN)%` in an access
    /// log, `filter_state['wasm.<key>']` in CEL, `get_property([<key>])` in another Wasm filter.
    ///
    /// Not with the foreign function `set_envoy_filter_state`: that knows only keys for which Envoy
    /// has an object factory, and answers NotFound for ours.
    pub fn set_filter_state(&mut self, key: &'static str, value: &[u8]) {
        set_filter_state(key, value);
    }
}

pub(crate) fn set_filter_state(key: &'static str, value: &[u8]) {
    // In a stream this fails for a property declared read-only, which ours never are.
    let _ = hostcalls::set_property(vec![key], Some(value));
}

/// One property of the stream or its proxy; `None` if there is none now.
pub(crate) fn property(path: Vec<&str>) -> Option<Vec<u8>> {
    // A NUL ends a part of the path, so a part that holds one would be another path.
    if path.iter().any(|part| part.contains('\0')) {
        return None;
    }
    // What is not found, not serialisable or failed within: the four statuses Envoy has for it are
    // the ones the SDK hands on.
    hostcalls::get_property(path).ok().flatten()
}
