//! Cells in this process's memory: for tests, and for trying a policy out without a proxy.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use super::{Cells, Conflict, Version};

/// Cells in memory. Clones share them, as the workers of a proxy do.
#[derive(Clone, Debug, Default)]
pub struct MemoryCells(Rc<RefCell<Memory>>);

#[derive(Debug, Default)]
struct Memory {
    cells: HashMap<String, (Vec<u8>, u32)>,
    writes: u32,
}

impl Cells for MemoryCells {
    fn read(&self, key: &str) -> (Option<Vec<u8>>, Version) {
        match self.0.borrow().cells.get(key) {
            Some((value, version)) => (Some(value.clone()), Version(Some(*version))),
            None => (None, Version(None)),
        }
    }

    fn write(&self, key: &str, value: &[u8], version: Version) -> Result<(), Conflict> {
        let mut memory = self.0.borrow_mut();
        if memory.cells.get(key).map(|(_, it)| *it) != version.0 {
            return Err(Conflict);
        }
        memory.writes = memory.writes.wrapping_add(1);
        let version = memory.writes;
        memory.cells.insert(key.to_owned(), (value.to_vec(), version));
        Ok(())
    }
}
