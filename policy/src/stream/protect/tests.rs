use wasm_bindgen_test::wasm_bindgen_test;

use super::*;

fn headers(content_type: &str) -> Headers<'_> {
    Headers { status: 200, content_type: content_type.as_bytes(), ..Headers::default() }
}

fn changes(headers: &Headers<'_>) -> Vec<(&'static str, String)> {
    on_response(&ProtectSpec::default(), headers)
        .into_iter()
        .map(|it| (it.name, String::from_utf8(it.value.into_owned()).unwrap()))
        .collect()
}

#[wasm_bindgen_test(unsupported = test)]
fn what_plays_or_comes_bit_by_bit_is_a_stream() {
    for content_type in [
        "audio/wav",
        "Audio/L16;rate=24000",
        "audio/L16, rate=24000",
        "application/ogg",
        "video/mp4",
        "text/event-stream; charset=utf-8",
        " text/event-stream",
        "application/x-ndjson",
        "application/jsonl",
        "application/grpc",
        "application/grpc+proto",
        "multipart/x-mixed-replace; boundary=frame",
        "application/octet-stream",
    ] {
        assert!(is_stream(&headers(content_type)), "{content_type}");
    }
    for content_type in ["", "application/json", "text/html", "text/event-streams", "image/png"] {
        assert!(!is_stream(&headers(content_type)), "{content_type}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_file_of_known_length_a_failure_and_another_protocol_are_none() {
    let file = Headers { has_length: true, ..headers("application/octet-stream") };
    assert!(!is_stream(&file));
    assert!(is_stream(&Headers { has_length: true, ..headers("audio/wav") }));
    assert!(is_stream(&Headers { status: 206, ..headers("audio/wav") }));
    for status in [101, 304, 404, 500] {
        assert!(!is_stream(&Headers { status, ..headers("audio/wav") }), "{status}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_stream_is_neither_transformed_nor_buffered() {
    let both = [("cache-control", "no-transform".into()), ("x-accel-buffering", "no".into())];
    assert_eq!(changes(&headers("audio/wav")), both);
}

#[wasm_bindgen_test(unsupported = test)]
fn what_the_service_said_of_caching_stays() {
    for (said, then) in [
        ("no-cache", Some("no-cache, no-transform")),
        ("no-cache, no-store ", Some("no-cache, no-store, no-transform")),
        (
            "private=\"set-cookie, no-transform\"",
            Some("private=\"set-cookie, no-transform\", no-transform"),
        ),
        ("no-transformer", Some("no-transformer, no-transform")),
        ("", Some("no-transform")),
        ("No-Transform", None),
        ("no-cache,no-transform , max-age=0", None),
    ] {
        let with = Headers { cache_control: Some(said.as_bytes()), ..headers("audio/wav") };
        let changed = changes(&with).into_iter().find(|it| it.0 == "cache-control");
        assert_eq!(changed.map(|it| it.1).as_deref(), then, "{said}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_said_already_is_not_said_again() {
    let with = Headers {
        cache_control: Some(b"no-transform"),
        accel_buffering: Some(b" No "),
        ..headers("audio/wav")
    };
    assert_eq!(changes(&with), []);
    let with = Headers { accel_buffering: Some(b"yes"), ..with };
    assert_eq!(changes(&with), [("x-accel-buffering", "no".to_owned())]);
}

#[wasm_bindgen_test(unsupported = test)]
fn each_is_switched_off_by_itself() {
    let spec = ProtectSpec { no_transform: false, ..ProtectSpec::default() };
    let names = |spec: &ProtectSpec| -> Vec<&str> {
        on_response(spec, &headers("audio/wav")).iter().map(|it| it.name).collect()
    };
    assert_eq!(names(&spec), ["x-accel-buffering"]);
    let spec = ProtectSpec { no_accel_buffering: false, ..ProtectSpec::default() };
    assert_eq!(names(&spec), ["cache-control"]);
    let spec = ProtectSpec { identity_encoding: false, ..ProtectSpec::default() };
    assert_eq!(on_request(&spec, &["tts.synthesize".to_owned()], Some(b"gzip")), None);
}

#[wasm_bindgen_test(unsupported = test)]
fn audio_is_asked_for_as_it_is() {
    let ask = |operation: &str, accept| {
        let change = on_request(&ProtectSpec::default(), &[operation.to_owned()], accept);
        change.map(|it| (it.name, it.value.into_owned()))
    };
    let identity = Some(("accept-encoding", b"identity".to_vec()));
    for operation in ["tts.synthesize", "tts.sing", "face.animate", "video.generate"] {
        assert_eq!(ask(operation, Some(b"gzip, br")), identity, "{operation}");
    }
    for operation in ["llm.chat", "asr.transcribe", "voice.list"] {
        assert_eq!(ask(operation, Some(b"gzip")), None, "{operation}: text gains by it");
    }
    for accept in [None, Some(b"".as_slice()), Some(b" Identity ")] {
        assert_eq!(ask("tts.synthesize", accept), None, "{accept:?}");
    }
}
