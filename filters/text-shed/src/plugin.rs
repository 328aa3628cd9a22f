//! One configuration of the filter, and what its timer does.

use std::rc::Rc;

use voxgate_host::{Plugin, RootHost};
use voxgate_policy::ShedPolicy;
use voxgate_policy::error::PolicyErrors;

use crate::filter::TextShedFilter;
use crate::shared::{Shared, TICK};

/// The plugin.
pub struct TextShed {
    shared: Rc<Shared>,
}

// === impl TextShed ===

impl Plugin for TextShed {
    type Filter = TextShedFilter;
    type ConfigError = PolicyErrors;

    fn configure(config: &[u8], host: &mut RootHost<'_>) -> Result<Self, PolicyErrors> {
        let policy = ShedPolicy::from_json(config)?;
        host.set_tick_period(TICK);
        Ok(Self { shared: Rc::new(Shared::new(policy)) })
    }

    fn filter(&self) -> TextShedFilter {
        TextShedFilter::new(Rc::clone(&self.shared))
    }

    fn on_tick(&mut self, host: &mut RootHost<'_>) {
        self.shared.on_tick(host);
    }
}
