use super::play::Seen;
use super::*;
use crate::scenario::Played;

const YAML: &str = "
title: one
requests:
- who: Anna
  asks: a short text
  token: { scope: tts.basic }
  request: { path: /tts, headers: { x-user-tier: gold }, json: { text: \"it's\" } }
  expect: { decision: allow, rule: tiers.basic, status: 200, tier: basic }
";

fn played(differences: Vec<String>) -> Played {
    let step = Scenario::parse(YAML).unwrap().requests.remove(0);
    Played {
        who: step.who,
        asks: step.asks,
        seen: Seen::default(),
        expected: step.expect,
        differences,
    }
}

#[test]
fn the_shipped_scenario_is_one() {
    let yaml = include_str!("../../scenarios/speech.yaml");
    assert!(Scenario::parse(yaml).unwrap().requests.len() >= 10);
}

#[test]
fn a_misspelt_member_is_refused_with_its_line() {
    let error = Scenario::parse(&YAML.replace("rule:", "rules:")).unwrap_err().to_string();
    assert!(error.contains("rules") && error.contains("line 8"), "{error}");
}

#[test]
fn a_curl_line_keeps_quotes_from_the_shell() {
    let step = Scenario::parse(YAML).unwrap().requests.remove(0);
    assert_eq!(
        step.request.to_curl("http://127.0.0.1:1", Some("$BASIC")),
        "curl -sS -i -o - -X POST 'http://127.0.0.1:1/tts' -H 'x-user-tier: gold' \
         -H \"authorization: Bearer $BASIC\" -H 'content-type: application/json' \
         -d '{\"text\":\"it'\\''s\"}'"
    );
}

#[test]
fn a_body_that_is_no_json_is_sent_as_it_stands() {
    let mut step = Scenario::parse(YAML).unwrap().requests.remove(0);
    (step.request.json, step.request.body) = (None, Some("--b\r\n@it's".to_owned()));
    step.request.headers = [("content-type".to_owned(), "multipart/form-data".to_owned())].into();
    assert_eq!(
        step.request.to_curl("http://127.0.0.1:1", None),
        "curl -sS -i -o - -X POST 'http://127.0.0.1:1/tts' -H 'content-type: multipart/form-data' \
         --data-binary '--b\r\n@it'\\''s'"
    );
}

#[test]
fn a_difference_is_shown_and_counted() {
    let steps = [played(Vec::new()), played(vec!["status is 500, not 200".to_owned()])];
    let table = table(&steps);
    assert!(table.contains('✓') && table.contains("status is 500, not 200"), "{table}");
    let json = json("t", &steps);
    assert_eq!((&json["passed"], &json["failed"]), (&1.into(), &1.into()));
    assert_eq!(json["results"][0]["expected"]["rule"], "tiers.basic");
}
