//! The Istio resources that put a Voxgate filter with its policy in front of a workload.

mod connection;
mod envoy_filter;
mod extension;
mod filter;
mod module_source;
mod policy;
mod security;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde_json::{Value, json};

pub use filter::{Filter, UnknownFilter};
pub use module_source::ModuleSource;
pub use policy::PolicyDocument;

use super::{RenderError, Rendered};

/// The port of the service if nothing else is said.
pub const DEFAULT_PORT: u16 = 8080;

/// What the resources are to be for.
#[derive(Clone, Debug)]
pub struct ResourceOptions {
    /// The filter.
    pub filter: Filter,
    /// The namespace to write; `None` leaves it to `kubectl -n` or kustomize.
    pub namespace: Option<String>,
    /// Labels of the workload. Empty: every workload of the namespace.
    pub labels: BTreeMap<String, String>,
    /// The proxy that it runs in.
    pub proxy: Proxy,
    /// The service's port (its target port, the one the container listens on); a gateway's own.
    pub port: u16,
    /// Where the module comes from.
    pub module: ModuleSource,
}

/// A kind of proxy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Proxy {
    /// The one beside the service, for what comes to it.
    #[default]
    Sidecar,
    /// One at the edge: it can send requests to other workers of a service.
    Gateway,
}

impl Proxy {
    /// `EnvoyFilter.PatchContext`.
    fn context(self) -> &'static str {
        match self {
            Self::Sidecar => "SIDECAR_INBOUND",
            Self::Gateway => "GATEWAY",
        }
    }
}

/// `EnvoyFilter` (networking.istio.io/v1alpha3, its only version), and what makes Envoy verify
/// tokens if the policy takes identities from `jwt_authn`, as YAML.
///
/// # Errors
/// None today; a value that YAML cannot say.
pub fn envoyfilter(
    policy: &PolicyDocument,
    options: &ResourceOptions,
) -> Result<Rendered<String>, RenderError> {
    yaml(&envoy_filter_resources(policy, options), warnings(policy, options))
}

/// `TrafficExtension` (extensions.istio.io/v1alpha1, Istio 1.30), and as [`envoyfilter`].
///
/// # Errors
/// As [`envoyfilter`], [`RenderError::NoBodies`], [`RenderError::NoConnection`] and [`RenderError::NoVmId`].
pub fn trafficextension(
    policy: &PolicyDocument,
    options: &ResourceOptions,
) -> Result<Rendered<String>, RenderError> {
    is_enough("TrafficExtension", policy, options)?;
    let mut resources = vec![extension::traffic_extension(policy, options)];
    resources.extend(security::resources(policy, options));
    yaml(&resources, warnings(policy, options))
}

/// `WasmPlugin` (extensions.istio.io/v1alpha1), and as [`envoyfilter`].
///
/// # Errors
/// As [`envoyfilter`], [`RenderError::NoBodies`], [`RenderError::NoConnection`] and [`RenderError::NoVmId`].
pub fn wasmplugin(
    policy: &PolicyDocument,
    options: &ResourceOptions,
) -> Result<Rendered<String>, RenderError> {
    is_enough("WasmPlugin", policy, options)?;
    let mut resources = vec![extension::wasm_plugin(policy, options)];
    resources.extend(security::resources(policy, options));
    yaml(&resources, warnings(policy, options))
}

/// Whether a resource of this kind can say all that the filter needs.
fn is_enough(
    kind: &'static str,
    policy: &PolicyDocument,
    options: &ResourceOptions,
) -> Result<(), RenderError> {
    if options.proxy == Proxy::Gateway {
        Err(RenderError::NoGateway { kind })
    } else if options.filter == Filter::ChunkFlush {
        Err(RenderError::NoConnection { filter: options.filter, kind })
    } else if options.filter != Filter::JwtTier {
        Err(RenderError::NoVmId { filter: options.filter, kind })
    } else if policy.reads_bodies() {
        Err(RenderError::NoBodies { kind })
    } else {
        Ok(())
    }
}

/// The resources of [`envoyfilter`] as values.
pub(super) fn envoy_filter_resources(
    policy: &PolicyDocument,
    options: &ResourceOptions,
) -> Vec<Value> {
    let mut resources = vec![envoy_filter::resource(policy, options)];
    // Once, with the filter that identifies callers.
    if options.filter == Filter::JwtTier {
        resources.extend(security::resources(policy, options));
    }
    resources
}

fn metadata(name: &str, options: &ResourceOptions) -> Value {
    let mut metadata = json!({"name": name});
    if let (Some(namespace), Some(members)) = (&options.namespace, metadata.as_object_mut()) {
        members.insert("namespace".to_owned(), json!(namespace));
    }
    metadata
}

/// What an operator should know of the choice made, though it works.
fn warnings(policy: &PolicyDocument, options: &ResourceOptions) -> Vec<String> {
    let mut warnings = options.module.warnings();
    if let Some(algorithm) = policy.software_algorithm()
        && options.filter == Filter::JwtTier
        && !options.module.url().contains(policy::SOFTWARE_CRYPTO)
    {
        warnings.push(format!(
            "{algorithm:?} is verified by the module built with `software-crypto` only; another \
             refuses this policy. Is {} that one?",
            options.module.url()
        ));
    }
    if options.labels.is_empty() {
        warnings.push(
            "without --label the resources are for every workload of the namespace".to_owned(),
        );
    }
    if options.filter == Filter::JwtTier {
        warnings.extend(security::warnings(policy));
    }
    for (other, section, is_used) in [
        (Filter::VoiceQuota, "quotas", policy.has_quotas()),
        (Filter::TextShed, "shedding", policy.has_shedding()),
        (Filter::ChunkFlush, "streams", policy.has_streams()),
    ] {
        if options.filter == Filter::JwtTier && is_used {
            warnings.push(format!(
                "the policy's `{section}` section is enforced by another filter: render it, too, as an \
                 envoyfilter with --filter {other}"
            ));
        } else if options.filter == other && !is_used {
            let message = format!("the policy has no `{section}`, so {other} has nothing to do");
            warnings.push(message);
        }
    }
    if options.filter == Filter::TextShed && options.proxy == Proxy::Sidecar && policy.diverts() {
        warnings.push(
            "the ladder diverts to the batch lane, and a sidecar's requests all go to its own \
             container: render all filters for a gateway, with --gateway"
                .to_owned(),
        );
    }
    if options.filter == Filter::ChunkFlush
        && let Some((after, idle)) = policy.stall_behind_the_end()
    {
        warnings.push(format!(
            "`streams.stall.after` is {after}, and Envoy ends a stream that was silent for {idle} \
             (`streams.connection.idle_timeout`): nothing ever stalls"
        ));
    }
    warnings
}

fn yaml(resources: &[Value], warnings: Vec<String>) -> Result<Rendered<String>, RenderError> {
    // Texts of several lines (a policy) as a block, long ones (keys) on one line.
    let options = serde_saphyr::ser_options! { folded_wrap_chars: usize::MAX };
    let mut documents = Vec::new();
    for resource in resources {
        let text = serde_saphyr::to_string_with_options(resource, options.clone());
        documents.push(text.map_err(|error| RenderError::NotYaml {
            file: "the resources".to_owned(),
            reason: error.to_string(),
        })?);
    }
    Ok(Rendered { value: documents.join("---\n"), warnings })
}
