//! What of an archive's entry is the body.

use serde_json::{Value, json};

use super::{HarError, from_har};
use crate::explain::{Request, RequestBody};

fn request(request: Value) -> Result<Request, HarError> {
    let mut whole = json!({"method": "POST", "url": "https://tts.example/tts"});
    whole.as_object_mut().unwrap().extend(request.as_object().unwrap().clone());
    let har = json!({"log": {"entries": [{"request": whole}]}});
    from_har(&har.to_string()).map(|mut it| it.remove(0))
}

fn body(of: Value) -> RequestBody {
    request(of).unwrap().body
}

fn given(bytes: &[u8]) -> RequestBody {
    RequestBody::Given(bytes.to_vec())
}

#[test]
fn text_is_the_body_with_its_own_length_and_type() {
    let made = request(json!({
        "headers": [{"name": "Content-Length", "value": "99"}],
        "postData": {"mimeType": "application/json", "text": "{\"a\":\"ü\"}", "params": []},
    }))
    .unwrap();
    assert_eq!(made.body, given("{\"a\":\"ü\"}".as_bytes()));
    assert_eq!(made.head.only("content-length"), Ok(Some(&b"10"[..])));
    assert_eq!(made.head.only("content-type"), Ok(Some(&b"application/json"[..])));
}

#[test]
fn the_header_says_the_type_if_it_is_there() {
    let made = request(json!({
        "headers": [{"name": "Content-Type", "value": "text/plain"}],
        "postData": {"mimeType": "application/json", "text": "a"},
    }))
    .unwrap();
    assert_eq!(made.head.only("content-type"), Ok(Some(&b"text/plain"[..])));
}

#[test]
fn base64_is_decoded_and_other_encodings_are_refused() {
    let encoded = |encoding: &str, text: &str| {
        request(json!({"postData": {"mimeType": "a/b", "encoding": encoding, "text": text}}))
    };
    assert_eq!(encoded("base64", "AP8=").unwrap().body, given(&[0, 255]));
    assert!(matches!(encoded("base64", "AP8"), Err(HarError::Base64 { entry: 0, .. })));
    assert!(matches!(encoded("rot13", "a"), Err(HarError::Encoding { entry: 0 })));
}

#[test]
fn fields_become_the_form_they_were() {
    let params = json!([{"name": "text", "value": "a b&ü"}, {"name": "speed", "value": "1"}]);
    let form = json!({"mimeType": "application/x-www-form-urlencoded", "params": params});
    assert_eq!(body(json!({ "postData": form })), given(b"text=a%20b%26%C3%BC&speed=1"));
    let multipart = json!({
        "mimeType": "multipart/form-data; boundary=\"x\"",
        "params": [
            {"name": "text", "value": "a"},
            {"name": "f\"", "value": "RIFF", "fileName": "a.wav", "contentType": "audio/wav"},
        ],
    });
    let expected = "--x\r\ncontent-disposition: form-data; name=\"text\"\r\n\r\na\r\n\
        --x\r\ncontent-disposition: form-data; name=\"f%22\"; filename=\"a.wav\"\r\n\
        content-type: audio/wav\r\n\r\nRIFF\r\n--x--\r\n";
    assert_eq!(body(json!({ "postData": multipart })), given(expected.as_bytes()));
}

#[test]
fn a_body_that_the_archive_did_not_keep_is_missing() {
    let file = json!({
        "mimeType": "multipart/form-data; boundary=x",
        "params": [{"name": "f", "fileName": "a.wav"}],
    });
    assert_eq!(body(json!({ "postData": file })), RequestBody::NotGiven);
    assert_eq!(body(json!({"bodySize": 10})), RequestBody::NotGiven);
    let kind = json!([{"name": "Content-Type", "value": "application/json"}]);
    assert_eq!(body(json!({ "headers": kind })), RequestBody::NotGiven);
    assert_eq!(body(json!({"bodySize": -1})), RequestBody::Absent);
    assert_eq!(body(json!({"bodySize": 0, "postData": null})), RequestBody::Absent);
}
