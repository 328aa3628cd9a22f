//! Metrics and the log.

use super::*;

const OF_CHARS: [(&str, &str); 3] =
    [("rule", "chars"), ("meter", "text.chars"), ("tenant", "acme")];

fn decisions(host: &FakeHost, outcome: &str, rule: &str, tenant: &str) -> u64 {
    let labels = [("outcome", outcome), ("rule", rule), ("tier", "premium"), ("tenant", tenant)];
    metric(host, "voxgate_quota_decisions_total", &labels)
}

fn refunded(host: &FakeHost, reason: &str) -> u64 {
    let [rule, meter, tenant] = OF_CHARS;
    metric(host, "voxgate_quota_refunded_total", &[rule, meter, ("reason", reason), tenant])
}

#[test]
fn what_is_decided_reserved_and_settled_is_counted() {
    let mut on_trial = rule("trial", "requests", Some("day"), 1);
    on_trial["shadow"] = json!(true);
    let host = with_rules(json!([chars(100), on_trial, streams(9)]));
    spoken(&host, 20);
    let under_way = granted(&host, &speech(30));
    assert_eq!(host.metric("voxgate_quota_leases"), 1);
    assert_eq!(denied(&host, &speech(60)), 429);
    under_way.respond(&PCM);
    under_way.response_body(&sound(1000), false);
    under_way.client_leaves();
    let failed = granted(&host, &speech(10));
    failed.respond_without_body(&[(":status", "500")]);
    failed.end();
    serve(granted(&host, &speech(5)), 0);
    let other = Subject { tenant: Some("other-tenant".to_owned()), ..speech(1) };
    serve(granted(&host, &other), 10);

    assert_eq!(decisions(&host, "granted", "none", "acme"), 1);
    assert_eq!(decisions(&host, "granted", "none", "other"), 1);
    assert_eq!(decisions(&host, "denied", "chars", "acme"), 1);
    assert_eq!(decisions(&host, "would_deny", "trial", "acme"), 3);
    assert_eq!(metric(&host, "voxgate_quota_reserved_total", &OF_CHARS), 65);
    assert_eq!(metric(&host, "voxgate_quota_committed_total", &OF_CHARS), 30);
    assert_eq!(["abandoned", "failed", "silent"].map(|it| refunded(&host, it)), [20, 10, 5]);
    let released =
        [("rule", "streams"), ("meter", "streams"), ("reason", "released"), ("tenant", "acme")];
    assert_eq!(metric(&host, "voxgate_quota_refunded_total", &released), 4);
    assert_eq!(host.metric("voxgate_quota_leases"), 0);
    assert!(!host.metric_names().iter().any(|it| it.contains("other-tenant")));
}

#[test]
fn an_estimate_that_was_too_high_is_given_back_as_unused() {
    let host = with_rules(json!([rule("audio", "audio.seconds", Some("30d"), 1000)]));
    serve(granted(&host, &speech(50)), 2000);
    let of_audio = [("rule", "audio"), ("meter", "audio.milliseconds"), ("tenant", "acme")];
    assert_eq!(metric(&host, "voxgate_quota_reserved_total", &of_audio), 5000);
    assert_eq!(metric(&host, "voxgate_quota_committed_total", &of_audio), 2000);
    let [rule, meter, tenant] = of_audio;
    let unused = [rule, meter, ("reason", "unused"), tenant];
    assert_eq!(metric(&host, "voxgate_quota_refunded_total", &unused), 3000);
}

#[test]
fn soft_limits_are_told_to_clients_and_counted() {
    let host = with_rules(json!([chars(100)]));
    let warning = |chars: u64| {
        let stream = granted(&host, &speech(chars));
        let answer = stream.respond(&PCM);
        stream.response_body(&sound(100), true);
        stream.end();
        let found = answer.into_iter().find(|(name, _)| name == "x-voxgate-quota-warning");
        found.map(|(_, value)| String::from_utf8(value).unwrap())
    };
    assert_eq!(warning(79), None);
    assert_eq!(warning(1).as_deref(), Some("\"chars\";percent=80"));
    assert_eq!(warning(15).as_deref(), Some("\"chars\";percent=95"));
    assert_eq!(warning(5).as_deref(), Some("\"chars\";percent=95"));
    let soft = |percent: &str| {
        let labels = [("rule", "chars"), ("percent", percent), ("tenant", "acme")];
        metric(&host, "voxgate_quota_soft_total", &labels)
    };
    assert_eq!((soft("80"), soft("95")), (1, 2));
}

#[test]
fn what_is_served_for_nothing_is_counted() {
    let host = with_rules(json!([chars(100)]));
    let served = |host: &FakeHost| {
        let labels = [("operation", "tts.synthesize"), ("tier", "premium")];
        metric(host, "voxgate_quota_served_at_zero_total", &labels)
    };
    spoken(&host, 10);
    assert_eq!(served(&host), 0);
    serve(granted(&host, &speech(0)), 100);
    assert_eq!(served(&host), 1);
    let failed = granted(&host, &speech(0));
    failed.respond(&[(":status", "500")]);
    failed.response_body(b"no", true);
    failed.end();
    assert_eq!(served(&host), 1, "an error is no service");
}

#[test]
fn no_line_and_no_record_has_more_of_a_caller_than_its_tenant_in_a_denial() {
    let mut users = requests(1);
    (users["name"], users["scope"]) = (json!("users"), json!("user"));
    let host = with(json!([users, chars(50)]), |it| it["quotas"]["idempotency"] = json!({}));
    let subject = Subject {
        tenant: Some("HUSHED-TENANT".to_owned()),
        user: Some("SECRET-user".to_owned()),
        models: vec!["SECRET-model".to_owned()],
        rule: Some("SECRET/rule".to_owned()),
        repeat: Some([42; 16]),
        ..speech(20)
    };
    let send = |subject: &Subject| {
        let request = host.new_request().header(":method", "POST");
        let request = request.header(":path", "/SECRET?text=SECRET").header("x-any", "SECRET");
        request.filter_state(SUBJECT_STATE, subject.to_json()).send()
    };
    let mut told = Vec::new();
    let good = send(&subject);
    told.push(format!("{:?}", good.respond(&PCM)));
    told.push(good.filter_state("voxgate.quota").unwrap());
    good.response_body(b"SECRET sound", true);
    good.end();
    let denied = send(&Subject { repeat: None, ..subject.clone() });
    assert_eq!(denied.reply().status, 429);
    told.push(format!("{:?}", denied.reply().headers) + &denied.reply().text());
    told.push(denied.filter_state("voxgate.quota").unwrap());
    denied.end();
    host.outrun(Some("voxgate."));
    let refused = send(&Subject { user: Some("SECRET-other".to_owned()), repeat: None, ..subject });
    assert_eq!(refused.reply().status, 503);
    told.push(format!("{:?}", refused.reply().headers) + &refused.reply().text());
    refused.end();
    told.push(host.metric_names().join(" "));
    for text in &told {
        assert!(!text.contains("SECRET") && !text.contains("HUSHED"), "{text}");
    }
    for line in host.logs() {
        assert!(!line.message.contains("SECRET"), "{line:?}");
        let is_denial = line.message.starts_with("quota=deny ");
        assert_eq!(line.message.contains("HUSHED"), is_denial, "{line:?}");
    }
    assert!(host.logged("tenant=\"HUSHED-TENANT\""));
}
