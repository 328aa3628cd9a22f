use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::stream::tests::{at, ms, observer, pass};

/// 20 ms of 24 kHz.
const PCM: [u8; 960] = [7; 960];

#[wasm_bindgen_test(unsupported = test)]
fn a_recording_has_all_its_figures() {
    let mut it = observer("audio/pcm");
    for i in 0..50 {
        pass(&mut it, &PCM, at(30.0 + 10.0 * f64::from(i)));
    }
    it.ended(at(521.0));
    let figures = it.figures(End::Complete);
    assert_eq!(figures.headers, ms(20));
    assert_eq!(figures.first_byte, Some(ms(50)));
    assert_eq!(figures.ttfa, Some(ms(50)));
    assert_eq!(figures.first_unit, None, "a sample is none");
    assert_eq!(figures.last_byte, Some(ms(540)));
    assert_eq!((figures.bytes, figures.chunks, figures.releases), (48_000, 50, 50));
    assert_eq!((figures.smallest, figures.largest), (Some(960), Some(960)));
    assert_eq!((figures.held, figures.longest_held), (0, ms(0)));
    assert_eq!(figures.gaps, [0, 0, 49, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!((figures.longest_gap, figures.first_gap), (ms(10), Some(ms(30))));
    assert_eq!(figures.audio, Some(ms(1000)));
    assert_eq!(figures.real_time_permille, Some(490));
    assert_eq!((figures.underruns, figures.continuous), (0, Some(true)));
    assert_eq!((figures.format, figures.end), ("pcm", End::Complete));
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_held_is_not_heard() {
    let mut it = observer("audio/pcm");
    for i in 0..5 {
        let now = at(10.0 * f64::from(i));
        it.feed(&PCM);
        it.arrived(PCM.len(), now);
    }
    assert_eq!(it.listener().level(at(40.0)), None, "100 ms came, and nothing went on");
    assert_eq!(it.ttfa(), None);
    it.released(4800, at(47.0));
    assert_eq!(it.listener().level(at(47.0)), Some(ms(100)));
    assert_eq!(it.ttfa(), Some(ms(67)));
    let figures = it.figures(End::Left);
    assert_eq!((figures.chunks, figures.releases, figures.held), (5, 1, 5));
    assert_eq!(figures.longest_held, ms(47));
}

#[wasm_bindgen_test(unsupported = test)]
fn what_goes_on_with_a_later_chunk_was_held_and_that_chunk_was_not() {
    let mut it = observer("audio/pcm");
    it.feed(&PCM);
    it.arrived(PCM.len(), at(0.0));
    pass(&mut it, &PCM, at(20.0));
    let figures = it.figures(End::Complete);
    assert_eq!((figures.held, figures.longest_held), (1, ms(20)));
}

#[wasm_bindgen_test(unsupported = test)]
fn an_incomplete_sample_that_stays_behind_takes_nothing_from_the_listener() {
    let mut it = observer("audio/pcm");
    it.feed(&[7; 4801]);
    it.arrived(4801, at(0.0));
    it.released(4801 - it.progress().tail, at(0.0));
    assert_eq!(it.listener().level(at(0.0)), Some(ms(100)));
}

#[wasm_bindgen_test(unsupported = test)]
fn an_empty_chunk_is_none() {
    let mut it = observer("audio/pcm");
    it.arrived(0, at(5.0));
    it.released(0, at(5.0));
    let figures = it.figures(End::Failed);
    assert_eq!((figures.chunks, figures.releases), (0, 0));
    assert_eq!((figures.first_byte, figures.last_byte), (None, None));
    assert_eq!(figures.continuous, None, "there was no audio");
    assert_eq!(figures.real_time_permille, None);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_body_that_is_not_measured_has_its_times_all_the_same() {
    let mut it = observer("video/x-unknown");
    pass(&mut it, b"anything", at(5.0));
    pass(&mut it, b"at all", at(45.0));
    let figures = it.figures(End::Complete);
    assert_eq!((figures.audio, figures.ttfa, figures.continuous), (None, None, None));
    assert_eq!((figures.longest_gap, figures.bytes), (ms(40), 14));
    assert_eq!(figures.continuity(), "unknown");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_clock_that_is_set_back_breaks_nothing() {
    let hour = 3_600_000.0;
    let mut it = observer("audio/pcm");
    for i in 0..20 {
        let set_back = if i < 10 { 0.0 } else { hour };
        pass(&mut it, &PCM, at(20.0 * f64::from(i) - set_back));
    }
    it.ended(at(400.0 - hour));
    let figures = it.figures(End::Complete);
    assert_eq!((figures.underruns, figures.audio), (0, Some(ms(400))));
    assert_eq!(figures.longest_gap, ms(20));
    assert_eq!(figures.last_byte, Some(ms(0)));
}

/// An event of OpenAI's with so many bytes of samples.
fn audio_event(samples: &[u8]) -> Vec<u8> {
    use base64::Engine as _;
    let audio = base64::engine::general_purpose::STANDARD.encode(samples);
    format!("data: {{\"type\":\"speech.audio.delta\",\"audio\":\"{audio}\"}}\n\n").into_bytes()
}

#[wasm_bindgen_test(unsupported = test)]
fn leading_silence_is_not_the_first_audio() {
    let head = ResponseHead {
        status: 200,
        content_type: b"audio/pcm",
        content_encoding: b"",
        sample_rate_hz: None,
    };
    let terms = ObserverTerms {
        listener: ListenerTerms { start: ms(100), hole: ms(100) },
        silence: ms(2000),
    };
    let mut it = Observer::new(&head, &terms, at(0.0), at(1.0));
    for i in 0..10 {
        pass(&mut it, &[0; 960], at(10.0 + f64::from(i)));
    }
    assert_eq!(it.ttfa(), None);
    assert_eq!(it.listener().level(at(19.0)), Some(ms(195)), "it plays the silence");
    pass(&mut it, &[0x40; 960], at(30.0));
    let figures = it.figures(End::Complete);
    assert_eq!((figures.first_byte, figures.ttfa), (Some(ms(10)), Some(ms(30))));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_header_is_not_the_first_audio() {
    let wav = crate::testing::audio::wav(24_000, 100);
    let mut it = observer("audio/wav");
    let (header, samples) = wav.split_at(44);
    pass(&mut it, header, at(0.0));
    assert_eq!(it.ttfa(), None);
    pass(&mut it, samples, at(70.0));
    assert_eq!(it.ttfa(), Some(ms(90)));
    assert_eq!(it.figures(End::Complete).format, "wav");
}

#[wasm_bindgen_test(unsupported = test)]
fn events_have_a_first_one_and_audio_within_them_is_heard() {
    let mut it = observer("text/event-stream");
    pass(&mut it, b": hello\n\n", at(1.0));
    pass(&mut it, b"data: {\"a\"", at(2.0));
    assert_eq!(it.figures(End::Left).first_unit, None);
    pass(&mut it, b":1}\n\n", at(3.0));
    assert_eq!((it.figures(End::Left).first_unit, it.ttfa()), (Some(ms(23)), None));
    pass(&mut it, &audio_event(&[7; 4800]), at(10.0));
    assert_eq!(it.ttfa(), Some(ms(30)));
    pass(&mut it, &audio_event(&[7; 4800]), at(150.0));
    let figures = it.figures(End::Complete);
    assert_eq!((figures.audio, figures.format), (Some(ms(200)), "sse_audio"));
    assert_eq!((figures.underruns, figures.missing), (1, ms(40)));
    assert_eq!(it.kind(), Kind::Events);
}

#[wasm_bindgen_test(unsupported = test)]
fn tokens_are_those_that_the_answer_says() {
    let mut it = observer("text/event-stream");
    pass(&mut it, b"data: {\"usage\":{\"total_tokens\":42}}\n\ndata: [DONE]\n\n", at(1.0));
    let figures = it.figures(End::Complete);
    assert_eq!((figures.tokens, figures.continuous), (Some(42), None));
}
