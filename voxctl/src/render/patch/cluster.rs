//! Patches of clusters.

use prost_reflect::{DynamicMessage, Value};

use super::merge::merge_any;
use super::{Patch, Patches};
use crate::render::error::RenderError;
use crate::render::message::{child, child_mut, each, list_mut, set, text};
use crate::render::resources::{ApplyTo, Context, Operation};

/// Merges into `cluster`; `false` if a patch removes it.
///
/// # Errors
/// A merge of two types of transport socket configuration.
pub(in crate::render) fn patch_cluster(
    patches: &Patches,
    context: Context,
    cluster: &mut DynamicMessage,
) -> Result<bool, RenderError> {
    for patch in patches.to(ApplyTo::Cluster) {
        if !patch.is_for(context) || !patch.fits_cluster(&text(cluster, "name")) {
            continue;
        }
        if patch.operation == Operation::Remove {
            patch.mark_applied();
            return Ok(false);
        } else if patch.is_merge() {
            if !merge_transport_socket(cluster, patch)? {
                patch.merge_into(cluster)?;
            }
            patch.mark_applied();
        }
    }
    Ok(true)
}

/// The clusters that patches add to a sidecar. Without a context they come with the outbound
/// ones, so every context but GATEWAY adds them.
///
/// # Errors
/// An ADD without a value.
pub(in crate::render) fn added_clusters(
    patches: &Patches,
) -> Result<Vec<DynamicMessage>, RenderError> {
    let added = patches.to(ApplyTo::Cluster).filter(|patch| {
        patch.operation == Operation::Add
            && (patch.is_for(Context::SidecarOutbound) || patch.is_for(Context::SidecarInbound))
    });
    added
        .map(|patch| {
            patch.mark_applied();
            patch.value().cloned()
        })
        .collect()
}

/// A patch with a transport socket goes into the cluster's socket of that name, or replaces its
/// only socket, and nowhere else; `false` if the patch has none. Where the cluster chooses among
/// sockets and has none of the name, the patch is dropped.
fn merge_transport_socket(
    cluster: &mut DynamicMessage,
    patch: &Patch,
) -> Result<bool, RenderError> {
    let Some(from) = child(patch.value()?, "transport_socket") else { return Ok(false) };
    let named = |socket: &DynamicMessage| text(socket, "name") == text(&from, "name");

    let choices = each(cluster, "transport_socket_matches");
    if !choices.is_empty() {
        let chosen = choices
            .iter()
            .position(|choice| child(choice, "transport_socket").is_some_and(|s| named(&s)));
        let choice = chosen
            .and_then(|i| list_mut(cluster, "transport_socket_matches").get_mut(i))
            .and_then(Value::as_message_mut);
        if let Some(choice) = choice {
            merge_socket(child_mut(choice, "transport_socket"), &from, patch)?;
        }
    } else if child(cluster, "transport_socket").is_some_and(|socket| named(&socket)) {
        merge_socket(child_mut(cluster, "transport_socket"), &from, patch)?;
    } else {
        set(cluster, "transport_socket", Value::Message(from));
    }
    Ok(true)
}

fn merge_socket(
    socket: &mut DynamicMessage,
    from: &DynamicMessage,
    patch: &Patch,
) -> Result<(), RenderError> {
    match (socket.has_field_by_name("typed_config"), child(from, "typed_config")) {
        (true, Some(from)) => merge_any(child_mut(socket, "typed_config"), &from, &patch.place),
        _ => Ok(()),
    }
}
