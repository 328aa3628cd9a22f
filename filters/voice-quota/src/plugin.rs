//! One configuration of the filter, and what its timer does.

use std::rc::Rc;
use std::time::Duration;

use voxgate_host::{CallId, CallResponse, Plugin, RootHost};
use voxgate_policy::QuotaPolicy;
use voxgate_policy::error::PolicyErrors;

use crate::filter::VoiceQuotaFilter;
use crate::shared::Shared;

/// How often what was left behind is looked after.
const TICK: Duration = Duration::from_secs(1);

/// When the tenants are asked for that are not here.
const SOON: Duration = Duration::from_millis(100);

/// The plugin.
pub struct VoiceQuota {
    shared: Rc<Shared>,
}

// === impl VoiceQuota ===

impl Plugin for VoiceQuota {
    type Filter = VoiceQuotaFilter;
    type ConfigError = PolicyErrors;

    fn configure(config: &[u8], host: &mut RootHost<'_>) -> Result<Self, PolicyErrors> {
        let policy = QuotaPolicy::from_json(config)?;
        let shared = Shared::new(policy, host.now());
        host.set_tick_period(if shared.tenants.is_urgent() { SOON } else { TICK });
        Ok(Self { shared: Rc::new(shared) })
    }

    fn filter(&self) -> VoiceQuotaFilter {
        VoiceQuotaFilter::new(Rc::clone(&self.shared))
    }

    fn on_tick(&mut self, host: &mut RootHost<'_>) {
        self.shared.tenants.on_tick(host);
        self.shared.look_after(host.now());
        host.set_tick_period(TICK);
    }

    fn on_call_response(&mut self, _: &mut RootHost<'_>, call: CallId, response: CallResponse<'_>) {
        self.shared.tenants.on_response(&self.shared.policy, call, &response);
    }
}
