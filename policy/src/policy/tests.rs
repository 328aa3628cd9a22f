use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::testing;

fn spec() -> Value {
    let jwks: Value = serde_json::from_str(testing::jwks()).unwrap();
    json!({
        "version": 1,
        "identity": {"issuers": [
            {"issuer": "https://issuer.test", "jwks": {"inline": jwks}},
        ]},
        "operations": {"presets": ["openai-audio"]},
        "tiers": [
            {"name": "premium", "scopes": ["tts.premium"], "allow": ["tts.*"]},
            {"name": "basic", "scopes": ["tts.basic"], "allow": ["tts.synthesize"]},
        ],
    })
}

/// Everything that is wrong with [`spec`] after `change`.
fn errors(change: impl FnOnce(&mut Value)) -> Vec<String> {
    let mut spec = spec();
    change(&mut spec);
    let spec = PolicySpec::from_json(spec.to_string().as_bytes()).unwrap();
    match Policy::try_from(spec) {
        Ok(_) => Vec::new(),
        Err(PolicyErrors(errors)) => errors.iter().map(ToString::to_string).collect(),
    }
}

fn only_error(change: impl FnOnce(&mut Value)) -> String {
    let mut errors = errors(change);
    assert_eq!(errors.len(), 1, "{errors:#?}");
    errors.remove(0)
}

#[wasm_bindgen_test(unsupported = test)]
fn a_sound_policy_loads() {
    assert_eq!(errors(|_| ()), Vec::<String>::new());
}

#[wasm_bindgen_test(unsupported = test)]
fn all_errors_are_told_at_once() {
    let errors = errors(|spec| {
        spec["version"] = json!(2);
        spec["tiers"][1]["allow"] = json!(["tts.synthesise"]);
        spec["operations"]["presets"] = json!(["open-ai"]);
        spec["identity"]["anonymous"] = json!({"tier": "fre"});
        spec["metrics"] = json!({"max_series": 0});
    });
    let paths: Vec<_> = errors.iter().map(|it| it.split(':').next().unwrap()).collect();
    assert_eq!(
        paths,
        [
            "version",
            "operations.presets[0]",
            "tiers[1].allow[0]",
            "identity.anonymous.tier",
            "metrics.max_series"
        ]
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn a_misspelt_operation_is_refused_with_the_nearest() {
    assert!(
        only_error(|spec| spec["tiers"][1]["allow"] = json!(["tts.synthesise"]))
            .contains("did you mean `tts.synthesize`?")
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn tiers_that_nobody_can_reach_are_refused() {
    let error = only_error(|spec| spec["tiers"][1]["scopes"] = json!([]));
    assert!(error.starts_with("tiers[1]: no scope leads to tier `basic`"), "{error}");
    let error = only_error(|spec| {
        spec["tiers"][1]["scopes"] = json!(["tts.premium", "tts.premium tts.basic"]);
    });
    assert!(error.starts_with("tiers[1].scopes: tier `basic` can never be reached"), "{error}");
    assert!(error.contains("gets `premium`"), "{error}");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_tier_without_scopes_is_fine_where_something_else_leads_to_it() {
    let no_scopes = |spec: &mut Value| spec["tiers"][1]["scopes"] = json!([]);
    assert!(
        errors(|spec| {
            no_scopes(spec);
            spec["identity"]["anonymous"] = json!({"tier": "basic"});
        })
        .is_empty()
    );
    assert!(
        errors(|spec| {
            no_scopes(spec);
            spec["tenants"] = json!({"inline": [{"id": "acme", "max_tier": "basic"}]});
        })
        .is_empty()
    );
    assert!(
        errors(|spec| {
            no_scopes(spec);
            spec["identity"] =
                json!({"source": ["trusted_peers"], "trusted_peers": ["spiffe://a.test/ns/b/*"]});
        })
        .is_empty()
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn names_stand_once() {
    let error = only_error(|spec| {
        spec["tiers"][1]["name"] = json!("premium");
    });
    assert_eq!(error, "tiers[1].name: a second tier called `premium`");
    let error = only_error(|spec| {
        let issuers = spec["identity"]["issuers"].as_array_mut().unwrap();
        issuers.push(issuers[0].clone());
    });
    assert_eq!(error, "identity.issuers[1].issuer: a second issuer `https://issuer.test`");
    let error = only_error(|spec| {
        spec["tenants"] = json!({"inline": [{"id": "acme"}, {"id": "acme"}]});
    });
    assert_eq!(error, "tenants.inline[1].id: a second tenant `acme`");
}

#[wasm_bindgen_test(unsupported = test)]
fn what_could_break_a_header_is_refused() {
    let error = only_error(|spec| spec["tiers"][0]["name"] = json!("a\r\nb"));
    assert!(error.starts_with("tiers[0].name:"), "{error}");
    let error = only_error(|spec| spec["tiers"][0]["scopes"] = json!(["a\"b"]));
    assert!(error.starts_with("tiers[0].scopes[0]:"), "{error}");
    let error = only_error(|spec| spec["identity"]["realm"] = json!("a\"b"));
    assert!(error.starts_with("identity.realm:"), "{error}");
}

#[wasm_bindgen_test(unsupported = test)]
fn an_identity_section_that_can_believe_nobody_is_refused() {
    let error = only_error(|spec| spec["identity"]["issuers"] = json!([]));
    assert!(error.starts_with("identity.issuers: no issuer is believed"), "{error}");
    let error = only_error(|spec| {
        spec["identity"]["issuers"][0].as_object_mut().unwrap().remove("jwks");
    });
    assert!(error.starts_with("identity.issuers[0]: the source `token` needs"), "{error}");
    let error = only_error(|spec| spec["identity"]["issuers"][0]["algorithms"] = json!(["PS256"]));
    assert!(error.starts_with("identity.issuers[0].jwks.inline:"), "{error}");
    let error = only_error(|spec| {
        spec["identity"]["source"] = json!(["token", "trusted_peers"]);
    });
    assert!(error.starts_with("identity.trusted_peers:"), "{error}");
    let error = only_error(|spec| {
        spec["identity"]["source"] = json!(["token", "trusted_peers"]);
        spec["identity"]["trusted_peers"] = json!(["*"]);
    });
    assert!(error.starts_with("identity.trusted_peers[0]: `*` is not a URI SAN"), "{error}");
}

#[wasm_bindgen_test(unsupported = test)]
fn keys_are_not_needed_where_the_proxy_verifies() {
    assert!(
        errors(|spec| {
            spec["identity"]["source"] = json!(["jwt_authn"]);
            spec["identity"]["issuers"][0].as_object_mut().unwrap().remove("jwks");
        })
        .is_empty()
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn remote_keys_need_a_url_a_cluster_and_times() {
    let remote = |change: fn(&mut Value)| {
        errors(|spec| {
            let mut remote = json!({"uri": "https://issuer.test/jwks", "cluster": "issuer"});
            change(&mut remote);
            spec["identity"]["issuers"][0]["jwks"] = json!({ "remote": remote });
        })
    };
    assert!(remote(|_| ()).is_empty());
    let place = "identity.issuers[0].jwks.remote";
    let first = |change| remote(change).remove(0);
    assert!(first(|it| it["uri"] = json!("issuer.test")).starts_with(&format!("{place}.uri:")));
    assert!(first(|it| it["cluster"] = json!("")).starts_with(&format!("{place}.cluster:")));
    assert!(first(|it| it["timeout"] = json!("0s")).starts_with(&format!("{place}.timeout:")));
    assert!(first(|it| it["max_stale"] = json!("1s")).starts_with(&format!("{place}.max_stale:")));
}

#[wasm_bindgen_test(unsupported = test)]
fn an_algorithm_that_this_module_cannot_verify_is_refused_with_its_place() {
    let mut written = spec();
    written["identity"]["issuers"][0]["algorithms"] = json!(["ES256", "RS256"]);
    let load = |written: &Value| {
        Policy::try_from(PolicySpec::from_json(written.to_string().as_bytes()).unwrap()).unwrap()
    };
    let ec_only = |algorithm| algorithm == jsonwebtoken::Algorithm::ES256;
    let error = load(&written).check_algorithms(ec_only).unwrap_err().to_string();
    assert!(error.starts_with("identity.issuers[0].algorithms[1]: RS256 cannot be"), "{error}");
    written["identity"]["source"] = json!(["jwt_authn"]);
    assert!(load(&written).check_algorithms(ec_only).is_ok(), "the proxy verifies");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_source_of_tenants_needs_a_url_a_cluster_and_times() {
    let source = json!({"uri": "http://tenants.test/all.jsonl", "cluster": "tenants"});
    assert_eq!(errors(|spec| spec["tenants"] = json!({"source": source})), Vec::<String>::new());
    let wrong = |member: &str, value: Value| {
        let mut source = source.clone();
        source[member] = value;
        only_error(|spec| spec["tenants"] = json!({"source": source}))
    };
    assert_eq!(
        wrong("uri", json!("tenants.test/all")),
        "tenants.source.uri: write an `http://` or `https://` URL with a path"
    );
    assert_eq!(
        wrong("cluster", json!("")),
        "tenants.source.cluster: name the Envoy cluster that leads there"
    );
    assert_eq!(wrong("refresh", json!("999ms")), "tenants.source.refresh: must be 1 s or more");
    assert_eq!(wrong("timeout", json!("0s")), "tenants.source.timeout: must be more than 0 s");
    assert_eq!(wrong("max_bytes", json!(0)), "tenants.source.max_bytes: must be more than 0");
}

#[wasm_bindgen_test(unsupported = test)]
fn with_a_source_of_tenants_a_tier_needs_no_scopes() {
    let change = |spec: &mut Value| {
        spec["tiers"][1]["scopes"] = json!([]);
        spec["tenants"] = json!({"source": {"uri": "http://a.test/", "cluster": "a"}});
    };
    assert_eq!(errors(change), Vec::<String>::new());
}

#[wasm_bindgen_test(unsupported = test)]
fn tenants_that_stand_inline_are_checked_with_their_place() {
    let mut found = errors(|spec| {
        spec["tenants"] = json!({"inline": [
            {"id": "acme", "max_tier": "gold"},
            {"id": "bell"},
            {"id": "bell", "quotas": {"chars": {"limit": 1}}},
            {"id": " "},
            {"id": "bell", "max_tier": "basic"},
        ]});
    });
    found.iter_mut().for_each(|it| *it = it.split(';').next().unwrap().to_owned());
    assert_eq!(
        found,
        [
            "tenants.inline[0].max_tier: there is no tier `gold`",
            "tenants.inline[2].quotas.chars: there is no quota rule `chars`",
            "tenants.inline[3].id: no tenant has this id",
            "tenants.inline[4].id: a second tenant `bell`",
        ]
    );
}
