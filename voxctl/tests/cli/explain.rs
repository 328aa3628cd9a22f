//! `voxctl explain`: the decision of the filter's code, from every form of request.

use std::path::Path;

use serde_json::{Value, json};

use super::{POLICY, Run, run};

/// A folder with the policy `p.yaml`, a key folder, and the token `t` of tenant acme, tier basic.
fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), "p.yaml", POLICY);
    let made =
        run(folder.path(), &["--json", "token", "keygen", "--alg", "ES256", "--out", "keys"]);
    let made: Value = serde_json::from_str(&made.out).unwrap();
    let key = made["private_key"].as_str().unwrap();
    let signed = run(
        folder.path(),
        &[
            "token",
            "sign",
            "--key",
            key,
            "--issuer",
            "https://issuer.test",
            "--audience",
            "speech",
            "--sub",
            "acme",
            "--scope",
            "tts.basic",
            "--expires",
            "1h",
        ],
    );
    write(folder.path(), "t", &signed.out);
    folder
}

fn write(folder: &Path, name: &str, text: &str) {
    std::fs::write(folder.join(name), text).unwrap();
}

fn explain(folder: &Path, more: &[&str]) -> Run {
    run(folder, &[&["explain", "--policy", "p.yaml"], more].concat())
}

const KEYS: [&str; 2] = ["--jwks", "https://issuer.test=keys/jwks.json"];

const NO_BODY: [&str; 2] = ["-H", "content-length: 0"];

#[test]
fn an_allowed_request_names_the_rules_it_met() {
    let folder = folder();
    let request = ["-X", "POST", "--path", "/tts?x=secret", "--token-file", "t"];
    let explained = explain(folder.path(), &[&request[..], &NO_BODY, &KEYS].concat());
    assert_eq!(explained.code, 0, "{}{}", explained.out, explained.err);
    assert_eq!(
        explained.out,
        "POST /tts\n\
         \x20 rule glm-tts/tts  matches\n\
         \x20 tiers.premium     the caller lacks scope `tts.premium`\n\
         \x20 tiers.basic       the caller has scope `tts.basic`\n\
         \x20 identity          token: tenant acme, tier basic\n\
         allow by tiers.basic: tier_allows\n"
    );
}

#[test]
fn a_denied_request_says_what_the_client_reads() {
    let folder = folder();
    let request = ["-X", "POST", "--path", "/batch", "--token-file", "t", "--json"];
    let explained = explain(folder.path(), &[&request[..], &KEYS].concat());
    assert_eq!(explained.code, 1, "{}{}", explained.out, explained.err);
    let explained: Value = serde_json::from_str(&explained.out).unwrap();
    let it = &explained["requests"][0];
    assert_eq!(it["passes"], false);
    assert_eq!(it["decision"]["reason"], "insufficient_scope");
    assert_eq!(it["decision"]["tenant"], "acme");
    assert_eq!(it["decision"]["needed_scope"], "tts.premium");
    assert_eq!(it["answer"]["status"], 403);
    assert_eq!(
        it["answer"]["www_authenticate"],
        "Bearer realm=\"voxgate\", error=\"insufficient_scope\", scope=\"tts.premium\""
    );
}

#[test]
fn keys_that_are_not_at_hand_are_asked_for() {
    let folder = folder();
    let explained = explain(folder.path(), &["-X", "POST", "--path", "/tts", "--token-file", "t"]);
    assert_eq!(explained.code, 2);
    assert!(explained.out.contains("undecided"), "{}", explained.out);
    assert!(explained.out.contains("add --jwks https://issuer.test=FILE"), "{}", explained.out);
    let wrong =
        explain(folder.path(), &["--path", "/", "--jwks", "https://issuer.tset=keys/jwks.json"]);
    assert_eq!(wrong.code, 2);
    assert!(wrong.err.contains("did you mean `https://issuer.test`?"), "{}", wrong.err);
}

#[test]
fn time_is_what_now_says() {
    let folder = folder();
    let at = |now: &str| {
        let request = ["-X", "POST", "--path", "/tts", "--token-file", "t", "--now", now, "--json"];
        let explained = explain(folder.path(), &[&request[..], &KEYS].concat());
        serde_json::from_str::<Value>(&explained.out).unwrap()["requests"][0]["decision"]["reason"]
            .clone()
    };
    assert_eq!(at("2099-01-01T00:00:00Z"), "expired");
    assert_ne!(at("2001-01-01T00:00:00Z"), "expired");
}

#[test]
fn a_raw_request_is_read_as_editors_leave_it() {
    let folder = folder();
    let token = std::fs::read_to_string(folder.path().join("t")).unwrap();
    let raw = format!(
        "POST /batch HTTP/1.1\nHost: tts.example\nAuthorization: Bearer {}\nContent-Type: application/json",
        token.trim()
    );
    write(folder.path(), "r.http", &raw);
    let explained = explain(folder.path(), &[&["--raw", "r.http"][..], &KEYS].concat());
    assert_eq!(explained.code, 1, "{}", explained.err);
    assert!(
        explained.out.contains("deny 403 by tiers.basic: insufficient_scope"),
        "{}",
        explained.out
    );
    write(folder.path(), "r.http", "nonsense");
    let broken = explain(folder.path(), &["--raw", "r.http"]);
    assert_eq!(broken.code, 2);
    assert!(broken.err.contains("expected `POST /path HTTP/1.1`"), "{}", broken.err);
}

#[test]
fn a_repeated_authorization_header_is_seen_twice() {
    let folder = folder();
    let raw = "POST /tts HTTP/1.1\r\nAuthorization: Bearer a\r\nauthorization: Bearer b\r\n\r\n";
    write(folder.path(), "r.http", raw);
    let explained = explain(folder.path(), &[&["--raw", "r.http", "--json"][..], &KEYS].concat());
    assert!(explained.out.contains("repeated_authorization"), "{}", explained.out);
}

#[test]
fn every_request_of_an_archive_is_explained() {
    let folder = folder();
    let token = std::fs::read_to_string(folder.path().join("t")).unwrap();
    let bearer = format!("Bearer {}", token.trim());
    let entry = |method: &str, url: &str, headers: Value| json!({"request": {"method": method, "url": url, "httpVersion": "h2", "headers": headers}});
    let har = json!({"log": {"version": "1.2", "entries": [
        entry("POST", "https://tts.example/tts", json!([
            {"name": ":path", "value": "/batch"},
            {"name": "Authorization", "value": bearer},
        ])),
        entry("POST", "https://tts.example/tts", json!([])),
    ]}});
    write(folder.path(), "r.har", &har.to_string());
    let explained = explain(folder.path(), &[&["--har", "r.har", "--json"][..], &KEYS].concat());
    assert_eq!(explained.code, 1);
    let explained: Value = serde_json::from_str(&explained.out).unwrap();
    let requests = explained["requests"].as_array().unwrap();
    let passes: Vec<&Value> = requests.iter().map(|it| &it["passes"]).collect();
    assert_eq!(passes, [true, false]);
}

#[test]
fn a_token_that_the_proxy_verified_needs_no_keys() {
    let folder = folder();
    write(folder.path(), "p.yaml", &POLICY.replace("source: [token]", "source: [jwt_authn]"));
    let request = ["-X", "POST", "--path", "/tts", "--token-file", "t"];
    let unverified = explain(folder.path(), &request);
    assert_eq!(unverified.code, 1);
    assert!(unverified.out.contains("not_verified_by_proxy"), "{}", unverified.out);
    let verified =
        explain(folder.path(), &[&request[..], &NO_BODY, &["--verified-by-proxy"]].concat());
    assert_eq!(verified.code, 0, "{}", verified.out);
    assert!(verified.out.contains("jwt_authn: tenant acme, tier basic"), "{}", verified.out);
}

#[test]
fn an_archive_without_requests_explains_nothing() {
    let folder = folder();
    write(folder.path(), "r.har", r#"{"log": {"entries": []}}"#);
    let explained = explain(folder.path(), &["--har", "r.har"]);
    assert_eq!((explained.code, explained.out.as_str()), (2, ""));
    assert!(explained.err.contains("the archive has no requests"), "{}", explained.err);
}

#[test]
fn without_a_request_every_way_to_give_one_is_named() {
    let explained = explain(folder().path(), &[]);
    assert_eq!(explained.code, 2);
    for option in ["--path", "--raw", "--har"] {
        assert!(explained.err.contains(option), "{option}: {}", explained.err);
    }
    let two = explain(folder().path(), &["--path", "/", "--har", "r.har"]);
    assert_eq!(two.code, 2, "{}", two.out);
}

#[test]
fn evidence_that_the_policy_would_not_look_at_is_refused() {
    let folder = folder();
    for (option, source) in [
        (&["--verified-by-proxy"][..], "jwt_authn"),
        (&["--peer", "spiffe://cluster.local/ns/ai/sa/x"][..], "trusted_peers"),
    ] {
        let explained = explain(folder.path(), &[&["--path", "/tts"], option].concat());
        assert_eq!((explained.code, explained.out.as_str()), (2, ""));
        assert!(explained.err.contains(source), "{}", explained.err);
        assert!(explained.err.contains("identity.source"), "{}", explained.err);
    }
}

#[test]
fn an_invalid_policy_is_shown_and_nothing_explained() {
    let folder = folder();
    write(folder.path(), "p.yaml", &POLICY.replace("allow:", "alow:"));
    let explained = explain(folder.path(), &["--path", "/tts"]);
    assert_eq!(explained.code, 2);
    assert_eq!(explained.out, "");
    assert!(explained.err.contains("did you mean `allow`?"), "{}", explained.err);
}
