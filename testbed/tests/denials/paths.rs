//! A rule holds for a path however it is spelled, even where unknown operations are allowed.

use serde_json::json;
use voxgate_testbed::client::raw;
use voxgate_testbed::fixture::{Fixture, policy, token};

/// Spellings of `/admin/users`, and what becomes of each: 403 by the rule, 400 for those that
/// servers read in more than one way, by the filter or by Envoy itself.
const SPELLINGS: &[(&str, u16)] = &[
    ("/admin/users", 403),
    ("/admin", 403),
    ("/admin/", 403),
    ("/admin/users/", 403),
    ("/admin?x", 403),
    ("/admin/users?x=/tts", 403),
    ("//admin/users", 403),
    ("///admin///users", 403),
    ("/./admin/users", 403),
    ("/x/../admin/users", 403),
    ("/x/./../admin/./users", 403),
    ("/%61dmin/users", 403),
    ("/%61%64%6D%69%6e/users", 403),
    ("/admin%2Fusers", 403),
    ("/%2fadmin/users", 403),
    ("/x%2F..%2Fadmin/users", 403),
    ("/x/%2e%2E/admin/users", 403),
    ("/x/%2e%2e%2Fadmin", 403),
    ("/%2561dmin/users", 400),
    ("/admin%252Fusers", 400),
    ("/x/%252e%252e/admin", 400),
    ("/admin;x=1/users", 400),
    ("/admin%3Bx/users", 400),
    ("/..%2Fadmin", 400),
    // Envoy itself has normalised these before the filter sees them.
    ("/%2e%2e/admin", 403),
    ("/../admin", 403),
    ("/x/..;/admin/users", 403),
    ("/admin%00", 400),
    ("/admin%0d%0a", 400),
    ("/admin%zz", 400),
    ("/admin%5Cusers", 400),
    ("/x/..%5cadmin", 400),
    ("/%c0%afadmin", 400),
    ("/admin%3Fx", 400),
    ("/admin%23x", 400),
];

/// Only bytes on an HTTP/1.1 connection can say these.
const RAW: &[(&str, u16)] = &[
    ("/x\\..\\admin", 403),
    ("\\admin", 400),
    ("/admin#x", 400),
    ("/admin\tusers", 400),
    ("http://speech.test/admin/users", 403),
    ("http://speech.test//admin", 403),
    ("HTTP://other.test/x/../admin", 403),
    ("admin", 400),
    ("*", 400),
];

#[tokio::test]
async fn no_spelling_of_a_path_gets_around_its_rule() {
    let mut policy = policy();
    policy["operations"]["define"] = json!(["ops.admin"]);
    policy["operations"]["rules"] =
        json!([{ "name": "admin", "path": "/admin/**", "operations": ["ops.admin"] }]);
    policy["operations"]["unknown"] = json!("allow");
    let fixture = Fixture::of(policy).start().await.unwrap();
    let mut wrong = Vec::new();
    for (protocol, client) in fixture.both() {
        for (path, status) in SPELLINGS {
            let request = client.get(path).bearer(token("tts.basic"));
            let got = request.send().await.unwrap().status;
            if got != *status {
                wrong.push(format!("{path} over {protocol}: {got}, not {status}"));
            }
        }
    }
    for (path, status) in RAW {
        let bearer = format!("Bearer {}", token("tts.basic"));
        let request = raw::post(path, &[(b"authorization", bearer.as_bytes())], b"");
        let got = raw::exchange(fixture.envoy.address(), &request).await.unwrap().status.unwrap();
        if got != *status {
            wrong.push(format!("{path} as bytes: {got}, not {status}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    let received = fixture.speech.received();
    assert!(received.is_empty(), "{:?}", received.iter().map(|it| &it.path).collect::<Vec<_>>());

    // Paths are case-sensitive (RFC 9110 §4.2.3): this is another one, and unknown ones may pass.
    // For who may, the rule is open.
    for (protocol, client) in fixture.both() {
        for (path, scope) in [("/ADMIN/users", "tts.basic"), ("/admin/users", "tts.premium")] {
            let passed = client.get(path).bearer(token(scope)).send().await.unwrap();
            assert_eq!(passed.header("x-received-bytes"), Some("0"), "{path} over {protocol}");
        }
    }
    fixture.finish().await.unwrap();
}
