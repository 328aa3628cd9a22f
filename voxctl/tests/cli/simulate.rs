//! `voxctl simulate`: what operators see before a flood comes.

use std::path::Path;

use serde_json::Value;

use super::{POLICY, Run, repository, run};

fn simulate(folder: &Path, args: &[&str]) -> Run {
    std::fs::write(folder.join("p.yaml"), POLICY).unwrap();
    run(folder, &[&["simulate", "--policy", "p.yaml"], args].concat())
}

fn json(folder: &Path, args: &[&str]) -> Value {
    let run = simulate(folder, &[args, &["--json"]].concat());
    assert_eq!(run.code, 0, "{}", run.err);
    serde_json::from_str(&run.out).unwrap()
}

#[test]
fn a_shipped_policy_alone_shows_what_it_is_good_for() {
    let folder = tempfile::tempdir().unwrap();
    let policy = repository().join("envoyfilter-yaml/policies/glm-tts.yaml");
    let run = run(folder.path(), &["simulate", "--policy", policy.to_str().unwrap()]);
    assert_eq!(run.code, 0, "{}", run.err);
    let header = run.out.lines().next().unwrap();
    assert!(header.starts_with("policy ") && header.contains("goodput"), "{}", run.out);
    assert!(run.out.lines().nth(1).unwrap().starts_with("nobody sheds"), "{}", run.out);
    assert!(run.out.contains("\npremium "), "{}", run.out);
}

#[test]
fn shedding_keeps_the_service_up_in_a_flood() {
    let folder = tempfile::tempdir().unwrap();
    let answer = json(folder.path(), &[]);
    let report = |i: usize| &answer["outcomes"][i]["report"];
    let number = |i: usize, name: &str| report(i)[name].as_f64().unwrap();
    assert!(number(0, "crashes") > 10.0 && number(1, "crashes") < 4.0);
    assert!(number(1, "goodput") > 3.0 * number(0, "goodput"));
}

#[test]
fn the_same_seed_says_the_same_and_another_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let of = |seed: &str| json(folder.path(), &["--duration", "3m", "--seed", seed]);
    assert_eq!(of("1"), of("1"));
    assert_ne!(of("1"), of("2"));
}

#[test]
fn recorded_requests_are_simulated() {
    let folder = tempfile::tempdir().unwrap();
    let trace = "time,tenant,tier,text_chars\n0,a,premium,60\n1,b,basic,6000\n";
    std::fs::write(folder.path().join("trace.csv"), trace).unwrap();
    let answer = json(folder.path(), &["--trace", "trace.csv"]);
    let slices = answer["outcomes"][1]["report"]["slices"].as_array().unwrap();
    let of = |it: &Value| (it["tier"].clone(), it["is_long"].clone(), it["served"].clone());
    let slices: Vec<_> = slices.iter().map(of).collect();
    let expected = [("basic", true, 1), ("premium", false, 1)];
    assert_eq!(slices, expected.map(|(tier, long, n)| (tier.into(), long.into(), n.into())));
}

#[test]
fn what_happened_is_drawn_with_a_panel_for_each_policy() {
    let folder = tempfile::tempdir().unwrap();
    let run = simulate(folder.path(), &["--duration", "3m", "--svg", "chart.svg"]);
    assert_eq!(run.code, 0, "{}", run.err);
    let svg = std::fs::read_to_string(folder.path().join("chart.svg")).unwrap();
    assert!(svg.starts_with("<svg") && svg.trim_end().ends_with("</svg>"));
    for text in ["nobody sheds: ", "p.yaml: ", "in flight", "capacity", "crash"] {
        assert!(svg.contains(text), "{text}");
    }
}

#[test]
fn what_cannot_be_simulated_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("trace.csv", "time,text_chars\n0,x\n");
    write("service.yaml", "online: {memory_mb: 1000}\n");
    write("typo.yaml", "onlin: {}\n");
    for (args, error) in [
        (["--trace", "trace.csv"], "error: trace.csv: line 2: "),
        (["--service", "service.yaml"], "error: service.yaml, online: `weights_mb` must be less"),
        (["--service", "typo.yaml"], "error: typo.yaml is not a service: "),
        (["--service", "missing.yaml"], "error: cannot read missing.yaml"),
        (["--svg", "no/such/folder.svg"], "error: cannot write no/such/folder.svg"),
        (["--load", "-1"], "error: "),
        (["--duration", "1m"], "error: "),
    ] {
        let run = simulate(folder.path(), &args);
        assert_eq!(run.code, 2, "{args:?}: {}", run.err);
        assert!(run.err.contains(error), "{args:?}: {}", run.err);
    }
}
