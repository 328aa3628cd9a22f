//! Everything we ship and print fits Istio's own schema, and a misspelt field is found.
//!
//! The schemas are Istio's CRDs as Rust types (crates kcr_*); what they do not know is an error.
//! Only TrafficExtension, which no crate has yet, stands here.

mod kustomize;
#[path = "render_istio_schema/traffic_extension.rs"]
mod traffic_extension;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use kcr_extensions_istio_io::v1alpha1::wasmplugins::WasmPluginSpec;
use kcr_networking_istio_io::v1::destinationrules::DestinationRuleSpec;
use kcr_networking_istio_io::v1::virtualservices::VirtualServiceSpec;
use kcr_networking_istio_io::v1alpha3::envoyfilters::EnvoyFilterSpec;
use kcr_security_istio_io::v1::authorizationpolicies::AuthorizationPolicySpec;
use kcr_security_istio_io::v1::requestauthentications::RequestAuthenticationSpec;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use traffic_extension::TrafficExtensionSpec;
use voxctl::render::{
    Filter, ModuleSource, PolicyDocument, Proxy, ResourceOptions, envoyfilter, trafficextension,
    wasmplugin,
};
use voxgate_policy::Policy;

/// What is wrong with a resource: unknown fields, or the first value that does not fit.
fn faults(resource: &Value) -> Vec<String> {
    fn check<T: DeserializeOwned>(spec: &Value) -> Vec<String> {
        let mut unknown = Vec::new();
        match serde_ignored::deserialize::<_, _, T>(spec, |path| unknown.push(path.to_string())) {
            Ok(_) => unknown,
            Err(error) => vec![error.to_string()],
        }
    }
    let text = |field: &str| resource[field].as_str().unwrap_or_default();
    let spec = &resource["spec"];
    match (text("apiVersion"), text("kind")) {
        ("networking.istio.io/v1alpha3", "EnvoyFilter") => check::<EnvoyFilterSpec>(spec),
        ("networking.istio.io/v1", "DestinationRule") => check::<DestinationRuleSpec>(spec),
        ("networking.istio.io/v1", "VirtualService") => check::<VirtualServiceSpec>(spec),
        ("security.istio.io/v1", "RequestAuthentication") => {
            check::<RequestAuthenticationSpec>(spec)
        }
        ("security.istio.io/v1", "AuthorizationPolicy") => check::<AuthorizationPolicySpec>(spec),
        ("extensions.istio.io/v1alpha1", "WasmPlugin") => check::<WasmPluginSpec>(spec),
        ("extensions.istio.io/v1alpha1", "TrafficExtension") => check::<TrafficExtensionSpec>(spec),
        (version, kind) => vec![format!("no schema of {version} {kind}")],
    }
}

fn resources(yaml: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(yaml).unwrap()
}

fn shipped(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../envoyfilter-yaml").join(path)
}

/// All resources that `voxctl render` prints for the shipped policies and each kind of module.
fn printed() -> Vec<Value> {
    let sha256 = "ab".repeat(32);
    let modules = [
        ("file:///var/lib/voxgate/x.wasm", None),
        ("https://modules.test/x.wasm", Some(sha256.as_str())),
        ("oci://registry.test/x:1", Some(sha256.as_str())),
    ];
    let mut all = Vec::new();
    for policy in ["glm-tts", "speech"] {
        let policy = PolicyDocument::read(&shipped(&format!("policies/{policy}.yaml"))).unwrap();
        let mut by_heads = policy.written.clone();
        by_heads["operations"] =
            json!({"rules": [{"name": "tts", "path": "/tts", "operations": ["tts.synthesize"]}]});
        let by_heads = PolicyDocument::new(by_heads).unwrap();
        for (filter, (module, sha256)) in
            Filter::ALL.into_iter().flat_map(|it| modules.map(|module| (it, module)))
        {
            let options = ResourceOptions {
                filter,
                namespace: Some("ai".to_owned()),
                labels: BTreeMap::from([("app".to_owned(), "tts".to_owned())]),
                proxy: Proxy::Sidecar,
                port: 8080,
                module: ModuleSource::parse(module, sha256).unwrap(),
            };
            all.extend(resources(&envoyfilter(&policy, &options).unwrap().value));
            if filter != Filter::JwtTier {
                continue;
            }
            for render in [trafficextension, wasmplugin] {
                all.extend(resources(&render(&by_heads, &options).unwrap().value));
            }
        }
    }
    all
}

#[test]
fn what_is_shipped_fits_istios_schema() {
    let mut seen = 0;
    let folders = ["filters", "lanes"].map(|it| std::fs::read_dir(shipped(it)).unwrap());
    for file in folders.into_iter().flatten() {
        let file = file.unwrap().path();
        if file.ends_with("kustomization.yaml") {
            continue;
        }
        for resource in resources(&std::fs::read_to_string(&file).unwrap()) {
            assert_eq!(faults(&resource), Vec::<String>::new(), "{}", file.display());
            seen += 1;
        }
    }
    assert!(seen >= 8);
}

/// The folders of `install/`.
fn kustomizations() -> Vec<PathBuf> {
    let folders = std::fs::read_dir(shipped("install")).unwrap();
    let folders: Vec<PathBuf> = folders.map(|folder| folder.unwrap().path()).collect();
    assert!(folders.len() >= 4, "{folders:?}");
    folders
}

#[test]
fn what_each_kustomization_builds_fits_istios_schema() {
    for folder in kustomizations() {
        let built = kustomize::build(&folder);
        assert_eq!(built.len(), 6, "{}", folder.display());
        for resource in built {
            assert_eq!(faults(&resource), Vec::<String>::new(), "{}", folder.display());
            assert_eq!(resource["metadata"]["namespace"], "ai");
        }
    }
}

/// The text that each EnvoyFilter gives its filter as configuration.
fn policies(built: &[Value]) -> Vec<&str> {
    let filters = built.iter().filter(|it| it["kind"] == "EnvoyFilter");
    let places = filters.flat_map(|it| it["spec"]["configPatches"].as_array().unwrap());
    let value = "/patch/value/typed_config/config/configuration/value";
    places.filter_map(|it| it.pointer(value)?.as_str()).collect()
}

#[test]
fn tenants_quotas_are_edited_in_one_file_and_reach_all_filters() {
    let file = shipped("components/tenant-quotas/policy.json");
    let text = std::fs::read_to_string(&file).unwrap();
    let built = kustomize::build(&shipped("install/tenant-quotas"));
    assert_eq!(policies(&built), [text.as_str(); 4]);

    let document = PolicyDocument::read(&file).unwrap();
    let policy = Policy::try_from(document.spec).unwrap();
    let acme = policy.tenants().get("acme").unwrap();
    let (chars, _) = policy.quotas().named("chars").unwrap();
    assert_eq!(acme.of(chars).unwrap().limit().unwrap().units, 5_000_000);

    // But for the tenants it is the example policy.
    let mut written = document.written;
    written.as_object_mut().unwrap().remove("tenants");
    assert_eq!(written, PolicyDocument::read(&shipped("policies/glm-tts.yaml")).unwrap().written);
}

#[test]
fn all_filters_have_the_same_policy_in_each_kustomization() {
    for folder in kustomizations() {
        let built = kustomize::build(&folder);
        let [first, rest @ ..] = &policies(&built)[..] else { panic!("{}", folder.display()) };
        assert_eq!(rest, [*first; 3], "{}", folder.display());
    }
}

#[test]
fn kubectl_builds_the_same() {
    let by_kind = |mut resources: Vec<Value>| {
        resources.sort_by_key(|it| (it["kind"].to_string(), it["metadata"]["name"].to_string()));
        resources
    };
    for folder in kustomizations() {
        // Reads and writes nothing but these files; no cluster is needed.
        let kubectl = Command::new("kubectl").arg("kustomize").arg(&folder).output();
        let output = match kubectl {
            Ok(output) => output,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                eprintln!("no kubectl on PATH: {} was built by the test only", folder.display());
                continue;
            }
            Err(error) => panic!("kubectl: {error}"),
        };
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {errors}", folder.display());
        let theirs = resources(&String::from_utf8(output.stdout).unwrap());
        assert_eq!(by_kind(kustomize::build(&folder)), by_kind(theirs), "{}", folder.display());
        eprintln!("kubectl kustomize {}: the same", folder.display());
    }
}

#[test]
fn what_is_printed_fits_istios_schema() {
    for resource in printed() {
        assert_eq!(faults(&resource), Vec::<String>::new(), "{resource:#}");
    }
}

#[test]
fn a_misspelt_field_is_found_in_each_kind_at_each_depth() {
    for resource in printed() {
        let kind = resource["kind"].as_str().unwrap();
        for path in paths_of_objects(&resource["spec"], String::new()) {
            let mut misspelt = resource.clone();
            let object = misspelt["spec"].pointer_mut(&path).unwrap();
            object.as_object_mut().unwrap().insert("mispelt".to_owned(), Value::Bool(true));
            assert!(!faults(&misspelt).is_empty(), "{kind} spec{path}");
        }
    }
}

/// The places of all objects but those whose keys the schema leaves open.
fn paths_of_objects(value: &Value, path: String) -> Vec<String> {
    const OPEN: [&str; 4] = ["labels", "matchLabels", "value", "pluginConfig"];
    match value {
        Value::Object(members) => {
            let inner = members
                .iter()
                .filter(|(key, _)| !OPEN.contains(&key.as_str()))
                .flat_map(|(key, value)| paths_of_objects(value, format!("{path}/{key}")));
            let inner: Vec<String> = inner.collect();
            std::iter::once(path).chain(inner).collect()
        }
        Value::Array(items) => items
            .iter()
            .enumerate()
            .flat_map(|(i, item)| paths_of_objects(item, format!("{path}/{i}")))
            .collect(),
        _ => Vec::new(),
    }
}
