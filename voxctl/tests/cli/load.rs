//! `voxctl load`: what a proxy's shedding knows, out of Envoy's statistics, and words for what goes
//! wrong.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};

use serde_json::{Value, json};

use super::{Run, repository, run};

/// Envoy's admin interface, with one answer.
fn admin(status: &'static str, body: String) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (tell, asked) = channel();
    std::thread::spawn(move || {
        let mut stream = BufReader::new(listener.accept().unwrap().0);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") && stream.read_line(&mut head).unwrap_or_default() > 0 {}
        let length = body.len();
        let _ = write!(
            stream.get_mut(),
            "HTTP/1.1 {status}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
        );
        let _ = tell.send(head);
    });
    (url, asked)
}

fn load(status: &'static str, body: &Value, more: &[&str]) -> Run {
    let (url, _) = admin(status, body.to_string());
    run(&repository(), &[&["load", "--admin", &url], more].concat())
}

/// As Envoy 1.40.0 answers (`/stats?filter=voxgate_shed&format=json`).
fn stats() -> Value {
    let lane = |lane: &str, name: &str, value: u64| {
        let name = format!(
            "wasmcustom.service=.=outbound_8080__tts.ai;.;lane=.={lane};.;voxgate_shed_{name}"
        );
        json!({"name": name, "value": value})
    };
    let size = |size: &str, name: &str, value: u64| {
        let name = format!("size=.={size};.;voxgate_shed_first_byte_{name}_ms");
        let name = format!("wasmcustom.service=.=outbound_8080__tts.ai;.;lane=.=online;.;{name}");
        json!({"name": name, "value": value})
    };
    let decided = |labels: &str, value: u64| json!({"name": format!("wasmcustom.{labels}voxgate_shed_decisions_total"), "value": value});
    json!({"stats": [
        {"name": "wasmcustom.voxgate_shed_contended_total", "value": 0},
        {"name": "wasmcustom.voxgate_shed_unchanged_total", "value": 2},
        decided("outcome=.=pass;.;reason=.=none;.;rule=.=none;.;tier=.=basic;.;load=.=normal;.;", 7),
        decided("outcome=.=reject;.;reason=.=text_too_long;.;rule=.=long;.;tier=.=basic;.;load=.=busy;.;", 12),
        lane("online", "load_level", 1),
        lane("online", "unit", 0),
        lane("online", "in_flight_units", 80),
        lane("online", "in_flight_requests", 9),
        lane("online", "waiting_requests", 3),
        lane("online", "capacity_units", 100),
        lane("online", "capacity_is_learned", 1),
        lane("online", "broke_under_units", 130),
        lane("online", "first_byte_percent", 210),
        lane("online", "failed_requests", 1),
        lane("online", "speed_units", 40),
        lane("online", "drain_ms", 2050),
        lane("batch", "capacity_units", 600),
        size("16.384", "baseline", 420),
        size("8.192", "baseline", 300),
        size("8.192", "recent", 650),
        size("16.384", "recent", 900),
        size("other", "recent", 1),
        {"histograms": {"supported_quantiles": [0, 50, 100], "computed_quantiles": [
            {"name": "wasmcustom.tier=.=basic;.;end=.=admitted;.;voxgate_shed_wait_ms",
             "values": [{"interval": null, "cumulative": 1.05}]}]}},
    ]})
}

fn cells(text: &str) -> Vec<Vec<&str>> {
    text.lines()
        .map(|it| it.split("  ").map(str::trim).filter(|it| !it.is_empty()).collect())
        .collect()
}

#[test]
fn lanes_first_bytes_and_decisions_are_tables() {
    let shown = load("200 OK", &stats(), &[]);
    assert_eq!(shown.code, 0, "{}", shown.err);
    let service = "outbound_8080__tts.ai";
    assert_eq!(
        cells(&shown.out),
        [
            vec![
                "service",
                "lane",
                "load",
                "in flight",
                "capacity",
                "requests",
                "waiting",
                "first byte",
                "failed",
                "drain",
                "speed"
            ],
            vec![
                service,
                "online",
                "busy",
                "80 s",
                "100 s, learned, broke under 130",
                "9",
                "3",
                "210 %",
                "1",
                "2s 50ms",
                "40 s/s"
            ],
            vec![service, "batch", "normal", "0 s", "600 s", "0", "0", "0 %", "0", "0s", "0 s/s"],
            vec![],
            vec!["first bytes, by size of the request"],
            vec!["service", "lane", "from", "quiet", "of late"],
            vec![service, "online", "8.192", "300ms", "650ms"],
            vec![service, "online", "16.384", "420ms", "900ms"],
            vec![],
            vec!["decided since Envoy started"],
            vec!["outcome", "reason", "rule", "tier", "load", "count"],
            vec!["reject", "text_too_long", "long", "basic", "busy", "12"],
            vec!["pass", "none", "none", "basic", "normal", "7"],
        ]
    );
    assert!(shown.err.contains("warning: 2 bodies were to be degraded"), "{}", shown.err);
    assert!(!shown.err.contains("workers"), "{}", shown.err);
}

#[test]
fn programs_read_it_as_json() {
    let shown = load("200 OK", &stats(), &["--json"]);
    let shown: Value = serde_json::from_str(&shown.out).unwrap();
    let online = &shown["lanes"][0];
    for (name, value) in [
        ("service", json!("outbound_8080__tts.ai")),
        ("lane", json!("online")),
        ("load", json!("busy")),
        ("unit", json!("audio_seconds")),
        ("in_flight", json!(80)),
        ("capacity", json!(100)),
        ("is_learned", json!(true)),
        ("broke_under", json!(130)),
        ("requests", json!(9)),
        ("waiting", json!(3)),
        ("first_byte_percent", json!(210)),
        ("drain_ms", json!(2050)),
        ("speed", json!(40)),
        ("failed", json!(1)),
    ] {
        assert_eq!(online[name], value, "{name}");
    }
    assert_eq!(
        online["first_bytes"],
        json!([{"from": "8.192", "baseline_ms": 300, "recent_ms": 650},
               {"from": "16.384", "baseline_ms": 420, "recent_ms": 900}])
    );
    assert_eq!(shown["lanes"][1]["is_learned"], false);
    assert_eq!(
        shown["decisions"][0],
        json!({"outcome": "reject", "reason": "text_too_long", "rule": "long", "tier": "basic",
               "load": "busy", "count": 12})
    );
    assert_eq!((&shown["contended"], &shown["unchanged"]), (&json!(0), &json!(2)));
}

#[test]
fn only_what_is_of_shedding_is_asked_for() {
    let (url, asked) = admin("200 OK", stats().to_string());
    assert_eq!(run(&repository(), &["load", "--admin", &url]).code, 0);
    let head = asked.recv().unwrap();
    assert!(head.starts_with("GET /stats?filter=voxgate_shed&format=json HTTP/1.1\r\n"), "{head}");
}

#[test]
fn a_filter_that_has_seen_no_request_is_said_to_be_one() {
    let quiet = json!({"stats": [{"name": "wasmcustom.voxgate_shed_contended_total", "value": 0}]});
    let shown = load("200 OK", &quiet, &[]);
    assert_eq!((shown.code, shown.out.as_str()), (0, "no request has asked for capacity yet\n"));
}

#[test]
fn what_goes_wrong_is_told_with_what_to_do() {
    let without = load("200 OK", &json!({"stats": []}), &[]);
    assert_eq!((without.code, without.out.as_str()), (2, ""));
    assert!(without.err.contains("runs no text-shed"), "{}", without.err);
    assert!(
        without.err.contains("Next: see that the policy has a section `shedding`"),
        "{}",
        without.err
    );
    for (status, body) in [("200 OK", json!({"status": "ok"})), ("404 Not Found", stats())] {
        let other = load(status, &body, &[]);
        assert_eq!(other.code, 2);
        assert!(other.err.contains("not Envoy's admin interface"), "{}", other.err);
    }
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let nobody = run(&repository(), &["load", "--admin", &format!("http://127.0.0.1:{port}")]);
    assert_eq!(nobody.code, 2);
    assert!(nobody.err.contains("connection refused\nNext: see that Envoy runs"), "{}", nobody.err);
    for url in ["127.0.0.1:15000", "https://a", "http://a/stats", "http://a?x", "http://u:p@a"] {
        let wrong = run(&repository(), &["load", "--admin", url]);
        assert_eq!(wrong.code, 2, "{url}");
        assert!(wrong.err.contains("write http://HOST:PORT"), "{url}: {}", wrong.err);
    }
}
