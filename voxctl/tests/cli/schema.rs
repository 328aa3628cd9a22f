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

/// A policy with every field of bodies, limits and facts.
const BODIES: &str = r#"version: 1
identity:
  source: [token]
  issuers:
    - issuer: https://issuer.test
      audiences: [speech]
      jwks:
        remote: {uri: "https://issuer.test/jwks.json", cluster: jwks}
operations:
  preset_voices: [anna, "preset-*"]
  rules:
    - name: say
      methods: [POST]
      path: /say/{voice}
      operations: [tts.synthesize]
      voice_in_path: voice
      query: {speed: [/speed]}
      body:
        formats: [json, jsonl, multipart, form, plain]
        fields:
          text: [/text, ""]
          voice: [/voice]
          reference: ["/samples/*"]
          audio: [/audio]
          model: [/model]
          sample_rate: [/rate]
          format: [/format]
          stream: [/stream]
          speed: [/speed]
          consent: [/consent]
tiers:
  - name: premium
    scopes: [tts.premium]
    allow: ["*"]
    max:
      text_chars: 20000
      audio_seconds: 600
      sample_rate_hz: 48000
      reference_audio_bytes: 10485760
      reference_audio_seconds: 60
      batch_lines: 1000
    models: ["glm-*"]
    voices: [preset, "mine-*"]
    formats: [mp3, wav]
    reference_urls: {hosts: [media.example.com, "*.cdn.example.com"]}
    consent: {claim: contract.id, field: true}
  - name: basic
    scopes: [tts.basic]
    allow: [tts.synthesize]
    reference_urls: deny
facts:
  max_held_bytes: 500000
  past_max_held: by_headers
  gzip: deny
  max_decoded_bytes: 1000000
  on_malformed: allow
  duplicate_keys: last_wins
  count_ssml_tags: false
  audit_voice_creations: true
  chars_per_second: {latin: 15.5}
shadow: [facts, tiers]
"#;

#[test]
fn every_field_of_bodies_limits_and_facts_fits_and_is_valid() {
    assert_fits(Path::new("BODIES"), BODIES);
    let source = voxctl::diagnostic::Source { name: "BODIES".to_owned(), text: BODIES.to_owned() };
    if let Err(errors) = voxctl::validate::policies(&source) {
        panic!("{errors:#?}");
    }
    // Whatever the types have, the example has.
    let schema = schema();
    for name in ["FactsSpec", "FieldsSpec", "BodySpec", "LimitsSpec", "TierSpec", "ConsentSpec"] {
        for field in schema["$defs"][name]["properties"].as_object().expect(name).keys() {
            assert!(
                BODIES.contains(&format!("{field}: ")) || BODIES.contains(&format!("{field}:\n")),
                "{name}.{field}"
            );
        }
    }
}

#[test]
fn a_misspelt_field_of_bodies_limits_and_facts_is_refused() {
    let validator = jsonschema::draft202012::new(&schema()).unwrap();
    for (right, wrong) in [
        ("text_chars:", "text_char:"),
        ("text_chars: 20000", "text_chars: -1"),
        ("batch_lines: 1000", "batch_lines: many"),
        ("[json, jsonl,", "[json, ndjson,"),
        ("reference: [", "references: ["),
        ("consent: {claim: contract.id,", "consent: {claims: contract.id,"),
        ("{hosts: [", "{host: ["),
        ("reference_urls: deny", "reference_urls: allow"),
        ("past_max_held: by_headers", "past_max_held: allow"),
        ("gzip: deny", "gzip: maybe"),
        ("on_malformed: allow", "on_malformed: pass"),
        ("duplicate_keys: last_wins", "duplicate_keys: first_wins"),
        ("count_ssml_tags: false", "count_ssml_tags: no"),
        ("latin: 15.5", "latin: fast"),
        ("shadow: [facts,", "shadow: [bodies,"),
    ] {
        let text = BODIES.replace(right, wrong);
        assert_ne!(text, BODIES, "{right}");
        assert!(!validator.is_valid(&policy(&text)), "{wrong}");
    }
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
