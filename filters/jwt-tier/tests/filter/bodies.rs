//! Decisions that hang on the body.

use voxgate_fake_host::{Action, Outcome};

use super::keys::{answer, with_cluster_and};
use super::*;

const AUDIT: &str = "audit=voice.create tenant=\"acme\"";

/// SHA-256 of `abc` (FIPS 180-4).
const OF_ABC: &str = "sha256=ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

fn speech(host: &FakeHost, scope: &str) -> Stream {
    let request = host.new_request().header(":method", "POST").header(":path", "/v1/audio/speech");
    let bearer = format!("Bearer {}", token_of(host, scope));
    request
        .header("authorization", bearer)
        .header("content-type", "application/json")
        .with_body()
        .send()
}

fn upload(host: &FakeHost) -> Stream {
    let request = host.new_request().header(":method", "POST").header(":path", "/v1/voices");
    request
        .header("authorization", format!("Bearer {}", token_of(host, "tts.premium")))
        .header("content-type", "multipart/form-data; boundary=0123456789")
        .with_body()
        .send()
}

const UPLOAD: [&[u8]; 2] = [
    b"--0123456789\r\nContent-Disposition: form-data; name=\"voice_file\"; filename=\"a\"\r\n\r\na",
    b"bc\r\n--0123456789--\r\n",
];

fn token_of(host: &FakeHost, scope: &str) -> String {
    let mut claims = testing::claims(now(host));
    claims["scope"] = json!(scope);
    let key = SigningKey::es256();
    testing::sign(claims.to_string(), key.header().to_string(), &key)
}

#[test]
fn a_recording_is_refused_where_it_begins_and_nothing_goes_on() {
    let host = configured(inline());
    let stream = speech(&host, "tts.basic");
    assert_eq!(stream.outcome(), Outcome::Waiting);
    assert_eq!(stream.body(b"{\"input\":\"Hi.\",\"ref_audio\":\"", false), Action::Pause);
    assert_eq!(stream.outcome(), Outcome::Waiting);
    assert_eq!(stream.body(b"UklGR", false), Action::Pause);
    let reply = stream.reply();
    assert_eq!(reply.status, 403);
    assert!(reply.text().contains("insufficient-scope"), "{}", reply.text());
    assert_eq!(decision(&stream, "operation"), "tts.synthesize+voice.create");
    assert_eq!(stream.upstream_body(), b"");
    assert_eq!(host.take_violations(), Vec::<String>::new());
}

#[test]
fn headers_are_set_when_the_body_has_told_what_is_asked() {
    let host = configured(inline());
    let stream = speech(&host, "tts.premium");
    assert_eq!(stream.body(b"{\"input\":\"Hi.\",", false), Action::Pause);
    assert_eq!(stream.header("x-user-tier"), None);
    assert_eq!(stream.body(b"\"ref_audio\":\"UklGRg==\"}", true), Action::Continue);
    assert_eq!(stream.header("x-user-tier").as_deref(), Some("premium"));
    let operation = stream.header("x-voxgate-operation");
    assert_eq!(operation.as_deref(), Some("tts.synthesize+voice.create"));
    assert_eq!(stream.upstream_body(), b"{\"input\":\"Hi.\",\"ref_audio\":\"UklGRg==\"}");
}

#[test]
fn a_body_that_passes_unheld_leaves_its_digest() {
    let host = start();
    let mut policy = policy(inline());
    policy["facts"] = json!({"audit_voice_creations": true});
    assert!(host.configure(policy.to_string()), "{:?}", host.logs());
    let stream = upload(&host);
    assert_eq!(stream.outcome(), Outcome::Continued);
    assert_eq!(stream.body(UPLOAD[0], false), Action::Continue);
    assert_eq!(stream.body(UPLOAD[1], true), Action::Continue);
    assert!(host.logged(AUDIT) && host.logged(OF_ABC), "{:?}", host.logs());
    let left_halfway = upload(&host);
    assert_eq!(left_halfway.body(UPLOAD[0], false), Action::Continue);
    left_halfway.end();
    assert!(host.logged("complete=false"), "{:?}", host.logs());
    assert!(!host.logged("abc"), "{:?}", host.logs());
}

/// What was held while the request waited for keys was missing from the digest.
#[test]
fn a_body_that_waited_for_keys_leaves_its_digest() {
    let host = with_cluster_and(|policy| policy["facts"] = json!({"audit_voice_creations": true}));
    let stream = upload(&host);
    assert_eq!(stream.body(UPLOAD[0], false), Action::Pause);
    host.tick();
    answer(&host, 200, testing::jwks());
    let last = stream.body(UPLOAD[1], true);
    assert!(host.logged(AUDIT) && host.logged(OF_ABC), "{last:?} {:?}", host.logs());
    assert_eq!(stream.upstream_body(), UPLOAD.concat());
}
