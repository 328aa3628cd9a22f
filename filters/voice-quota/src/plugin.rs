//! One configuration of the filter, and what its timer does.

use std::rc::Rc;
use std::time::Duration;

use voxgate_host::{Plugin, RootHost};
use voxgate_policy::Policy;
use voxgate_policy::error::PolicyErrors;
use voxgate_policy::spec::PolicySpec;

use crate::filter::VoiceQuotaFilter;
use crate::shared::Shared;

/// How often what was left behind is looked after.
const TICK: Duration = Duration::from_secs(1);

/// The plugin.
pub struct VoiceQuota {
    shared: Rc<Shared>,
}

// === impl VoiceQuota ===

impl Plugin for VoiceQuota {
    type Filter = VoiceQuotaFilter;
    type ConfigError = PolicyErrors;

    fn configure(config: &[u8], host: &mut RootHost<'_>) -> Result<Self, PolicyErrors> {
        let policy = Policy::try_from(PolicySpec::from_json(config)?)?;
        host.set_tick_period(TICK);
        Ok(Self { shared: Rc::new(Shared::new(policy)) })
    }

    fn filter(&self) -> VoiceQuotaFilter {
        VoiceQuotaFilter::new(Rc::clone(&self.shared))
    }

    fn on_tick(&mut self, host: &mut RootHost<'_>) {
        self.shared.look_after(host.now());
    }
}
