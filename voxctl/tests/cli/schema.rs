//! `voxctl schema`: the schema fits what is valid, and refuses what is misspelt.

use std::path::Path;

use serde_json::Value;
use voxctl::yaml;

use super::{POLICY, repository, run};

fn schema() -> Value {
    let printed = run(&repository(), &["schema"]);
    assert_eq!(printed.code, 0);
    serde_json::from_str(&printed.out).unwrap()
}

fn policy(text: &str) -> Value {
    yaml::parse(text).unwrap().remove(0).to_json()
}

fn assert_fits(name: &Path, text: &str) {
    let validator = jsonschema::draft202012::new(&schema()).unwrap();
    let errors: Vec<_> = validator
        .iter_errors(&policy(text))
        .map(|it| format!("{}: {it}", it.instance_path()))
        .collect();
    assert!(errors.is_empty(), "{}: {errors:#?}", name.display());
}

#[test]
fn it_names_itself_and_is_a_good_schema() {
    let schema = schema();
    assert!(jsonschema::meta::is_valid(&schema));
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert_eq!(schema["$id"], "urn:voxgate:policy:v1");
    assert_eq!(schema["title"], "Voxgate policy");
}

#[test]
fn every_field_is_described() {
    fn undescribed(schema: &Value, place: &str, found: &mut Vec<String>) {
        for (name, field) in schema["properties"].as_object().into_iter().flatten() {
            if !field["description"].is_string() {
                found.push(format!("{place}.{name}"));
            }
        }
    }
    let schema = schema();
    let mut found = Vec::new();
    undescribed(&schema, "", &mut found);
    let definitions = schema["$defs"].as_object().unwrap();
    assert!(definitions.len() > 10);
    for (name, definition) in definitions {
        undescribed(definition, name, &mut found);
    }
    assert_eq!(found, Vec::<String>::new());
}

#[test]
fn every_example_policy_fits() {
    let mut seen = 0;
    for entry in std::fs::read_dir(repository().join("envoyfilter-yaml/policies")).unwrap() {
        let path = entry.unwrap().path();
        assert_fits(&path, &std::fs::read_to_string(&path).unwrap());
        seen += 1;
    }
    assert!(seen >= 2, "{seen}");
}

/// Every yaml block that is a whole policy, of the README and the pages of docs/.
#[test]
fn every_policy_in_the_documentation_fits_and_is_valid() {
    let docs = std::fs::read_dir(repository().join("docs")).unwrap();
    let mut pages: Vec<_> = docs.map(|it| it.unwrap().path()).collect();
    pages.push(repository().join("README.md"));
    let mut seen = 0;
    for page in pages.iter().filter(|it| it.is_file()) {
        let text = std::fs::read_to_string(page).unwrap();
        let blocks = text.split("```yaml\n").skip(1).filter_map(|it| it.split("\n```").next());
        for block in blocks.filter(|it| it.lines().any(|line| line == "version: 1")) {
            assert_fits(page, block);
            let source = voxctl::diagnostic::Source {
                name: page.display().to_string(),
                text: block.to_owned(),
            };
            if let Err(errors) = voxctl::validate::policies(&source) {
                panic!("{}: {errors:#?}", page.display());
            }
            seen += 1;
        }
    }
    assert!(seen >= 1, "docs/voxctl.md has one");
}

#[test]
fn a_misspelt_field_is_refused_at_every_level() {
    let validator = jsonschema::draft202012::new(&schema()).unwrap();
    assert!(validator.is_valid(&policy(POLICY)));
    for (right, wrong) in [
        ("tiers:", "teirs:"),
        ("    scopes:", "    scope:"),
        ("audiences:", "audience:"),
        ("presets:", "preset:"),
        ("cluster:", "clutser:"),
        ("allow:", "alow:"),
        ("[RS256,", "[rs256,"),
        ("source: [token]", "source: [tokens]"),
        ("version: 1", "version: one"),
    ] {
        let text = POLICY.replace(right, wrong);
        assert_ne!(text, POLICY, "{right}");
        assert!(!validator.is_valid(&policy(&text)), "{wrong}");
    }
}
