//! What `kubectl kustomize` makes of a folder, for as much of kustomize as `envoyfilter-yaml/`
//! uses; anything else panics. So the kustomizations are tested where there is no kubectl, and
//! where there is one the two are compared (`render_istio_schema.rs`).

use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Kustomization {
    api_version: String,
    kind: String,
    namespace: Option<String>,
    #[serde(default)]
    resources: Vec<String>,
    #[serde(default)]
    components: Vec<String>,
    #[serde(default)]
    patches: Vec<Patch>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Patch {
    target: Target,
    patch: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Target {
    kind: String,
    name: String,
}

/// The resources of `folder`, in the order of the files.
pub fn build(folder: &Path) -> Vec<Value> {
    let mut resources = Vec::new();
    add(folder, "Kustomization", &mut resources);
    resources
}

/// Kustomize's order: resources, components, patches, namespace.
fn add(folder: &Path, kind: &str, resources: &mut Vec<Value>) {
    let file = folder.join("kustomization.yaml");
    let it: Kustomization = serde_saphyr::from_str(&read(&file))
        .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    assert_eq!(it.kind, kind, "{}", file.display());
    let version = if kind == "Component" { "v1alpha1" } else { "v1beta1" };
    assert_eq!(it.api_version, format!("kustomize.config.k8s.io/{version}"));
    for resource in &it.resources {
        let path = folder.join(resource);
        if path.is_dir() {
            add(&path, "Kustomization", resources);
        } else {
            resources.extend(serde_saphyr::from_multiple::<Value>(&read(&path)).unwrap());
        }
    }
    for component in &it.components {
        add(&folder.join(component), "Component", resources);
    }
    for patch in &it.patches {
        apply(patch, resources);
    }
    for resource in resources.iter_mut() {
        if let Some(namespace) = &it.namespace {
            resource["metadata"]["namespace"] = Value::from(namespace.as_str());
        }
    }
}

/// A JSON patch (RFC 6902), written as YAML.
fn apply(patch: &Patch, resources: &mut [Value]) {
    let Target { kind, name } = &patch.target;
    let target = resources
        .iter_mut()
        .find(|it| it["kind"] == **kind && it["metadata"]["name"] == **name)
        .unwrap_or_else(|| panic!("no {kind} {name} to patch"));
    let operations: Value = serde_saphyr::from_str(&patch.patch).unwrap();
    let operations: json_patch::Patch = serde_json::from_value(operations).unwrap();
    json_patch::patch(target, &operations).unwrap();
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
