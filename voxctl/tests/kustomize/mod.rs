//! What `kubectl kustomize` makes of a folder, for as much of kustomize as `envoyfilter-yaml/`
//! uses; anything else panics. So the kustomizations are tested where there is no kubectl, and
//! where there is one the two are compared (`render_istio_schema.rs`).

use std::path::Path;

use serde::Deserialize;
use serde_json::{Value, json};

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
    config_map_generator: Vec<ConfigMap>,
    #[serde(default)]
    patches: Vec<Patch>,
    #[serde(default)]
    replacements: Vec<Replacement>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ConfigMap {
    name: String,
    files: Vec<String>,
    options: ConfigMapOptions,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ConfigMapOptions {
    disable_name_suffix_hash: bool,
    annotations: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Replacement {
    source: Source,
    targets: Vec<ReplacementTarget>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct Source {
    #[serde(flatten)]
    resource: Target,
    field_path: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct ReplacementTarget {
    select: Target,
    field_paths: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Patch {
    target: Target,
    patch: String,
}

#[derive(Deserialize)]
struct Target {
    kind: String,
    name: String,
}

/// The resources of `folder`, in the order of the files.
pub fn build(folder: &Path) -> Vec<Value> {
    let mut resources = Vec::new();
    add(folder, "Kustomization", &mut resources);
    resources.retain(|it| it["metadata"]["annotations"][LOCAL] != "true");
    resources
}

/// What is for kustomize only, and not for a cluster.
const LOCAL: &str = "config.kubernetes.io/local-config";

/// Kustomize's order: resources, components, generators, patches, namespace, replacements.
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
    for map in &it.config_map_generator {
        resources.push(generate(map, folder));
    }
    for patch in &it.patches {
        apply(patch, resources);
    }
    for resource in resources.iter_mut() {
        if let Some(namespace) = &it.namespace {
            resource["metadata"]["namespace"] = Value::from(namespace.as_str());
        }
    }
    for replacement in &it.replacements {
        replace(replacement, resources);
    }
}

fn generate(map: &ConfigMap, folder: &Path) -> Value {
    assert!(map.options.disable_name_suffix_hash, "{}: hashes are not emulated", map.name);
    let files = map.files.iter().map(|it| {
        let (key, file) = it.split_once('=').expect("KEY=FILE");
        (key.to_owned(), Value::from(read(&folder.join(file))))
    });
    let data: serde_json::Map<String, Value> = files.collect();
    let metadata = json!({"name": map.name, "annotations": map.options.annotations});
    json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data})
}

/// Puts a value of one resource into others. A place that is not there is an error, as kustomize's.
fn replace(Replacement { source, targets }: &Replacement, resources: &mut [Value]) {
    let value = at(find(&source.resource, resources), &source.field_path).clone();
    for target in targets {
        for path in &target.field_paths {
            *at(find(&target.select, resources), path) = value.clone();
        }
    }
}

/// A field path of plain keys and indices.
fn at<'a>(resource: &'a mut Value, path: &str) -> &'a mut Value {
    assert!(!path.contains(['[', '*', '\\']), "{path}: not emulated");
    let pointer = format!("/{}", path.replace('.', "/"));
    resource.pointer_mut(&pointer).unwrap_or_else(|| panic!("no {path} to replace"))
}

/// A JSON patch (RFC 6902), written as YAML.
fn apply(patch: &Patch, resources: &mut [Value]) {
    let target = find(&patch.target, resources);
    let operations: Value = serde_saphyr::from_str(&patch.patch).unwrap();
    let operations: json_patch::Patch = serde_json::from_value(operations).unwrap();
    json_patch::patch(target, &operations).unwrap();
}

fn find<'a>(Target { kind, name }: &Target, resources: &'a mut [Value]) -> &'a mut Value {
    resources
        .iter_mut()
        .find(|it| it["kind"] == **kind && it["metadata"]["name"] == **name)
        .unwrap_or_else(|| panic!("no {kind} {name}"))
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
