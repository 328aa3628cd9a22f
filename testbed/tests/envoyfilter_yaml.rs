//! Every file of `envoyfilter-yaml/` starts on a real Envoy, with its module inline: Envoy does
//! not look into a configuration that would come by ECDS.
//!
//! `cargo xtask test e2e` sets what is needed: `ENVOY`, an Envoy 1.40.0, and `VOXGATE_DIST`, the
//! folder of the built modules (`cargo xtask build`).

// Shared with voxctl's tests, which compare it with kubectl.
#[path = "../../voxctl/tests/kustomize/mod.rs"]
mod kustomize;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use voxctl::render::envoy::{EnvoyOptions, from_files, from_policy};
use voxctl::render::{Filter, PolicyDocument};
use wasmparser::Payload;

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
        let rendered = from_policy(&policy, &Filter::of(&policy), &options()).unwrap();
        assert_starts(&rendered.value, &file.display().to_string());
        seen += 1;
    }
    assert!(seen > 0);
}

#[test]
fn each_kustomization_starts_its_vm() {
    let mut seen = 0;
    for folder in std::fs::read_dir(shipped("install")).unwrap() {
        let folder = folder.unwrap().path();
        // One JSON document after the other is YAML.
        let built: String =
            kustomize::build(&folder).iter().map(|it| format!("---\n{it}\n")).collect();
        let scratch = tempfile::tempdir().unwrap();
        let file = scratch.path().join("built.yaml");
        std::fs::write(&file, built).unwrap();
        let rendered = from_files(&[&file], &options()).unwrap();
        assert_starts(&rendered.value, &folder.display().to_string());
        seen += 1;
    }
    assert!(seen >= 4);
}

/// Calls that the SDK links whether or not a filter makes them. None is allowed, so that a module
/// that makes one all the same gets an error.
const LINKED_ONLY: [&str; 13] = [
    "proxy_close_stream",
    "proxy_dequeue_shared_queue",
    "proxy_done",
    "proxy_enqueue_shared_queue",
    "proxy_get_status",
    "proxy_grpc_call",
    "proxy_grpc_cancel",
    "proxy_grpc_close",
    "proxy_grpc_send",
    "proxy_grpc_stream",
    "proxy_register_shared_queue",
    "proxy_resolve_shared_queue",
    "proxy_set_buffer_bytes",
];

#[test]
fn each_module_is_allowed_what_it_uses_and_nothing_else() {
    for (filter, modules) in [
        ("jwt-tier", &["voxgate-jwt-tier.wasm", "voxgate-jwt-tier-software-crypto.wasm"][..]),
        ("voice-quota", &["voxgate-voice-quota.wasm"]),
        ("text-shed", &["voxgate-text-shed.wasm"]),
        ("chunk-flush", &["voxgate-chunk-flush.wasm"]),
    ] {
        let allowed = allowed(filter);
        for module in modules {
            let module = std::fs::read(from_environment("VOXGATE_DIST").join(module)).unwrap();
            let (imports, exports) = functions(&module);
            let used: BTreeSet<String> = imports.union(&exports).cloned().collect();
            assert_eq!(
                allowed.difference(&used).collect::<Vec<_>>(),
                Vec::<&String>::new(),
                "{filter}: too many"
            );
            let called = imports.iter().filter(|name| !LINKED_ONLY.contains(&name.as_str()));
            let called: BTreeSet<String> = called.cloned().collect();
            assert_eq!(
                called.difference(&allowed).collect::<Vec<_>>(),
                Vec::<&String>::new(),
                "{filter}: too few"
            );
        }
    }
}

/// What the shipped EnvoyFilter allows a filter's module.
fn allowed(filter: &str) -> BTreeSet<String> {
    let file = shipped(&format!("filters/{filter}.yaml"));
    let resources: Vec<Value> =
        serde_saphyr::from_multiple(&std::fs::read_to_string(file).unwrap()).unwrap();
    let plugin =
        &resources[0]["spec"]["configPatches"][0]["patch"]["value"]["typed_config"]["config"];
    let allowed = plugin["capability_restriction_config"]["allowed_capabilities"].as_object();
    allowed.unwrap().keys().cloned().collect()
}

/// The names of what a module imports and of what it exports.
fn functions(module: &[u8]) -> (BTreeSet<String>, BTreeSet<String>) {
    let (mut imports, mut exports) = (BTreeSet::new(), BTreeSet::new());
    for payload in wasmparser::Parser::new(0).parse_all(module) {
        match payload.unwrap() {
            Payload::ImportSection(section) => {
                let section = section.into_imports();
                imports.extend(section.map(|it| it.unwrap().name.to_owned()));
            }
            Payload::ExportSection(section) => {
                exports.extend(section.into_iter().map(|it| it.unwrap().name.to_owned()));
            }
            _ => {}
        }
    }
    (imports, exports)
}
