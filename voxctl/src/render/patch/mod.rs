//! EnvoyFilter patches applied by istiod's rules.
//!
//! Source of every rule here: istio/istio `pilot/pkg/networking/core/envoyfilter/` and
//! `pilot/pkg/model/envoyfilter.go`, alike from 1.28 to 1.32 but for MERGE_AND_REPLACE_LIST
//! (1.31). Where istiod drops something silently, this says so: an error where the outcome
//! would not be what was written, a warning where a patch meets nothing.

mod cluster;
mod edit;
mod extension;
mod filters;
mod listener;
mod matching;
mod merge;
mod parse;
mod route;
mod select;

#[cfg(test)]
mod tests;

use std::cell::Cell;

use prost_reflect::{DynamicMessage, Value};

pub(super) use cluster::{added_clusters, patch_cluster};
pub(super) use extension::resolve_extensions;
pub(super) use listener::patch_listener;
pub(super) use route::patch_route_configuration;
pub(super) use select::{Proxy, select};

use super::error::{Place, Problem, RenderError};
use super::resources::{ApplyTo, Context, Match, Operation};

/// One patch of an EnvoyFilter that is for this proxy.
#[derive(Debug)]
pub(super) struct Patch {
    place: Place,
    apply_to: ApplyTo,
    operation: Operation,
    matching: Match,
    /// Absent only when there is nothing to add: REMOVE.
    value: Option<DynamicMessage>,
    applied: Cell<bool>,
}

impl Patch {
    fn is_for(&self, context: Context) -> bool {
        self.matching.context == context || self.matching.context == Context::Any
    }

    fn is_merge(&self) -> bool {
        matches!(self.operation, Operation::Merge | Operation::MergeAndReplaceList)
    }

    /// Merges this patch's value into `object`, which it matches.
    fn merge_into(&self, object: &mut DynamicMessage) -> Result<(), RenderError> {
        let lists = match self.operation {
            Operation::MergeAndReplaceList => merge::Lists::Replace,
            _ => merge::Lists::Append,
        };
        merge::merge(object, self.value()?, lists);
        Ok(())
    }

    fn value(&self) -> Result<&DynamicMessage, RenderError> {
        self.value.as_ref().ok_or_else(|| {
            let problem = Problem::Shape("the patch needs a value".to_owned());
            RenderError::at(self.place.at("patch"), problem)
        })
    }

    fn new_item(&self) -> Result<Value, RenderError> {
        self.value().map(|value| Value::Message(value.clone()))
    }

    fn mark_applied(&self) {
        self.applied.set(true);
    }
}

/// The patches for this proxy, in the order in which istiod applies them.
#[derive(Debug, Default)]
pub(super) struct Patches(Vec<Patch>);

impl Patches {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn to(&self, apply_to: ApplyTo) -> impl Iterator<Item = &Patch> {
        self.0.iter().filter(move |patch| patch.apply_to == apply_to)
    }

    /// One warning for each patch that changed nothing, which istiod would not mention.
    pub(super) fn unapplied(&self) -> impl Iterator<Item = String> {
        self.0.iter().filter(|patch| !patch.applied.get()).map(|patch| {
            let why = match patch.matching.context {
                Context::Gateway => "is for gateways; this is a sidecar",
                Context::SidecarOutbound => {
                    "is for outbound traffic; only the inbound listener is rendered"
                }
                _ if patch.apply_to == ApplyTo::Listener && patch.operation == Operation::Add => {
                    "adds a listener; without a context istiod adds it to the outbound ones, and \
                     only the inbound listener is rendered"
                }
                _ if patch.apply_to == ApplyTo::Cluster && patch.matching.names_service() => {
                    "fits none of the clusters given with --cluster; whether the service is the \
                     workload's own, as istiod would ask for the inbound cluster, no file says"
                }
                _ => "matched nothing and changed nothing; istiod would not say so",
            };
            format!("{}: this patch {why}", patch.place)
        })
    }
}
