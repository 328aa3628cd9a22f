//! What becomes of requests, rung by rung.

use super::*;

/// More than half of the capacity is in flight: from 70 seconds on it is busy, from 95 overloaded.
fn busy(ladder: Value) -> (FakeHost, Stream) {
    let host = with_ladder(ladder);
    let stream = admitted(&host, &speech(70));
    (host, stream)
}

fn body_of(stream: &Stream) -> Value {
    serde_json::from_slice(&stream.upstream_body()).unwrap()
}

#[test]
fn what_fits_passes_and_gives_its_place_back() {
    let host = plain();
    let stream = admitted(&host, &speech(70));
    assert_eq!(record(&stream), json!({"outcome": "pass", "load": "normal", "lane": "online"}));
    assert_eq!(stream.header("x-voxgate-lane"), None);
    assert_eq!(here(&host), (1, 0));
    assert_eq!(gauge(&host, "in_flight_units", "online"), 70);
    assert_eq!(gauge(&host, "capacity_units", "online"), 100);
    assert_eq!(gauge(&host, "load_level", "online"), 1);
    let headers = stream.respond(&GOOD);
    assert!(!headers.iter().any(|(name, _)| name.starts_with("x-voxgate")), "{headers:?}");
    stream.response_body(b"sound", true);
    stream.end();
    assert_eq!(here(&host), (0, 0));
    assert_eq!(decided(&host, ["pass", "none", "none", "premium", "normal"]), 1);
}

#[test]
fn what_asks_for_nothing_is_not_looked_at() {
    let host = plain();
    let nothing = Subject { operations: Vec::new(), ..speech(200) };
    for subject in [
        nothing,
        Subject { is_exempt: true, ..speech(200) },
        Subject { asks_usage: true, ..speech(200) },
        Subject { operations: vec!["voice.list".to_owned()], ..speech(0) },
    ] {
        let stream = admitted(&host, &subject);
        assert_eq!(stream.filter_state(SHED_STATE), None);
        serve(stream);
    }
    let host = with(|policy| policy["shedding"] = Value::Null);
    serve(admitted(&host, &speech(1000)));
    assert_eq!(host.shared_data_writes(), 0);
}

#[test]
fn a_degraded_request_asks_for_less_and_its_client_is_told() {
    let degrade = json!({"sample_rate": 16000, "stream": true, "headers": {"x-quality": "low"}});
    let (host, _busy) = busy(json!([
        {"name": "leaner", "load": ["busy"], "text_chars": {"above": 100}, "rung": "degrade",
         "degrade": degrade},
    ]));
    let body = br#"{"text":"a long one","sample_rate":32000,"voice":"v"}"#;
    let length = body.len().to_string();
    for size in [1, 7, body.len()] {
        let subject = in_json(speech(20));
        let stream = request(&host, &subject).header("content-length", &length).with_body().send();
        let pieces = body.chunks(size).count();
        for (index, piece) in body.chunks(size).enumerate() {
            assert_eq!(stream.outcome(), Outcome::Waiting);
            stream.body(piece, index + 1 == pieces);
        }
        assert_eq!(stream.outcome(), Outcome::Continued);
        assert_eq!(
            body_of(&stream),
            json!({"text": "a long one", "sample_rate": 16000, "voice": "v", "stream": true})
        );
        let length = stream.upstream_body().len().to_string();
        assert_eq!(stream.header("content-length"), Some(length));
        assert_eq!(stream.header("x-quality").as_deref(), Some("low"));
        assert_eq!(
            record(&stream),
            json!({"outcome": "degrade", "rule": "shedding.ladder.leaner", "load": "busy", "lane": "online"})
        );
        let headers = stream.respond(&GOOD);
        let told = headers.iter().find(|(name, _)| name == "x-voxgate-degraded").unwrap();
        let told = String::from_utf8(told.1.clone()).unwrap();
        for part in ["x-quality", "sample_rate=16000", "stream=true"] {
            assert!(told.contains(part), "{told}");
        }
        stream.response_body(b"sound", true);
        stream.end();
    }
    // A shorter one, and one whose body nobody can change, pass as they are.
    for subject in [in_json(speech(5)), speech(5)] {
        serve(admitted(&host, &subject));
    }
    let unknown = admitted(&host, &speech(20));
    assert_eq!(record(&unknown)["outcome"], "pass");
    assert_eq!(host.metric("voxgate_shed_unchanged_total"), 0);
}

#[test]
fn a_body_that_is_not_what_was_read_before_passes_unchanged_and_is_counted() {
    let (host, _busy) = busy(json!([
        {"name": "leaner", "load": ["busy"], "rung": "degrade", "degrade": {"sample_rate": 16000}},
    ]));
    let stream = request(&host, &in_json(speech(5))).with_body().send();
    stream.body(b"{\"text\":", true);
    assert_eq!(stream.outcome(), Outcome::Continued);
    assert_eq!(stream.upstream_body(), b"{\"text\":");
    assert_eq!(host.metric("voxgate_shed_unchanged_total"), 1);
    let headers = stream.respond(&GOOD);
    assert!(!headers.iter().any(|(name, _)| name == "x-voxgate-degraded"));
    stream.end();
}

#[test]
fn a_client_that_leaves_while_its_body_is_changed_frees_its_place() {
    let (host, busy) = busy(json!([
        {"name": "leaner", "load": ["busy"], "rung": "degrade", "degrade": {"sample_rate": 16000}},
    ]));
    let stream = request(&host, &in_json(speech(5))).with_body().send();
    stream.body(b"{\"text\":", false);
    assert_eq!(here(&host), (2, 0));
    stream.client_leaves();
    serve(busy);
    assert_eq!(here(&host), (0, 0));
}

#[test]
fn a_diverted_request_goes_to_the_batch_lane_and_is_told_so() {
    let (host, online) = busy(json!([
        {"name": "later", "load": ["busy", "overload"], "text_chars": {"above": 100}, "rung": "divert"},
    ]));
    let stream = admitted(&host, &speech(300));
    assert_eq!(stream.header("x-voxgate-lane").as_deref(), Some("batch"));
    assert!(stream.route_cache_clears() > 0);
    assert_eq!(
        record(&stream),
        json!({"outcome": "divert", "rule": "shedding.ladder.later", "load": "busy", "lane": "batch"})
    );
    assert_eq!(here(&host), (1, 0));
    assert_eq!(gauge(&host, "in_flight_units", "batch"), 300);
    let headers = stream.respond(&GOOD);
    assert!(headers.contains(&("x-voxgate-lane".to_owned(), b"batch".to_vec())), "{headers:?}");
    stream.response_body(b"sound", true);
    stream.end();
    serve(online);
    assert_eq!(here(&host), (0, 0));
    assert_eq!(gauge(&host, "in_flight_units", "batch"), 0);
    // The batch lane has an end, too.
    let _online = admitted(&host, &speech(70));
    let _batch = admitted(&host, &speech(900));
    assert_eq!(problem(&refused(&host, &basic(200)))["lane"], "batch");
}

#[test]
fn subsets_of_a_cluster_are_one_service() {
    let host = plain();
    let _stream = request(&host, &speech(70)).cluster("outbound|8080|batch|tts.ai.svc").send();
    assert_eq!(here(&host), (1, 0));
    let elsewhere = request(&host, &speech(70)).cluster("outbound|8080||other").send();
    assert_eq!(elsewhere.outcome(), Outcome::Continued);
    assert_eq!(here(&host), (1, 0));
}

#[test]
fn in_shadow_mode_all_pass_and_what_would_become_of_them_is_counted() {
    let host = with(|policy| {
        policy["shadow"] = json!(["shedding"]);
        policy["shedding"]["deadline"] = json!({"default": "10s"});
        policy["shedding"]["ladder"] = json!([
            {"name": "later", "load": ["busy"], "text_chars": {"above": 500}, "rung": "divert"},
            {"name": "leaner", "load": ["busy"], "text_chars": {"above": 100}, "rung": "degrade",
             "degrade": {"sample_rate": 16000}},
        ]);
    });
    let first = admitted(&host, &speech(70));
    assert_eq!(first.header("x-voxgate-deadline"), None);
    let would = |subject: &Subject, labels: [&str; 5]| {
        let stream = admitted(&host, subject);
        assert_eq!(stream.header("x-voxgate-lane"), None);
        assert_eq!(record(&stream)["outcome"], "pass");
        assert_eq!(decided(&host, labels), 1, "{labels:?}");
        stream
    };
    would(&speech(60), ["would_divert", "none", "later", "premium", "busy"]).client_leaves();
    let leaner = ["would_degrade", "none", "leaner", "premium", "busy"];
    would(&in_json(speech(20)), leaner).client_leaves();
    let second = would(&basic(50), ["would_reject", "no_capacity", "none", "basic", "busy"]);
    let third = would(&speech(10), ["would_wait", "none", "none", "premium", "overload"]);
    let bad = request(&host, &speech(1)).header("x-voxgate-deadline", "soon").send();
    assert_eq!(bad.outcome(), Outcome::Continued);
    assert_eq!(decided(&host, ["would_reject", "bad_deadline", "none", "premium", "normal"]), 1);
    bad.client_leaves();
    let unknown = host.request(&[(":path", "/")]);
    assert_eq!(unknown.outcome(), Outcome::Continued);
    assert_eq!(decided(&host, ["would_reject", "no_subject", "none", "none", "normal"]), 1);
    unknown.client_leaves();
    assert_eq!(here(&host), (3, 0));
    [first, second, third].into_iter().for_each(serve);
    assert_eq!(here(&host), (0, 0));
}
