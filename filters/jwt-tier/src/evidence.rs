//! What the proxy knows of a request.

use voxgate_host::RequestHeaders;
use voxgate_policy::identity::{Evidence, Identity, IssuerId, Keys, NewerKeys};
use voxgate_policy::tier::TierId;
use voxgate_policy::time::UnixMillis;
use voxgate_policy::token::TokenDigest;

use crate::shared::{MAX_WAITING, Shared};

/// Where Envoy's `jwt_authn` leaves what it verified.
const JWT_AUTHN: &str = "envoy.filters.http.jwt_authn";

/// The evidence on one request.
pub struct HostEvidence<'a, 'r> {
    shared: &'a Shared,
    request: &'a RequestHeaders<'r>,
    /// When the request came.
    since: UnixMillis,
    /// Bytes of the body that Envoy holds, of a request that waits already.
    held: Option<usize>,
}

// === impl HostEvidence ===

impl<'a, 'r> HostEvidence<'a, 'r> {
    pub(crate) fn new(
        shared: &'a Shared,
        request: &'a RequestHeaders<'r>,
        since: UnixMillis,
        held: Option<usize>,
    ) -> Self {
        Self { shared, request, since, held }
    }

    /// Whether the request may not wait (any longer) for keys of `issuer`.
    fn is_out_of_time(&self, issuer: IssuerId, now: UnixMillis) -> bool {
        // A clock that was set back must not make it wait for as long as that was.
        now < self.since
            || now >= self.shared.keys.wait_ends(issuer, self.since)
            || match self.held {
                None => self.shared.waiting.borrow().len() >= MAX_WAITING,
                // Held much longer, its body would meet Envoy's buffer limit: a 413 that says
                // nothing.
                Some(held) => held as u64 > self.shared.policy.body_rules().max_held_bytes,
            }
    }
}

impl Evidence for HostEvidence<'_, '_> {
    fn peer(&mut self) -> Option<String> {
        self.request.peer_uri_san()
    }

    fn verified_payload(&self, key: &str) -> Option<Vec<u8>> {
        self.request.metadata(JWT_AUTHN, key)
    }

    fn verified_claim(&self, key: &str, path: &[&str]) -> Option<Vec<u8>> {
        self.request.metadata_member(JWT_AUTHN, &[&[key], path].concat())
    }

    fn recall(&mut self, token: &TokenDigest, now: UnixMillis) -> Option<Identity> {
        self.shared.cache(now).get(token, now)
    }

    fn remember(&mut self, token: TokenDigest, identity: &Identity, until: Option<UnixMillis>) {
        self.shared.cache(self.request.now()).put(token, identity.clone(), until);
    }

    fn sourced_cap(&self, tenant: &str) -> Option<TierId> {
        self.shared.tenants.cap(tenant)
    }

    fn keys(&mut self, issuer: IssuerId, now: UnixMillis) -> Keys {
        match self.shared.keys.keys(issuer, now) {
            Some(keys) => Keys::Ready(keys),
            None if self.is_out_of_time(issuer, now) => Keys::Unavailable,
            None => Keys::Wait,
        }
    }

    fn newer_keys(&mut self, issuer: IssuerId, now: UnixMillis) -> NewerKeys {
        if self.shared.keys.are_newer_than(issuer, self.since, now) {
            NewerKeys::Current
        } else if self.is_out_of_time(issuer, now) {
            NewerKeys::Unavailable
        } else {
            NewerKeys::Wait
        }
    }
}
