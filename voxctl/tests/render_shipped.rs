//! What stands in `envoyfilter-yaml/` is what `voxctl render` prints, and loads.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use voxctl::render::{
    DEFAULT_PORT, Filter, ModuleSource, PolicyDocument, Proxy, ResourceOptions, envoyfilter,
};
use voxgate_policy::Policy;
use voxgate_policy::shed::{LANE_HEADER, Lane};
use voxgate_policy::spec::RungSpec::Divert;

fn shipped(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../envoyfilter-yaml").join(path)
}

#[test]
fn every_example_policy_loads() {
    let policies = std::fs::read_dir(shipped("policies")).unwrap();
    let mut seen = 0;
    for policy in policies {
        let path = policy.unwrap().path();
        let document = PolicyDocument::read(&path).unwrap();
        if let Err(errors) = Policy::try_from(document.spec) {
            panic!("{}: {errors}", path.display());
        }
        seen += 1;
    }
    assert!(seen >= 2);
}

#[test]
fn the_shipped_envoyfilters_are_the_rendered_example_policy() {
    let policy = PolicyDocument::read(&shipped("policies/glm-tts.yaml")).unwrap();
    for filter in Filter::ALL {
        let options = ResourceOptions {
            filter,
            namespace: None,
            labels: BTreeMap::from([("app".to_owned(), "glm-tts".to_owned())]),
            proxy: Proxy::Sidecar,
            port: DEFAULT_PORT,
            module: ModuleSource::default_file(filter, &policy),
        };
        let rendered = envoyfilter(&policy, &options).unwrap();
        let file = shipped(&format!("filters/{filter}.yaml"));
        let text = std::fs::read_to_string(&file).unwrap();
        let (comment, resources): (Vec<_>, Vec<_>) =
            text.split_inclusive('\n').partition(|line| line.starts_with('#'));
        assert!(
            resources.concat() == rendered.value,
            "{} is stale. Put this under its first {} lines:\n{}",
            file.display(),
            comment.len(),
            rendered.value
        );
    }
}

fn lanes(kind: &str) -> Value {
    let text = std::fs::read_to_string(shipped(&format!("lanes/{kind}.yaml"))).unwrap();
    serde_saphyr::from_str(&text).unwrap()
}

#[test]
fn what_is_diverted_is_routed_to_a_subset_that_there_is() {
    let (routes, rule) = (lanes("virtual-service"), lanes("destination-rule"));
    let subsets: Vec<_> = rule["spec"]["subsets"].as_array().unwrap().iter().collect();
    let mut led_to = Vec::new();
    for route in routes["spec"]["http"].as_array().unwrap() {
        assert_eq!(route["retries"], json!({"attempts": 0}), "a generation is not repeated");
        assert_eq!(route["timeout"], "0s");
        let [destination] = &route["route"].as_array().unwrap()[..] else { panic!("{route}") };
        let destination = &destination["destination"];
        assert_eq!(destination["host"], rule["spec"]["host"]);
        assert!(subsets.iter().any(|it| it["name"] == destination["subset"]), "{destination}");
        led_to.push((&route["match"][0]["headers"], destination["subset"].as_str().unwrap()));
    }
    let diverted = json!({ LANE_HEADER: {"exact": Lane::Batch.as_str()} });
    assert_eq!(led_to, [(&diverted, "batch"), (&Value::Null, "online")]);
}

#[test]
fn the_gateways_policy_diverts_and_is_rendered_for_a_gateway_without_a_doubt() {
    let policy = PolicyDocument::read(&shipped("policies/glm-tts-gateway.yaml")).unwrap();
    assert!(policy.spec.shedding.iter().any(|it| it.ladder.iter().any(|it| it.rung == Divert)));
    for filter in Filter::ALL {
        let options = ResourceOptions {
            filter,
            namespace: Some("istio-ingress".to_owned()),
            labels: BTreeMap::from([("istio".to_owned(), "ai-gateway".to_owned())]),
            proxy: Proxy::Gateway,
            port: 443,
            module: ModuleSource::default_file(filter, &policy),
        };
        let rendered = envoyfilter(&policy, &options).unwrap();
        let about_order = |it: &&String| !it.contains("is enforced by another filter");
        let doubts: Vec<_> = rendered.warnings.iter().filter(about_order).collect();
        assert!(doubts.is_empty(), "{doubts:?}");
    }
}
