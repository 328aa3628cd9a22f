//! Audio within JSON.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::testing::audio::*;

/// Samples of 16 bits at 24 kHz.
fn samples(millis: usize) -> Vec<u8> {
    vec![3; millis * 48]
}

fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|it| format!("{it:02x}")).collect()
}

fn event(document: &str) -> String {
    format!("data: {document}\n\n")
}

/// In milliseconds.
fn told(content_type: &str, body: &str) -> (Option<u128>, Option<u128>, Format) {
    let progress = progress(content_type, body.as_bytes(), None);
    let millis = |it: Option<Duration>| it.map(|it| it.as_millis());
    let delivered = delivered(content_type, body.as_bytes()).audio;
    assert_eq!(
        delivered.map(|it| u128::from(it.0)),
        progress.audio.map(|it| it.as_micros().div_ceil(1000))
    );
    (millis(progress.audio), millis(progress.audible), progress.format)
}

fn events(documents: &[String]) -> Option<u128> {
    let body: String = documents.iter().map(|it| event(it)).collect();
    let told = told("text/event-stream", &body);
    let format = if told.0.is_some() { Format::SseAudio } else { Format::Sse };
    assert_eq!(told.2, format, "{body}");
    told.0
}

#[wasm_bindgen_test(unsupported = test)]
fn every_api_has_its_place() {
    let audio = base64(&samples(20));
    for document in [
        format!(r#"{{"type":"speech.audio.delta","audio":"{audio}"}}"#),
        format!(r#"{{"type":"response.output_audio.delta","item_id":"a","delta":"{audio}"}}"#),
        format!(r#"{{"type":"response.audio.delta","delta":"{audio}"}}"#),
        format!(r#"{{"choices":[{{"delta":{{"audio":{{"id":"a","data":"{audio}"}}}}}}]}}"#),
        format!(
            r#"{{"choices":[{{"index":0,"delta":{{"role":"assistant","content":"{audio}"}}}}]}}"#
        ),
        format!(r#"{{"choices":[{{"message":{{"audio":{{"data":"{audio}"}}}}}}]}}"#),
        format!(r#"{{"audio_base64":"{audio}","alignment":{{"characters":["H","i"]}}}}"#),
        format!(r#"{{"output":{{"audio":{{"data":"{audio}","url":""}}}}}}"#),
        format!(r#"{{"data":{{"audio":"{}","status":1}}}}"#, hex(&samples(20))),
        format!(r#"{{"code":0,"data":"{audio}"}}"#),
        format!(r#"{{"type":"chunk","data":"{audio}","done":false}}"#),
        format!(r#"{{"result":{{"audioContent":"{audio}"}}}}"#),
        format!(r#"{{"audios":["{audio}"]}}"#),
        format!(r#"{{"Response":{{"Audio":"{audio}"}}}}"#),
        format!(
            r#"{{"candidates":[{{"content":{{"parts":[{{"inlineData":{{"mimeType":"audio/L16;codec=pcm;rate=24000","data":"{audio}"}}}}]}}}}]}}"#
        ),
    ] {
        let (first, second) = (document.clone(), document.replace('/', "\\/"));
        assert_eq!(events(&[first, second]), Some(40), "{document}");
        assert_eq!(
            told("application/x-ndjson", &document),
            (Some(20), Some(0), Format::JsonlAudio)
        );
        assert_eq!(told("application/json", &document), (Some(20), Some(0), Format::JsonAudio));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn what_only_looks_like_a_place_is_none() {
    let audio = base64(&samples(20));
    for document in [
        format!(r#"{{"type":"response.output_text.delta","delta":"{audio}"}}"#),
        format!(r#"{{"type":"response.audio_transcript.delta","delta":"{audio}"}}"#),
        format!(r#"{{"delta":"{audio}","type":"response.audio.delta"}}"#),
        format!(r#"{{"type":"audio.deltas","delta":"{audio}"}}"#),
        format!(r#"{{"type":"response.audio.delta","delta":{{"delta":"{audio}"}}}}"#),
        format!(r#"{{"data":["{audio}"]}}"#),
        format!(r#"{{"data":{{"x":{{"audio":"{audio}"}}}}}}"#),
        format!(r#"{{"data":{{"audio":{{"x":"{audio}"}}}}}}"#),
        format!(
            r#"{{"candidates":[{{"content":{{"parts":[{{"inlineData":{{"mimeType":"image/png","data":"{audio}"}}}}]}}}}]}}"#
        ),
        format!(r#"{{"x":{{"audio":"{audio}"}}}}"#),
        format!(r#"{{"Audio":"{audio}"}}"#),
        r#"{"audio":null,"data":7,"delta":[]}"#.to_owned(),
        r#"{"audio":""}"#.to_owned(),
    ] {
        assert_eq!(events(&[document.clone(), document.clone()]), None, "{document}");
    }
    // And what is beside it does not hide it.
    let beside = format!(r#"{{"Data":1,"data":{{"x":[{{"y":1}}],"audio":"{audio}"}},"TYPE":2}}"#);
    assert_eq!(events(&[beside]), Some(20));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_text_is_no_audio() {
    let audio = base64(&samples(20));
    for text in [
        "Hello, world",
        "你好",
        "Hello",
        "https://a.example/b.wav",
        "====",
        "AAAA AAAA",
        "ab==cd==",
    ] {
        let document = |it: &str| format!(r#"{{"data":"{it}"}}"#);
        assert_eq!(events(&[document(text)]), None, "{text}");
        // Nor is what follows in its place, but elsewhere.
        assert_eq!(events(&[document(text), document(&audio)]), None, "{text}");
        assert_eq!(events(&[document(text), format!(r#"{{"audio":"{audio}"}}"#)]), Some(20));
    }
    // Words could be base64, but no word is as long.
    let words = ["Sure", "that", "isfine", "ab"].map(|it| format!(r#"{{"data":"{it}"}}"#));
    assert_eq!(events(&words[..2]), None);
    assert_eq!(
        events(&[r#"{"data":"Sure"}"#.to_owned(), format!(r#"{{"data":"{audio}"}}"#)]),
        Some(20)
    );
    // One that is not in base64, once it is known to be audio, ends there.
    let broken = format!(r#"{{"data":"{}!{audio}"}}"#, base64(&samples(10)));
    assert_eq!(events(&[format!(r#"{{"data":"{audio}"}}"#), broken]), Some(30));
}

#[wasm_bindgen_test(unsupported = test)]
fn base64_may_be_written_in_any_way() {
    let bytes: Vec<u8> = (0..=255).cycle().take(961).collect();
    let mut lines = base64(&bytes);
    lines.insert_str(76, "\\r\\n");
    let escaped: String =
        base64(&bytes).chars().map(|it| format!("\\u{:04x}", it as u32)).collect();
    for text in [base64(&bytes), lines, escaped] {
        assert_eq!(events(&[format!(r#"{{"audio":"{text}"}}"#)]), Some(20));
    }
    // Without padding, where it is known to be audio.
    let unpadded = URL_SAFE_NO_PAD.encode(&bytes);
    let audio = base64(&samples(20));
    let documents = [audio, unpadded].map(|it| format!(r#"{{"audio":"{it}"}}"#));
    assert_eq!(events(&documents), Some(40));
}

#[wasm_bindgen_test(unsupported = test)]
fn silence_in_base64_is_not_hex() {
    let silent = base64(&[0; 960]);
    assert!(silent.starts_with("AAAAAAAAAAAAAAAA"));
    let body = event(&format!(r#"{{"audio":"{silent}"}}"#));
    assert_eq!(told("text/event-stream", &body), (Some(20), None, Format::SseAudio));
    let audible = event(&format!(r#"{{"audio":"{}"}}"#, base64(&samples(1))));
    assert_eq!(
        told("text/event-stream", &(body + &audible)),
        (Some(21), Some(20), Format::SseAudio)
    );
    let silent = event(&format!(r#"{{"data":{{"audio":"{}"}}}}"#, hex(&[0; 960])));
    assert_eq!(told("text/event-stream", &silent), (Some(20), None, Format::SseAudio));
}

#[wasm_bindgen_test(unsupported = test)]
fn files_are_measured_as_files() {
    let cut = |file: &[u8]| -> Vec<String> {
        file.chunks(400).map(|it| format!(r#"{{"audio":"{}"}}"#, base64(it))).collect()
    };
    for (file, expected) in [
        ([id3(30), mp3(5)].concat(), 130),
        (mp3(5), 130),
        (adts(12), 512),
        (opus(7, 96_000), 2000),
        (flac_frames(16_000, 40), 10_240),
        (wav(8000, 150), 150),
    ] {
        assert_eq!(events(&cut(&file)), Some(expected));
        // A file an event: they follow each other.
        let each = format!(r#"{{"audio":"{}"}}"#, base64(&file));
        let twice = events(&[each.clone(), each]);
        assert!(twice.is_some_and(|it| it / 2 == expected), "{twice:?} {expected}");
    }
    // A header that stands alone.
    let file = wav(8000, 150);
    let parts = [&file[..44], &file[44..]].map(|it| format!(r#"{{"audio":"{}"}}"#, base64(it)));
    assert_eq!(events(&parts), Some(150));
    assert_eq!(events(&parts[..1]), Some(0));
}

#[wasm_bindgen_test(unsupported = test)]
fn an_event_counts_once_its_document_is_complete() {
    let document = format!(r#"{{"audio":"{}","a":1}}"#, base64(&samples(20)));
    let whole = event(&document);
    let body = [&whole[..], &whole[..whole.len() - 4]].concat();
    assert_eq!(told("text/event-stream", &body), (Some(20), Some(0), Format::SseAudio));
    assert_eq!(
        told("text/event-stream", &[&whole, &whole[..whole.len() - 2]].concat()).0,
        Some(40)
    );
    // A line without an end is complete as well; and a single document counts as it comes.
    assert_eq!(told("application/jsonl", &format!("{document}\n{document}")).0, Some(40));
    let long = format!(r#"{{"audio":"{}"#, base64(&samples(20)));
    assert_eq!(told("application/json", &long).0, Some(20));
    assert_eq!(told("application/jsonl", &long).0, None);
}

#[wasm_bindgen_test(unsupported = test)]
fn documents_may_follow_each_other_without_an_end_of_line() {
    let document = format!(r#"{{"audio_base64":"{}"}}"#, base64(&samples(20)));
    for between in ["", "\n", " \r\n\n"] {
        let body = [&document[..], &document, &document].join(between);
        assert_eq!(told("application/json", &body).0, Some(60));
    }
    assert_eq!(told("application/json", &format!("{document}}}{document}")).0, Some(20));
}

#[wasm_bindgen_test(unsupported = test)]
fn the_last_event_of_minimax_repeats_the_others() {
    let part = |it: &[u8], status| {
        format!(r#"{{"data":{{"audio":"{}","status":{status}}},"trace_id":"a"}}"#, hex(it))
    };
    let (first, second) = (samples(20), samples(30));
    let all = [&first[..], &second].concat();
    let documents = [part(&first, 1), part(&second, 1), part(&all, 2)];
    assert_eq!(events(&documents), Some(50));
    // Alone it is all there is.
    assert_eq!(events(&documents[2..]), Some(50));
    assert_eq!(told("application/json", &documents[2]).0, Some(50));
}

#[wasm_bindgen_test(unsupported = test)]
fn tokens_are_read_beside_audio() {
    let audio = base64(&samples(20));
    let body = [
        event(&format!(r#"{{"type":"speech.audio.delta","audio":"{audio}"}}"#)),
        event(
            r#"{"type":"speech.audio.done","usage":{"input_tokens":9,"output_tokens":3,"total_tokens":12}}"#,
        ),
    ];
    let delivered = delivered("text/event-stream", body.concat().as_bytes());
    assert_eq!((delivered.tokens, delivered.audio), (Some(12), Some(AudioMillis(20))));
}

#[wasm_bindgen_test(unsupported = test)]
fn the_request_tells_the_rate_of_samples() {
    let body = event(&format!(r#"{{"audio":"{}"}}"#, base64(&samples(20))));
    let head = ResponseHead { sample_rate_hz: Some(8000), ..head("text/event-stream") };
    let mut meter = ResponseMeter::new(&head);
    meter.feed(body.as_bytes());
    assert_eq!(meter.delivered().audio, Some(AudioMillis(60)));
}
