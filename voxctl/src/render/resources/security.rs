//! `RequestAuthentication` and `AuthorizationPolicy` as written (security.istio.io/v1).
//!
//! Source: istio/api `security/v1beta1/{request_authentication,jwt,authorization_policy}.proto`.
//! All of a RequestAuthentication is read. Of an AuthorizationPolicy, what can be applied here;
//! the rest is kept as a value so that the refusal can name it.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(in crate::render) struct Selector {
    pub match_labels: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(in crate::render) struct RequestAuthentication {
    pub selector: Option<Selector>,
    pub target_ref: Option<Value>,
    pub target_refs: Vec<Value>,
    pub jwt_rules: Vec<JwtRule>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(in crate::render) struct JwtRule {
    pub issuer: String,
    pub audiences: Vec<String>,
    #[serde(alias = "jwks_uri")]
    pub jwks_uri: String,
    pub jwks: String,
    pub from_headers: Vec<FromHeader>,
    pub from_params: Vec<String>,
    pub from_cookies: Vec<String>,
    pub output_payload_to_header: String,
    pub output_claim_to_headers: Vec<ClaimToHeader>,
    pub forward_original_token: bool,
    pub timeout: Option<String>,
    pub space_delimited_claims: Vec<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::render) struct FromHeader {
    pub name: String,
    pub prefix: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::render) struct ClaimToHeader {
    pub header: String,
    pub claim: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(in crate::render) struct AuthorizationPolicy {
    pub selector: Option<Selector>,
    pub target_ref: Option<Value>,
    pub target_refs: Vec<Value>,
    pub rules: Vec<Rule>,
    /// ALLOW when unset.
    pub action: Option<String>,
    pub provider: Option<Value>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::render) struct Rule {
    pub from: Vec<From>,
    pub to: Vec<To>,
    pub when: Vec<Value>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::render) struct From {
    pub source: Source,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::render) struct Source {
    pub request_principals: Vec<String>,
    pub not_request_principals: Vec<String>,
    #[serde(flatten)]
    pub rest: BTreeMap<String, Value>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(in crate::render) struct To {
    pub operation: Operation,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(in crate::render) struct Operation {
    pub methods: Vec<String>,
    pub not_methods: Vec<String>,
    pub paths: Vec<String>,
    pub not_paths: Vec<String>,
    #[serde(flatten)]
    pub rest: BTreeMap<String, Value>,
}
