//! The source of tenants of one configuration, and those of this VM.

use std::cell::RefCell;
use std::hash::{BuildHasher, RandomState};
use std::rc::{Rc, Weak};

use voxgate_host::{CallId, CallResponse, RootHost, now};
use voxgate_policy::QuotaPolicy;
use voxgate_policy::spec::TenantSourceSpec;
use voxgate_policy::tenant::{Polling, TenantBasis, TenantTerms};
use voxgate_policy::tier::TierId;
use voxgate_policy::time::UnixMillis;

use crate::fetch::{self, Failure, Fetched, Outcome};
use crate::report::Report;

thread_local! {
    /// A new configuration starts in the VM of the old one; it finds the tenants here, so a
    /// configuration push loses none.
    static OF_THIS_VM: RefCell<Vec<Weak<Source>>> = const { RefCell::new(Vec::new()) };
}

/// The source of tenants of one configuration, if its policy has one.
pub struct TenantSource(Option<(Rc<Source>, Report)>);

/// A source of tenants of this VM, read for policies whose tiers and rules are the same.
struct Source {
    spec: TenantSourceSpec,
    basis: TenantBasis,
    state: RefCell<State>,
}

struct State {
    polling: Polling,
    /// The fetch under way.
    call: Option<CallId>,
    last: Option<Fetched>,
    /// How often a document came.
    changes: u64,
}

// === impl TenantSource ===

impl TenantSource {
    /// The source that `policy` names, found or made.
    pub fn of(policy: &QuotaPolicy, now: UnixMillis) -> Self {
        let spec = policy.tenant_source();
        Self(spec.map(|it| (Source::get(it, policy.tenant_basis(), now), Report::new())))
    }

    /// Whether the policy has none.
    pub fn is_none(&self) -> bool {
        self.0.is_none()
    }

    /// A tenant's own terms. None, too, before the first document is here.
    pub fn terms(&self, tenant: &str) -> Option<TenantTerms> {
        self.with(tenant, TenantTerms::clone)
    }

    /// A tenant's cap.
    pub fn cap(&self, tenant: &str) -> Option<TierId> {
        self.with(tenant, |it| it.max_tier).flatten()
    }

    /// A number that changes with the tenants: what was concluded from them before must be
    /// concluded anew.
    pub fn generation(&self) -> u64 {
        self.0.as_ref().map_or(0, |(source, _)| source.state.borrow().changes)
    }

    /// Whether the first fetch is still to be started, as soon as may be.
    pub fn is_urgent(&self) -> bool {
        self.0.as_ref().is_some_and(|(source, _)| !source.state.borrow().polling.has_begun())
    }

    /// Asks if it is time, and tells the metrics how things stand.
    pub fn on_tick(&self, host: &mut RootHost<'_>) {
        if let Some((source, report)) = &self.0 {
            source.ask_if_due(host);
            source.tell(report, host.now());
        }
    }

    /// Takes the answer to a fetch; not that to one that was given up, nor to somebody else's call.
    /// `policy` is the one that this was made of.
    pub fn on_response(&self, policy: &QuotaPolicy, call: CallId, response: &CallResponse<'_>) {
        if let Some((source, report)) = &self.0
            && source.state.borrow().call == Some(call)
        {
            source.on_response(policy, response);
            source.tell(report, now());
        }
    }

    fn with<T>(&self, tenant: &str, take: impl FnOnce(&TenantTerms) -> T) -> Option<T> {
        let (source, _) = self.0.as_ref()?;
        let state = source.state.borrow();
        state.last.as_ref()?.table.get(tenant).map(take)
    }
}

// === impl Source ===

impl Source {
    fn get(spec: &TenantSourceSpec, basis: TenantBasis, now: UnixMillis) -> Rc<Self> {
        OF_THIS_VM.with_borrow_mut(|sources| {
            sources.retain(|it| it.strong_count() > 0);
            let living: Vec<Rc<Self>> = sources.iter().filter_map(Weak::upgrade).collect();
            if let Some(same) = living.iter().find(|it| it.spec == *spec && it.basis == basis) {
                return Rc::clone(same);
            }
            let fresh = Polling::new(spec, RandomState::new().hash_one(0), now);
            // Of other sources of the same document, the one that heard of it last.
            let heirs = living.iter().filter_map(|it| it.bequeath(spec, &basis, &fresh));
            let heir = heirs.min_by_key(|it| it.polling.age(now));
            let state =
                heir.unwrap_or(State { polling: fresh, call: None, last: None, changes: 0 });
            let source = Rc::new(Self { spec: spec.clone(), basis, state: RefCell::new(state) });
            sources.push(Rc::downgrade(&source));
            source
        })
    }

    /// What another policy's source can begin with, if it has the same document and that means the
    /// same there.
    fn bequeath(
        &self,
        spec: &TenantSourceSpec,
        basis: &TenantBasis,
        fresh: &Polling,
    ) -> Option<State> {
        let is_same = (&self.spec.uri, &self.spec.cluster) == (&spec.uri, &spec.cluster);
        let state = self.state.borrow();
        let last = state.last.as_ref().filter(|_| is_same)?;
        let table = last.table.rebased(&self.basis, basis)?;
        Some(State {
            polling: fresh.clone().resumed(&state.polling),
            call: None,
            last: Some(Fetched { table, etag: last.etag.clone() }),
            changes: 0,
        })
    }

    fn ask_if_due(&self, host: &mut RootHost<'_>) {
        let now = host.now();
        let mut state = self.state.borrow_mut();
        if !state.polling.fetch_due(now) {
            return;
        }
        state.polling.fetch_started(now);
        let etag = state.last.as_ref().and_then(|it| it.etag.as_deref());
        match fetch::ask(&self.spec, etag, host) {
            Ok(call) => state.call = Some(call),
            Err(error) => self.failed(&mut state, (Outcome::NotSent, error.to_string()), now),
        }
    }

    fn on_response(&self, policy: &QuotaPolicy, response: &CallResponse<'_>) {
        let mut state = self.state.borrow_mut();
        state.call = None;
        let asked_with = state.last.as_ref().is_some_and(|it| it.etag.is_some());
        let begun = now();
        let read = fetch::read(&self.spec, policy, asked_with, response);
        let now = now();
        match read {
            Ok(None) => {
                Report::fetched(Outcome::Unchanged);
                state.polling.fetch_succeeded(now);
            }
            Ok(Some(fetched)) => {
                Report::fetched(Outcome::Ok);
                let took = now.since(begun).as_millis();
                log::info!("tenants: {}: {} read in {took} ms", self.spec.uri, fetched.table.len());
                state.last = Some(fetched);
                state.changes = state.changes.wrapping_add(1);
                state.polling.fetch_succeeded(now);
            }
            Err(failure) => self.failed(&mut state, failure, now),
        }
    }

    fn failed(&self, state: &mut State, (outcome, why): Failure, now: UnixMillis) {
        Report::fetched(outcome);
        let left = match state.last {
            Some(_) => "the last good tenants are kept",
            None => "no tenant has terms of its own yet",
        };
        log::warn!("tenants: {} through {}: {why}; {left}", self.spec.uri, self.spec.cluster);
        state.polling.fetch_failed(now);
    }

    fn tell(&self, report: &Report, now: UnixMillis) {
        let state = self.state.borrow();
        let tenants = state.last.as_ref().map_or(0, |it| it.table.len());
        report.stand(tenants, state.polling.age(now));
    }
}
