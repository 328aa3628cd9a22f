use serde_json::{Value as Json, json};
use voxgate_policy::error::{Path, Step};

use super::{Place, YamlErrorReason, parse};

fn json_of(text: &str) -> Json {
    parse(text).unwrap().remove(0).to_json()
}

fn reason(text: &str) -> YamlErrorReason {
    parse(text).unwrap_err().reason
}

fn path(steps: &[&str]) -> Path {
    let step = |it: &&str| it.parse().map_or_else(|_| Step::Key((*it).to_owned()), Step::Index);
    Path(steps.iter().map(step).collect())
}

/// The part of `text` that an error at `steps` points at.
fn located<'a>(text: &'a str, steps: &[&str], place: Place) -> &'a str {
    let node = parse(text).unwrap().remove(0);
    let span = node.locate(&path(steps), place);
    &text[span]
}

#[test]
fn plain_scalars_follow_the_core_schema() {
    let cases = [
        ("~", json!(null)),
        ("Null", json!(null)),
        ("true", json!(true)),
        ("FALSE", json!(false)),
        ("yes", json!("yes")),
        ("no", json!("no")),
        ("on", json!("on")),
        ("12", json!(12)),
        ("-12", json!(-12)),
        ("+12", json!(12)),
        ("0o17", json!(15)),
        ("0x1F", json!(31)),
        ("1.5", json!(1.5)),
        (".5", json!(0.5)),
        ("1e3", json!(1000.0)),
        ("1_000", json!("1_000")),
        ("12:30", json!("12:30")),
        ("2026-01-31", json!("2026-01-31")),
        ("0x", json!("0x")),
        (".", json!(".")),
        ("-", json!([null])),
        ("e3", json!("e3")),
        ("!!str 12", json!("12")),
        ("! 12", json!("12")),
        ("'12'", json!("12")),
        ("18446744073709551615", json!(u64::MAX)),
    ];
    for (text, expected) in cases {
        assert_eq!(json_of(text), expected, "{text}");
    }
}

#[test]
fn json_is_read_as_json() {
    let text =
        "{\t\"a\": \"\\u00e9\\ud83d\\ude00\\/\",\n\t\"b\": [1, -2.5, null, true], \"c\": {}}";
    assert_eq!(json_of(text), serde_json::from_str::<Json>(text).unwrap());
}

#[test]
fn numbers_that_json_lacks_are_refused() {
    for text in [".inf", "-.INF", ".nan", "[1, .inf]"] {
        assert!(matches!(reason(text), YamlErrorReason::NotA { .. }), "{text}");
    }
}

#[test]
fn duplicate_keys_are_refused_at_any_depth() {
    let text = "a:\n  - b: 1\n    \"b\": 2\n";
    let error = parse(text).unwrap_err();
    assert_eq!(&text[error.span], "\"b\"");
    let expected = YamlErrorReason::DuplicateKey { key: "b".to_owned(), first: 7..8 };
    assert_eq!(error.reason, expected);
}

#[test]
fn anchors_work_within_bounds() {
    assert_eq!(json_of("a: &x [1, 2]\nb: *x"), json!({"a": [1, 2], "b": [1, 2]}));
}

#[test]
fn a_billion_laughs_are_refused_early() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
    for i in 1..10 {
        let aliases = vec![format!("*a{}", i - 1); 10].join(", ");
        text += &format!("a{i}: &a{i} [{aliases}]\n");
    }
    assert_eq!(reason(&text), YamlErrorReason::TooManyAliases);
}

#[test]
fn aliases_cannot_nest_past_the_depth_limit() {
    let deep = |inner: &str| format!("{}{inner}{}", "[".repeat(40), "]".repeat(40));
    let text = format!("a: &a {}\nb: {}\n", deep("1"), deep("*a"));
    assert_eq!(reason(&text), YamlErrorReason::TooDeep);
}

#[test]
fn deep_nesting_is_refused_without_recursion() {
    for open in ["[", "{a: ", "- ", "? "] {
        assert!(parse(&open.repeat(100_000)).is_err(), "{open}");
    }
}

#[test]
fn an_alias_in_its_own_anchor_is_refused() {
    assert_eq!(reason("a: &a\n  b: *a\n"), YamlErrorReason::CyclicAlias);
}

#[test]
fn anchors_end_with_their_document() {
    assert!(parse("a: &a 1\n---\nb: *a\n").is_err());
}

#[test]
fn what_a_policy_has_no_use_for_is_refused() {
    assert_eq!(reason("1: a"), YamlErrorReason::KeyNotString);
    assert_eq!(reason("[a]: b"), YamlErrorReason::KeyNotString);
    assert_eq!(reason("x: {<<: {a: 1}}"), YamlErrorReason::MergeKey);
    assert_eq!(reason("!!binary abc"), YamlErrorReason::Tag("!!binary".to_owned()));
    assert_eq!(reason("!env {a: 1}"), YamlErrorReason::Tag("!env".to_owned()));
}

#[test]
fn spans_count_bytes_not_characters() {
    let text = "é: ü\nname: Zoë\nafter: x\n";
    assert_eq!(located(text, &["name"], Place::Value), "Zoë");
    assert_eq!(located(text, &["after"], Place::Key), "after");
}

#[test]
fn an_error_points_at_the_value_or_its_key() {
    let text = "tiers:\n  - name: basic\n    allow:\n      - tts.*\n  - {name: gold}\n";
    assert_eq!(located(text, &["tiers", "0", "allow", "0"], Place::Value), "tts.*");
    assert_eq!(located(text, &["tiers", "0", "allow"], Place::Value), "allow");
    assert_eq!(located(text, &["tiers", "1"], Place::Value), "name");
    assert_eq!(located(text, &["tiers", "1", "name"], Place::Key), "name");
    assert_eq!(located(text, &["tiers", "7", "name"], Place::Value), "tiers");
}

#[test]
fn a_path_through_an_enum_gets_its_variant_back() {
    let node = parse("jwks: {remote: {uri: 1}}").unwrap().remove(0);
    assert_eq!(node.complete(&path(&["jwks", "uri"])), path(&["jwks", "remote", "uri"]));
    let whole = path(&["jwks", "remote", "uri"]);
    assert_eq!(node.complete(&whole), whole);
}
