//! `RequestAuthentication` as `envoy.filters.http.jwt_authn`.
//!
//! Source: istio/istio `pilot/pkg/security/authn/policy_applier.go`.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::{SecurityFilters, is_for};
use crate::render::descriptors;
use crate::render::error::{Place, Problem, RenderError};
use crate::render::patch::Proxy;
use crate::render::resources::{Document, JwtRule, RequestAuthentication};

const JWT_AUTHN: &str = "envoy.extensions.filters.http.jwt_authn.v3.JwtAuthentication";
/// How long a fetch of keys may take if the rule does not say.
const FETCH_TIMEOUT: &str = "5s";

pub(super) fn add(
    documents: &[Document],
    proxy: &Proxy,
    found: &mut SecurityFilters,
    warnings: &mut Vec<String>,
) -> Result<(), RenderError> {
    let mut rules: Vec<(JwtRule, Place)> = Vec::new();
    for document in documents.iter().filter(|d| d.kind == "RequestAuthentication") {
        let spec: RequestAuthentication = document.spec()?;
        if spec.target_ref.is_some() || !spec.target_refs.is_empty() {
            let problem = Problem::Unsupported {
                what: "targetRefs".to_owned(),
                why: "they are for gateways and waypoints; use a selector",
            };
            return Err(RenderError::at(document.place.at("spec"), problem));
        }
        if is_for(document, spec.selector.as_ref(), proxy, warnings) {
            let place = |i| document.place.at(&format!("spec.jwtRules[{i}]"));
            rules.extend(spec.jwt_rules.into_iter().enumerate().map(|(i, rule)| (rule, place(i))));
        }
    }
    if rules.is_empty() {
        return Ok(());
    }
    rules.sort_by(|(a, _), (b, _)| a.issuer.cmp(&b.issuer));

    let mut providers = Map::new();
    for (i, (rule, place)) in rules.iter().enumerate() {
        providers.insert(format!("origins-{i}"), provider(rule, place, found)?);
    }
    let config = json!({
        "providers": providers,
        "rules": [{"match": {"prefix": "/"}, "requires": requirement(rules.len())}],
        "bypass_cors_preflight": true,
    });
    found.filters.push(filter(config));
    Ok(())
}

fn filter(config: Value) -> Value {
    let mut typed =
        Map::from_iter([("@type".to_owned(), json!(format!("type.googleapis.com/{JWT_AUTHN}")))]);
    if let Value::Object(members) = config {
        typed.extend(members);
    }
    json!({"name": "envoy.filters.http.jwt_authn", "typed_config": typed})
}

/// A token, if there is one, must be valid; a request without any passes. With several issuers,
/// any one of them, or for each of them a valid token or none.
fn requirement(providers: usize) -> Value {
    let name = |i| json!({"provider_name": format!("origins-{i}")});
    let or_missing =
        |i| json!({"requires_any": {"requirements": [name(i), {"allow_missing": {}}]}});
    if providers == 1 {
        return or_missing(0);
    }
    let each: Vec<Value> = (0..providers).map(or_missing).collect();
    let mut any: Vec<Value> = (0..providers).map(name).collect();
    any.push(json!({"requires_all": {"requirements": each}}));
    json!({"requires_any": {"requirements": any}})
}

fn provider(
    rule: &JwtRule,
    place: &Place,
    found: &mut SecurityFilters,
) -> Result<Value, RenderError> {
    let space_delimited: BTreeSet<&str> = rule
        .space_delimited_claims
        .iter()
        .map(String::as_str)
        .chain(["permission", "scope"])
        .collect();
    let headers = rule.from_headers.iter();
    let claims = rule.output_claim_to_headers.iter();
    let mut provider = json!({
        "issuer": rule.issuer,
        "audiences": rule.audiences,
        "forward": rule.forward_original_token,
        "forward_payload_header": rule.output_payload_to_header,
        "payload_in_metadata": "payload",
        "normalize_payload_in_metadata": {"space_delimited_claims": space_delimited},
        "claim_to_headers": claims
            .map(|c| json!({"header_name": c.header, "claim_name": c.claim}))
            .collect::<Vec<_>>(),
        "from_headers": headers
            .map(|h| json!({"name": h.name, "value_prefix": h.prefix}))
            .collect::<Vec<_>>(),
        "from_params": rule.from_params,
        "from_cookies": rule.from_cookies,
    });
    let (field, keys) = keys(rule, place, found)?;
    if let Some(members) = provider.as_object_mut() {
        members.insert(field.to_owned(), keys);
    }
    Ok(provider)
}

/// Inline keys as they are. Keys behind a URL istiod fetches itself and sends inline; here Envoy
/// does, through the cluster that istiod uses for it with `PILOT_JWT_ENABLE_REMOTE_JWKS`.
fn keys(
    rule: &JwtRule,
    place: &Place,
    found: &mut SecurityFilters,
) -> Result<(&'static str, Value), RenderError> {
    if !rule.jwks.is_empty() {
        return Ok(("local_jwks", json!({"inline_string": rule.jwks})));
    }
    let uri: http::Uri = rule.jwks_uri.parse().unwrap_or_default();
    let Some(host) = uri.host() else {
        let problem = Problem::Unsupported {
            what: format!("the issuer `{}` without keys", rule.issuer),
            why: "istiod would look for them by OpenID discovery; give jwks or an absolute jwksUri",
        };
        return Err(RenderError::at(place.clone(), problem));
    };
    let default_port = if uri.scheme_str() == Some("https") { 443 } else { 80 };
    let cluster = format!("outbound|{}||{host}", uri.port_u16().unwrap_or(default_port));
    found.clusters.push((place.to_string(), cluster.clone()));
    let timeout = json!(rule.timeout.as_deref().unwrap_or(FETCH_TIMEOUT));
    descriptors::parse("google.protobuf.Duration", &timeout, &place.at("timeout"))?;
    let fetch = json!({
        "http_uri": {
            "uri": rule.jwks_uri,
            "cluster": cluster,
            "timeout": timeout,
        },
        "cache_duration": "300s",
    });
    Ok(("remote_jwks", fetch))
}
