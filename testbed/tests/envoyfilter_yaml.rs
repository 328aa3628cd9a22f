//! Every file of `envoyfilter-yaml/` starts on a real Envoy, with its module inline: Envoy does
//! not look into a configuration that would come by ECDS.
//!
//! `cargo xtask test e2e` sets what is needed: `ENVOY`, an Envoy 1.40.0, and `VOXGATE_DIST`, the
//! folder of the built modules (`cargo xtask build`).

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use voxctl::render::envoy::{EnvoyOptions, from_files, from_policy};
use voxctl::render::{Filter, PolicyDocument};

fn from_environment(name: &str) -> PathBuf {
    match std::env::var_os(name) {
        Some(path) => path.into(),
        None => panic!("{name} is not set; run `cargo xtask test e2e`, which gets and sets it"),
    }
}

fn shipped(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../envoyfilter-yaml").join(path)
}

fn options() -> EnvoyOptions {
    let mut options = EnvoyOptions::new("127.0.0.1:9".parse().unwrap(), 0, 0);
    options.wasm_dir = from_environment("VOXGATE_DIST");
    let issuer = "outbound|443||issuer.example.com=127.0.0.1:9";
    options.clusters.push(issuer.parse().unwrap());
    options
}

/// `--mode validate` creates the VM and configures the filter with its policy.
fn assert_starts(bootstrap: &Value, what: &str) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("envoy.json");
    std::fs::write(&file, bootstrap.to_string()).unwrap();
    let output = Command::new(from_environment("ENVOY"))
        .args(["--mode", "validate", "--log-level", "warning", "--config-path"])
        .arg(&file)
        .output()
        .unwrap();
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{what}:\n{log}");
    assert!(!log.contains("[critical]") && !log.contains("[error]"), "{what}:\n{log}");
    // Where the supported Istio releases look for it (voxctl/src/render/istio/envoy_filter.rs).
    let expected = "PluginConfig.capability_restriction_config";
    let doubtful = |line: &&str| line.contains("[warning]") && !line.contains(expected);
    assert_eq!(log.lines().find(doubtful), None, "{what} is deprecated or doubtful");
    assert!(bootstrap.to_string().contains("envoy.wasm.runtime.v8"), "{what} has no filter");
}

#[test]
fn each_filter_file_starts_its_vm() {
    let mut seen = 0;
    for file in std::fs::read_dir(shipped("filters")).unwrap() {
        let file = file.unwrap().path();
        if !file.ends_with("kustomization.yaml") {
            let rendered = from_files(&[&file], &options()).unwrap();
            assert_eq!(rendered.warnings, Vec::<String>::new());
            assert_starts(&rendered.value, &file.display().to_string());
            seen += 1;
        }
    }
    assert!(seen > 0);
}

#[test]
fn each_policy_starts_its_vm() {
    let mut seen = 0;
    for file in std::fs::read_dir(shipped("policies")).unwrap() {
        let file = file.unwrap().path();
        let policy = PolicyDocument::read(&file).unwrap();
        let rendered = from_policy(&policy, &Filter::ALL, &options()).unwrap();
        assert_starts(&rendered.value, &file.display().to_string());
        seen += 1;
    }
    assert!(seen > 0);
}

#[test]
fn each_way_to_get_the_module_starts_its_vm() {
    for component in ["module-file", "module-http", "module-oci"] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("built.yaml");
        std::fs::write(&file, built(component)).unwrap();
        let rendered = from_files(&[&file], &options()).unwrap();
        assert_starts(&rendered.value, component);
    }
}

/// What `kubectl kustomize` makes of the base with this component: its JSON patches (RFC 6902)
/// applied to the EnvoyFilter they target. One JSON document after the other is YAML.
fn built(component: &str) -> String {
    let read = |path: &str| std::fs::read_to_string(shipped(path)).unwrap();
    let mut resources: Vec<Value> =
        serde_saphyr::from_multiple(&read("filters/jwt-tier.yaml")).unwrap();
    let component: Value =
        serde_saphyr::from_str(&read(&format!("components/{component}/kustomization.yaml")))
            .unwrap();
    for patch in component["patches"].as_array().unwrap() {
        let (kind, name) = (&patch["target"]["kind"], &patch["target"]["name"]);
        let target = resources
            .iter_mut()
            .find(|resource| resource["kind"] == *kind && resource["metadata"]["name"] == *name)
            .expect("the patch's target");
        let operations: Value = serde_saphyr::from_str(patch["patch"].as_str().unwrap()).unwrap();
        let operations: json_patch::Patch = serde_json::from_value(operations).unwrap();
        json_patch::patch(target, &operations).unwrap();
    }
    resources.iter().map(|resource| format!("---\n{resource}\n")).collect()
}
