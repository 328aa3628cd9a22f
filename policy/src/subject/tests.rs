use serde_json::json;
use wasm_bindgen_test::wasm_bindgen_test;

use super::*;

fn full() -> Subject {
    Subject {
        tenant: Some("a\"cmé\u{0}".to_owned()),
        user: Some("ann".to_owned()),
        tier: Some("premium".to_owned()),
        operations: vec!["tts.synthesize".to_owned(), "voice.use".to_owned()],
        rule: Some("openai-audio/speech".to_owned()),
        text_chars: u64::MAX,
        speech_ms: 2,
        input_audio_ms: 3,
        batch_lines: 4,
        models: vec!["m".to_owned()],
        has_more_models: true,
        sample_rate_hz: Some(48_000),
        is_upgrade: true,
        is_exempt: true,
        is_operator: true,
        asks_usage: true,
        repeat: Some([255; 16]),
        places: Some(BodyPlaces::default()),
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_subject_is_read_as_it_was_written() {
    for subject in [full(), Subject::default()] {
        assert_eq!(Subject::from_json(subject.to_json().as_bytes()).unwrap(), subject);
    }
    assert_eq!(Subject::default().to_json(), "{}", "what says nothing is not written");
}

#[wasm_bindgen_test(unsupported = test)]
fn members_may_be_missing_and_others_may_be_there() {
    let whole = serde_json::to_value(full()).unwrap();
    let members = whole.as_object().unwrap();
    assert_eq!(members.len(), 18);
    for name in members.keys() {
        let mut fewer = whole.clone();
        fewer.as_object_mut().unwrap().remove(name);
        let read = Subject::from_json(fewer.to_string().as_bytes()).unwrap();
        assert_eq!(serde_json::to_value(read).unwrap(), fewer, "without {name}");
    }
    let more = json!({"tenant": "acme", "lane": "batch", "of_a_later_version": {"x": [1]}});
    let read = Subject::from_json(more.to_string().as_bytes()).unwrap();
    assert_eq!(read, Subject { tenant: Some("acme".to_owned()), ..Subject::default() });
    let nothing = json!({"tenant": null, "repeat": null, "sample_rate_hz": null});
    assert_eq!(Subject::from_json(nothing.to_string().as_bytes()).unwrap(), Subject::default());
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_no_subject_is_an_error() {
    for wrong in ["", "[", "7", "null", r#"{"text_chars":-1}"#, r#"{"repeat":[1,2]}"#, "{} {}"] {
        assert!(Subject::from_json(wrong.as_bytes()).is_err(), "{wrong}");
    }
}
