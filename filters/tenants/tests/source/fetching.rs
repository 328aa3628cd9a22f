//! What is asked, and what becomes of each answer.

use super::*;

#[test]
fn a_document_is_asked_for_once_and_its_tenants_have_their_terms() {
    let host = start();
    assert!(host.configure(policy().to_string()));
    assert_eq!(known(&host, "acme"), "none none 0", "tenants have their tier's before it came");
    host.tick();
    let asked = call(&host);
    assert_eq!(asked.cluster, CLUSTER);
    assert_eq!(asked.header(":authority").as_deref(), Some("tenants.test"));
    assert_eq!(asked.header(":path").as_deref(), Some("/all.jsonl?v=1"));
    assert_eq!(asked.header(":scheme").as_deref(), Some("http"));
    assert_eq!(asked.header("if-none-match"), None);
    assert_eq!(asked.timeout, Duration::from_secs(2));
    wait(&host, 1);
    answer(&host, 200, None, ACME);
    assert_eq!(known(&host, "acme"), "5000 basic 1");
    assert_eq!(known(&host, "other"), "none none 1");
    assert_eq!(fetches(&host, "ok"), 1);
    assert_eq!(host.metric("voxgate_tenants"), 1);
    assert_eq!(host.metric("voxgate_tenants_age_seconds"), 0);
    assert!(host.logged("1 read in "), "{:?}", host.logs());
}

#[test]
fn a_document_that_did_not_change_is_kept_and_is_fresh() {
    let host = having(ACME);
    wait(&host, 34);
    assert_eq!(call(&host).header("if-none-match").as_deref(), Some("\"1\""));
    assert_eq!(host.metric("voxgate_tenants_age_seconds"), 34);
    answer(&host, 304, None, "");
    assert_eq!(known(&host, "acme"), "5000 basic 1", "nor is what hangs on it concluded anew");
    assert_eq!(host.metric("voxgate_tenants_age_seconds"), 0);
    assert_eq!(fetches(&host, "unchanged"), 1);
    wait(&host, 34);
    assert_eq!(call(&host).header("if-none-match").as_deref(), Some("\"1\""));
}

#[test]
fn a_changed_document_takes_the_place_of_the_old_one() {
    let host = having(ACME);
    wait(&host, 34);
    answer(&host, 200, Some("\"2\""), r#"{"id":"bell","quotas":{"chars":{"unlimited":true}}}"#);
    assert_eq!(known(&host, "acme"), "none none 2");
    assert_eq!(known(&host, "bell"), "unlimited none 2");
    wait(&host, 34);
    assert_eq!(call(&host).header("if-none-match").as_deref(), Some("\"2\""));
}

#[test]
fn whatever_is_wrong_with_an_answer_the_last_good_tenants_are_kept() {
    let secret = "{\"id\":\"acme\"}\n\n{\"id\":\"bell\",\"max_tier\":\"secret\"}\n";
    let large = format!("{ACME}{}", " ".repeat(100_000));
    let cases: [(u16, &str, &str, &str); 7] = [
        (500, "", "status", "answered 500"),
        (404, ACME, "status", "answered 404"),
        (503, "", "status", "answered 503"),
        (200, "", "malformed", "line 1: no tenant;"),
        (200, secret, "malformed", "line 3: max_tier: there is no such tier"),
        (200, "<html>", "malformed", "line 1: not JSON"),
        (200, &large, "too_large", "the document has 100066 bytes, and `max_bytes` is 100000"),
    ];
    let host = having(ACME);
    for (at, (status, body, result, told)) in cases.into_iter().enumerate() {
        wait(&host, 40);
        let before = fetches(&host, result);
        answer(&host, status, Some("\"other\""), body);
        assert_eq!(fetches(&host, result), before + 1, "{result}");
        let warnings = warnings(&host);
        assert_eq!(warnings.len(), at + 1, "{warnings:#?}");
        let line = warnings.last().unwrap();
        assert!(line.contains(told), "{line}");
        assert!(line.contains("the last good tenants are kept"), "{line}");
        assert!(!line.contains("secret"), "{line}");
        assert_eq!(known(&host, "acme"), "5000 basic 1", "after {told}");
        assert_eq!(known(&host, "bell"), "none none 1", "after {told}");
    }
    wait(&host, 40);
    assert_eq!(call(&host).header("if-none-match").as_deref(), Some("\"1\""));
    host.fail_call(call(&host).token);
    assert_eq!(fetches(&host, "unreachable"), 1);
    assert_eq!(known(&host, "acme"), "5000 basic 1");
    assert_eq!(host.metric("voxgate_tenants"), 1);
    // The age counts on: nothing good came since the first answer.
    assert_eq!(host.metric("voxgate_tenants_age_seconds"), 8 * 40);
}

#[test]
fn half_an_answer_is_none() {
    let host = asking();
    host.withhold_bodies();
    answer(&host, 200, None, ACME);
    assert_eq!(known(&host, "acme"), "none none 0");
    assert_eq!(fetches(&host, "unreachable"), 1);
    assert!(warnings(&host)[0].contains("no tenant has terms of its own yet"));
}

#[test]
fn a_304_to_a_question_that_had_no_etag_is_no_answer() {
    let host = asking();
    answer(&host, 304, Some("\"1\""), "");
    assert_eq!(fetches(&host, "status"), 1);
    wait(&host, 2);
    answer(&host, 200, None, ACME);
    wait(&host, 34);
    assert_eq!(call(&host).header("if-none-match"), None);
    answer(&host, 304, None, "");
    assert_eq!(fetches(&host, "status"), 2);
    assert_eq!(known(&host, "acme"), "5000 basic 1");
}

#[test]
fn an_etag_that_no_request_can_carry_is_not_kept() {
    let host = asking();
    let long = format!("\"{}\"", "x".repeat(1023));
    for (etag, kept) in [("\"a\u{e9}\"", None), (&long, None), ("W/\"2\"", Some("W/\"2\""))] {
        answer(&host, 200, Some(etag), ACME);
        wait(&host, 34);
        assert_eq!(call(&host).header("if-none-match").as_deref(), kept, "{etag}");
    }
}

#[test]
fn a_cluster_that_is_not_there_is_named_and_asked_for_again() {
    let host = FakeHost::start(voxgate_host::start::<Probe>);
    assert!(host.configure(policy().to_string()));
    host.tick();
    assert_eq!(fetches(&host, "not_sent"), 1);
    assert!(warnings(&host)[0].contains(CLUSTER), "{:?}", host.logs());
    host.add_cluster(CLUSTER);
    wait(&host, 1);
    assert!(host.calls().is_empty());
    wait(&host, 1);
    answer(&host, 200, None, ACME);
    assert_eq!(known(&host, "acme"), "5000 basic 1");
}

#[test]
fn an_answer_that_comes_after_it_was_given_up_is_not_looked_at() {
    let host = asking();
    let late = call(&host).token;
    wait(&host, 4);
    let calls = host.calls();
    assert_eq!(calls.len(), 2, "asked anew");
    host.answer_call(late, 200, &[], b"{\"id\":\"late\",\"max_tier\":\"basic\"}");
    assert_eq!(known(&host, "late"), "none none 0");
    answer(&host, 200, None, ACME);
    assert_eq!(known(&host, "acme"), "5000 basic 1");
}

#[test]
fn a_line_is_read_across_the_pieces_of_an_answer() {
    let host = start();
    let mut spec = policy();
    spec["tenants"]["source"]["max_bytes"] = json!(10_000_000);
    assert!(host.configure(spec.to_string()));
    host.tick();
    let line = |at: usize| {
        format!("{{\"id\":\"tenant-{at}\",\"quotas\":{{\"chars\":{{\"limit\":{at}}}}}}}\n")
    };
    let document: String = (0..5000).map(line).collect();
    assert!(document.len() > 3 * 64 * 1024);
    answer(&host, 200, None, &document);
    assert_eq!(host.metric("voxgate_tenants"), 5000);
    for at in 0..5000 {
        assert_eq!(known(&host, &format!("tenant-{at}")), format!("{at} none 1"));
    }
}

#[test]
fn a_policy_without_a_source_asks_nobody_and_has_no_gauges() {
    let host = start();
    let mut spec = policy();
    spec["tenants"] = json!({"inline": [{"id": "acme", "max_tier": "basic"}]});
    let before = host.metric_names();
    assert!(host.configure(spec.to_string()));
    wait(&host, 100);
    assert!(host.calls().is_empty());
    assert_eq!(host.metric_names(), before);
}
