//! What stands in `envoyfilter-yaml/` is what `voxctl render` prints, and loads.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use voxctl::render::{
    DEFAULT_PORT, Filter, ModuleSource, PolicyDocument, ResourceOptions, envoyfilter,
};
use voxgate_policy::Policy;

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
