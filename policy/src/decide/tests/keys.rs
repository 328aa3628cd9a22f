//! Keys that are there, on their way, or not to be had.

use super::*;

#[wasm_bindgen_test(unsupported = test)]
fn a_token_is_verified_once() {
    let policy = policy(|_| ());
    let mut known = Known::default();
    let request = post("/tts", &token_with("tts.basic"));
    let sources = [(); 2].map(|()| decided(&policy, &request, &mut known).source.unwrap().as_str());
    assert_eq!(sources, ["token", "cache"]);
}

fn remote() -> Policy {
    policy(|spec| {
        spec["identity"]["issuers"][0]["jwks"] = json!({"remote": {
            "uri": "https://issuer.test/jwks.json", "cluster": "issuer",
        }});
    })
}

fn key_set(json: &str) -> Option<Keys> {
    let algorithms = [jsonwebtoken::Algorithm::ES256];
    Some(Keys::Ready(KeySet::parse(json.as_bytes(), &algorithms).unwrap().into()))
}

#[wasm_bindgen_test(unsupported = test)]
fn a_token_waits_for_keys_and_without_them_is_503_never_401() {
    let policy = remote();
    let request = post("/tts", &token_with("tts.basic"));
    let mut known = Known { keys: Some(Keys::Wait), ..Known::default() };
    let progress = decide(&policy, &request, Body::Absent, &mut known, NOW, &mut Silent);
    assert!(matches!(progress, Progress::WaitForKeys(_)));
    known.keys = Some(Keys::Unavailable);
    let answer = decided(&policy, &request, &mut known).answer(&policy).unwrap();
    assert_eq!((answer.status, answer.grpc as u32, answer.retry_after), (503, 14, Some(1)));
    assert_eq!(answer.www_authenticate, None);
    known.keys = key_set(testing::jwks());
    assert!(decided(&policy, &request, &mut known).passes());
}

#[wasm_bindgen_test(unsupported = test)]
fn a_token_that_no_key_could_save_is_refused_without_waiting_for_one() {
    let request = post("/tts", &token_with("tts.basic"));
    let mut known = Known { keys: Some(Keys::Wait), ..Known::default() };
    let tomorrow = UnixMillis(NOW.0 + 86_400_000);
    match decide(&remote(), &request, Body::Absent, &mut known, tomorrow, &mut Silent) {
        Progress::Decided(decision) => assert_eq!(decision.reason.as_str(), "expired"),
        other => panic!("{other:?}"),
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn an_unknown_key_is_refused_only_once_the_keys_are_younger_than_the_request() {
    let policy = remote();
    let request = post("/tts", &token_with("tts.basic"));
    let others = testing::jwks().replace("\"es256\"", "\"another\"");
    let mut known = Known { keys: key_set(&others), ..Known::default() };
    known.newer = Some(NewerKeys::Wait);
    let progress = decide(&policy, &request, Body::Absent, &mut known, NOW, &mut Silent);
    assert!(matches!(progress, Progress::WaitForKeys(_)));
    known.newer = Some(NewerKeys::Unavailable);
    assert_eq!(decided(&policy, &request, &mut known).answer(&policy).unwrap().status, 503);
    known.newer = Some(NewerKeys::Current);
    assert_eq!(decided(&policy, &request, &mut known).reason.as_str(), "unknown_key");
}
