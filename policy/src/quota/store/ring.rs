//! A bounded ring of slots over cells of bytes that can be compared and swapped.
//!
//! Nothing removes a cell, so there is a fixed number of them, found by hash; each holds the
//! entries of all accounts that fall into it.

use std::cell::Cell;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::StoreError;

/// How many slots there are. 100,000 tenants are then six or seven a slot.
pub const SLOTS: u32 = 16_384;

/// The most accounts of one slot; idle ones make room for others. So at most a million in all.
pub const MAX_ACCOUNTS_A_SLOT: usize = 64;

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

/// Slots of one kind of entry.
#[derive(Debug)]
pub(super) struct Ring<C> {
    cells: C,
    /// What its keys start with; with the version of the entries' format.
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

    /// The entries of a slot.
    pub fn read<E: DeserializeOwned>(&self, slot: u32) -> Vec<E> {
        let (bytes, _) = self.cells.read(&self.key(slot));
        decode(bytes)
    }

    /// Changes the entries of a slot; `change` may run several times, and says whether there is
    /// anything to write.
    ///
    /// # Errors
    /// What `change` says, or [`StoreError::Contended`]; nothing is changed.
    pub fn update<E: Serialize + DeserializeOwned, T>(
        &self,
        slot: u32,
        mut change: impl FnMut(&mut Vec<E>) -> Result<(T, bool), StoreError>,
    ) -> Result<T, StoreError> {
        let key = self.key(slot);
        for _ in 0..MAX_ATTEMPTS {
            let (bytes, version) = self.cells.read(&key);
            let mut entries = decode(bytes);
            let (result, is_changed) = change(&mut entries)?;
            if !is_changed {
                return Ok(result);
            }
            // Entries of numbers and strings cannot fail to serialise.
            let bytes = postcard::to_allocvec(&entries).unwrap_or_default();
            if self.cells.write(&key, &bytes, version).is_ok() {
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

/// What cannot be read was not written by this code: its key has another version then.
fn decode<E: DeserializeOwned>(bytes: Option<Vec<u8>>) -> Vec<E> {
    let bytes = bytes.unwrap_or_default();
    postcard::from_bytes(&bytes).unwrap_or_default()
}
