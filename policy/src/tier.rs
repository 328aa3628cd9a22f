//! Tiers: named sets of rights, best first.

mod fed;
mod limits;

use std::borrow::Cow;

use crate::error::{Path, PolicyError};
use crate::operation::{OperationNames, OperationSet};
use crate::spec::TierSpec;
use crate::suggest;
use crate::trace::Trace;

pub use limits::{Consent, Limit, TierLimits};

/// A tier of one policy. A smaller id is a better tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TierId(u16);

/// The most tiers one policy can have.
pub const MAX_TIERS: usize = 100;

/// The tiers of one policy.
#[derive(Clone, Debug, Default)]
pub struct Tiers(Vec<Tier>);

#[derive(Clone, Debug)]
struct Tier {
    name: String,
    /// Any entry suffices; all scopes of an entry are needed.
    entries: Vec<ScopeEntry>,
    allowed: OperationSet,
    limits: TierLimits,
}

/// Scopes that are needed together, as written: separated by spaces.
#[derive(Clone, Debug)]
struct ScopeEntry(String);

impl ScopeEntry {
    fn scopes(&self) -> impl Iterator<Item = &str> {
        self.0.split_ascii_whitespace()
    }

    fn is_met(&self, scopes: &[Cow<'_, str>]) -> bool {
        self.scopes().all(|needed| scopes.iter().any(|it| it == needed))
    }

    /// Whether everyone who meets `other` meets this one too.
    fn is_met_by_all_of(&self, other: &Self) -> bool {
        self.scopes().all(|needed| other.scopes().any(|it| it == needed))
    }
}

// === impl Tiers ===

impl Tiers {
    /// Compiles the section at `path`; errors are added to `errors`.
    pub fn compile(
        specs: &[TierSpec],
        path: &Path,
        names: &OperationNames,
        preset_voices: &[&str],
        errors: &mut Vec<PolicyError>,
    ) -> Self {
        if specs.is_empty() {
            errors.push(PolicyError::new(path, "at least one tier is needed"));
        }
        if specs.len() > MAX_TIERS {
            errors.push(PolicyError::new(path, format!("more than {MAX_TIERS} tiers")));
        }
        let mut tiers: Vec<Tier> = Vec::new();
        for (i, spec) in specs.iter().take(MAX_TIERS).enumerate() {
            let place = path.index(i);
            if !is_name(&spec.name) {
                errors.push(PolicyError::new(
                    place.key("name"),
                    format!(
                        "`{}` is not a tier name; write a-z, A-Z, 0-9, `-`, `_` and `.`, 1 to 64 of them",
                        spec.name
                    ),
                ));
            }
            if tiers.iter().any(|it| it.name == spec.name) {
                errors.push(PolicyError::new(
                    place.key("name"),
                    format!("a second tier called `{}`", spec.name),
                ));
            }
            tiers.push(Tier {
                name: spec.name.clone(),
                entries: compile_scopes(&spec.scopes, &place.key("scopes"), errors),
                allowed: compile_allow(&spec.allow, &place.key("allow"), names, errors),
                limits: TierLimits::compile(spec, &place, preset_voices, errors),
            });
        }
        Self(tiers)
    }

    /// Adds an error for each tier that nobody can ever get: no scope, and none of `other_ways`
    /// (the anonymous tier, a tenant's cap) leads to it, or a better tier takes all its callers.
    pub fn check_reachable(
        &self,
        path: &Path,
        other_ways: &[TierId],
        errors: &mut Vec<PolicyError>,
    ) {
        for (i, (id, tier)) in self.iter().enumerate() {
            if other_ways.contains(&id) {
                continue;
            }
            if tier.entries.is_empty() {
                errors.push(PolicyError::new(
                    path.index(i),
                    format!(
                        "no scope leads to tier `{}`; give it `scopes`, or make it the tier of `identity.anonymous` or a tenant's `max_tier`",
                        tier.name
                    ),
                ));
                continue;
            }
            let better = |entry: &ScopeEntry| {
                self.iter()
                    .take_while(|(other, _)| *other < id)
                    .find(|(_, it)| it.entries.iter().any(|its| its.is_met_by_all_of(entry)))
            };
            let mut hiding = tier.entries.iter().map(better);
            if let Some(Some((_, first))) = hiding.next()
                && hiding.all(|it| it.is_some())
            {
                errors.push(PolicyError::new(
                    path.index(i).key("scopes"),
                    format!(
                        "tier `{}` can never be reached: whoever has its scopes gets `{}`, which stands before it",
                        tier.name, first.name
                    ),
                ));
            }
        }
    }

    /// The best tier that `scopes` lead to.
    pub fn for_scopes(&self, scopes: &[Cow<'_, str>], trace: &mut impl Trace) -> Option<TierId> {
        self.iter()
            .find(|(_, tier)| {
                let met = tier.entries.iter().find(|entry| entry.is_met(scopes));
                trace.considered(
                    || format!("tiers.{}", tier.name),
                    || match met {
                        Some(entry) => format!("the caller has scope `{}`", entry.0),
                        None if tier.entries.is_empty() => "no scope leads here".to_owned(),
                        None => format!("the caller lacks scope {}", tier.scopes_as_written()),
                    },
                );
                met.is_some()
            })
            .map(|(id, _)| id)
    }

    /// The tier called `name`.
    pub fn get(&self, name: &str) -> Option<TierId> {
        self.iter().find(|(_, it)| it.name == name).map(|(id, _)| id)
    }

    /// The tier called `name`, as the policy says at `path`.
    ///
    /// # Errors
    /// No tier has this name.
    pub fn resolve(&self, name: &str, path: &Path) -> Result<TierId, PolicyError> {
        self.get(name).ok_or_else(|| {
            let accepted = suggest::accepted(name, self.names());
            PolicyError::new(path, format!("there is no tier `{name}`; {accepted}"))
        })
    }

    /// A tier's name.
    pub fn name(&self, id: TierId) -> &str {
        self.0.get(usize::from(id.0)).map_or("", |it| &it.name)
    }

    /// All names, best first.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|it| it.name.as_str())
    }

    /// What a tier may ask for.
    pub fn allowed(&self, id: TierId) -> OperationSet {
        self.0.get(usize::from(id.0)).map(|it| it.allowed).unwrap_or_default()
    }

    /// What a tier limits.
    pub fn limits(&self, id: TierId) -> Option<&TierLimits> {
        self.0.get(usize::from(id.0)).map(|it| &it.limits)
    }

    /// All tiers, best first.
    pub fn ids(&self) -> impl Iterator<Item = TierId> {
        self.iter().map(|(id, _)| id)
    }

    /// The least tier that suffices and that scopes lead to.
    pub fn least(&self, suffices: impl Fn(TierId) -> bool) -> Option<TierId> {
        let mut sufficing: Vec<TierId> =
            self.iter().map(|(id, _)| id).filter(|it| suffices(*it)).collect();
        sufficing.retain(|it| self.scope_for(*it).is_some());
        sufficing.pop()
    }

    /// The scope that leads to a tier, its first entry; `None` if none does.
    pub fn scope_for(&self, id: TierId) -> Option<&str> {
        self.0.get(usize::from(id.0))?.entries.first().map(|it| it.0.as_str())
    }

    fn iter(&self) -> impl Iterator<Item = (TierId, &Tier)> {
        (0..u16::MAX).map(TierId).zip(self.0.iter())
    }
}

impl Tier {
    fn scopes_as_written(&self) -> String {
        let entries: Vec<_> = self.entries.iter().map(|it| format!("`{}`", it.0)).collect();
        entries.join(" or ")
    }
}

fn compile_scopes(
    scopes: &[String],
    path: &Path,
    errors: &mut Vec<PolicyError>,
) -> Vec<ScopeEntry> {
    // RFC 6749 §3.3: the characters of a scope token. They go into WWW-Authenticate as they are.
    let is_scope_character = |b: u8| matches!(b, 0x21 | 0x23..=0x5b | 0x5d..=0x7e | b' ');
    for (i, entry) in scopes.iter().enumerate() {
        if entry.trim().is_empty() || !entry.bytes().all(is_scope_character) {
            errors.push(PolicyError::new(
                path.index(i),
                format!(
                    "`{}` is not a scope; write printable ASCII without `\"` and `\\`",
                    entry.escape_debug()
                ),
            ));
        }
    }
    scopes.iter().map(|it| ScopeEntry(it.trim().to_owned())).collect()
}

fn compile_allow(
    allow: &[String],
    path: &Path,
    names: &OperationNames,
    errors: &mut Vec<PolicyError>,
) -> OperationSet {
    let mut allowed = OperationSet::default();
    if allow.is_empty() {
        errors.push(PolicyError::new(path, "a tier that may do nothing; list operations, or `*`"));
    }
    for (i, pattern) in allow.iter().enumerate() {
        let matching = names.matching(pattern);
        if matching.is_empty() {
            errors.push(PolicyError::new(
                path.index(i),
                format!(
                    "`{pattern}` fits no operation; {}; own names go to `operations.define`",
                    suggest::accepted(pattern, names.iter())
                ),
            ));
        }
        allowed = allowed.union(matching);
    }
    allowed
}

/// Tier names are sent in a header and stand in metrics.
fn is_name(name: &str) -> bool {
    (1..=64).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}
