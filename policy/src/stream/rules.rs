//! The `streams` section, validated.

use std::rc::Rc;

use super::baseline::SlowTerms;
use super::coalesce::CoalesceRule;
use super::observer::ObserverTerms;
use super::stall::StallTerms;
use crate::operation::{OperationNames, OperationSet};
use crate::spec::{ConnectionSpec, ProtectSpec};
use crate::subject::Subject;

/// The `streams` section, validated.
#[derive(Clone, Debug)]
pub struct StreamRules {
    /// What streams are measured against.
    pub observer: ObserverTerms,
    /// What is kept from them.
    pub protect: ProtectSpec,
    /// What becomes of one that falls silent; `None`: nothing.
    pub stall: Option<StallTerms>,
    /// When one is slow.
    pub slow: SlowTerms,
    /// What Envoy's own limits are set to.
    pub connection: ConnectionSpec,
    pub(super) coalesce: Vec<Coalesced>,
}

/// Which streams are put together, and how.
#[derive(Clone, Debug)]
pub(super) struct Coalesced {
    /// `None` for all, and for none that are known.
    pub operations: Option<OperationSet>,
    pub content_types: Vec<MediaRange>,
    pub tiers: Vec<Box<str>>,
    pub rule: Rc<CoalesceRule>,
}

/// `audio/pcm` or `audio/*`, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct MediaRange(pub Box<str>);

// === impl StreamRules ===

impl StreamRules {
    /// The content types that rules name, in their order, as they are compared: `audio/pcm`, `audio/*`.
    pub fn content_types(&self) -> impl Iterator<Item = &str> {
        self.coalesce.iter().flat_map(|it| &it.content_types).map(|it| &*it.0)
    }

    /// The first rule for the response to such a request, by its `content-type`; `None`: it is not held.
    pub fn coalesce_for(
        &self,
        subject: &Subject,
        content_type: &[u8],
        names: &OperationNames,
    ) -> Option<Rc<CoalesceRule>> {
        if self.coalesce.is_empty() {
            return None;
        }
        let asked = subject.operations.iter().filter_map(|it| names.get(it));
        let asked = asked.fold(OperationSet::default(), OperationSet::with);
        let end = content_type.iter().position(|it| matches!(it, b';' | b','));
        let media_type = content_type.get(..end.unwrap_or(content_type.len())).unwrap_or_default();
        let media_type = media_type.trim_ascii().to_ascii_lowercase();
        let fits = |it: &&Coalesced| {
            it.operations.is_none_or(|of| asked.iter().any(|it| of.contains(it)))
                && (it.tiers.is_empty()
                    || it.tiers.iter().any(|it| subject.tier.as_deref() == Some(it)))
                && (it.content_types.is_empty()
                    || it.content_types.iter().any(|it| it.contains(&media_type)))
        };
        self.coalesce.iter().find(fits).map(|it| Rc::clone(&it.rule))
    }
}

// === impl Coalesced ===

impl Coalesced {
    /// Whether it fits every stream that `other` fits.
    pub(super) fn covers(&self, other: &Self) -> bool {
        let of_operations = self
            .operations
            .is_none_or(|all| other.operations.is_some_and(|it| it.without(all).is_empty()));
        let of_tiers = self.tiers.is_empty()
            || !other.tiers.is_empty() && other.tiers.iter().all(|it| self.tiers.contains(it));
        let has = |it: &MediaRange| self.content_types.iter().any(|all| all.covers(it));
        let of_types = self.content_types.is_empty()
            || !other.content_types.is_empty() && other.content_types.iter().all(has);
        of_operations && of_tiers && of_types
    }
}

// === impl MediaRange ===

impl MediaRange {
    fn contains(&self, media_type: &[u8]) -> bool {
        match self.0.strip_suffix('*') {
            Some(prefix) => media_type.starts_with(prefix.as_bytes()),
            None => media_type == self.0.as_bytes(),
        }
    }

    fn covers(&self, other: &Self) -> bool {
        self == other || self.0.ends_with('*') && self.contains(other.0.as_bytes())
    }
}
