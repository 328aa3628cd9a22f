//! The accounts of one slot, as they stand in its cell: of each its id and its counters, with their
//! lengths before them. So one is found, read and replaced, and the others are only copied.

use std::ops::Range;

use super::StoreError;
use super::ring::{MAX_ACCOUNTS_A_SLOT, MAX_USERS_A_SLOT};
use crate::quota::account::{Account, AccountId};

/// The bytes of a length.
const LENGTH: usize = size_of::<u32>();

/// An account of a slot, not decoded.
pub(super) struct Entry<'a> {
    id: &'a [u8],
    account: &'a [u8],
    /// Where it stands in the cell.
    place: Range<usize>,
}

/// One account, to be changed.
pub(super) struct Found<'a> {
    cell: &'a [u8],
    id: Vec<u8>,
    /// Where it stands; after the others if it is new.
    place: Range<usize>,
    /// Whether there is room for it, if it is new.
    has_room: bool,
    pub account: Account,
}

/// The accounts of a cell; none if it was not written by this code.
pub(super) fn entries(cell: &[u8]) -> Vec<Entry<'_>> {
    let mut entries = Vec::new();
    let mut at = 0;
    while at < cell.len() {
        let Some(entry) = entry(cell, at) else { return Vec::new() };
        at = entry.place.end;
        entries.push(entry);
    }
    entries
}

/// The account of `id`, a new one if there is none.
pub(super) fn find<'a>(cell: &'a [u8], id: &AccountId) -> Found<'a> {
    let is_user = matches!(id, AccountId::User(_));
    let id = encode(id);
    let entries = entries(cell);
    let cell = if entries.is_empty() { &[] } else { cell };
    let found = entries.iter().find(|it| it.id == id);
    Found {
        account: found.and_then(Entry::account).unwrap_or_default(),
        place: found.map_or(cell.len()..cell.len(), |it| it.place.clone()),
        has_room: found.is_some() || has_room(&entries, is_user),
        cell,
        id,
    }
}

fn has_room(entries: &[Entry<'_>], is_user: bool) -> bool {
    let users = || entries.iter().filter(|it| matches!(it.id(), Some(AccountId::User(_)))).count();
    entries.len() < MAX_ACCOUNTS_A_SLOT
        && (!is_user || entries.len() < MAX_USERS_A_SLOT || users() < MAX_USERS_A_SLOT)
}

// === impl Entry ===

impl Entry<'_> {
    pub fn id(&self) -> Option<AccountId> {
        postcard::from_bytes(self.id).ok()
    }

    pub fn account(&self) -> Option<Account> {
        postcard::from_bytes(self.account).ok()
    }

    /// Adds it to a cell with another content; one that is idle is left out.
    pub fn write(&self, account: &Account, cell: &mut Vec<u8>) {
        write(self.id, account, cell);
    }
}

// === impl Found ===

impl Found<'_> {
    /// The cell with the account as it is now.
    ///
    /// # Errors
    /// [`StoreError::Full`]: it is new, and there is no room for it.
    pub fn cell(&self) -> Result<Vec<u8>, StoreError> {
        if !self.has_room && !self.account.is_idle() {
            return Err(StoreError::Full);
        }
        let before = self.cell.get(..self.place.start).unwrap_or_default();
        let after = self.cell.get(self.place.end..).unwrap_or_default();
        let mut cell = Vec::with_capacity(self.cell.len().saturating_add(256));
        cell.extend_from_slice(before);
        write(&self.id, &self.account, &mut cell);
        cell.extend_from_slice(after);
        Ok(cell)
    }
}

fn entry(cell: &[u8], at: usize) -> Option<Entry<'_>> {
    let (id, after) = part(cell, at)?;
    let (account, end) = part(cell, after)?;
    Some(Entry { id, account, place: at..end })
}

/// A part with its length before it, and where it ends.
fn part(cell: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let start = at.checked_add(LENGTH)?;
    let length = u32::from_le_bytes(cell.get(at..start)?.try_into().ok()?);
    let end = start.checked_add(usize::try_from(length).ok()?)?;
    Some((cell.get(start..end)?, end))
}

fn write(id: &[u8], account: &Account, cell: &mut Vec<u8>) {
    if !account.is_idle() {
        write_part(id, cell);
        write_part(&encode(account), cell);
    }
}

fn write_part(part: &[u8], cell: &mut Vec<u8>) {
    let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
    cell.extend_from_slice(&length.to_le_bytes());
    cell.extend_from_slice(part);
}

/// Numbers and strings cannot fail to serialise.
fn encode(value: &impl serde::Serialize) -> Vec<u8> {
    postcard::to_allocvec(value).unwrap_or_default()
}
