//! The terms of Envoy's RBAC: principals and permissions, built alike.

use serde_json::{Value, json};

/// How one of the two kinds calls its connectives.
pub(super) struct Kind {
    and: &'static str,
    or: &'static str,
    list: &'static str,
    not: &'static str,
}

/// Who asks.
pub(super) const PRINCIPAL: Kind =
    Kind { and: "and_ids", or: "or_ids", list: "ids", not: "not_id" };
/// What is asked.
pub(super) const PERMISSION: Kind =
    Kind { and: "and_rules", or: "or_rules", list: "rules", not: "not_rule" };

impl Kind {
    /// All of `terms`; anything if there are none.
    pub(super) fn all(&self, mut terms: Vec<Value>) -> Value {
        if terms.is_empty() {
            terms.push(json!({"any": true}));
        }
        json!({self.and: {self.list: terms}})
    }

    /// One of `values` and none of `not_values`, as far as they are given.
    pub(super) fn condition(
        &self,
        values: &[String],
        not_values: &[String],
        term: fn(&str) -> Value,
    ) -> impl Iterator<Item = Value> {
        let any = |values: &[String]| {
            let terms: Vec<Value> = values.iter().map(|value| term(value)).collect();
            (!terms.is_empty()).then(|| json!({self.or: {self.list: terms}}))
        };
        any(values).into_iter().chain(any(not_values).map(|terms| json!({self.not: terms})))
    }
}

/// `issuer/subject` as a principal, each side of it with `*` before, after or alone; `*` for
/// whoever has both claims.
pub(super) fn jwt_principal(value: &str) -> Value {
    let (issuer, subject) = match value.rsplit_once('/') {
        Some(("*", subject)) => (any(), exact(subject)),
        Some((issuer, subject)) if issuer.starts_with('*') => (pattern(issuer), exact(subject)),
        Some((issuer, subject)) => (exact(issuer), pattern(subject)),
        None if value == "*" => (any(), any()),
        None if value.starts_with('*') => (any(), pattern(value)),
        None if value.ends_with('*') => (pattern(value), any()),
        None => (exact(value), exact("")),
    };
    PRINCIPAL.all(vec![claim("iss", issuer), claim("sub", subject)])
}

/// istiod writes `metadata`, which means the same and is deprecated since Envoy 1.40.
fn claim(name: &str, matcher: Value) -> Value {
    json!({"sourced_metadata": {"metadata_matcher": {
        "filter": "envoy.filters.http.jwt_authn",
        "path": [{"key": "payload"}, {"key": name}],
        "value": {"string_match": matcher},
    }}})
}

/// A method as a permission.
pub(super) fn method(value: &str) -> Value {
    json!({"header": {"name": ":method", "string_match": pattern(value)}})
}

/// A path without its query as a permission.
pub(super) fn path(value: &str) -> Value {
    json!({"url_path": {"path": pattern(value)}})
}

fn pattern(value: &str) -> Value {
    match (value.strip_prefix('*'), value.strip_suffix('*')) {
        (Some(""), _) => any(),
        (Some(suffix), _) => json!({"suffix": suffix}),
        (None, Some(prefix)) => json!({"prefix": prefix}),
        (None, None) => exact(value),
    }
}

fn exact(value: &str) -> Value {
    json!({"exact": value})
}

fn any() -> Value {
    json!({"safe_regex": {"regex": ".+"}})
}
