//! Patches of a listener, its listener filters and its filter chains.

use prost_reflect::{DynamicMessage, Value};

use super::edit::edit;
use super::filters::patch_network_filters;
use super::merge::merge_any;
use super::{Patch, Patches};
use crate::render::error::RenderError;
use crate::render::message::{child, child_mut, each, list_mut, text};
use crate::render::resources::{ApplyTo, Context, Operation};

/// Applies all patches that concern `listener`; `false` if one of them removes it.
///
/// The order is istiod's: the listener itself, its listener filters, then chain by chain the
/// chain, its network filters and its HTTP filters, and last the chains to add.
///
/// # Errors
/// A merge of two types, which istiod does not survive.
pub(in crate::render) fn patch_listener(
    patches: &Patches,
    context: Context,
    listener: &mut DynamicMessage,
) -> Result<bool, RenderError> {
    for patch in patches.to(ApplyTo::Listener) {
        if !patch.is_for(context) || !patch.fits_listener(listener) {
            continue;
        }
        if patch.operation == Operation::Remove {
            patch.mark_applied();
            return Ok(false);
        } else if patch.is_merge() {
            patch.merge_into(listener)?;
            patch.mark_applied();
        }
    }
    patch_listener_filters(patches, context, listener)?;
    patch_chains(patches, context, listener)?;
    Ok(true)
}

fn patch_listener_filters(
    patches: &Patches,
    context: Context,
    listener: &mut DynamicMessage,
) -> Result<(), RenderError> {
    for patch in patches.to(ApplyTo::ListenerFilter) {
        if !patch.is_for(context) || !patch.fits_listener(listener) {
            continue;
        }
        let filters = list_mut(listener, "listener_filters");
        if patch.operation == Operation::Merge && patch.names_listener_filter() {
            merge_listener_filters(filters, patch)?;
        } else {
            edit(filters, patch, patch.names_listener_filter(), |filter| {
                patch.fits_listener_filter(filter)
            })?;
        }
    }
    Ok(())
}

/// istiod merges into every listener filter with a typed configuration, whatever the name in the
/// match; all but one would fail over the type, so more than one is refused as it would be there.
fn merge_listener_filters(filters: &mut [Value], patch: &Patch) -> Result<(), RenderError> {
    let Some(from) = child(patch.value()?, "typed_config") else { return Ok(()) };
    for filter in filters.iter_mut().filter_map(Value::as_message_mut) {
        if filter.has_field_by_name("typed_config") {
            merge_any(child_mut(filter, "typed_config"), &from, &patch.place)?;
            patch.mark_applied();
        }
    }
    Ok(())
}

fn patch_chains(
    patches: &Patches,
    context: Context,
    listener: &mut DynamicMessage,
) -> Result<(), RenderError> {
    let before = listener.clone();
    let mut kept = Vec::new();
    for mut chain in each(listener, "filter_chains") {
        if patch_chain(patches, context, &before, &mut chain)? {
            kept.push(Value::Message(chain));
        }
    }
    *list_mut(listener, "filter_chains") = kept;

    if let Some(mut chain) = child(listener, "default_filter_chain") {
        if patch_chain(patches, context, &before, &mut chain)? {
            *child_mut(listener, "default_filter_chain") = chain;
        } else {
            listener.clear_field_by_name("default_filter_chain");
        }
    }

    for patch in patches.to(ApplyTo::FilterChain) {
        if patch.operation == Operation::Add
            && patch.is_for(context)
            && patch.fits_listener(&before)
        {
            list_mut(listener, "filter_chains").push(patch.new_item()?);
            patch.mark_applied();
        }
    }
    Ok(())
}

/// `false` if the chain is removed.
fn patch_chain(
    patches: &Patches,
    context: Context,
    listener: &DynamicMessage,
    chain: &mut DynamicMessage,
) -> Result<bool, RenderError> {
    for patch in patches.to(ApplyTo::FilterChain) {
        if !patch.is_for(context)
            || !patch.fits_listener(listener)
            || !patch.fits_chain(&text(listener, "name"), chain)
        {
            continue;
        }
        if patch.operation == Operation::Remove {
            patch.mark_applied();
            return Ok(false);
        } else if patch.is_merge() {
            if !merge_transport_socket(chain, patch)? {
                patch.merge_into(chain)?;
            }
            patch.mark_applied();
        }
    }
    patch_network_filters(patches, context, listener, chain)?;
    Ok(true)
}

/// A patch with the transport socket that the chain has too goes into that socket's
/// configuration and nowhere else; `false` if that is not so.
fn merge_transport_socket(chain: &mut DynamicMessage, patch: &Patch) -> Result<bool, RenderError> {
    let (Some(have), Some(from)) =
        (child(chain, "transport_socket"), child(patch.value()?, "transport_socket"))
    else {
        return Ok(false);
    };
    if text(&have, "name") != text(&from, "name") {
        return Ok(false);
    }
    if let (true, Some(from)) =
        (have.has_field_by_name("typed_config"), child(&from, "typed_config"))
    {
        let socket = child_mut(chain, "transport_socket");
        merge_any(child_mut(socket, "typed_config"), &from, &patch.place)?;
    }
    Ok(true)
}
