//! `voxctl usage`: a table of what a proxy counted, and words for what goes wrong.

use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use serde_json::{Value, json};
use tokio_rustls::rustls::pki_types::PrivateKeyDer;
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::{Run, finish, voxctl};

const TOKEN: &str = "aaa.bbb.ccc";

/// A server that answers one request after the other with these, and what it was asked.
struct Proxy {
    port: u16,
    asked: Receiver<String>,
}

/// Status line, content type, body.
type Reply = (&'static str, &'static str, String);

fn ok(document: &Value) -> Reply {
    ("200 OK", "application/json", document.to_string())
}

// === impl Proxy ===

impl Proxy {
    fn answering(replies: Vec<Reply>) -> Self {
        Self::serving(replies, None)
    }

    fn serving(replies: Vec<Reply>, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (tell, asked) = channel();
        std::thread::spawn(move || {
            for reply in replies {
                let stream = listener.accept().unwrap().0;
                let head = match &tls {
                    None => exchange(stream, &reply),
                    Some(tls) => {
                        let server = ServerConnection::new(Arc::clone(tls)).unwrap();
                        exchange(StreamOwned::new(server, stream), &reply)
                    }
                };
                // The test may be over.
                let _ = tell.send(head);
            }
        });
        Self { port, asked }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn usage(&self, more: &[&str]) -> Run {
        usage(&[&["--url", &self.url()], more].concat())
    }
}

/// Reads a request's head and answers; whoever does not trust us is gone by then.
fn exchange(stream: impl Read + Write, (status, content_type, body): &Reply) -> String {
    let mut stream = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") && stream.read_line(&mut head).unwrap_or_default() > 0 {}
    let length = body.len();
    let _ = write!(
        stream.get_mut(),
        "HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\n\
         connection: close\r\nlocation: http://127.0.0.1:9/elsewhere\r\n\r\n{body}"
    );
    let _ = stream.get_mut().flush();
    head
}

fn usage(more: &[&str]) -> Run {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("token"), format!("{TOKEN}\n")).unwrap();
    run_in(folder.path(), &[&["usage", "--token-file", "token"], more].concat(), &[])
}

fn run_in(folder: &Path, args: &[&str], variables: &[(&str, &str)]) -> Run {
    let mut command = voxctl(folder, args);
    command.env_remove("VOXGATE_TOKEN").env_remove("SSL_CERT_FILE");
    command.envs(variables.iter().copied());
    finish(command)
}

/// What the filter answers a tenant (filters/voice-quota/src/usage.rs).
fn own() -> Value {
    json!({
        "tenant": "acme", "tier": "premium",
        "limits": [
            {"rule": "chars", "meter": "text.chars", "limit": 100_000, "used": 1234, "reserved": 34,
             "remaining": 98_766, "resets_in": 1_991_045},
            {"rule": "streams", "meter": "streams", "limit": 4, "used": 1, "reserved": 1, "remaining": 3},
            {"rule": "all", "meter": "requests", "used": 9, "reserved": 0},
        ],
        "user_limits": [
            {"rule": "mine", "meter": "requests", "limit": 5, "used": 0, "reserved": 0, "remaining": 5,
             "resets_in": 0},
        ],
    })
}

#[test]
fn a_tenant_sees_its_figures_as_a_table() {
    let proxy = Proxy::answering(vec![ok(&own())]);
    let shown = proxy.usage(&[]);
    assert_eq!((shown.code, shown.err.as_str()), (0, ""));
    let lines: Vec<Vec<&str>> = shown
        .out
        .lines()
        .map(|it| it.split("  ").map(str::trim).filter(|it| !it.is_empty()).collect())
        .collect();
    assert_eq!(
        lines,
        [
            vec!["tenant", "rule", "meter", "used", "reserved", "limit", "remaining", "resets in"],
            vec!["acme", "chars", "text.chars", "1234", "34", "100000", "98766", "23days 1h"],
            vec!["acme", "streams", "streams", "1", "1", "4", "3", "-"],
            vec!["acme", "all", "requests", "9", "0", "-", "-", "-"],
            vec!["acme, you", "mine", "requests", "0", "0", "5", "5", "0s"],
        ]
    );
    let head = proxy.asked.recv().unwrap();
    assert!(head.starts_with("GET /.well-known/voxgate/usage HTTP/1.1\r\n"), "{head}");
    assert!(head.to_lowercase().contains(&format!("authorization: bearer {TOKEN}\r\n")), "{head}");
}

#[test]
fn json_is_the_document_as_it_came() {
    let mut document = own();
    document["of_a_later_version"] = json!({"x": 1});
    let shown = Proxy::answering(vec![ok(&document)]).usage(&["--json"]);
    assert_eq!(serde_json::from_str::<Value>(&shown.out).unwrap(), document);
}

fn page(tenant: &str, next: Option<u32>) -> Value {
    let row = json!({"rule": "chars", "meter": "text.chars", "used": 7, "reserved": 0});
    let mut page = json!({"accounts": [{"tenant": tenant, "scope": "tenant", "limits": [row]}]});
    if let Some(next) = next {
        page["next"] = json!(next);
    }
    page
}

#[test]
fn an_operator_sees_one_page_and_is_told_of_more() {
    let mut document = page("acme", Some(40));
    let service = json!({"scope": "service", "limits": document["accounts"][0]["limits"]});
    document["accounts"].as_array_mut().unwrap().push(service);
    let shown = Proxy::answering(vec![ok(&document)]).usage(&[]);
    assert_eq!(
        (shown.code, shown.err.as_str()),
        (0, "there are more accounts; --all shows them\n")
    );
    assert!(shown.out.contains("acme") && shown.out.contains("(service)"), "{}", shown.out);
}

#[test]
fn all_asks_for_every_page_and_json_joins_them() {
    let pages = || vec![ok(&page("a", Some(9))), ok(&page("b", Some(300))), ok(&page("c", None))];
    let proxy = Proxy::answering(pages());
    let shown = proxy.usage(&["--all"]);
    assert_eq!((shown.code, shown.err.as_str()), (0, ""));
    assert_eq!(shown.out.lines().count(), 4, "{}", shown.out);
    let asked: Vec<String> =
        proxy.asked.iter().map(|it| it.split(' ').nth(1).unwrap().to_owned()).collect();
    let path = "/.well-known/voxgate/usage";
    assert_eq!(asked, [path.to_owned(), format!("{path}?page=9"), format!("{path}?page=300")]);

    let joined = Proxy::answering(pages()).usage(&["--all", "--json"]);
    let joined: Value = serde_json::from_str(&joined.out).unwrap();
    assert_eq!(joined["accounts"].as_array().unwrap().len(), 3);
    assert!(joined.get("next").is_none());
}

#[test]
fn pages_that_go_round_in_circles_are_not_followed() {
    let pages = vec![ok(&page("a", Some(9))), ok(&page("b", Some(9)))];
    let shown = Proxy::answering(pages).usage(&["--all"]);
    assert_eq!(shown.code, 0);
    assert_eq!(shown.out.lines().count(), 3, "{}", shown.out);
}

#[test]
fn a_denied_token_is_told_with_what_to_do() {
    let problem = json!({
        "type": "tag:voxgate,2026:problem/invalid-token", "detail": "The token has expired.",
    });
    let reply = ("401 Unauthorized", "application/problem+json", problem.to_string());
    let denied = Proxy::answering(vec![reply]).usage(&[]);
    assert_eq!((denied.code, denied.out.as_str()), (1, ""));
    assert!(denied.err.contains("401, The token has expired."), "{}", denied.err);
    assert!(denied.err.contains("Next: get a fresh token"), "{}", denied.err);
    assert!(!denied.err.contains(TOKEN), "{}", denied.err);

    // Istio's AuthorizationPolicy.
    let reply = ("403 Forbidden", "text/plain", "RBAC: access denied".to_owned());
    let denied = Proxy::answering(vec![reply]).usage(&[]);
    assert_eq!(denied.code, 1);
    assert!(denied.err.contains("403, RBAC: access denied"), "{}", denied.err);
}

#[test]
fn a_policy_without_usage_is_named_as_the_reason() {
    let unknown = json!({"type": "tag:voxgate,2026:problem/unknown-operation", "detail": "…"});
    for reply in [
        ("404 Not Found", "text/html", "<html>".to_owned()),
        ("403 Forbidden", "application/problem+json", unknown.to_string()),
    ] {
        let denied = Proxy::answering(vec![reply]).usage(&[]);
        assert_eq!(denied.code, 2);
        assert!(
            denied.err.contains("Next: give the policy `quotas: {usage: {}}`"),
            "{}",
            denied.err
        );
    }
}

#[test]
fn an_answer_of_something_else_is_not_shown() {
    for (content_type, body) in [
        ("text/html", "<html>hello</html>"),
        ("application/json", r#"{"status":"ok"}"#),
        ("application/json", r#"{"accounts":[{"scope":"tenant"}]}"#),
    ] {
        let reply = ("200 OK", content_type, body.to_owned());
        let other = Proxy::answering(vec![reply]).usage(&[]);
        assert_eq!((other.code, other.out.as_str()), (2, ""));
        assert!(other.err.contains("is not that of the filter voice-quota"), "{}", other.err);
        assert!(other.err.contains(content_type), "{}", other.err);
    }
}

#[test]
fn a_token_is_not_taken_elsewhere_by_a_redirect() {
    let reply = ("302 Found", "text/plain", String::new());
    let redirected = Proxy::answering(vec![reply]).usage(&[]);
    assert_eq!(redirected.code, 2);
    assert!(redirected.err.contains(": 302, without a word"), "{}", redirected.err);
}

#[test]
fn a_proxy_that_is_not_there_is_said_plainly() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let refused = usage(&["--url", &format!("http://127.0.0.1:{port}")]);
    assert_eq!(refused.code, 2);
    assert!(
        refused.err.contains("connection refused\nNext: see that Envoy runs"),
        "{}",
        refused.err
    );
    let unknown = usage(&["--url", "https://proxy.invalid"]);
    assert!(unknown.err.contains("see that the host's name is right"), "{}", unknown.err);
}

#[test]
fn the_token_comes_from_a_file_or_the_environment_and_never_from_an_argument() {
    let folder = tempfile::tempdir().unwrap();
    let proxy = Proxy::answering(vec![ok(&own())]);
    let url = proxy.url();
    let args = ["usage", "--url", &url];
    let without = run_in(folder.path(), &args, &[]);
    assert_eq!(without.code, 2);
    assert!(
        without.err.contains("give --token-file FILE, or set VOXGATE_TOKEN"),
        "{}",
        without.err
    );
    let bearer = run_in(folder.path(), &args, &[("VOXGATE_TOKEN", "Bearer a.b.c")]);
    assert!(bearer.err.contains("without `Bearer`"), "{}", bearer.err);
    assert_eq!(run_in(folder.path(), &args, &[("VOXGATE_TOKEN", TOKEN)]).code, 0);
    let argument = run_in(folder.path(), &[&args[..], &["--token", TOKEN]].concat(), &[]);
    assert_eq!(argument.code, 2);
}

#[test]
fn urls_are_of_a_proxy_and_nothing_else() {
    for (url, says) in [
        ("127.0.0.1:10000", "write http://HOST:PORT"),
        ("ftp://a", "write http://HOST:PORT"),
        ("http://a/usage?page=2", "--all asks for every page"),
        ("http://user:word@a/", "leave out user and password"),
    ] {
        let refused = usage(&["--url", url]);
        assert_eq!(refused.code, 2);
        assert!(refused.err.contains(says), "{url}: {}", refused.err);
    }
}

#[test]
fn a_token_in_the_clear_is_warned_about() {
    let exposed = usage(&["--url", "http://proxy.invalid"]);
    assert!(exposed.err.contains("is not encrypted"), "{}", exposed.err);
}

#[test]
fn a_gateway_is_asked_over_tls_if_its_certificate_is_trusted() {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder().with_no_client_auth();
    let config = Arc::new(config.with_single_cert(vec![cert.der().clone()], key).unwrap());
    let proxy = Proxy::serving(vec![ok(&own()), ok(&own())], Some(config));
    let url = format!("https://localhost:{}", proxy.port);

    let untrusted = usage(&["--url", &url]);
    assert_eq!(untrusted.code, 2);
    assert!(untrusted.err.contains("SSL_CERT_FILE=ca.pem"), "{}", untrusted.err);

    if cfg!(target_os = "linux") {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), cert.pem()).unwrap();
        let variables = [("SSL_CERT_FILE", "ca.pem"), ("VOXGATE_TOKEN", TOKEN)];
        let trusted = run_in(folder.path(), &["usage", "--url", &url], &variables);
        assert_eq!(trusted.code, 0, "{}", trusted.err);
        assert!(trusted.out.contains("98766"), "{}", trusted.out);
    }
}
