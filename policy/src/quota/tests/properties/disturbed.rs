//! Cells that other workers disturb.

use std::cell::Cell;
use std::rc::Rc;

use crate::quota::store::{Conflict, Version};
use crate::quota::tests::*;

/// Cells whose next writes fail, as if another worker had come before.
#[derive(Clone, Default)]
pub(super) struct Disturbed {
    pub cells: MemoryCells,
    pub failing: Rc<Cell<u32>>,
}

impl Cells for Disturbed {
    fn read(&self, key: &str) -> (Option<Vec<u8>>, Version) {
        self.cells.read(key)
    }

    fn write(&self, key: &str, value: &[u8], version: Version) -> Result<(), Conflict> {
        match self.failing.get().checked_sub(1) {
            None => self.cells.write(key, value, version),
            Some(left) => {
                self.failing.set(left);
                Err(Conflict)
            }
        }
    }
}
