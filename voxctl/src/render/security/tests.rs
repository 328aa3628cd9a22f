use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::filters;
use crate::render::descriptors::build;
use crate::render::patch::Proxy;
use crate::render::resources::read_str;

fn proxy() -> Proxy {
    Proxy {
        namespace: "ai".to_owned(),
        labels: BTreeMap::from([("app".to_owned(), "tts".to_owned())]),
        root_namespace: "istio-system".to_owned(),
        istio_version: "1.31.0".to_owned(),
        metadata: BTreeMap::new(),
    }
}

/// Filters, the clusters they call, warnings.
type Found = (Vec<Value>, Vec<(String, String)>, Vec<String>);

fn rendered(yaml: &str) -> Result<Found, String> {
    let mut warnings = Vec::new();
    let documents = read_str(yaml, "test.yaml").map_err(|e| e.to_string())?;
    let found = filters(&documents, &proxy(), &mut warnings).map_err(|e| e.to_string())?;
    for filter in &found.filters {
        // Panics on what Envoy's API does not have.
        build("envoy.extensions.filters.network.http_connection_manager.v3.HttpFilter", filter);
    }
    Ok((found.filters, found.clusters, warnings))
}

fn authentication(rules: &str) -> String {
    format!(
        "---\napiVersion: security.istio.io/v1\nkind: RequestAuthentication\n\
         metadata: {{name: a}}\nspec: {{selector: {{matchLabels: {{app: tts}}}}, jwtRules: [{rules}]}}\n"
    )
}

fn policy(spec: &str) -> String {
    format!(
        "---\napiVersion: security.istio.io/v1\nkind: AuthorizationPolicy\n\
         metadata: {{name: p}}\nspec: {{{spec}}}\n"
    )
}

#[test]
fn verified_claims_stand_in_the_metadata_where_istio_puts_them() {
    let (filters, ..) = rendered(&authentication("{issuer: i, jwks: '{}'}")).unwrap();
    let config = &filters[0]["typed_config"];
    let provider = &config["providers"]["origins-0"];
    assert_eq!(provider["payload_in_metadata"], "payload");
    assert_eq!(
        provider["normalize_payload_in_metadata"]["space_delimited_claims"],
        json!(["permission", "scope"])
    );
    assert_eq!(provider["local_jwks"]["inline_string"], "{}");
    assert_eq!(config["bypass_cors_preflight"], true);
}

#[test]
fn one_issuers_token_may_be_missing_but_not_wrong() {
    let (filters, ..) = rendered(&authentication("{issuer: i, jwks: '{}'}")).unwrap();
    assert_eq!(
        filters[0]["typed_config"]["rules"][0]["requires"],
        json!({"requires_any": {"requirements": [{"provider_name": "origins-0"}, {"allow_missing": {}}]}})
    );
}

#[test]
fn of_several_issuers_sorted_by_name_any_one_suffices() {
    let rules = "{issuer: z, jwks: '{}'}, {issuer: a, jwks: '{}'}";
    let (filters, ..) = rendered(&authentication(rules)).unwrap();
    let config = &filters[0]["typed_config"];
    assert_eq!(config["providers"]["origins-0"]["issuer"], "a");
    let any = &config["rules"][0]["requires"]["requires_any"]["requirements"];
    assert_eq!(any[0], json!({"provider_name": "origins-0"}));
    assert_eq!(any[1], json!({"provider_name": "origins-1"}));
    assert_eq!(any[2]["requires_all"]["requirements"].as_array().unwrap().len(), 2);
}

#[test]
fn keys_behind_a_url_are_fetched_through_istios_cluster_for_it() {
    for (uri, cluster) in [
        ("https://keys.test/jwks", "outbound|443||keys.test"),
        ("http://keys.test/jwks", "outbound|80||keys.test"),
        ("http://keys.test:8000/jwks", "outbound|8000||keys.test"),
    ] {
        let (filters, clusters, _) =
            rendered(&authentication(&format!("{{issuer: i, jwksUri: '{uri}'}}"))).unwrap();
        let fetch =
            &filters[0]["typed_config"]["providers"]["origins-0"]["remote_jwks"]["http_uri"];
        assert_eq!((&fetch["uri"], &fetch["cluster"]), (&json!(uri), &json!(cluster)));
        assert_eq!(clusters[0].1, cluster);
    }
}

#[test]
fn an_issuer_without_keys_is_refused_with_its_place() {
    let refused = rendered(&authentication("{issuer: i}")).unwrap_err();
    assert!(
        refused.starts_with("test.yaml, document 1, spec.jwtRules[0]: the issuer `i` without keys"),
        "{refused}"
    );
}

#[test]
fn not_request_principals_denies_whoever_lacks_issuer_or_subject() {
    let (filters, ..) = rendered(&policy(
        "action: DENY, rules: [{from: [{source: {notRequestPrincipals: ['*']}}], to: [{operation: {notMethods: [OPTIONS]}}]}]",
    ))
    .unwrap();
    let rules = &filters[0]["typed_config"]["rules"];
    assert_eq!(rules["action"], "DENY");
    let policy = &rules["policies"]["ns[ai]-policy[p]-rule[0]"];
    let denied = &policy["principals"][0]["and_ids"]["ids"][0]["not_id"]["or_ids"]["ids"][0]["and_ids"]
        ["ids"];
    assert_eq!(
        denied[0]["sourced_metadata"]["metadata_matcher"]["path"],
        json!([{"key": "payload"}, {"key": "iss"}])
    );
    assert_eq!(
        denied[1]["sourced_metadata"]["metadata_matcher"]["path"],
        json!([{"key": "payload"}, {"key": "sub"}])
    );
    assert_eq!(
        denied[1]["sourced_metadata"]["metadata_matcher"]["value"]["string_match"],
        json!({"safe_regex": {"regex": ".+"}})
    );
    let methods =
        &policy["permissions"][0]["and_rules"]["rules"][0]["not_rule"]["or_rules"]["rules"];
    assert_eq!(methods[0]["header"]["string_match"], json!({"exact": "OPTIONS"}));
}

#[test]
fn a_principal_is_issuer_slash_subject_with_stars() {
    let exact = |s: &str| json!({"exact": s});
    let any = || json!({"safe_regex": {"regex": ".+"}});
    for (value, issuer, subject) in [
        ("https://i.test/sub", exact("https://i.test"), exact("sub")),
        ("https://i.test/*", exact("https://i.test"), any()),
        ("https://i.test/su*", exact("https://i.test"), json!({"prefix": "su"})),
        ("*/sub", any(), exact("sub")),
        ("*.test/sub", json!({"suffix": ".test"}), exact("sub")),
        ("*ub", any(), json!({"suffix": "ub"})),
        ("iss*", json!({"prefix": "iss"}), any()),
    ] {
        let term = super::terms::jwt_principal(value);
        let found = |i: usize| {
            &term["and_ids"]["ids"][i]["sourced_metadata"]["metadata_matcher"]["value"]["string_match"]
        };
        assert_eq!((found(0), found(1)), (&issuer, &subject), "{value}");
    }
}

#[test]
fn a_rule_without_conditions_denies_everything() {
    let (filters, ..) = rendered(&policy("action: DENY, rules: [{}]")).unwrap();
    let policy = &filters[0]["typed_config"]["rules"]["policies"]["ns[ai]-policy[p]-rule[0]"];
    assert_eq!(policy["principals"][0]["and_ids"]["ids"], json!([{"any": true}]));
    assert_eq!(policy["permissions"][0]["and_rules"]["rules"], json!([{"any": true}]));
}

#[test]
fn what_is_not_translated_is_refused_by_name() {
    for (spec, says) in [
        ("rules: [{}]", "spec.action: the action ALLOW"),
        ("action: CUSTOM, rules: [{}]", "spec.action: the action CUSTOM"),
        (
            "action: DENY, rules: [{from: [{source: {namespaces: [x]}}]}]",
            "spec.rules[0].from[0].source.namespaces: namespaces",
        ),
        (
            "action: DENY, rules: [{to: [{operation: {hosts: [x]}}]}]",
            "spec.rules[0].to[0].operation.hosts: hosts",
        ),
        ("action: DENY, rules: [{to: [{operation: {paths: ['/a/{*}']}}]}]", "the path template"),
        ("action: DENY, rules: [{when: [{key: x}]}]", "spec.rules[0].when: a condition"),
    ] {
        let refused = rendered(&policy(spec)).unwrap_err();
        assert!(refused.contains(says), "{refused}");
    }
}

#[test]
fn another_workloads_resources_are_left_out_with_a_warning() {
    let (filters, _, warnings) =
        rendered(&authentication("{issuer: i, jwks: '{}'}").replace("app: tts", "app: llm"))
            .unwrap();
    assert!(filters.is_empty());
    assert!(warnings[0].contains("RequestAuthentication `a` does not select"), "{warnings:?}");
}
