//! Guards of one thread.

use std::cell::RefCell;

use voxgate_policy::shed::Lane;
use voxgate_policy::shed::guard::{Contended, Guard, Guards};

#[derive(Debug, Default)]
pub(super) struct LocalGuards {
    online: RefCell<Guard>,
    batch: RefCell<Guard>,
}

// === impl LocalGuards ===

impl LocalGuards {
    pub(super) fn of<T>(&self, lane: Lane, look: impl FnOnce(&Guard) -> T) -> T {
        look(&self.cell(lane).borrow())
    }

    fn cell(&self, lane: Lane) -> &RefCell<Guard> {
        match lane {
            Lane::Online => &self.online,
            Lane::Batch => &self.batch,
        }
    }
}

impl Guards for LocalGuards {
    fn read(&self, lane: Lane) -> Guard {
        self.cell(lane).borrow().clone()
    }

    fn update<T>(
        &self,
        lane: Lane,
        mut change: impl FnMut(&mut Guard) -> T,
    ) -> Result<T, Contended> {
        Ok(change(&mut self.cell(lane).borrow_mut()))
    }
}
