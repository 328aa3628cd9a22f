//! What is answered, and with what.

use super::*;

#[test]
fn where_there_is_no_room_a_client_is_told_when_to_come_back() {
    let host = plain();
    let _full = admitted(&host, &speech(90));
    let reply = refused(&host, &basic(20));
    assert_eq!(reply.status, 503);
    let seconds: u32 = reply.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=300).contains(&seconds), "{seconds}");
    let problem = problem(&reply);
    assert!(problem["type"].as_str().unwrap().ends_with("/busy"), "{problem}");
    assert_eq!(problem["load"], "busy");
    assert_eq!(problem["rule"], "shedding.capacity");
    assert_eq!(decided(&host, ["reject", "no_capacity", "none", "basic", "busy"]), 1);
    assert_eq!(here(&host), (1, 0));
}

#[test]
fn too_long_a_text_is_told_how_long_it_may_be_and_where_to_cut_it() {
    let host = with_ladder(json!([
        {"name": "short", "load": ["busy"], "text_chars": {"above": 20}, "rung": "reject"},
    ]));
    let _busy = admitted(&host, &speech(70));
    let text = "One sentence here. Two of them. And then there is three.";
    let chars = text.chars().count() as u64;
    let subject = Subject { text_chars: chars, speech_ms: 5600, ..in_json(speech(0)) };
    let stream = request(&host, &subject).with_body().send();
    let body = json!({ "text": text }).to_string();
    for piece in body.as_bytes().chunks(10) {
        assert_eq!(stream.outcome(), Outcome::Waiting);
        stream.body(piece, false);
    }
    stream.body(b"", true);
    let reply = stream.reply();
    assert_eq!(reply.status, 413);
    assert_eq!(reply.header("retry-after"), None);
    let problem = problem(&reply);
    assert_eq!(problem["rule"], "shedding.ladder.short");
    assert_eq!(
        (&problem["text_chars"], &problem["longest_text_chars"]),
        (&json!(chars), &json!(20))
    );
    let cuts: Vec<usize> = problem["split_at"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it.as_u64().unwrap() as usize)
        .collect();
    assert!(cuts.contains(&19) || cuts.contains(&18), "{problem}");
    let ends = cuts.iter().copied().chain([text.len()]);
    let longest = ends.scan(0, |from, to| Some(to - std::mem::replace(from, to))).max().unwrap();
    assert!(longest <= 20, "{problem}");
    assert!(!reply.text().contains("sentence"), "{problem}");
    stream.end();
    assert_eq!(here(&host), (1, 0));
    // Without a body that is known nobody can say where.
    let unknown = refused(&host, &Subject { places: None, ..subject });
    assert_eq!(super::problem(&unknown)["longest_text_chars"], 20);
    assert!(super::problem(&unknown).get("split_at").is_none());
}

#[test]
fn a_client_that_leaves_while_it_would_be_advised_leaves_nothing() {
    let host = with_ladder(json!([
        {"name": "short", "text_chars": {"above": 20}, "rung": "reject"},
    ]));
    let stream = request(&host, &in_json(speech(9))).with_body().send();
    stream.body(b"{\"text\":\"", false);
    stream.client_leaves();
    assert_eq!(here(&host), (0, 0));
}

#[test]
fn grpc_clients_get_a_grpc_status() {
    let host = plain();
    let _full = admitted(&host, &speech(90));
    let call = request(&host, &basic(20)).header("content-type", "application/grpc").send();
    assert_eq!(call.reply().grpc_status, Some(14));
    call.end();
}

#[test]
fn a_request_whose_time_is_up_or_too_short_is_answered_at_once() {
    let host = plain();
    let now = host.time().as_millis() as u64;
    let by = |at: u64| request(&host, &speech(1)).header("x-voxgate-deadline", at.to_string());
    let late = by(now - 5).send();
    assert_eq!(late.reply().status, 504);
    assert_eq!(decided(&host, ["reject", "deadline_passed", "none", "premium", "normal"]), 1);
    late.end();
    let bad = request(&host, &speech(1)).header("x-voxgate-deadline", "soon").send();
    assert_eq!(bad.reply().status, 400);
    bad.end();
    serve(by(now + 1000).send());
    assert_eq!(here(&host), (0, 0));
}

#[test]
fn the_deadline_is_the_earliest_and_is_told_to_the_next_hop() {
    let host =
        with(|policy| policy["shedding"]["deadline"] = json!({"tiers": {"premium": "500ms"}}));
    let now = host.time().as_millis() as u64;
    let deadline = |request: Request| {
        let stream = request.send();
        let told = stream.header("x-voxgate-deadline").map(|it| it.parse::<u64>().unwrap() - now);
        stream.client_leaves();
        told
    };
    let own =
        |at: u64| request(&host, &speech(1)).header("x-voxgate-deadline", (now + at).to_string());
    assert_eq!(deadline(request(&host, &speech(1))), Some(500));
    assert_eq!(deadline(own(300)), Some(300));
    assert_eq!(deadline(own(900)), Some(500));
    assert_eq!(deadline(own(900).header("grpc-timeout", "200m")), Some(200));
    assert_eq!(deadline(request(&host, &basic(1))), None);
}

#[test]
fn a_deadline_that_first_bytes_do_not_meet_is_answered_before_it_costs() {
    let host = plain();
    let stream = admitted(&host, &speech(10));
    stream.respond(&GOOD);
    host.advance(Duration::from_millis(800));
    stream.response_body(b"sound", true);
    stream.end();
    let by = |millis: u64| {
        let at = host.time().as_millis() as u64 + millis;
        request(&host, &speech(10)).header("x-voxgate-deadline", at.to_string()).send()
    };
    let unmet = by(500);
    assert_eq!(unmet.reply().status, 504);
    let problem = problem(&unmet.reply());
    assert_eq!((&problem["left_ms"], &problem["needed_ms"]), (&json!(500), &json!(800)));
    unmet.end();
    serve(by(900));
}

#[test]
fn without_a_filter_that_says_who_asks_nothing_passes() {
    let host = plain();
    for state in [None, Some("{"), Some("7"), Some(r#"{"text_chars": -1}"#)] {
        let request = host.new_request().header(":path", "/tts").cluster(SERVICE);
        let request = match state {
            Some(state) => request.filter_state(SUBJECT_STATE, state),
            None => request,
        };
        let stream = request.send();
        assert_eq!(stream.reply().status, 503, "{state:?}");
        let problem = problem(&stream.reply());
        assert!(problem["type"].as_str().unwrap().ends_with("/shedding-unavailable"), "{problem}");
        stream.end();
    }
    assert_eq!(decided(&host, ["reject", "no_subject", "none", "none", "normal"]), 4);
    assert_eq!(host.shared_data_writes(), 0);
}

#[test]
fn a_wrong_policy_is_refused_with_its_place_and_the_old_one_stays() {
    let host = plain();
    let wrong = json!({"version": 1, "tiers": [], "shedding": {"lease": "1s"}});
    assert!(!host.configure(wrong.to_string()));
    assert!(host.logged("shedding.lease"), "{:?}", host.logs());
    assert!(!host.configure(""));
    let _full = admitted(&host, &speech(90));
    assert_eq!(refused(&host, &basic(20)).status, 503);
}

#[test]
fn where_shared_data_cannot_be_had_a_request_passes_and_is_counted() {
    let host = plain();
    let full = admitted(&host, &speech(90));
    host.outrun(Some("voxgate.shed"));
    let stream = admitted(&host, &basic(50));
    assert_eq!(host.metric("voxgate_shed_contended_total"), 1);
    serve(stream);
    // Nor can the place be given back: it is over with its lease.
    serve(full);
    assert!(host.metric("voxgate_shed_contended_total") >= 2);
    host.outrun(None);
    assert_eq!(here(&host), (1, 0));
    for _ in 0..20 {
        wait(&host, SLOW);
    }
    assert_eq!(here(&host), (0, 0));
    assert!(host.metric("voxgate_shed_retries_total") > 0);
}
