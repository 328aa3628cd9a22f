//! Documents of tenants: checked, and part of an explanation.

use serde_json::Value;

use super::{POLICY, Run, run};

const SOURCE: &str = r#"tenants:
  inline: [{id: own}]
  source: {uri: "http://tenants.test/all.jsonl", cluster: tenants}
quotas:
  rules:
    - {name: chars, meter: text.chars, per: day, default: {limit: 100}}
"#;

fn validate(policy: &str, document: &[u8], more: &[&str]) -> Run {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("p.yaml"), policy).unwrap();
    std::fs::write(folder.path().join("t.jsonl"), document).unwrap();
    run(folder.path(), &[&["validate", "p.yaml", "--tenants", "t.jsonl"], more].concat())
}

fn with_source() -> String {
    format!("{POLICY}{SOURCE}")
}

#[test]
fn a_good_document_is_counted() {
    let document = b"{\"id\":\"acme\",\"max_tier\":\"basic\"}\n\n{\"id\":\"bell\"}\n";
    let shown = validate(&with_source(), document, &[]);
    assert_eq!(shown.code, 0, "{}{}", shown.out, shown.err);
    assert!(shown.out.ends_with("ok t.jsonl: 2 tenants\n"), "{}", shown.out);
    let shown = validate(&with_source(), document, &["--json"]);
    let shown: Value = serde_json::from_str(&shown.out).unwrap();
    assert_eq!(shown["files"][1]["tenants"], 2);
}

#[test]
fn a_wrong_line_is_shown_with_its_place() {
    let document =
        b"{\"id\":\"acme\"}\n\n{\"id\":\"bell\",\"quotas\":{\"chars\":{\"limit\":\"many\"}}}\n";
    let shown = validate(&with_source(), document, &[]);
    assert_eq!(shown.code, 1, "{}{}", shown.out, shown.err);
    let (_, shown) = shown.out.split_once('\n').unwrap();
    assert_eq!(
        shown,
        "error: expected a whole number that is not negative
 --> t.jsonl:3:41
  |
3 | {\"id\":\"bell\",\"quotas\":{\"chars\":{\"limit\":\"many\"}}}
  |                                         ^^^^^^ quotas.chars.limit

invalid t.jsonl: 1 error
"
    );
    let document = b"{\"id\":\"acme\",\"max_teir\":\"basic\"}";
    let shown = validate(&with_source(), document, &["--json"]);
    assert_eq!(shown.code, 1, "{}", shown.err);
    let shown: Value = serde_json::from_str(&shown.out).unwrap();
    let error = &shown["files"][1]["errors"][0];
    assert_eq!((&error["line"], &error["column"]), (&1.into(), &14.into()), "{error:#}");
    assert_eq!(error["message"], "unknown field");
    assert_eq!(error["help"], "accepted: `id`, `max_tier`, `quotas`");
}

#[test]
fn what_is_no_json_or_no_utf_8_is_shown_with_its_line() {
    for document in [&b"{\"id\":\"acme\"}\n<html>\n"[..], b"{\"id\":\"acme\"}\n{\"id\":\"\xff\"}"] {
        let shown = validate(&with_source(), document, &[]);
        assert_eq!(shown.code, 1, "{}{}", shown.out, shown.err);
        assert!(shown.out.contains("error: not JSON, by character "), "{}", shown.out);
        assert!(shown.out.contains("t.jsonl:2:1"), "{}", shown.out);
    }
}

#[test]
fn without_a_source_or_a_good_policy_there_is_nothing_to_check() {
    let shown = validate(POLICY, b"{\"id\":\"acme\"}", &[]);
    assert_eq!(shown.code, 2);
    assert!(shown.err.contains("which the policy does not have"), "{}", shown.err);
    let shown = validate(&with_source().replace("glm-tts", "glm-tss"), b"{\"id\":\"acme\"}", &[]);
    assert_eq!(shown.code, 2);
    assert!(shown.err.contains("one policy, which must be valid"), "{}", shown.err);
}

#[test]
fn an_explanation_has_the_tenants_cap_and_limits() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("p.yaml", &with_source().replace("[token]", "[jwt_authn]"));
    write(
        "t.jsonl",
        "{\"id\":\"acme\",\"max_tier\":\"basic\",\"quotas\":{\"chars\":{\"limit\":7}}}",
    );
    let made = ["--json", "token", "keygen", "--alg", "ES256", "--out", "keys"];
    let made: Value = serde_json::from_str(&run(folder.path(), &made).out).unwrap();
    let key = made["private_key"].as_str().unwrap();
    let sign = [
        "token",
        "sign",
        "--key",
        key,
        "--issuer",
        "https://issuer.test",
        "--audience",
        "speech",
        "--sub",
        "acme",
        "--scope",
        "tts.premium",
        "--expires",
        "1h",
    ];
    write("token", &run(folder.path(), &sign).out);
    write("b.json", "{\"text\":\"hello\"}");
    let explain = |more: &[&str]| {
        let request = [
            "explain",
            "--policy",
            "p.yaml",
            "--path",
            "/tts",
            "--body",
            "b.json",
            "-H",
            "content-type: application/json",
            "--token-file",
            "token",
            "--verified-by-proxy",
        ];
        run(folder.path(), &[&request, more].concat())
    };
    let told = explain(&[]);
    assert!(told.out.contains("tier premium"), "{}{}", told.out, told.err);
    assert!(told.out.contains("5 text.chars of 100"), "{}", told.out);
    let told = explain(&["--tenants", "t.jsonl"]);
    assert!(told.out.contains("tier basic"), "{}{}", told.out, told.err);
    assert!(told.out.contains("5 text.chars of 7"), "{}", told.out);
    write("t.jsonl", "{\"id\":\"acme\",\"max_tier\":\"gold\"}");
    let told = explain(&["--tenants", "t.jsonl"]);
    assert_eq!(told.code, 2);
    assert!(told.err.contains("there is no such tier"), "{}", told.err);
}
