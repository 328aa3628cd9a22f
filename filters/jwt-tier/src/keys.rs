//! Remote key sets: fetched through Envoy clusters, shared by all configurations of one VM.

use std::cell::RefCell;
use std::rc::{Rc, Weak};

use jsonwebtoken::Algorithm;
use sha2::{Digest, Sha256};
use voxgate_host::{CallId, CallResponse, HttpCall, RootHost};
use voxgate_policy::identity::{IdentityRules, IssuerId, IssuerKeys};
use voxgate_policy::jwks::{KeySet, MAX_JWKS_BYTES, RemoteKeys, url_parts};
use voxgate_policy::spec::RemoteJwksSpec;
use voxgate_policy::time::UnixMillis;

use crate::report::Report;

thread_local! {
    /// A new configuration starts in the VM of the old one; it finds the keys here, so a
    /// configuration push makes no request wait.
    static OF_THIS_VM: RefCell<Vec<Weak<Source>>> = const { RefCell::new(Vec::new()) };
}

/// One remote key set of this VM.
struct Source {
    spec: RemoteJwksSpec,
    algorithms: Vec<Algorithm>,
    state: RefCell<State>,
}

struct State {
    keys: RemoteKeys,
    /// The fetch under way.
    call: Option<CallId>,
    /// The digest of the last good document.
    document: Option<[u8; 32]>,
    /// How often the document changed.
    changes: u64,
}

/// The remote key sets of one configuration.
pub struct KeySources(Vec<(IssuerId, Rc<Source>)>);

// === impl KeySources ===

impl KeySources {
    /// The sources that `rules` need, found or made.
    pub fn of(rules: &IdentityRules) -> Self {
        if !rules.verifies_tokens() {
            return Self(Vec::new());
        }
        let remote = rules.issuers().filter_map(|(id, issuer)| match &issuer.keys {
            IssuerKeys::Remote(spec) => Some((id, spec, &issuer.rules.algorithms)),
            IssuerKeys::Inline(_) | IssuerKeys::None => None,
        });
        Self(remote.map(|(id, spec, algorithms)| (id, Source::get(spec, algorithms))).collect())
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether every issuer's keys are here.
    pub fn are_here(&self, now: UnixMillis) -> bool {
        self.0.iter().all(|(_, source)| source.state.borrow().keys.keys(now).is_some())
    }

    /// The keys of an issuer, if they are here.
    pub fn keys(&self, issuer: IssuerId, now: UnixMillis) -> Option<Rc<KeySet>> {
        self.source(issuer)?.state.borrow().keys.keys(now).cloned()
    }

    /// Whether an issuer's keys were fetched after `since`; asks for that if not.
    pub fn are_newer_than(&self, issuer: IssuerId, since: UnixMillis, now: UnixMillis) -> bool {
        self.source(issuer).is_none_or(|source| {
            let keys = &mut source.state.borrow_mut().keys;
            keys.fetched_after(since) || {
                keys.want_fresher_than(since, now);
                false
            }
        })
    }

    /// When a request that waits for an issuer's keys since `since` has waited long enough.
    pub fn wait_ends(&self, issuer: IssuerId, since: UnixMillis) -> UnixMillis {
        self.source(issuer).map_or(since, |it| it.state.borrow().keys.wait_ends(since))
    }

    /// A number that changes with the keys, and when they become too old to verify with: what
    /// was verified before must be verified anew.
    pub fn generation(&self, now: UnixMillis) -> u64 {
        let of = |source: &Source| {
            let state = source.state.borrow();
            let is_stale = state.keys.keys(now).is_none();
            state.changes.wrapping_mul(2).wrapping_add(is_stale.into())
        };
        // Not a sum: two changes could make up for each other.
        let mixed = |all: u64, one| all.wrapping_mul(0x0100_0000_01b3).wrapping_add(one);
        self.0.iter().map(|(_, source)| of(source)).fold(0, mixed)
    }

    /// Starts every fetch that is due, one a source at most.
    pub fn fetch_due(&self, host: &mut RootHost<'_>) {
        let now = host.now();
        for (_, source) in &self.0 {
            source.fetch_if_due(host, now);
        }
    }

    /// Takes the answer to a fetch. The answer to one that was given up is not looked at.
    pub fn on_response(&self, call: CallId, response: CallResponse<'_>, now: UnixMillis) {
        let source = self.0.iter().find(|(_, it)| it.state.borrow().call == Some(call));
        if let Some((_, source)) = source {
            source.on_response(response, now);
        }
    }

    fn source(&self, issuer: IssuerId) -> Option<&Source> {
        self.0.iter().find(|(id, _)| *id == issuer).map(|(_, source)| source.as_ref())
    }
}

/// A word for the metric, a sentence for the log.
type Failure = (&'static str, String);

// === impl Source ===

impl Source {
    fn get(spec: &RemoteJwksSpec, algorithms: &[Algorithm]) -> Rc<Self> {
        OF_THIS_VM.with_borrow_mut(|sources| {
            sources.retain(|it| it.strong_count() > 0);
            let same = |it: &Rc<Self>| it.spec == *spec && it.algorithms == algorithms;
            sources.iter().filter_map(Weak::upgrade).find(same).unwrap_or_else(|| {
                let source = Rc::new(Self {
                    spec: spec.clone(),
                    algorithms: algorithms.to_vec(),
                    state: RefCell::new(State {
                        keys: RemoteKeys::new(spec),
                        call: None,
                        document: None,
                        changes: 0,
                    }),
                });
                sources.push(Rc::downgrade(&source));
                source
            })
        })
    }

    fn fetch_if_due(&self, host: &mut RootHost<'_>, now: UnixMillis) {
        let mut state = self.state.borrow_mut();
        if !state.keys.fetch_due(now) {
            return;
        }
        // Checked when the policy was loaded.
        let Some((authority, path)) = url_parts(&self.spec.uri) else { return };
        let scheme = if self.spec.uri.starts_with("https:") { "https" } else { "http" };
        state.keys.fetch_started(now);
        let call = host.call(&HttpCall {
            cluster: &self.spec.cluster,
            scheme,
            authority,
            path,
            headers: &[("accept", "application/jwk-set+json, application/json")],
            timeout: self.spec.timeout.0,
        });
        match call {
            Ok(call) => state.call = Some(call),
            Err(error) => {
                Report::fetched("not_sent");
                log::warn!("jwks: {} through {}: {error}", self.spec.uri, self.spec.cluster);
                state.keys.fetch_failed(now);
            }
        }
    }

    fn on_response(&self, response: CallResponse<'_>, now: UnixMillis) {
        let mut state = self.state.borrow_mut();
        state.call = None;
        match self.read(response) {
            Ok((keys, digest)) => {
                Report::fetched("ok");
                if state.document.replace(digest) != Some(digest) {
                    state.changes = state.changes.wrapping_add(1);
                }
                state.keys.fetch_succeeded(keys, now);
            }
            Err((result, why)) => {
                Report::fetched(result);
                let left = match state.keys.age(now) {
                    Some(_) => "the last good keys are kept",
                    None => "there are no keys yet",
                };
                log::warn!("jwks: {}: {why}; {left}", self.spec.uri);
                state.keys.fetch_failed(now);
            }
        }
    }

    fn read(&self, response: CallResponse<'_>) -> Result<(KeySet, [u8; 32]), Failure> {
        match response.status() {
            Some(200) => {}
            Some(status) => return Err(("status", format!("answered {status}"))),
            None => return Err(("unreachable", "no answer".to_owned())),
        }
        let body = response.body(MAX_JWKS_BYTES).map_err(|_| {
            ("too_large", format!("the answer is larger than {MAX_JWKS_BYTES} bytes"))
        })?;
        let keys = KeySet::parse(&body, &self.algorithms)
            .map_err(|error| ("malformed", error.to_string()))?;
        Ok((keys, Sha256::digest(&body).into()))
    }
}
