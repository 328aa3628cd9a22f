//! What all streams of one configuration share.

use std::cell::{Cell, RefCell};
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
    /// WebSockets that hold what they reserved although nothing passes.
    sockets: RefCell<Vec<Weak<RefCell<Running>>>>,
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
            sockets: RefCell::default(),
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

    /// Keeps what a WebSocket reserved alive until it is gone.
    pub fn keep_alive(&self, running: &Rc<RefCell<Running>>) {
        self.sockets.borrow_mut().push(Rc::downgrade(running));
    }

    /// What the timer does: settles what is owed, renews, and lets time pass for accounts that
    /// nobody asks for.
    pub fn look_after(&self, now: UnixMillis) {
        for owed in self.owed.take() {
            if let Err(owed) = owed.pay(self, now) {
                self.owe(owed);
            }
        }
        self.sockets.borrow_mut().retain(|it| match it.upgrade() {
            Some(running) => {
                running.borrow_mut().renew(self, now);
                true
            }
            None => false,
        });
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
