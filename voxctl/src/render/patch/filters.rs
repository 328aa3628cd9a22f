//! Patches of a chain's network filters and of the HTTP filters in its connection manager.
//!
//! Both in two passes: first everything that adds, replaces or removes, in order; then, filter
//! by filter, what merges. A MERGE thus meets what an INSERT of a later patch put there.

use prost_reflect::DynamicMessage;

use super::edit::edit;
use super::merge::merge_any;
use super::{Patch, Patches};
use crate::render::error::RenderError;
use crate::render::message::{
    any_type, child, child_mut, each_mut, list_mut, pack_into, set_text, text, unpack,
};
use crate::render::resources::{ApplyTo, Context, Operation};

/// The name by which istiod knows the filter whose HTTP filters it patches.
pub(in crate::render) const HCM: &str = "envoy.filters.network.http_connection_manager";
/// The connection manager's configuration.
pub(in crate::render) const HCM_TYPE: &str =
    "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager";

/// Network filters, then HTTP filters, of one chain of `listener`.
pub(super) fn patch_network_filters(
    patches: &Patches,
    context: Context,
    listener: &DynamicMessage,
    chain: &mut DynamicMessage,
) -> Result<(), RenderError> {
    let taken = chain.clone();
    let fits = |patch: &Patch| {
        patch.is_for(context)
            && patch.fits_listener(listener)
            && patch.fits_chain(&text(listener, "name"), &taken)
    };
    for patch in patches.to(ApplyTo::NetworkFilter).filter(|patch| fits(patch)) {
        edit(list_mut(chain, "filters"), patch, patch.names_network_filter(), |filter| {
            patch.fits_network_filter(filter)
        })?;
    }
    for filter in each_mut(chain, "filters") {
        for patch in patches.to(ApplyTo::NetworkFilter) {
            if fits(patch) && patch.fits_network_filter(filter) {
                merge_filter(filter, patch)?;
            }
        }
        if text(filter, "name") == HCM {
            patch_http_filters(patches, &fits, filter)?;
        }
    }
    Ok(())
}

fn patch_http_filters(
    patches: &Patches,
    fits: &impl Fn(&Patch) -> bool,
    network_filter: &mut DynamicMessage,
) -> Result<(), RenderError> {
    let Some(typed_config) = child(network_filter, "typed_config") else { return Ok(()) };
    if any_type(&typed_config) != HCM_TYPE {
        return Ok(());
    }
    let Some(mut manager) = unpack(&typed_config) else { return Ok(()) };
    let fits = |patch: &Patch| fits(patch) && patch.fits_network_filter(network_filter);
    for patch in patches.to(ApplyTo::HttpFilter).filter(|patch| fits(patch)) {
        edit(list_mut(&mut manager, "http_filters"), patch, patch.names_http_filter(), |filter| {
            patch.fits_http_filter(filter)
        })?;
    }
    for filter in each_mut(&mut manager, "http_filters") {
        for patch in patches.to(ApplyTo::HttpFilter) {
            if fits(patch) && patch.fits_http_filter(filter) {
                merge_filter(filter, patch)?;
            }
        }
    }
    pack_into(child_mut(network_filter, "typed_config"), &manager);
    Ok(())
}

/// A filter has a name and a configuration; MERGE (and no other operation, not even
/// MERGE_AND_REPLACE_LIST) sets the name and goes into the configuration. A filter configured by
/// ECDS has none to go into and is left alone.
fn merge_filter(filter: &mut DynamicMessage, patch: &Patch) -> Result<(), RenderError> {
    if patch.operation != Operation::Merge || !filter.has_field_by_name("typed_config") {
        return Ok(());
    }
    let value = patch.value()?;
    let name = text(value, "name");
    if !name.is_empty() {
        set_text(filter, "name", &name);
    }
    if let Some(from) = child(value, "typed_config") {
        merge_any(child_mut(filter, "typed_config"), &from, &patch.place)?;
    }
    patch.mark_applied();
    Ok(())
}
