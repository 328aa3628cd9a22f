//! One configuration of the filter: its policy, and what its streams share.

use std::cell::{Cell, RefCell, RefMut};
use std::rc::Rc;
use std::time::Duration;

use voxgate_host::{CallId, CallResponse, Plugin, RootHost};
use voxgate_policy::Policy;
use voxgate_policy::error::PolicyErrors;
use voxgate_policy::spec::PolicySpec;

use crate::cache::TokenCache;
use crate::crypto;
use crate::filter::{JwtTierFilter, Waiting};
use crate::keys::KeySources;
use crate::report::Report;

/// How often keys are looked after, and requests that wait for them.
const TICK: Duration = Duration::from_millis(100);

/// The most requests of one worker that can wait for keys; past it they are answered 503.
pub const MAX_WAITING: usize = 1024;

/// The plugin.
pub struct JwtTier {
    shared: Rc<Shared>,
}

/// What all streams of one configuration share.
pub(crate) struct Shared {
    pub policy: Policy,
    pub report: Report,
    pub keys: KeySources,
    cache: RefCell<TokenCache>,
    /// The keys that the cached tokens were verified by.
    generation: Cell<u64>,
    pub waiting: RefCell<Vec<Waiting>>,
}

// === impl JwtTier ===

impl Plugin for JwtTier {
    type Filter = JwtTierFilter;
    type ConfigError = PolicyErrors;

    fn configure(config: &[u8], host: &mut RootHost<'_>) -> Result<Self, PolicyErrors> {
        crypto::install();
        crypto::probe_host();
        let policy = Policy::try_from(PolicySpec::from_json(config)?)?;
        policy.check_algorithms(crypto::is_supported)?;
        let keys = KeySources::of(policy.identity());
        if !keys.is_empty() {
            host.set_tick_period(TICK);
        }
        let report = Report::new(&policy);
        Ok(Self {
            shared: Rc::new(Shared {
                policy,
                report,
                keys,
                cache: RefCell::default(),
                generation: Cell::new(0),
                waiting: RefCell::default(),
            }),
        })
    }

    fn filter(&self) -> JwtTierFilter {
        JwtTierFilter::new(Rc::clone(&self.shared))
    }

    fn on_tick(&mut self, host: &mut RootHost<'_>) {
        self.shared.keys.fetch_due(host);
        self.shared.look_after_waiting(host);
    }

    fn on_call_response(
        &mut self,
        host: &mut RootHost<'_>,
        call: CallId,
        response: CallResponse<'_>,
    ) {
        self.shared.keys.on_response(call, response, host.now());
        self.shared.look_after_waiting(host);
    }
}

// === impl Shared ===

impl Shared {
    /// The verified tokens. A key may have been withdrawn, and with it the tokens that it signed,
    /// so none outlives a change of keys.
    pub fn cache(&self) -> RefMut<'_, TokenCache> {
        let mut cache = self.cache.borrow_mut();
        let generation = self.keys.generation();
        if self.generation.replace(generation) != generation {
            cache.clear();
        }
        cache
    }

    /// Decides again on every request that waits.
    fn look_after_waiting(&self, host: &mut RootHost<'_>) {
        for stream in self.waiting.take() {
            stream.try_again(self, host);
        }
    }
}
