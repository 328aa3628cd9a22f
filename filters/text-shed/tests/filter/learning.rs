//! What is learned of the service is told.

use super::*;

/// Without a capacity in the policy.
fn learning() -> FakeHost {
    with(|policy| {
        policy["shedding"]["capacity"] = json!({"most": 1000});
    })
}

/// Speech whose first byte comes so late.
fn spoken(host: &FakeHost, seconds: u64, late: u64) {
    let stream = admitted(host, &speech(seconds));
    stream.respond(&GOOD);
    host.advance(Duration::from_millis(late));
    stream.response_body(b"so", false);
    stream.response_body(b"und", true);
    stream.end();
}

fn of_size(host: &FakeHost, name: &str, size: &str) -> u64 {
    let labels = format!("service=.={LABEL};.;lane=.=online;.;size=.={size};.;");
    host.metric(&format!("{labels}voxgate_shed_{name}"))
}

#[test]
fn first_bytes_of_each_size_of_work_are_told() {
    let host = learning();
    for _ in 0..10 {
        spoken(&host, 10, 300);
        spoken(&host, 40, 900);
    }
    // Not a first byte to compare: no text, no success, or none at all.
    for subject in [speech(0), speech(10)] {
        let stream = admitted(&host, &subject);
        host.advance(3 * SLOW);
        stream.respond(&[(":status", if subject.text_chars > 0 { "404" } else { "200" })]);
        stream.response_body(b"x", true);
        stream.end();
    }
    wait(&host, SLOW);
    // From 8.192 seconds on, and from 32.768.
    for (size, millis) in [("8.192", 300), ("32.768", 900)] {
        assert_eq!(
            of_size(&host, "first_byte_baseline_ms", size),
            millis,
            "{:?}",
            host.metric_names()
        );
        assert_eq!(of_size(&host, "first_byte_recent_ms", size), millis);
    }
    assert_eq!(gauge(&host, "first_byte_percent", "online"), 100);
    assert!(gauge(&host, "speed_units", "online") > 0);
    let last = "tier=.=premium;.;lane=.=online;.;voxgate_shed_first_byte_ms";
    assert_eq!(host.metric(last), 900);
}

#[test]
fn a_learned_capacity_is_told_as_one_and_falls_when_the_service_breaks() {
    let host = learning();
    spoken(&host, 10, 300);
    wait(&host, SLOW);
    assert_eq!(gauge(&host, "capacity_is_learned", "online"), 1);
    assert_eq!(gauge(&host, "capacity_units", "online"), 100);
    assert_eq!(gauge(&host, "broke_under_units", "online"), 0);
    let streams: Vec<Stream> = (0..4).map(|_| admitted(&host, &speech(20))).collect();
    wait(&host, SLOW);
    for stream in streams {
        stream.respond(&GOOD);
        stream.upstream_breaks();
    }
    wait(&host, SLOW);
    assert!(gauge(&host, "capacity_units", "online") < 100);
    assert!(gauge(&host, "broke_under_units", "online") > 0);
    assert_eq!(gauge(&host, "failed_requests", "online"), 4);
    let host = plain();
    spoken(&host, 10, 300);
    wait(&host, SLOW);
    assert_eq!(gauge(&host, "capacity_is_learned", "online"), 0);
    assert_eq!(gauge(&host, "unit", "online"), 0);
}
