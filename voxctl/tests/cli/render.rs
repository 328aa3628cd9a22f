//! `voxctl render`: resources for people and for programs, and options that are looked at.

use serde_json::Value;

use super::{POLICY, Run, run};

/// `render envoyfilter` of [`POLICY`].
fn envoyfilter(more: &[&str]) -> Run {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("p.yaml"), POLICY).unwrap();
    run(folder.path(), &[&["render", "envoyfilter", "--policy", "p.yaml"], more].concat())
}

#[test]
fn json_is_an_array_of_the_resources() {
    let folder = tempfile::tempdir().unwrap();
    // The short resources are refused to a policy that reads bodies, as the presets' rules do.
    let rules = "rules: [{name: tts, path: /tts, operations: [tts.synthesize]}]";
    let policy = POLICY.replace("[token]", "[jwt_authn]").replace("presets: [glm-tts]", rules);
    std::fs::write(folder.path().join("p.yaml"), policy).unwrap();
    for (resource, kind) in [
        ("envoyfilter", "EnvoyFilter"),
        ("trafficextension", "TrafficExtension"),
        ("wasmplugin", "WasmPlugin"),
    ] {
        let rendered = run(folder.path(), &["--json", "render", resource, "--policy", "p.yaml"]);
        assert_eq!(rendered.code, 0, "{}", rendered.err);
        let resources: Vec<Value> = serde_json::from_str(&rendered.out).unwrap();
        let kinds: Vec<&Value> = resources.iter().map(|it| &it["kind"]).collect();
        assert_eq!(kinds, [kind, "RequestAuthentication", "AuthorizationPolicy"]);
    }
}

#[test]
fn a_wasm_plugin_is_refused_to_a_policy_that_reads_bodies() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("p.yaml"), POLICY).unwrap();
    let refused = run(folder.path(), &["render", "wasmplugin", "--policy", "p.yaml"]);
    assert_eq!((refused.code, refused.out.as_str()), (2, ""));
    assert!(refused.err.contains("render an envoyfilter"), "{}", refused.err);
}

#[test]
fn labels_have_a_name_and_one_value() {
    let nameless = envoyfilter(&["--label", "=tts"]);
    assert_eq!(nameless.code, 2);
    assert!(nameless.err.contains("write NAME=VALUE"), "{}", nameless.err);
    let twice = envoyfilter(&["--label", "app=tts", "--label", "app=asr"]);
    assert_eq!((twice.code, twice.out.as_str()), (2, ""));
    assert!(twice.err.contains("`app` is given twice, as `tts` and as `asr`"), "{}", twice.err);
}

#[test]
fn no_service_listens_on_port_0() {
    let refused = envoyfilter(&["--port", "0"]);
    assert_eq!(refused.code, 2);
    assert!(refused.err.contains("--port"), "{}", refused.err);
}

#[test]
fn a_policy_with_errors_is_not_rendered() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("p.yaml"), POLICY.replace("tiers:", "teirs:")).unwrap();
    let rendered = run(folder.path(), &["render", "envoyfilter", "--policy", "p.yaml"]);
    assert_eq!(rendered.code, 1);
    assert_eq!(rendered.out, "");
    assert!(rendered.err.contains("did you mean `tiers`?"), "{}", rendered.err);
}

#[test]
fn a_rendered_envoyfilter_validates_as_the_policy_it_embeds() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("p.yaml"), POLICY).unwrap();
    let args = ["render", "envoyfilter", "--policy", "p.yaml", "--label", "app=tts"];
    let rendered = run(folder.path(), &args);
    assert_eq!(rendered.code, 0, "{}", rendered.err);
    std::fs::write(folder.path().join("ef.yaml"), &rendered.out).unwrap();
    let valid = run(folder.path(), &["validate", "ef.yaml", "--json"]);
    assert_eq!(valid.code, 0, "{}", valid.out);
    assert!(valid.out.contains("\"policies\": 1"), "{}", valid.out);
}

#[test]
fn a_gateway_is_asked_for_by_name() {
    for (more, context) in [(&["--gateway"][..], "GATEWAY"), (&[], "SIDECAR_INBOUND")] {
        let rendered = envoyfilter(more);
        assert_eq!(rendered.code, 0, "{}", rendered.err);
        assert!(rendered.out.contains(&format!("context: {context}\n")), "{}", rendered.out);
    }
}
