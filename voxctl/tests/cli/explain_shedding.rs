//! `voxctl explain`: what would become of a request under load.

use serde_json::{Value, json};

use super::{POLICY, Run, run};

const SHEDDING: &str = r#"shedding:
  capacity:
    unit: text_chars
    limit: 2000
    tiers: {basic: {queue: {max: 5, wait: 1500ms}}}
  ladder:
    - {name: too-long, load: [overload], text_chars: {above: 300}, rung: reject}
    - {name: later, load: [overload], text_chars: {above: 100}, rung: divert}
    - name: leaner
      load: [busy]
      text_chars: {above: 100}
      rung: degrade
      degrade: {sample_rate: 16000, headers: {x-quality: low}}
    - {name: not-now, load: [overload], text_chars: {up_to: 20}, rung: reject}
  deadline: {default: 500ms}
"#;

/// [`POLICY`], with a tier for callers without a token and this shedding.
fn explain(shedding: &str, text: &str, more: &[&str]) -> Run {
    let folder = tempfile::tempdir().unwrap();
    let policy = POLICY
        .replace("operations:\n", "  anonymous: {tier: basic}\noperations:\n")
        .replace("[glm-tts]", "[openai-audio]");
    let policy = policy.replace("  presets: [openai-audio]\n", OPERATIONS);
    std::fs::write(folder.path().join("p.yaml"), policy + shedding).unwrap();
    std::fs::write(folder.path().join("b.json"), json!({ "text": text }).to_string()).unwrap();
    let args = ["explain", "--policy", "p.yaml", "--path", "/speak", "--body", "b.json"];
    run(folder.path(), &[&args, &["-H", "content-type: application/json"][..], more].concat())
}

/// A body of which a sample rate can be changed.
const OPERATIONS: &str = r#"  rules:
    - name: speak
      operations: [tts.synthesize]
      path: /speak
      body: {formats: [json], fields: {text: [/text], sample_rate: [/rate]}}
"#;

fn shown(run: &Run) -> &str {
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    run.out.split_once("it takes ").unwrap_or_else(|| panic!("{}", run.out)).1
}

#[test]
fn each_level_of_load_has_its_rung() {
    assert_eq!(
        shown(&explain(SHEDDING, &"ä".repeat(500), &[])),
        "500 of 2000 characters in flight; waits up to 1s 500ms for them; its first byte is wanted within 500ms:\n\
         \u{20} normal    pass\n\
         \u{20} busy      degrade by leaner: sample_rate<=16000, x-quality\n\
         \u{20} overload  reject 413 by too-long: text_too_long, up to 300 characters pass\n"
    );
    let middle = explain(SHEDDING, &"x".repeat(200), &[]);
    assert!(
        shown(&middle).ends_with("overload  divert by later to the batch lane\n"),
        "{}",
        middle.out
    );
    // The least that is counted are 15.
    let short = explain(SHEDDING, "hello", &[]);
    assert!(shown(&short).starts_with("15 of 2000 characters"), "{}", short.out);
    assert!(
        shown(&short)
            .ends_with("busy      pass\n  overload  reject 503 by not-now: busy_by_rule\n"),
        "{}",
        short.out
    );
}

#[test]
fn programs_read_it_as_json() {
    let told = explain(SHEDDING, &"x".repeat(500), &["--json"]);
    let told: Value = serde_json::from_str(&told.out).unwrap();
    let shedding = &told["requests"][0]["shedding"];
    let levels = shedding["levels"].as_array().unwrap();
    assert_eq!(
        levels[2],
        json!({"load": "overload", "outcome": "reject", "rule": "too-long", "changes": [],
               "reason": "text_too_long", "status": 413, "longest_text_chars": 300})
    );
    assert_eq!(levels[1]["changes"], json!(["sample_rate<=16000", "x-quality"]));
    assert_eq!(levels[0]["rule"], Value::Null);
    for (name, value) in [
        ("unit", json!("text_chars")),
        ("work", json!(500)),
        ("capacity", json!(2000)),
        ("waits_ms", json!(1500)),
        ("deadline_ms", json!(500)),
        ("shadow", json!(false)),
    ] {
        assert_eq!(shedding[name], value, "{name}");
    }
}

#[test]
fn what_never_fits_is_refused_at_every_level() {
    let told = explain(SHEDDING, &"x".repeat(2001), &[]);
    assert!(
        shown(&told).contains("normal    reject 413: text_too_long, up to 2000 characters pass\n"),
        "{}",
        told.out
    );
}

#[test]
fn a_clients_own_deadline_counts_if_it_is_earlier() {
    let at = ["--now", "2026-01-31T12:00:00Z", "-H"];
    let by = |header| explain(SHEDDING, "hello", &[&at[..], &[header]].concat());
    let earlier = by("x-voxgate-deadline: 1769860800200");
    assert!(shown(&earlier).contains("wanted within 200ms:"), "{}", earlier.out);
    let later = by("x-voxgate-deadline: 1769860800900");
    assert!(shown(&later).contains("wanted within 500ms:"), "{}", later.out);
    let past = by("x-voxgate-deadline: 1769860799000");
    assert!(shown(&past).contains("normal    reject 504: deadline_passed\n"), "{}", past.out);
    let bad = by("x-voxgate-deadline: soon");
    assert!(shown(&bad).contains("busy      reject 400: bad_deadline\n"), "{}", bad.out);
}

#[test]
fn without_shedding_or_for_a_request_that_is_denied_nothing_is_said_of_it() {
    let nothing = explain("", "hello", &["--json"]);
    let nothing: Value = serde_json::from_str(&nothing.out).unwrap();
    assert_eq!(nothing["requests"][0]["shedding"], Value::Null);
    let denied = explain(SHEDDING, "hello", &["--token", "x"]);
    assert_eq!(denied.code, 1);
    assert!(!denied.out.contains("it takes"), "{}", denied.out);
}

#[test]
fn a_learned_capacity_and_shadow_mode_are_said() {
    let learned = explain("shedding: {}\nshadow: [shedding]\n", "hello", &[]);
    assert_eq!(
        shown(&learned),
        "1 audio seconds in flight, of as many as a proxy learns (shadow):\n\
         \u{20} normal    pass\n  busy      pass\n  overload  pass\n"
    );
}
