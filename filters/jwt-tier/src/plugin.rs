//! One configuration of the filter, and what its timer and its calls do.

use std::rc::Rc;
use std::time::Duration;

use voxgate_host::{CallId, CallResponse, Plugin, RootHost};
use voxgate_policy::Policy;
use voxgate_policy::error::PolicyErrors;
use voxgate_policy::spec::PolicySpec;

use crate::crypto;
use crate::filter::{JwtTierFilter, look_after_waiting};
use crate::shared::{SOON, Shared};

/// How often it is looked whether keys or tenants are due.
const TICK: Duration = Duration::from_secs(1);

/// The plugin.
pub struct JwtTier {
    shared: Rc<Shared>,
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
        let shared = Shared::new(policy, host.now());
        if !shared.keys.is_empty() || !shared.tenants.is_none() {
            host.set_tick_period(SOON);
        }
        Ok(Self { shared: Rc::new(shared) })
    }

    fn filter(&self) -> JwtTierFilter {
        JwtTierFilter::new(Rc::clone(&self.shared))
    }

    fn on_tick(&mut self, host: &mut RootHost<'_>) {
        self.shared.keys.fetch_due(host);
        self.shared.tenants.on_tick(host);
        look_after_waiting(&self.shared, host);
        let is_idle = self.shared.waiting.borrow().is_empty()
            && self.shared.keys.are_here(host.now())
            && !self.shared.tenants.is_urgent();
        host.set_tick_period(if is_idle { TICK } else { SOON });
    }

    fn on_call_response(
        &mut self,
        host: &mut RootHost<'_>,
        call: CallId,
        response: CallResponse<'_>,
    ) {
        self.shared.tenants.on_response(&self.shared.policy, call, &response);
        self.shared.keys.on_response(call, response, host.now());
        look_after_waiting(&self.shared, host);
    }
}
