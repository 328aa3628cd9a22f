//! Identity headers of a client's own never reach the service, in whatever way they are sent.

use serde_json::{Value, json};
use voxgate_testbed::client::raw;
use voxgate_testbed::fixture::{Fixture, policy, resource, token};
use voxgate_testbed::speech::Received;

const NAMES: [&str; 8] = [
    "x-user-tier",
    "x-voxgate-tenant",
    "x-voxgate-operation",
    "x-voxgate-lane",
    "x_voxgate_deadline",
    "x-voxgate-",
    "x-voxgate-x",
    "x-voxgate-user-tier",
];

const VALUES: [&[u8]; 9] = [
    b"premium",
    b"",
    b"premium, basic",
    b"basic,premium",
    b"\"premium\"",
    b"\xff\x80premium",
    "高级".as_bytes(),
    b"premium;q=1 \t premium",
    &[b'p'; 8000],
];

const BODY: &[u8] = br#"{"text":"a"}"#;

/// What the request does that brings the forged headers.
#[derive(Clone, Copy, PartialEq)]
enum Passes {
    ByItsTier,
    InShadowMode,
    AsPreflight,
}

impl Passes {
    /// The identity headers that are true of it.
    fn expected(self) -> [(&'static str, Option<&'static str>); 3] {
        let (tier, operation) = match self {
            Self::ByItsTier => (Some(("basic", "acme")), Some("tts.synthesize")),
            Self::InShadowMode => (None, Some("tts.synthesize")),
            Self::AsPreflight => (None, None),
        };
        [
            ("x-user-tier", tier.map(|it| it.0)),
            ("x-voxgate-tenant", tier.map(|it| it.1)),
            ("x-voxgate-operation", operation),
        ]
    }

    fn assert_only_truth(self, received: &Received, what: &str) {
        for (name, value) in self.expected() {
            let values: Vec<&str> = value.into_iter().collect();
            assert_eq!(received.headers.all(name), values, "{what}: {name}");
        }
        let fields = received.headers.0.iter().chain(&received.trailers.0);
        for (name, value) in fields {
            let cgi = name.to_ascii_lowercase().replace('_', "-");
            let is_ours = self.expected().iter().any(|(ours, _)| ours == name);
            let is_reserved = cgi == "x-user-tier" || cgi.starts_with("x-voxgate-");
            assert!(is_ours || !is_reserved, "{what}: {name} with {value:?} came through");
            assert!(
                name != "connection" || !value.contains("x-"),
                "{what}: the service is told to drop {value:?}"
            );
        }
        assert!(received.trailers.0.iter().all(|(name, _)| name == "x-other"), "{what}");
    }
}

/// One header section as the bytes of an HTTP/1.1 connection.
type Fields = Vec<(Vec<u8>, Vec<u8>)>;

fn field(name: &str, value: impl AsRef<[u8]>) -> (Vec<u8>, Vec<u8>) {
    (name.as_bytes().to_vec(), value.as_ref().to_vec())
}

/// Every odd character in upper case.
fn odd_case(name: &str) -> String {
    let change = |(i, it): (usize, char)| if i % 2 == 1 { it.to_ascii_uppercase() } else { it };
    name.chars().enumerate().map(change).collect()
}

/// Over a hundred ways to send them.
fn spellings() -> Vec<Fields> {
    let mut all = Vec::new();
    for name in NAMES {
        for value in VALUES {
            all.push(vec![field(name, value)]);
        }
        let upper = name.to_ascii_uppercase();
        all.push(vec![field(&upper, "premium")]);
        all.push(vec![field(&odd_case(name), "premium")]);
        all.push(vec![field(name, "premium"), field(name, "premium")]);
        all.push(vec![field(name, "basic"), field(&upper, "premium"), field(&odd_case(name), "x")]);
        all.push(vec![field(&name.replace('-', "_"), "premium")]);
        all.push(vec![field(&upper.replacen('-', "_", 1), "premium")]);
        // The client asks the proxy to drop the header that the filter sets.
        all.push(vec![field("connection", name)]);
        all.push(vec![field("connection", format!("keep-alive, {name}")), field(name, "premium")]);
        all.push(vec![field("Connection", "close"), field("connection", &upper), field(name, "")]);
        all.push(vec![field("te", "trailers"), field("connection", format!("te, {name}"))]);
    }
    for all_names in [NAMES.map(str::to_owned), NAMES.map(|it| it.replace('-', "_"))] {
        all.push(all_names.iter().map(|name| field(name, "premium")).collect());
    }
    all.push((0..40).map(|_| field("x-user-tier", "premium")).collect());
    all
}

/// The head of each request: its method, and what makes it pass.
fn head(passes: Passes) -> (&'static str, Fields) {
    match passes {
        Passes::ByItsTier => {
            ("POST", vec![field("authorization", format!("Bearer {}", token("tts.basic")))])
        }
        Passes::InShadowMode => ("POST", vec![field("authorization", "Bearer nonsense")]),
        Passes::AsPreflight => (
            "OPTIONS",
            vec![
                field("origin", "https://page.test"),
                field("access-control-request-method", "POST"),
            ],
        ),
    }
}

fn shadowed() -> Value {
    let mut policy = policy();
    policy["shadow"] = json!(["identity", "operations", "tiers"]);
    policy
}

async fn try_all(fixture: &Fixture, passes: Passes) {
    let (method, head) = head(passes);
    let (mut over_http1, mut over_http2) = (0, 0);
    for (number, spelling) in spellings().into_iter().enumerate() {
        let id = format!("{method}-{number}");
        let mut fields = head.clone();
        fields.push(field("x-test-id", &id));
        fields.extend(spelling.clone());
        let shown: Vec<_> =
            spelling.iter().map(|(name, _)| String::from_utf8_lossy(name)).collect();
        let what = format!("spelling {number}, {shown:?}");

        let borrowed: Vec<(&[u8], &[u8])> =
            fields.iter().map(|(name, value)| (&name[..], &value[..])).collect();
        let request = raw::post("/tts", &borrowed, BODY);
        let request = [method.as_bytes(), request.strip_prefix(b"POST").unwrap()].concat();
        let response = raw::exchange(fixture.envoy.address(), &request).await.unwrap();
        let status = response.status.map(|it| it.as_u16());
        match fixture.speech.received_as(&id) {
            Some(received) => {
                passes.assert_only_truth(&received, &what);
                over_http1 += 1;
            }
            // Envoy refuses some of them itself.
            None => assert_eq!(status, Some(400), "{what}: {response:?}"),
        }

        // HTTP/2 has no such header (RFC 9113 §8.2.2).
        if spelling.iter().any(|(name, _)| name.eq_ignore_ascii_case(b"connection")) {
            continue;
        }
        let id = format!("{id}-h2");
        let mut request = fixture.http2().request(method, "/tts").body(BODY);
        request = request.header("content-type", "application/json");
        for (name, value) in head.iter().chain(&spelling) {
            request = request.header(std::str::from_utf8(name).unwrap(), value);
        }
        let response = request.header("x-test-id", &id).send().await.unwrap();
        match fixture.speech.received_as(&id) {
            Some(received) => {
                passes.assert_only_truth(&received, &what);
                over_http2 += 1;
            }
            None => panic!("{what} over HTTP/2: {response:?}"),
        }
    }
    assert!(over_http1 > 100 && over_http2 > 100, "{over_http1} and {over_http2} came through");
}

#[tokio::test]
async fn no_spelling_gets_past_an_allowed_request_or_a_preflight() {
    let fixture = Fixture::of(policy()).start().await.unwrap();
    try_all(&fixture, Passes::ByItsTier).await;
    try_all(&fixture, Passes::AsPreflight).await;
    fixture.assert_no_reload().await.unwrap();
    fixture.finish().await.unwrap();
}

#[tokio::test]
async fn no_spelling_gets_past_a_policy_in_shadow_mode() {
    let fixture = Fixture::of(shadowed()).start().await.unwrap();
    try_all(&fixture, Passes::InShadowMode).await;
    fixture.assert_no_reload().await.unwrap();
    fixture.finish().await.unwrap();
}

/// Where the whitespace is that RFC 9112 §5.1 and §5.2 forbid, Envoy answers; what is left of the
/// trick must not be a header of ours.
#[tokio::test]
async fn malformed_fields_do_not_smuggle_them() {
    let fixture = Fixture::of(policy()).start().await.unwrap();
    let bearer =
        format!("authorization: Bearer {}\r\ncontent-type: application/json", token("tts.basic"));
    for (number, trick) in [
        "x-user-tier : premium",
        "x-user-tier\t: premium",
        " x-user-tier: premium",
        "x-other: a\r\n x-user-tier: premium",
        "x-other: a\r\n\tx-user-tier: premium",
        "x-other: a\nx-user-tier: premium",
        "x-other: a\rx-user-tier: premium",
        "x-other: a\0\r\nx-user-tier: premium",
        "x-user-tier:premium",
        "x-user-tier:    premium   ",
        "x-user-tier:\t\tpremium",
        "x-user-tier;: premium",
        "x-user-tier\0: premium",
        "x-user\u{2010}tier: premium",
        "x-user-tier\u{200b}: premium",
        ":x-user-tier: premium",
        "x-user-tier",
        "content-length: 12\r\nx-user-tier: premium",
        "transfer-encoding: chunked\r\nx-user-tier: premium",
    ]
    .into_iter()
    .enumerate()
    {
        let id = format!("trick-{number}");
        let request = format!(
            "POST /tts HTTP/1.1\r\nhost: speech.test\r\nconnection: close\r\n{bearer}\r\n\
             x-test-id: {id}\r\ncontent-length: 12\r\n{trick}\r\n\r\n{{\"text\":\"a\"}}",
        );
        let response = raw::exchange(fixture.envoy.address(), request.as_bytes()).await.unwrap();
        match fixture.speech.received_as(&id) {
            Some(received) => Passes::ByItsTier.assert_only_truth(&received, trick),
            None => assert_eq!(response.status.map(|it| it.as_u16()), Some(400), "{trick:?}"),
        }
    }
    assert!(fixture.speech.count() >= 3);
    fixture.finish().await.unwrap();
}

/// Trailers go through Envoy to services that speak HTTP/2, gRPC's above all.
#[tokio::test]
async fn trailers_do_not_smuggle_them() {
    let setup = Fixture::of(policy()).resource(resource::http2_upstream());
    let settings = json!({ "http_protocol_options": { "enable_trailers": true } });
    let setup = setup.resource(resource::connection_manager(settings));
    let fixture = setup.start().await.unwrap();

    let mut request = fixture.http2().post("/tts").bearer(token("tts.basic")).body(BODY);
    request = request.header("content-type", "application/json");
    for name in NAMES {
        request = request.trailer(name, "premium").trailer(name, b"\xff");
        request = request.trailer(&name.replace('-', "_"), "premium");
    }
    let request = request.trailer("x-other", "kept").header("x-test-id", "h2");
    assert_eq!(request.send().await.unwrap().status, 200);

    let names = NAMES.map(|name| format!("{}: premium\r\n{name}: x\r\n", odd_case(name))).concat();
    let request = format!(
        "POST /tts HTTP/1.1\r\nhost: speech.test\r\nconnection: close\r\nx-test-id: h1\r\n\
         content-type: application/json\r\nauthorization: Bearer {}\r\n\
         transfer-encoding: chunked\r\ntrailer: x-user-tier\r\n\r\n\
         c\r\n{{\"text\":\"a\"}}\r\n0\r\nx-other: kept\r\n{names}\r\n",
        token("tts.basic"),
    );
    let response = raw::exchange(fixture.envoy.address(), request.as_bytes()).await.unwrap();
    assert_eq!(response.status.unwrap(), 200);

    for id in ["h2", "h1"] {
        let received = fixture.speech.wait_for(id, |it| !it.trailers.0.is_empty()).await.unwrap();
        assert_eq!(received.trailers.all("x-other"), ["kept"], "{id}: trailers do come through");
        Passes::ByItsTier.assert_only_truth(&received, id);
    }
    fixture.assert_no_reload().await.unwrap();
    fixture.finish().await.unwrap();
}
