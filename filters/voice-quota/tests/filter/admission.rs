//! Whether a request goes on.

use super::*;

fn problem(reply: &voxgate_fake_host::Reply) -> Value {
    assert_eq!(reply.header("content-type").as_deref(), Some("application/problem+json"));
    serde_json::from_str(&reply.text()).unwrap()
}

#[test]
fn what_is_granted_is_told_how_it_stands_and_what_is_denied_why() {
    let by_hour = rule("chars", "text.chars", Some("1h"), 100);
    let host = with_rules(json!([by_hour, requests(3), streams(4)]));
    let stream = granted(&host, &speech(60));
    let record: Value =
        serde_json::from_str(&stream.filter_state("voxgate.quota").unwrap()).unwrap();
    assert_eq!(record["outcome"], "granted");
    assert_eq!(
        record["charges"][0],
        json!({"rule": "chars", "units": 60, "used": 60, "limit": 100})
    );
    let answer = stream.respond(&[PCM[0], PCM[1], ("ratelimit", "the service's own")]);
    let header = |name: &str| {
        let all = answer.iter().filter(|(it, _)| it == name).collect::<Vec<_>>();
        assert_eq!(all.len(), 1, "{name}");
        String::from_utf8(all[0].1.clone()).unwrap()
    };
    assert_eq!(
        header("ratelimit-policy"),
        "\"chars\";q=100;qu=\"text.chars\";w=3600, \"requests\";q=3;w=86400, \
         \"streams\";q=4;qu=\"concurrent-requests\""
    );
    assert_eq!(
        header("ratelimit"),
        "\"chars\";r=40;t=2160, \"requests\";r=2;t=86400, \"streams\";r=3"
    );
    stream.response_body(&sound(6000), true);
    stream.end();
    assert_eq!(used(&host, "chars"), (60, 0));

    let stream = ask(&host, &speech(50));
    let reply = stream.reply();
    assert_eq!(reply.status, 429);
    assert_eq!(reply.header("retry-after").as_deref(), Some("360"), "ten drain in six minutes");
    assert_eq!(reply.header("ratelimit").as_deref(), Some("\"chars\";r=40;t=360"));
    let problem = problem(&reply);
    assert_eq!(problem["type"], "tag:voxgate,2026:problem/quota-exceeded");
    assert_eq!(problem["rule"], "quotas.chars");
    assert_eq!(problem["violated-policies"], json!(["chars"]));
    assert_eq!(problem["violations"][0]["remaining"], 40);
    assert_eq!(problem["violations"][0]["requested"], 50);
    let record: Value =
        serde_json::from_str(&stream.filter_state("voxgate.quota").unwrap()).unwrap();
    assert_eq!(
        record,
        json!({"outcome": "denied", "reason": "quota_exceeded", "rule": "quotas.chars"})
    );
    stream.end();
    assert_eq!(used(&host, "requests"), (1, 0), "a denied request burns no other counter");
    assert_eq!(used(&host, "streams"), (0, 0));
}

#[test]
fn a_grpc_client_is_denied_in_its_own_way() {
    let host = with_rules(json!([requests(1)]));
    spoken(&host, 1);
    for content_type in ["application/grpc", "application/grpc+proto"] {
        let reply = request(&host, &speech(1)).header("content-type", content_type).send().reply();
        assert_eq!(reply.grpc_status, Some(8));
        assert!(reply.header("grpc-status-details-bin").is_some());
    }
    // What Envoy answers as HTTP, binary metadata is nothing to.
    for content_type in ["application/json", "application/grpc-web", "application/grpc;a=b"] {
        let reply = request(&host, &speech(1)).header("content-type", content_type).send().reply();
        assert_eq!((reply.status, reply.grpc_status), (429, None), "{content_type}");
        assert_eq!(reply.header("grpc-status-details-bin"), None, "{content_type}");
    }
}

#[test]
fn without_a_subject_that_can_be_read_nothing_passes() {
    let host = with_rules(json!([requests(10)]));
    let bare = || host.new_request().header(":method", "POST").header(":path", "/tts");
    let garbage = ["", "{", "SECRET", "[]x", "{\"text_chars\":\"SECRET\"}", "{\"text_chars\":-1}"];
    let garbage = garbage.iter().map(|it| bare().filter_state(SUBJECT_STATE, it));
    let requests = [bare(), bare().filter_state(SUBJECT_STATE, b"\xff\xfe")];
    for request in requests.into_iter().chain(garbage) {
        let stream = request.send();
        let reply = stream.reply();
        assert_eq!(reply.status, 503);
        assert_eq!(reply.header("retry-after"), None, "to try again does not help");
        let problem = problem(&reply);
        assert_eq!(problem["type"], "tag:voxgate,2026:problem/quota-unavailable");
        assert_eq!(problem["rule"], "quotas");
        stream.end();
    }
    assert!(!host.logged("SECRET"));
    assert_eq!(accounts(&host), [] as [Value; 0], "nothing was charged");
    let labels =
        [("outcome", "denied"), ("rule", "no_subject"), ("tier", "none"), ("tenant", "none")];
    assert_eq!(metric(&host, "voxgate_quota_decisions_total", &labels), 8);
}

#[test]
fn on_trial_nothing_is_denied_for_want_of_a_subject_or_a_store_or_a_limit() {
    let host = with(json!([requests(1)]), |it| it["shadow"] = json!(["quotas"]));
    for garbage in [None, Some("{")] {
        let request = host.new_request().header(":method", "POST").header(":path", "/tts");
        let stream = match garbage {
            Some(it) => request.filter_state(SUBJECT_STATE, it).send(),
            None => request.send(),
        };
        assert_eq!(stream.outcome(), Outcome::Continued);
        serve(stream, 10);
    }
    assert_eq!(used(&host, "requests"), (0, 0));
    spoken(&host, 1);
    spoken(&host, 1);
    assert_eq!(used(&host, "requests"), (2, 0), "it is counted past the limit");
    host.outrun(Some("voxgate.quota."));
    spoken(&host, 1);
    host.outrun(None);
    assert_eq!(used(&host, "requests"), (2, 0));
    assert_eq!(store_errors(&host), 1);
}

#[test]
fn a_preflight_costs_nothing() {
    let host = with_rules(json!([requests(0), streams(0)]));
    let preflight = Subject { is_exempt: true, ..Subject::default() };
    let stream = granted(&host, &preflight);
    stream.respond_without_body(&[(":status", "204")]);
    stream.end();
    assert_eq!(denied(&host, &speech(1)), 429);
}

#[test]
fn operations_that_a_newer_jwt_tier_knows_count_as_unknown_ones_do() {
    let mut of_speech = requests(5);
    of_speech["name"] = json!("of_speech");
    of_speech["operations"] = json!(["tts.*"]);
    let host = with_rules(json!([requests(2), of_speech]));
    serve(granted(&host, &of("hologram.project")), 10);
    assert_eq!((used(&host, "requests"), used(&host, "of_speech")), ((1, 0), (0, 0)));
    let both = Subject {
        operations: vec!["hologram.project".to_owned(), "tts.synthesize".to_owned()],
        ..speech(0)
    };
    serve(granted(&host, &both), 10);
    assert_eq!((used(&host, "requests"), used(&host, "of_speech")), ((2, 0), (1, 0)));
    assert_eq!(denied(&host, &of("hologram.project")), 429);
}

#[test]
fn members_of_a_newer_subject_are_passed_over() {
    let host = with_rules(json!([chars(10)]));
    let mut subject: Value = serde_json::from_str(&speech(4).to_json()).unwrap();
    subject["mood"] = json!({"bright": true});
    let request = host.new_request().header(":method", "POST").header(":path", "/tts");
    let stream = request.filter_state(SUBJECT_STATE, subject.to_string()).send();
    assert_eq!(stream.outcome(), Outcome::Continued);
    serve(stream, 10);
    assert_eq!(used(&host, "chars"), (4, 0));
}

#[test]
fn a_tier_that_a_newer_jwt_tier_knows_has_the_default() {
    let host = with_rules(json!([requests(1)]));
    let gold = Subject { tier: Some("gold".to_owned()), ..speech(1) };
    serve(granted(&host, &gold), 10);
    assert_eq!(denied(&host, &gold), 429);
}

/// It passed uncounted, though a limit that there is not must be said.
#[test]
fn a_tier_that_is_not_known_and_has_no_default_does_not_pass_for_nothing() {
    let mut by_tier = requests(0);
    by_tier.as_object_mut().unwrap().remove("default");
    by_tier["tiers"] = json!({"premium": {"limit": 1}, "basic": {"limit": 1}});
    let gold = Subject { tier: Some("gold".to_owned()), ..speech(20) };
    let host = with_rules(json!([by_tier.clone(), chars(100)]));
    let stream = ask(&host, &gold);
    let reply = stream.reply();
    assert_eq!((reply.status, reply.header("retry-after").as_deref()), (503, Some("1")));
    let problem = problem(&reply);
    assert_eq!(problem["type"], "tag:voxgate,2026:problem/quota-unavailable");
    assert_eq!(problem["rule"], "tiers");
    stream.end();
    assert_eq!(used(&host, "chars"), (0, 0));
    let labels =
        [("outcome", "denied"), ("rule", "unknown_tier"), ("tier", "gold"), ("tenant", "acme")];
    assert_eq!(metric(&host, "voxgate_quota_decisions_total", &labels), 1);

    let lenient: [fn(&mut Value); 2] = [
        |it| it["shadow"] = json!(["quotas"]),
        |it| it["quotas"]["on_store_error"] = json!("allow"),
    ];
    for change in lenient {
        let host = with(json!([by_tier.clone(), chars(100)]), change);
        serve(granted(&host, &gold), 10);
        assert_eq!(used(&host, "chars"), (20, 0), "what has a limit counts");
    }
}

#[test]
fn callers_without_a_tenant_are_one() {
    let host = with_rules(json!([requests(1)]));
    let nobody = Subject { tenant: None, user: None, ..speech(1) };
    serve(granted(&host, &nobody), 10);
    assert_eq!(denied(&host, &Subject { user: Some("eve".to_owned()), ..nobody }), 429);
    spoken(&host, 1);
}

#[test]
fn clients_of_elevenlabs_find_the_headers_they_know() {
    let host = with_rules(json!([chars(100), streams(3)]));
    let first = granted(&host, &speech(1));
    let subject = Subject { rule: Some("elevenlabs/stream".to_owned()), ..speech(11) };
    let stream = granted(&host, &subject);
    let answer = stream.respond(&PCM);
    let header = |name: &str| {
        let (_, value) = answer.iter().find(|(it, _)| it == name).unwrap();
        String::from_utf8(value.clone()).unwrap()
    };
    assert_eq!(header("character-cost"), "11");
    assert_eq!(header("current-concurrent-requests"), "2");
    assert_eq!(header("maximum-concurrent-requests"), "3");
    let answer = first.respond(&PCM);
    assert!(answer.iter().all(|(name, _)| name != "character-cost"), "of another preset");
}
