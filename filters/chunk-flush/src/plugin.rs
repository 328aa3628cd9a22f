//! One configuration of the filter, and what its timer does.

use std::rc::Rc;

use voxgate_host::{Plugin, RootHost};
use voxgate_policy::StreamPolicy;
use voxgate_policy::error::PolicyErrors;

use crate::filter::ChunkFlushFilter;
use crate::shared::Shared;

/// The plugin.
pub struct ChunkFlush {
    shared: Rc<Shared>,
}

// === impl ChunkFlush ===

impl Plugin for ChunkFlush {
    type Filter = ChunkFlushFilter;
    type ConfigError = PolicyErrors;

    fn configure(config: &[u8], _host: &mut RootHost<'_>) -> Result<Self, PolicyErrors> {
        Ok(Self { shared: Rc::new(Shared::new(StreamPolicy::from_json(config)?)) })
    }

    fn filter(&self) -> ChunkFlushFilter {
        ChunkFlushFilter::new(Rc::clone(&self.shared))
    }

    fn on_tick(&mut self, host: &mut RootHost<'_>) {
        self.shared.lookout.on_tick(host);
    }
}
