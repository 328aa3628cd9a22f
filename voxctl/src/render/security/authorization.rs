//! `AuthorizationPolicy` with action DENY as `envoy.filters.http.rbac`.
//!
//! Source: istio/istio `pilot/pkg/security/authz/{builder,model}/`. Read are requestPrincipals,
//! methods and paths, and their negations: what it takes to make a token required.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::terms::{PERMISSION, PRINCIPAL, jwt_principal, method, path};
use super::{SecurityFilters, is_for};
use crate::render::error::{Place, Problem, RenderError};
use crate::render::patch::Proxy;
use crate::render::resources::{AuthorizationPolicy, Document, Rule};

pub(super) fn add(
    documents: &[Document],
    proxy: &Proxy,
    found: &mut SecurityFilters,
    warnings: &mut Vec<String>,
) -> Result<(), RenderError> {
    let mut policies = Map::new();
    for document in documents.iter().filter(|d| d.kind == "AuthorizationPolicy") {
        let spec: AuthorizationPolicy = document.spec()?;
        refuse_unsupported(&spec, document)?;
        if !is_for(document, spec.selector.as_ref(), proxy, warnings) {
            continue;
        }
        if spec.rules.is_empty() {
            warnings.push(format!("{}: DENY without rules never denies", document.place));
        }
        let namespace = document.metadata.namespace.as_ref().unwrap_or(&proxy.namespace);
        for (i, rule) in spec.rules.iter().enumerate() {
            let name = format!("ns[{namespace}]-policy[{}]-rule[{i}]", document.metadata.name);
            let place = document.place.at(&format!("spec.rules[{i}]"));
            policies.insert(name, policy(rule, &place)?);
        }
    }
    if !policies.is_empty() {
        found.filters.push(json!({
            "name": "envoy.filters.http.rbac",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC",
                "rules": {"action": "DENY", "policies": policies},
            },
        }));
    }
    Ok(())
}

fn refuse_unsupported(spec: &AuthorizationPolicy, document: &Document) -> Result<(), RenderError> {
    let refuse = |path: &str, what: String| {
        let why = "only DENY by request principal, method and path is; \
                   render it without this document";
        Err(RenderError::at(document.place.at(path), Problem::Unsupported { what, why }))
    };
    match spec.action.as_deref().unwrap_or("ALLOW") {
        "DENY" => {}
        other => return refuse("spec.action", format!("the action {other}")),
    }
    if spec.target_ref.is_some() || !spec.target_refs.is_empty() {
        return refuse("spec", "targetRefs".to_owned());
    }
    if spec.provider.is_some() {
        return refuse("spec.provider", "a provider".to_owned());
    }
    match document.metadata.annotations.get("istio.io/dry-run") {
        Some(dry_run) if dry_run != "false" => refuse("metadata.annotations", "dry-run".to_owned()),
        _ => Ok(()),
    }
}

fn policy(rule: &Rule, place: &Place) -> Result<Value, RenderError> {
    if !rule.when.is_empty() {
        return Err(unsupported(place.at("when"), "a condition"));
    }
    let mut principals = Vec::new();
    for (i, from) in rule.from.iter().enumerate() {
        let source = &from.source;
        known(&source.rest, &place.at(&format!("from[{i}].source")))?;
        let (values, not_values) = (&source.request_principals, &source.not_request_principals);
        let terms = PRINCIPAL.condition(values, not_values, jwt_principal);
        principals.push(PRINCIPAL.all(terms.collect()));
    }
    let mut permissions = Vec::new();
    for (i, to) in rule.to.iter().enumerate() {
        let operation = &to.operation;
        let place = place.at(&format!("to[{i}].operation"));
        known(&operation.rest, &place)?;
        let paths = operation.paths.iter().chain(&operation.not_paths);
        if let Some(template) = paths.into_iter().find(|path| path.contains('{')) {
            return Err(unsupported(place, &format!("the path template `{template}`")));
        }
        let methods = PERMISSION.condition(&operation.methods, &operation.not_methods, method);
        let paths = PERMISSION.condition(&operation.paths, &operation.not_paths, path);
        permissions.push(PERMISSION.all(methods.chain(paths).collect()));
    }
    if principals.is_empty() {
        principals.push(PRINCIPAL.all(Vec::new()));
    }
    if permissions.is_empty() {
        permissions.push(PERMISSION.all(Vec::new()));
    }
    Ok(json!({"permissions": permissions, "principals": principals}))
}

fn known(rest: &BTreeMap<String, Value>, place: &Place) -> Result<(), RenderError> {
    match rest.keys().next() {
        Some(field) => Err(unsupported(place.at(field), field)),
        None => Ok(()),
    }
}

fn unsupported(place: Place, what: &str) -> RenderError {
    let why = "only request principals, methods and paths are; render it without this document";
    RenderError::at(place, Problem::Unsupported { what: what.to_owned(), why })
}
