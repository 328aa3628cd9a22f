//! Bodies that are meant to do harm: each is decided as configured, in flat memory.

use super::bodies::{BOUNDARY, Case, around, gzip, multipart, run};
use super::{Refusal, assert_alive, assert_refused, policy};
use bytes::Bytes;
use std::time::{Duration, Instant};
use voxgate_testbed::fixture::{Fixture, token};

const MALFORMED: Refusal = (400, "malformed-body");
const TOO_LONG: Refusal = (413, "body-too-large");
const OVER_LIMIT: Refusal = (403, "tier-limit");

#[derive(Clone)]
struct Attack {
    case: Case,
    pieces: Vec<Bytes>,
    refusal: Refusal,
}

fn attack(
    name: &'static str,
    format: &'static str,
    pieces: Vec<Bytes>,
    refusal: Refusal,
) -> Attack {
    Attack { case: Case::new(name, format, ""), pieces, refusal }
}

fn json(name: &'static str, body: impl Into<Bytes>, refusal: Refusal) -> Attack {
    attack(name, "/take/json", vec![body.into()], refusal)
}

fn part(name: &str, file: &str) -> String {
    format!("--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"{file}\r\n\r\n")
}

fn in_json() -> Vec<Attack> {
    let long = "x".repeat(2001);
    vec![
        attack("64 MB of [", "/take/json", run(b'[', 64_000_000), MALFORMED),
        attack("64 MB of {", "/take/json", around("{\"a\":", run(b'[', 64_000_000), ""), MALFORMED),
        attack(
            "one string of 200 MB",
            "/take/json",
            around("{\"text\":\"", run(b'x', 200_000_000), "\"}"),
            OVER_LIMIT,
        ),
        attack(
            "one string of 200 MB that says nothing",
            "/take/json",
            around("{\"other\":\"", run(b'x', 200_000_000), "\"}"),
            TOO_LONG,
        ),
        attack(
            "a key of 1 MB",
            "/take/json",
            around("{\"", run(b'k', 1_000_000), "\":1,\"text\":\"a\"}"),
            MALFORMED,
        ),
        attack("a number of 1 MB", "/take/json", around("[", run(b'9', 1_000_000), "]"), MALFORMED),
        attack(
            "text behind 50 MB of audio",
            "/take/json",
            around("{\"audio\":\"", run(b'A', 50_000_000), &format!("\",\"text\":\"{long}\"}}")),
            TOO_LONG,
        ),
        json("a lone surrogate", r#"{"text":"\ud800"}"#, MALFORMED),
        json("two of the same half", r#"{"text":"\udc00\udc00"}"#, MALFORMED),
        json("overlong UTF-8", b"{\"text\":\"\xc0\xaf\"}".to_vec(), MALFORMED),
        json("a surrogate in UTF-8", b"{\"text\":\"\xed\xa0\x80\"}".to_vec(), MALFORMED),
        json("a zero byte", b"{\"text\":\"\0\"}".to_vec(), MALFORMED),
        json(
            "text behind a duplicate key",
            format!(r#"{{"text":"a","text":"{long}"}}"#),
            MALFORMED,
        ),
        json("a body that breaks off", r#"{"text":"a"#, MALFORMED),
        attack("a million lines", "/take/jsonl", around("", run(b'1', 2_000_000), ""), MALFORMED),
    ]
}

fn in_forms() -> Vec<Attack> {
    let parts: Vec<_> = (0..10_000).map(|i| (format!("f{i}"), b"1")).collect();
    let parts: Vec<_> = parts.iter().map(|(name, value)| (&name[..], None, &value[..])).collect();
    let fields: Vec<String> = (0..10_000).map(|i| format!("f{i}=1")).collect();
    let file = part("audio", "; filename=\"a\"");
    let behind = format!("\r\n{}{}\r\n--{BOUNDARY}--\r\n", part("text", ""), "x".repeat(2001));
    let boundary = "b".repeat(1024);
    let wide = format!(
        "--{boundary}\r\ncontent-disposition: form-data; name=\"text\"\r\n\r\na\r\n--{boundary}--\r\n"
    );
    let mut wide = attack("a boundary of 1 KB", "/take/multipart", vec![wide.into()], MALFORMED);
    wide.case.headers[0].1 = format!("multipart/form-data; boundary={boundary}");
    vec![
        attack("10,000 parts", "/take/multipart", vec![multipart(&parts).into()], MALFORMED),
        attack("10,000 fields", "/take/form", vec![fields.join("&").into()], MALFORMED),
        attack(
            "a part's header of 1 MB",
            "/take/multipart",
            around(&format!("--{BOUNDARY}\r\nx: "), run(b'x', 1_000_000), "\r\n\r\n"),
            MALFORMED,
        ),
        attack("a field's name of 1 MB", "/take/form", run(b'n', 1_000_000), MALFORMED),
        attack(
            "text behind 50 MB of audio in a form",
            "/take/multipart",
            around(&file, run(b'A', 50_000_000), &behind),
            TOO_LONG,
        ),
        attack(
            "delimiters that are none",
            "/take/multipart",
            around(&file, vec![Bytes::from(format!("\r\n--{BOUNDARY}x").repeat(10))], &behind),
            MALFORMED,
        ),
        wide,
    ]
}

fn compressed() -> Vec<Attack> {
    let zeros = |length| {
        let body = around("{\"other\":\"", run(b'x', length), "\",\"text\":\"a\"}").concat();
        let mut bomb = attack("", "/take/json", vec![gzip(&body).into()], TOO_LONG);
        bomb.case.headers.push(("content-encoding", "gzip".to_owned()));
        bomb
    };
    let mut bomb = zeros(18_000_000);
    bomb.case.name = "a gzip bomb";
    let mut torn = zeros(100_000);
    torn.case.name = "a torn gzip body";
    let length = torn.pieces[0].len();
    torn.pieces[0].truncate(length - 5);
    torn.refusal = MALFORMED;
    vec![bomb, torn]
}

#[tokio::test]
async fn hostile_bodies_are_decided_in_flat_memory() {
    let fixture = Fixture::of(policy()).start().await.unwrap();
    let envoy = &fixture.envoy;
    let basic = token("tts.basic");
    let attacks = [in_json(), in_forms(), compressed()].concat();
    // Once, so that what a VM needs at all it has.
    for (_, client) in fixture.both() {
        assert_alive(&fixture, &client, "the start").await;
    }
    let mut memory = envoy.wasm_memory_bytes().unwrap();
    let first = memory;
    envoy.forget_peak().unwrap();
    let resident = envoy.resident_bytes().unwrap();
    for (protocol, client) in fixture.both() {
        for attack in &attacks {
            let id = format!("{} over {protocol}", attack.case.name);
            let begun = Instant::now();
            let request = attack.case.head(&client).bearer(&basic).header("x-request-id", &id);
            let response = request.pieces(attack.pieces.clone(), Duration::ZERO).send().await;
            let response = response.unwrap_or_else(|error| panic!("{id}: {error}"));
            assert_refused(&fixture, &response, attack.refusal, &id);
            let now = envoy.wasm_memory_bytes().unwrap();
            if now > memory {
                println!("{id}: the VMs grew by {} bytes", now - memory);
                memory = now;
            }
            assert!(begun.elapsed() < Duration::from_secs(10), "{id} took {:?}", begun.elapsed());
            assert_alive(&fixture, &client, &id).await;
        }
    }
    let grown = envoy.peak_resident_bytes().unwrap().saturating_sub(resident);
    println!("Envoy grew by {grown} bytes, the VMs by {}", memory - first);
    assert!(memory - first <= 256 * 1024, "the VMs grew by {} bytes", memory - first);
    assert!(grown < 16 << 20, "Envoy grew by {grown} bytes");
    fixture.finish().await.unwrap();
}
