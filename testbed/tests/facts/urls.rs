//! Recordings by URL: the service would fetch them in the caller's place.

use super::bodies::Case;
use super::{assert_passed, assert_refused, policy};
use serde_json::json;
use voxgate_testbed::fixture::{Fixture, token};

/// Of the listed hosts, by https, spelled in one way.
const GOOD: &[&str] = &[
    "https://cdn.test/a.wav",
    "https://CDN.test:8443/a.wav?x=1#y",
    "https://a.voices.test",
    "HTTPS://a.b.voices.test/x@y",
];

/// Each with a word of why not.
const BAD: &[(&str, &str)] = &[
    ("https://elsewhere.test/a.wav", "from this host"),
    ("https://voices.test/a.wav", "from this host"),
    ("https://cdn.test.elsewhere.test/", "from this host"),
    ("http://cdn.test/a.wav", "https"),
    ("//cdn.test/a.wav", "https"),
    ("file:///etc/passwd", "https"),
    ("ftp://cdn.test/", "https"),
    ("https://127.0.0.1/", "private"),
    ("https://169.254.169.254/latest/meta-data", "private"),
    ("https://10.0.0.1/", "private"),
    ("https://2130706433/", "private"),
    ("https://0x7f.1/", "private"),
    ("https://0177.0.0.1/", "private"),
    ("https://[::1]/", "private"),
    ("https://[::ffff:10.0.0.1]/", "private"),
    ("https://localhost/", "private"),
    ("https://metadata.google.internal/", "private"),
    ("https://cdn.test@elsewhere.test/", "more than one way"),
    ("https://elsewhere.test\\@cdn.test/", "more than one way"),
    ("https://cdn.test\t/", "more than one way"),
    ("https://cdn%2etest/", "more than one way"),
    ("https:///cdn.test/", "more than one way"),
    ("https:cdn.test/", "https"),
    ("https://ｃdn.test/", "more than one way"),
];

#[tokio::test]
async fn only_listed_hosts_are_fetched_from_and_by_default_none() {
    let mut policy = policy();
    policy["tiers"][0]["reference_urls"] = json!({ "hosts": ["cdn.test", "*.voices.test"] });
    policy["tiers"].as_array_mut().unwrap().push(json!({
        "name": "no-urls", "scopes": ["tts.no-urls"], "allow": ["*"],
    }));
    let fixture = Fixture::of(policy).start().await.unwrap();
    let (premium, none) = (token("tts.premium"), token("tts.no-urls"));
    for (protocol, client) in fixture.both() {
        for url in GOOD {
            let id = format!("{url} over {protocol}");
            let case = Case::new("", "/take/json", json!({ "ref_audio": url }).to_string());
            let head = case.head(&client).bearer(&premium).header("x-test-id", &id);
            let response = head.body(case.body.clone()).send().await.unwrap();
            assert_passed(&fixture, &response, &case.body, &id).await;

            let head = case.head(&client).bearer(&none).header("x-request-id", format!("no {id}"));
            let response = head.body(case.body.clone()).send().await.unwrap();
            assert_refused(&fixture, &response, (403, "reference-url"), &format!("no {id}"));
        }
        for (url, why) in BAD {
            for field in ["ref_audio", "voice"] {
                let id = format!("{} as {field} over {protocol}", url.escape_default());
                let request = client.post("/take/json").bearer(&premium);
                let body = json!({ "text": "a", field: url });
                let response = request.header("x-request-id", &id).json(&body).send().await;
                let response = response.unwrap();
                assert_refused(&fixture, &response, (403, "reference-url"), &id);
                let detail = response.json()["detail"].as_str().unwrap().to_owned();
                assert!(detail.contains(why), "{id}: {detail}");
                assert!(!detail.contains("test"), "{id} is repeated: {detail}");
            }
        }
    }
    fixture.finish().await.unwrap();
}
