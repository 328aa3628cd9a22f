//! What makes Envoy verify tokens before the filter sees them.

use serde_json::{Map, Value, json};
use voxgate_policy::spec::{
    AnonymousSpec, IdentitySource, IssuerSpec, JwksSpec, PolicySpec, ShadowSection,
};

use super::{PolicyDocument, ResourceOptions, metadata};

/// `RequestAuthentication` if the policy takes identities from `jwt_authn`, and, if callers
/// without a token are denied by everything that the policy says, the `AuthorizationPolicy` that
/// denies them: RequestAuthentication alone refuses bad tokens and lets a request without one pass.
pub(super) fn resources(policy: &PolicyDocument, options: &ResourceOptions) -> Vec<Value> {
    if !policy.uses_jwt_authn() {
        return Vec::new();
    }
    let rules: Vec<Value> = policy.spec.identity.issuers.iter().map(jwt_rule).collect();
    let mut resources = vec![resource(
        "RequestAuthentication",
        "voxgate-identity",
        options,
        [("jwtRules", json!(rules))],
    )];
    if requires_token(&policy.spec) {
        // A CORS preflight carries no credentials (Fetch standard, §3.2.2).
        let rule = json!({
            "from": [{"source": {"notRequestPrincipals": ["*"]}}],
            "to": [{"operation": {"notMethods": ["OPTIONS"]}}],
        });
        resources.push(resource(
            "AuthorizationPolicy",
            "voxgate-require-token",
            options,
            [("action", json!("DENY")), ("rules", json!([rule]))],
        ));
    }
    resources
}

/// Whether every request without a token is denied, so that Istio may deny it, too. In shadow mode
/// nobody is denied, and a trusted peer shows a certificate, not a token.
fn requires_token(spec: &PolicySpec) -> bool {
    spec.identity.anonymous == AnonymousSpec::Deny && !is_shadowed(spec) && !trusts_peers(spec)
}

fn is_shadowed(spec: &PolicySpec) -> bool {
    spec.shadow.contains(&ShadowSection::Identity)
}

fn trusts_peers(spec: &PolicySpec) -> bool {
    spec.identity.source.contains(&IdentitySource::TrustedPeers)
}

/// What the resources cannot do that the policy asks for.
pub(super) fn warnings(policy: &PolicyDocument) -> Vec<String> {
    if !policy.uses_jwt_authn() {
        return Vec::new();
    }
    let mut warnings = Vec::new();
    if is_shadowed(&policy.spec) {
        warnings.push(
            "`identity` is in shadow, so no AuthorizationPolicy requires a token; but the \
             RequestAuthentication is not in shadow: Envoy answers 401 to bad and expired tokens"
                .to_owned(),
        );
    }
    if policy.spec.identity.anonymous == AnonymousSpec::Deny && trusts_peers(&policy.spec) {
        warnings.push(
            "no AuthorizationPolicy requires a token: it would deny the trusted peers, who have \
             none; jwt-tier alone denies callers without credentials"
                .to_owned(),
        );
    }
    let without = policy.spec.identity.issuers.iter().filter(|issuer| issuer.jwks.is_none());
    warnings.extend(without.map(|issuer| {
        format!(
            "the policy has no keys for `{}`; istiod will look for them by OpenID discovery at \
             the issuer",
            issuer.issuer
        )
    }));
    warnings
}

fn jwt_rule(issuer: &IssuerSpec) -> Value {
    let mut rule = Map::from_iter([("issuer".to_owned(), json!(issuer.issuer))]);
    if !issuer.audiences.is_empty() {
        rule.insert("audiences".to_owned(), json!(issuer.audiences));
    }
    match &issuer.jwks {
        Some(JwksSpec::Inline(keys)) => {
            rule.insert("jwks".to_owned(), json!(keys.to_string()));
        }
        Some(JwksSpec::Remote(remote)) => {
            rule.insert("jwksUri".to_owned(), json!(remote.uri));
        }
        None => {}
    }
    // The service gets the request it would get without us; Envoy would take the token out.
    rule.insert("forwardOriginalToken".to_owned(), json!(true));
    Value::Object(rule)
}

fn resource<const N: usize>(
    kind: &str,
    name: &str,
    options: &ResourceOptions,
    members: [(&str, Value); N],
) -> Value {
    let mut spec = Map::new();
    if !options.labels.is_empty() {
        spec.insert("selector".to_owned(), json!({"matchLabels": options.labels}));
    }
    spec.extend(members.map(|(name, value)| (name.to_owned(), value)));
    json!({
        "apiVersion": "security.istio.io/v1",
        "kind": kind,
        "metadata": metadata(name, options),
        "spec": spec,
    })
}
