//! The store of one proxy: exact for all its workers, unknown to other proxies, gone with it.

use std::cell::Cell;
use std::task::Poll;

use super::ring::{Cells, Ring, SLOTS, slot};
use super::{Store, StoreError, entries};
use crate::quota::account::{Account, AccountId, CounterKey};
use crate::quota::counter::Passed;
use crate::quota::demand::{AccountDemand, Demand};
use crate::quota::repeat::Charged;
use crate::quota::reservation::{Item, Reservation};
use crate::quota::usage::{Usage, UsageQuery};
use crate::quota::verdict::{Verdict, Violation};
use crate::quota::window::Window;
use crate::time::UnixMillis;

/// Keys of accounts; the number is the version of the entries' format.
const ACCOUNTS: &str = "voxgate.quota.1.";

/// Keys of charged requests.
const REPEATS: &str = "voxgate.repeat.1.";

/// The most charged requests of one slot that are remembered; the one that would be forgotten first
/// makes room.
const MAX_REPEATS_A_SLOT: usize = 64;

/// The store of one proxy.
#[derive(Debug)]
pub struct LocalStore<C> {
    accounts: Ring<C>,
    repeats: Ring<C>,
    expired: Cell<u64>,
    held: Cell<i64>,
}

// === impl LocalStore ===

impl<C: Cells + Clone> LocalStore<C> {
    /// The store in these cells.
    pub fn new(cells: C) -> Self {
        Self {
            accounts: Ring::new(cells.clone(), ACCOUNTS),
            repeats: Ring::new(cells, REPEATS),
            expired: Cell::new(0),
            held: Cell::new(0),
        }
    }
}

impl<C: Cells> LocalStore<C> {
    /// How often a change had to be tried again, since last asked.
    pub fn take_retries(&self) -> u64 {
        self.accounts.take_retries().saturating_add(self.repeats.take_retries())
    }

    /// Units that expired, since last asked: nobody had settled them.
    pub fn take_expired(&self) -> u64 {
        self.expired.take()
    }

    /// By how much the units changed that requests under way hold, since last asked; what expired is
    /// held no more.
    pub fn take_held(&self) -> i64 {
        self.held.take()
    }

    /// Changes an account, made new if there is none; `change` says whether it must be written.
    fn update<T>(
        &self,
        id: &AccountId,
        mut change: impl FnMut(&mut Account) -> (T, bool),
    ) -> Result<T, StoreError> {
        let (result, held) = self.accounts.update(slot_of(id), |cell| {
            let mut found = entries::find(cell, id);
            let before = found.account.held();
            let (result, is_changed) = change(&mut found.account);
            let held = difference(before, found.account.held());
            let changed = if is_changed { Some(found.cell()?) } else { None };
            Ok(((result, if is_changed { held } else { 0 }), changed))
        })?;
        self.held.set(self.held.get().saturating_add(held));
        Ok(result)
    }

    /// Lets time pass for all accounts of a slot, and forgets those that nobody uses.
    ///
    /// # Errors
    /// [`StoreError::Contended`]; nothing is changed.
    pub fn sweep(
        &self,
        slot: u32,
        windows: &[(CounterKey, Window)],
        now: UnixMillis,
    ) -> Result<(), StoreError> {
        let (passed, held) = self.accounts.update(slot, |cell| {
            let mut passed = Passed::default();
            let mut held = 0_i64;
            let mut is_changed = false;
            let mut swept = Vec::with_capacity(cell.len());
            for entry in entries::entries(cell) {
                let mut account = entry.account().unwrap_or_default();
                let before = account.held();
                let of_account = account.sweep(windows, now);
                held = held.saturating_add(difference(before, account.held()));
                is_changed |= of_account.expired > 0 || of_account.is_set_back || account.is_idle();
                passed.add(of_account);
                entry.write(&account, &mut swept);
            }
            Ok(((passed, if is_changed { held } else { 0 }), is_changed.then_some(swept)))
        })?;
        self.held.set(self.held.get().saturating_add(held));
        self.count_expired(passed);
        Ok(())
    }

    /// An account as it stands.
    fn read(&self, id: &AccountId) -> Account {
        entries::find(&self.accounts.read(slot_of(id)), id).account
    }

    fn reserve_on(
        &self,
        wanted: &AccountDemand,
        now: UnixMillis,
        expires: UnixMillis,
    ) -> Result<Result<Item, Vec<Violation>>, StoreError> {
        let answer = self.update(&wanted.id, |account| {
            let answer = account.reserve(&wanted.charges, now, expires);
            let Passed { expired, is_set_back } = answer.passed;
            let is_changed = answer.taken.is_some() || expired > 0 || is_set_back;
            (answer, is_changed)
        })?;
        self.count_expired(answer.passed);
        Ok(match answer.taken {
            Some(taken) => Ok(Item {
                id: wanted.id.clone(),
                charges: wanted.charges.clone(),
                shares: wanted.shares.clone(),
                standings: answer.standings,
                taken,
                is_settled: false,
            }),
            None => Err(wanted.violations(&answer.standings)),
        })
    }

    fn settle_on(&self, item: &Item, kept: &[u64], now: UnixMillis) -> Result<(), StoreError> {
        let passed = self.update(&item.id, |account| {
            (account.settle(&item.charges, &item.taken, kept, now), true)
        })?;
        self.count_expired(passed);
        Ok(())
    }

    /// What else the demand would violate, on accounts that were not reached.
    fn look(&self, wanted: &AccountDemand, now: UnixMillis) -> Vec<Violation> {
        // On a copy, that is thrown away.
        let answer = self.read(&wanted.id).reserve(&wanted.charges, now, now);
        match answer.taken {
            Some(_) => Vec::new(),
            None => wanted.violations(&answer.standings),
        }
    }

    fn reserve_all(
        &self,
        demand: &Demand,
        now: UnixMillis,
        expires: UnixMillis,
    ) -> Result<Verdict, StoreError> {
        // Wider accounts are looked at first, so that little is taken in vain.
        if let [narrower @ .., widest] = demand.accounts.as_slice()
            && !narrower.is_empty()
        {
            let by_widest = self.look(widest, now);
            if !by_widest.is_empty() {
                let others = narrower.iter().flat_map(|it| self.look(it, now));
                return Ok(Verdict::Denied(others.chain(by_widest).collect()));
            }
        }
        let mut reservation = Reservation {
            gives_back: demand.gives_back.clone(),
            expires,
            ..Reservation::default()
        };
        for (reached, wanted) in demand.accounts.iter().enumerate() {
            match self.reserve_on(wanted, now, expires) {
                Ok(Ok(item)) => reservation.accounts.push(item),
                Ok(Err(mut violations)) => {
                    self.undo(&reservation, now);
                    let beyond = demand.accounts.iter().skip(reached.saturating_add(1));
                    violations.extend(beyond.flat_map(|it| self.look(it, now)));
                    return Ok(Verdict::Denied(violations));
                }
                Err(error) => {
                    self.undo(&reservation, now);
                    return Err(error);
                }
            }
        }
        Ok(Verdict::Granted(reservation))
    }

    /// Gives all of it back. What cannot be given back now expires.
    fn undo(&self, reservation: &Reservation, now: UnixMillis) {
        for item in &reservation.accounts {
            let nothing = vec![0; item.taken.len()];
            let _ = self.settle_on(item, &nothing, now);
        }
    }

    fn settle_all(
        &self,
        reservation: &mut Reservation,
        kept: &[u64],
        succeeded: bool,
        now: UnixMillis,
    ) -> Result<(), StoreError> {
        let mut kept = kept;
        let mut result = Ok(());
        for item in &mut reservation.accounts {
            let (of_item, rest) = kept.split_at_checked(item.taken.len()).unwrap_or((kept, &[]));
            kept = rest;
            if !item.is_settled {
                let settled = self.settle_on(item, of_item, now);
                item.is_settled = settled.is_ok();
                result = result.and(settled);
            }
        }
        if !succeeded {
            reservation.gives_back.clear();
        }
        reservation.gives_back.retain(|(id, key)| {
            let given = self.update(id, |account| (account.give_back(*key, 1), true));
            result = result.and(given);
            given.is_err()
        });
        result
    }

    fn count_expired(&self, passed: Passed) {
        self.expired.set(self.expired.get().saturating_add(passed.expired));
    }

    fn page(&self, query: &UsageQuery<'_>) -> Usage {
        let mut usage = Usage::default();
        match query {
            UsageQuery::Tenant(id) => usage.accounts.push(((*id).clone(), self.read(id))),
            UsageQuery::All { from, at_least } => {
                for slot in *from..SLOTS {
                    if usage.accounts.len() >= *at_least {
                        usage.next = Some(slot);
                        break;
                    }
                    let cell = self.accounts.read(slot);
                    let all = entries::entries(&cell).into_iter();
                    let all = all.filter_map(|it| Some((it.id()?, it.account()?)));
                    usage.accounts.extend(all.filter(|(id, _)| !matches!(id, AccountId::User(_))));
                }
            }
        }
        usage
    }
}

impl<C: Cells> Store for LocalStore<C> {
    fn reserve(
        &self,
        _: u32,
        demand: &Demand,
        now: UnixMillis,
        expires: UnixMillis,
    ) -> Poll<Result<Verdict, StoreError>> {
        Poll::Ready(self.reserve_all(demand, now, expires))
    }

    fn settle(
        &self,
        _: u32,
        reservation: &mut Reservation,
        kept: &[u64],
        succeeded: bool,
        now: UnixMillis,
    ) -> Poll<Result<(), StoreError>> {
        Poll::Ready(self.settle_all(reservation, kept, succeeded, now))
    }

    fn renew(
        &self,
        _: u32,
        reservation: &mut Reservation,
        now: UnixMillis,
        expires: UnixMillis,
    ) -> Poll<Result<(), StoreError>> {
        for item in reservation.accounts.iter_mut().filter(|it| !it.is_settled) {
            let renewed = self.update(&item.id, |account| {
                (account.renew(&item.charges, &item.taken, now, expires), true)
            });
            match renewed {
                Ok((taken, passed)) => {
                    item.taken = taken;
                    self.count_expired(passed);
                }
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        reservation.expires = expires;
        Poll::Ready(Ok(()))
    }

    fn usage(&self, _: u32, query: &UsageQuery<'_>) -> Poll<Usage> {
        Poll::Ready(self.page(query))
    }

    fn is_charged(&self, _: u32, repeat: &[u8; 16], now: UnixMillis) -> Poll<bool> {
        let charged = Charged::decode(&self.repeats.read(slot(first_u64(repeat))));
        Poll::Ready(charged.iter().any(|it| it.digest == *repeat && it.until > now.0))
    }

    fn remember_charged(
        &self,
        _: u32,
        repeat: &[u8; 16],
        now: UnixMillis,
        until: UnixMillis,
    ) -> Poll<Result<bool, StoreError>> {
        Poll::Ready(self.repeats.update(slot(first_u64(repeat)), |cell| {
            let mut charged = Charged::decode(cell);
            charged.retain(|it| it.until > now.0);
            if charged.iter().any(|it| it.digest == *repeat) {
                return Ok((false, None));
            }
            if charged.len() >= MAX_REPEATS_A_SLOT {
                let first = charged.iter().enumerate().min_by_key(|(_, it)| it.until);
                if let Some((place, _)) = first {
                    charged.swap_remove(place);
                }
            }
            charged.push(Charged { digest: *repeat, until: until.0 });
            Ok((true, Some(Charged::encode(&charged))))
        }))
    }
}

/// The slot in which an account's counters stand.
pub fn slot_of(id: &AccountId) -> u32 {
    slot(hash(id))
}

/// FNV-1a. Tenants come from verified tokens, so nobody can choose where many of them fall.
fn hash(id: &AccountId) -> u64 {
    let (kind, name): (u8, &[u8]) = match id {
        AccountId::User(digest) => (b'u', digest),
        AccountId::Tenant(name) => (b't', name.as_bytes()),
        AccountId::Anonymous => (b'a', b""),
        AccountId::Service => (b's', b""),
    };
    let bytes = std::iter::once(&kind).chain(name);
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn first_u64(digest: &[u8; 16]) -> u64 {
    digest.iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn difference(before: u64, after: u64) -> i64 {
    let signed = |it: u64| i64::try_from(it).unwrap_or(i64::MAX);
    signed(after).saturating_sub(signed(before))
}
