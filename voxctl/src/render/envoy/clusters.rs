//! The clusters of a local Envoy, and whether they are all that is called.

use std::collections::BTreeSet;

use prost_reflect::{DynamicMessage, ReflectMessage as _};
use serde_json::Value;

use super::{CONTEXT, EnvoyOptions, base, each_wasm};
use crate::render::descriptors;
use crate::render::error::RenderError;
use crate::render::message::{child, text, unpack};
use crate::render::patch::{Patches, added_clusters, patch_cluster};
use crate::render::resources::Context;

/// The upstream's cluster and those of the options, patched, and what patches add.
pub(super) fn patched(
    patches: &Patches,
    port: u16,
    options: &EnvoyOptions,
) -> Result<Vec<DynamicMessage>, RenderError> {
    let mut given = vec![(CONTEXT, base::cluster(&base::cluster_name(port), &options.upstream))];
    for cluster in &options.clusters {
        given.push((Context::SidecarOutbound, base::cluster(&cluster.name, &cluster.address)));
    }
    let mut clusters = Vec::new();
    for (context, mut cluster) in given {
        if patch_cluster(patches, context, &mut cluster)? {
            clusters.push(cluster);
        }
    }
    clusters.extend(added_clusters(patches)?);
    Ok(clusters)
}

/// Every caller's cluster must be there.
///
/// # Errors
/// The first that is not.
pub(super) fn require(
    callers: &[(String, String)],
    clusters: &[DynamicMessage],
) -> Result<(), RenderError> {
    let names: BTreeSet<String> = clusters.iter().map(|cluster| text(cluster, "name")).collect();
    match callers.iter().find(|(_, cluster)| !names.contains(cluster)) {
        Some((user, cluster)) => {
            Err(RenderError::MissingCluster { user: user.clone(), cluster: cluster.clone() })
        }
        None => Ok(()),
    }
}

/// The clusters that the policies in a connection manager's Wasm filters name, each with who
/// names it.
pub(super) fn called_by_filters(manager: &mut DynamicMessage) -> Vec<(String, String)> {
    let mut callers = Vec::new();
    let read = each_wasm(manager, |name, config| {
        let policy = child(config, "configuration").as_ref().and_then(unpack);
        if let Some(policy) = policy.and_then(|message| policy_json(&message)) {
            if let Some(cluster) = policy.pointer("/tenants/source/cluster").and_then(Value::as_str)
            {
                let user = format!("the policy of `{name}`, for its tenants,");
                callers.push((user, cluster.to_owned()));
            }
            let issuers = policy.pointer("/identity/issuers").and_then(Value::as_array);
            for issuer in issuers.into_iter().flatten() {
                if let Some(cluster) =
                    issuer.pointer("/jwks/remote/cluster").and_then(Value::as_str)
                {
                    let who = issuer.get("issuer").and_then(Value::as_str).unwrap_or_default();
                    let user = format!("the policy of `{name}`, for the keys of `{who}`,");
                    callers.push((user, cluster.to_owned()));
                }
            }
        }
        Ok(())
    });
    debug_assert!(read.is_ok(), "reading changes nothing");
    callers
}

/// A filter's configuration: a policy as a Struct, or as JSON text.
fn policy_json(configuration: &DynamicMessage) -> Option<Value> {
    match configuration.descriptor().full_name() {
        "google.protobuf.Struct" => Some(descriptors::to_json(configuration)),
        "google.protobuf.StringValue" => serde_json::from_str(&text(configuration, "value")).ok(),
        _ => None,
    }
}
