//! A bounded ring of slots over cells of bytes that can be compared and swapped.
//!
//! Nothing removes a cell, so there is a fixed number of them, found by hash; each holds all that
//! falls into it.

use std::cell::Cell;

use super::StoreError;

/// How many slots there are. 100,000 tenants are then six or seven a slot.
pub const SLOTS: u32 = 16_384;

/// The most accounts of one slot; idle ones make room for others. So at most a million in all.
pub const MAX_ACCOUNTS_A_SLOT: usize = 64;

/// … of these, users: one tenant can have any number of them, and other tenants must find room.
pub const MAX_USERS_A_SLOT: usize = 48;

/// How often a change is tried: each failure means that another worker succeeded.
const MAX_ATTEMPTS: u32 = 64;

/// Tells one content of a cell from another; `None` for a cell that was never written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version(pub Option<u32>);

/// Somebody changed the cell since it was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conflict;

/// Cells of bytes that all workers share.
pub trait Cells {
    /// A cell's content and its version.
    fn read(&self, key: &str) -> (Option<Vec<u8>>, Version);

    /// Replaces a cell's content, if it is still the version that was read.
    ///
    /// # Errors
    /// [`Conflict`], and nothing is written.
    fn write(&self, key: &str, value: &[u8], version: Version) -> Result<(), Conflict>;
}

/// Slots of one kind.
#[derive(Debug)]
pub(super) struct Ring<C> {
    cells: C,
    /// What its keys start with; with the version of the content's format.
    prefix: &'static str,
    retries: Cell<u64>,
}

// === impl Ring ===

impl<C: Cells> Ring<C> {
    pub fn new(cells: C, prefix: &'static str) -> Self {
        Self { cells, prefix, retries: Cell::new(0) }
    }

    /// Changes that another worker's came before, since last asked.
    pub fn take_retries(&self) -> u64 {
        self.retries.take()
    }

    /// The content of a slot; empty if it was never written.
    pub fn read(&self, slot: u32) -> Vec<u8> {
        self.cells.read(&self.key(slot)).0.unwrap_or_default()
    }

    /// Changes the content of a slot; `change` may run several times, and says what to write, if
    /// anything.
    ///
    /// # Errors
    /// What `change` says, or [`StoreError::Contended`]; nothing is changed.
    pub fn update<T>(
        &self,
        slot: u32,
        mut change: impl FnMut(&[u8]) -> Result<(T, Option<Vec<u8>>), StoreError>,
    ) -> Result<T, StoreError> {
        let key = self.key(slot);
        for _ in 0..MAX_ATTEMPTS {
            let (bytes, version) = self.cells.read(&key);
            let (result, changed) = change(&bytes.unwrap_or_default())?;
            let Some(changed) = changed else { return Ok(result) };
            if self.cells.write(&key, &changed, version).is_ok() {
                return Ok(result);
            }
            self.retries.set(self.retries.get().saturating_add(1));
        }
        Err(StoreError::Contended(MAX_ATTEMPTS))
    }

    fn key(&self, slot: u32) -> String {
        format!("{}{slot}", self.prefix)
    }
}

/// The slot of a hash.
pub(super) fn slot(hash: u64) -> u32 {
    u32::try_from(hash.checked_rem(SLOTS.into()).unwrap_or_default()).unwrap_or_default()
}
