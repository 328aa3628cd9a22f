//! `voxctl validate`: the exact text that a person reads, for each kind of error.

use serde_json::Value;

use super::{POLICY, Run, finish, run, voxctl};

fn validate(text: &str) -> Run {
    validate_bytes(text.as_bytes())
}

fn validate_bytes(text: &[u8]) -> Run {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("p.yaml"), text).unwrap();
    run(folder.path(), &["validate", "p.yaml"])
}

#[track_caller]
fn assert_shows(text: &str, expected: &str) {
    let shown = validate(text);
    assert_eq!(shown.code, 1, "{}{}", shown.out, shown.err);
    assert_eq!(shown.out, expected);
    assert_eq!(shown.err, "");
}

#[test]
fn a_valid_policy_is_summed_up() {
    let shown = validate(POLICY);
    assert_eq!(shown.code, 0, "{}", shown.out);
    assert_eq!(shown.out, "ok p.yaml: 1 issuer, 2 tiers, 1 preset, 0 own rules, 0 tenants\n");
}

#[test]
fn an_unknown_field_is_shown_under_its_key() {
    assert_shows(
        &POLICY.replace("    scopes: [tts.premium]", "    scope: [tts.premium]"),
        "error: unknown field `scope`
  --> p.yaml:14:5
   |
14 |     scope: [tts.premium]
   |     ^^^^^ tiers[0].scope
   |
   = help: did you mean `scopes`? Accepted: name, scopes, allow, max, models, voices, formats, reference_urls, consent

invalid p.yaml: 1 error
",
    );
}

#[test]
fn all_errors_of_shape_are_shown_at_once() {
    let text = POLICY
        .replace("audiences:", "audience:")
        .replace("  source: [token]", "  source: [tokens]\n  require_expiry: yes")
        .replace("uri:", "url:");
    assert_shows(
        &text,
        "error: `tokens` is not accepted here
 --> p.yaml:3:12
  |
3 |   source: [tokens]
  |            ^^^^^^ identity.source[0]
  |
  = help: did you mean `token`? Accepted: trusted_peers, jwt_authn, token

error: invalid type: string \"yes\", expected a boolean
 --> p.yaml:4:19
  |
4 |   require_expiry: yes
  |                   ^^^ identity.require_expiry
  |
  = help: in YAML 1.2 `yes` is a string; write `true` or `false`

error: unknown field `audience`
 --> p.yaml:7:7
  |
7 |       audience: [speech]
  |       ^^^^^^^^ identity.issuers[0].audience
  |
  = help: did you mean `audiences`? Accepted: issuer, audiences, algorithms, jwks

error: unknown field `url`
  --> p.yaml:10:18
   |
10 |         remote: {url: \"https://issuer.test/jwks.json\", cluster: jwks}
   |                  ^^^ identity.issuers[0].jwks.remote.url
   |
   = help: did you mean `uri`? Accepted: uri, cluster, timeout, refresh, cooldown, max_wait, max_stale

invalid p.yaml: 4 errors
",
    );
}

#[test]
fn a_missing_field_is_shown_at_its_mapping() {
    assert_shows(
        &POLICY.replace("    allow: [\"*\"]\n", ""),
        "error: the field `allow` is missing
  --> p.yaml:13:5
   |
13 |   - name: premium
   |     ^^^^ tiers[0]
   |
   = help: add `allow`; `voxctl schema` describes every field

invalid p.yaml: 1 error
",
    );
}

#[test]
fn another_version_is_not_judged_by_the_fields_of_this_one() {
    for text in ["version: 2\n", "version: 2\nidentities: {}\n"] {
        let shown = validate(text);
        assert_eq!(shown.code, 1);
        for expected in [
            "error: version 2 is not known\n --> p.yaml:1:10\n",
            "= help: accepted: 1\n",
            "invalid p.yaml: 1 error\n",
        ] {
            assert!(shown.out.contains(expected), "{expected}\nin\n{}", shown.out);
        }
    }
}

#[test]
fn all_errors_of_meaning_are_shown_at_once() {
    let text = POLICY.replace("[glm-tts]", "[glm-tss]").replace("name: premium", "name: basic");
    let shown = validate(&text);
    assert_eq!(shown.code, 1);
    for expected in [
        "error: no preset is called `glm-tss`\n  --> p.yaml:11:13\n",
        "   |             ^^^^^^^ operations.presets[0]\n",
        "   = help: did you mean `glm-tts`? Accepted: ",
        "^^^^^ tiers[1].name\n",
        "invalid p.yaml: 2 errors\n",
    ] {
        assert!(shown.out.contains(expected), "{expected}\nin\n{}", shown.out);
    }
}

#[test]
fn a_duplicate_key_shows_both_places() {
    assert_shows(
        "version: 1\ntiers: []\nversion: 1\n",
        "error: `version` stands twice in one mapping
 --> p.yaml:3:1
  |
1 | version: 1
  | ------- first here
2 | tiers: []
3 | version: 1
  | ^^^^^^^
  |
  = help: remove one of the two

invalid p.yaml: 1 error
",
    );
}

#[test]
fn a_tab_is_shown() {
    let shown = validate("version: 1\nidentity:\n\tsource: [token]\n");
    assert_eq!(shown.code, 1);
    assert!(shown.out.contains(" --> p.yaml:3:2\n"), "{}", shown.out);
    assert!(shown.out.contains("  = help: indent with spaces\n"), "{}", shown.out);
}

#[test]
fn a_policy_file_holds_one_document() {
    assert_shows(
        "version: 1\n---\nversion: 1\n",
        "error: a policy file holds one document; a second starts here
 --> p.yaml:3:1
  |
3 | version: 1
  | ^^^^^^^^^^
  |
  = help: put it into a file of its own

invalid p.yaml: 1 error
",
    );
}

#[test]
fn a_file_without_a_policy_says_how_to_start() {
    for text in ["", "# later\n", "---\n...\n", "- a\n", "hello\n"] {
        let shown = validate(text);
        assert_eq!(shown.code, 1, "{text:?}: {}", shown.out);
        assert!(shown.out.contains("= help: start with `version: 1`"), "{text:?}: {}", shown.out);
    }
}

/// An EnvoyFilter, second of two documents, with this `configuration`.
fn envoy_filter(kind: &str, value: &str) -> String {
    format!(
        "apiVersion: security.istio.io/v1
kind: RequestAuthentication
---
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
spec:
  configPatches:
  - patch:
      value:
        configuration:
          \"@type\": type.googleapis.com/google.protobuf.{kind}
          value: {value}
"
    )
}

/// The policy as JSON, indented to stand under `value: |`.
fn policy_json() -> String {
    let json = voxctl::yaml::parse(POLICY).unwrap().remove(0).to_json();
    format!("{json:#}").replace('\n', "\n            ")
}

#[test]
fn a_policy_embedded_as_json_text_is_shown_where_it_stands() {
    let json = policy_json().replace("\"audiences\"", "\"audience\"");
    assert_shows(
        &envoy_filter("StringValue", &format!("|\n            {json}")),
        "error: unknown field `audience`
  --> p.yaml:22:21
   |
22 |                     \"audience\": [
   |                     ^^^^^^^^^^ spec.configPatches[0].patch.value.configuration.value.identity.issuers[0].audience
   |
   = help: did you mean `audiences`? Accepted: issuer, audiences, algorithms, jwks

invalid p.yaml: 1 error
",
    );
    let valid =
        validate(&envoy_filter("StringValue", &format!("|\n            {}", policy_json())));
    assert_eq!(valid.code, 0, "{}", valid.out);
}

#[test]
fn a_policy_embedded_on_one_line_is_shown_where_it_stands() {
    let json = voxctl::yaml::parse(POLICY).unwrap().remove(0).to_json().to_string();
    let json = json.replace("\"presets\"", "\"preset\"");
    let shown = validate(&envoy_filter("StringValue", &format!("'{json}'")));
    assert_eq!(shown.code, 1);
    let column = "          value: '".len() + json.find("\"preset\"").unwrap() + 1;
    assert!(shown.out.contains(&format!(" --> p.yaml:12:{column}\n")), "{}", shown.out);
}

#[test]
fn a_policy_embedded_so_that_the_filter_cannot_read_it_is_refused() {
    let indented = POLICY.replace('\n', "\n            ");
    let as_struct = validate(&envoy_filter("Struct", &format!("\n            {indented}")));
    assert_eq!(as_struct.code, 1);
    assert!(as_struct.out.contains("use google.protobuf.StringValue"), "{}", as_struct.out);
    let as_yaml = validate(&envoy_filter("StringValue", &format!("|\n            {indented}")));
    assert_eq!(as_yaml.code, 1);
    assert!(as_yaml.out.contains("the filter reads JSON only"), "{}", as_yaml.out);
    let twice = policy_json().replacen("{", "{\n            \"version\": 1,", 1);
    let twice = validate(&envoy_filter("StringValue", &format!("|\n            {twice}")));
    assert!(twice.out.contains("`version` stands twice"), "{}", twice.out);
    assert!(twice.out.contains(" --> p.yaml:15:15\n"), "{}", twice.out);
}

#[test]
fn a_policy_embedded_in_a_wasm_plugin_is_found() {
    let indented = POLICY.replace("tiers:", "teirs:").replace('\n', "\n    ");
    let shown = validate(&format!(
        "apiVersion: extensions.istio.io/v1alpha1\nkind: WasmPlugin\nspec:\n  pluginConfig:\n    {indented}\n"
    ));
    assert_eq!(shown.code, 1);
    assert!(shown.out.contains("spec.pluginConfig.teirs"), "{}", shown.out);
}

#[test]
fn resources_without_a_policy_are_not_called_valid() {
    let shown = validate("apiVersion: v1\nkind: Service\n");
    assert_eq!(shown.code, 1);
    assert!(shown.out.contains("no Voxgate policy in these resources"), "{}", shown.out);
}

#[test]
fn what_cannot_be_read_is_another_exit_code() {
    let not_utf8 = validate_bytes(b"version: 1\nname: \xff\n");
    assert_eq!(not_utf8.code, 2);
    assert_eq!(not_utf8.err, "error: p.yaml is not UTF-8 text (line 2); save it as UTF-8\n");
    let huge = validate_bytes(&vec![b'#'; 8 * 1024 * 1024 + 1]);
    assert_eq!(huge.code, 2);
    assert_eq!(huge.err, "error: p.yaml is larger than 8 MiB, the most that is read\n");
    let folder = tempfile::tempdir().unwrap();
    let missing = run(folder.path(), &["validate", "nowhere.yaml"]);
    assert_eq!(missing.code, 2);
    assert!(missing.err.starts_with("error: cannot read nowhere.yaml: "), "{}", missing.err);
}

#[test]
fn one_unreadable_file_does_not_hide_the_others() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("good.yaml"), POLICY).unwrap();
    std::fs::write(folder.path().join("bad.yaml"), "version: [").unwrap();
    let all = run(folder.path(), &["validate", "--json", "nowhere", "bad.yaml", "good.yaml"]);
    assert_eq!(all.code, 2);
    let all: Value = serde_json::from_str(&all.out).unwrap();
    assert_eq!(all["valid"], false);
    let valid: Vec<&Value> =
        all["files"].as_array().unwrap().iter().map(|it| &it["valid"]).collect();
    assert_eq!(valid, [false, false, true]);
    assert!(all["files"][0]["unreadable"].is_string());
    assert_eq!(all["files"][1]["errors"][0]["line"], 1);
}

#[test]
fn json_has_places_that_editors_understand() {
    let folder = tempfile::tempdir().unwrap();
    let written = "  - name: premium\n    scopes: [tts.premium]\n    allow: [\"*\"]\n";
    let text = "  - {name: Zoë, scopes: [tts.premium], allow: [ü.x]}\n";
    std::fs::write(folder.path().join("p.yaml"), POLICY.replace(written, text)).unwrap();
    let shown = run(folder.path(), &["validate", "p.yaml", "--json"]);
    assert_eq!(shown.code, 1);
    let shown: Value = serde_json::from_str(&shown.out).unwrap();
    let errors = shown["files"][0]["errors"].as_array().unwrap();
    let error = errors.iter().find(|it| it["path"] == "tiers[0].allow[0]").unwrap();
    assert_eq!((&error["line"], &error["column"]), (&Value::from(13), &Value::from(48)));
    assert_eq!(error["end"]["column"], 51);
}

#[test]
fn standard_input_is_a_file_too() {
    let mut command = voxctl(&super::repository(), &["validate", "-"]);
    command.write_stdin(POLICY.replace("tiers:", "teirs:"));
    let shown = finish(command);
    assert_eq!(shown.code, 1);
    assert!(shown.out.contains(" --> <stdin>:12:1\n"), "{}", shown.out);
}
