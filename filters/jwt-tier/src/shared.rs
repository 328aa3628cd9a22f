//! What all streams of one configuration share.

use std::cell::{Cell, RefCell, RefMut};
use std::time::Duration;

use voxgate_host::StreamHandle;
use voxgate_policy::Policy;
use voxgate_policy::time::UnixMillis;
use voxgate_tenants::TenantSource;

use crate::cache::TokenCache;
use crate::keys::KeySources;
use crate::report::Report;

/// The most requests of one worker that can wait for keys; past it they are answered 503.
pub const MAX_WAITING: usize = 1024;

/// How often the timer runs while a request waits for keys, or the first ones are not here.
pub const SOON: Duration = Duration::from_millis(100);

/// A policy, and what was learned under it.
pub struct Shared {
    pub policy: Policy,
    pub report: Report,
    pub keys: KeySources,
    pub tenants: TenantSource,
    cache: RefCell<TokenCache>,
    /// The keys that the cached tokens were verified by, and the tenants whose caps they have.
    generation: Cell<(u64, u64)>,
    /// Requests that wait for keys, in the order they came.
    pub waiting: RefCell<Vec<StreamHandle>>,
}

// === impl Shared ===

impl Shared {
    /// What a policy starts with.
    pub fn new(policy: Policy, now: UnixMillis) -> Self {
        Self {
            report: Report::new(&policy),
            keys: KeySources::of(policy.identity()),
            tenants: TenantSource::of(&policy, now),
            policy,
            cache: RefCell::default(),
            generation: Cell::default(),
            waiting: RefCell::default(),
        }
    }

    /// The verified tokens. A key may have been withdrawn, and with it the tokens that it signed,
    /// so none outlives a change of keys, nor their becoming stale; nor one of tenants, for their
    /// tiers are capped already.
    pub fn cache(&self, now: UnixMillis) -> RefMut<'_, TokenCache> {
        let mut cache = self.cache.borrow_mut();
        let generation = (self.keys.generation(now), self.tenants.generation());
        if self.generation.replace(generation) != generation {
            cache.clear();
        }
        cache
    }
}
