//! What all streams of one configuration share.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::{Rc, Weak};

use voxgate_host::shared_data::SharedData;
use voxgate_policy::QuotaPolicy;
use voxgate_policy::quota::store::{LocalStore, SLOTS, Store};
use voxgate_policy::quota::{CounterKey, Window};
use voxgate_policy::spec::ShadowSection;
use voxgate_policy::tenant::TenantTerms;
use voxgate_policy::time::UnixMillis;
use voxgate_tenants::TenantSource;

use crate::report::Report;
use crate::running::{Owed, Running};

/// Slots of the store that one worker looks through at each tick: all of them in about four
/// minutes.
const SWEPT_A_TICK: u32 = 64;

/// The most settlements of one worker that wait for the store; past it they are left to expire.
const MAX_OWED: usize = 1024;

/// A policy, and what is under way under it.
pub struct Shared {
    pub policy: QuotaPolicy,
    pub tenants: TenantSource,
    pub store: LocalStore<SharedData>,
    pub report: Report,
    /// Whether denials are only told.
    pub is_on_trial: bool,
    windows: Vec<(CounterKey, Window)>,
    swept: Cell<u32>,
    /// Settlements that the store could not take.
    owed: RefCell<Vec<Owed>>,
    /// Requests that hold what they reserved although nothing of their answers passes.
    kept_alive: RefCell<BTreeMap<u64, Weak<RefCell<Running>>>>,
    last_kept: Cell<u64>,
}

// === impl Shared ===

impl Shared {
    pub fn new(policy: QuotaPolicy, now: UnixMillis) -> Self {
        Self {
            tenants: TenantSource::of(&policy, now),
            store: LocalStore::new(SharedData),
            report: Report::new(&policy),
            is_on_trial: policy.is_shadowed(ShadowSection::Quotas),
            windows: policy.quotas().windows(),
            policy,
            swept: Cell::new(0),
            owed: RefCell::default(),
            kept_alive: RefCell::default(),
            last_kept: Cell::new(0),
        }
    }

    /// A tenant's own terms: those of the policy, else those of its source of tenants.
    pub fn terms(&self, tenant: Option<&str>) -> Option<TenantTerms> {
        let tenant = tenant?;
        self.policy.tenants().get(tenant).cloned().or_else(|| self.tenants.terms(tenant))
    }

    /// Settles later what the store could not take now.
    pub fn owe(&self, owed: Owed) {
        let mut all = self.owed.borrow_mut();
        if all.len() < MAX_OWED {
            all.push(owed);
        } else {
            log::warn!("quota: a settlement was given up: {MAX_OWED} wait for the store already");
        }
    }

    /// Keeps what a request reserved alive, under a number, until it is let go: a service may take
    /// longer than a lease for its first byte. Should this VM die, nobody renews it, and it expires.
    pub fn keep_alive(&self, running: &Rc<RefCell<Running>>) -> u64 {
        let number = self.last_kept.get().wrapping_add(1);
        self.last_kept.set(number);
        self.kept_alive.borrow_mut().insert(number, Rc::downgrade(running));
        number
    }

    /// Lets it go: only what passes of its answer renews it.
    pub fn let_go(&self, number: u64) {
        self.kept_alive.borrow_mut().remove(&number);
    }

    /// What the timer does: settles what is owed, renews, and lets time pass for accounts that
    /// nobody asks for.
    pub fn look_after(&self, now: UnixMillis) {
        for owed in self.owed.take() {
            if let Err(owed) = owed.pay(self, now) {
                self.owe(owed);
            }
        }
        for running in self.kept_alive.borrow().values().filter_map(Weak::upgrade) {
            running.borrow_mut().renew(self, now);
        }
        let first = self.swept.get();
        let last = first.saturating_add(SWEPT_A_TICK).min(SLOTS);
        for slot in first..last {
            if let Err(error) = self.store.sweep(slot, &self.windows, now) {
                self.report.store_failed(error);
            }
        }
        self.swept.set(if last >= SLOTS { 0 } else { last });
        self.report.store(&self.store);
    }

    /// The store, for what asks for its verbs.
    pub fn store(&self) -> &impl Store {
        &self.store
    }
}
