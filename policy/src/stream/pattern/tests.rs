//! Services with and without `TCP_NODELAY`, behind kernels that acknowledge as kernels do.

#[cfg(not(target_arch = "wasm32"))]
mod properties;

use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::stream::tests::{at, observer, pass};
use crate::stream::{End, Observer};

/// When the other side acknowledges, in milliseconds behind what it got, one segment after the other; the
/// last goes on.
type Acks<'a> = &'a [f64];

/// Always delayed.
const DELAYED: Acks<'static> = &[42.1, 43.9, 40.3, 43.9, 41.2, 44.0, 43.9, 42.6, 43.8, 40.9];

/// As Linux does, measured on 6.18: 43.9, then at once.
const LINUX: Acks<'static> = &[43.9, 0.05, 0.05, 0.05];

/// Writes (when, what) as they arrive where the sender's kernel waits for acknowledgements (RFC 896): what
/// is not acknowledged lets the next small segment wait.
fn without_nodelay(writes: &[(f64, Vec<u8>)], acks: Acks<'_>) -> Vec<(f64, Vec<u8>)> {
    let mut acks = acks.iter().cycle();
    let mut arrivals: Vec<(f64, Vec<u8>)> = Vec::new();
    let (mut acknowledged, mut waiting) = (0.0, Vec::new());
    for (now, bytes) in writes {
        if *now >= acknowledged && !waiting.is_empty() {
            arrivals.push((acknowledged, std::mem::take(&mut waiting)));
            acknowledged += acks.next().unwrap();
        }
        waiting.extend(bytes);
        if *now >= acknowledged {
            arrivals.push((*now, std::mem::take(&mut waiting)));
            acknowledged = now + acks.next().unwrap();
        }
    }
    if !waiting.is_empty() {
        arrivals.push((acknowledged, waiting));
    }
    arrivals
}

/// Writes of so many bytes every so often.
fn writes(count: u32, period: f64, bytes: &[u8]) -> Vec<(f64, Vec<u8>)> {
    (0..count).map(|i| (20.0 + period * f64::from(i), bytes.to_vec())).collect()
}

fn watch(content_type: &str, arrivals: &[(f64, Vec<u8>)]) -> Observer {
    let mut it = observer(content_type);
    for (now, bytes) in arrivals {
        pass(&mut it, bytes, at(*now));
    }
    it
}

fn is_recognised(content_type: &str, arrivals: &[(f64, Vec<u8>)]) -> bool {
    watch(content_type, arrivals).news().next().is_some()
}

/// 20 ms of 24 kHz.
const PCM: [u8; 960] = [3; 960];

const EVENT: &[u8] = b"data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";

#[wasm_bindgen_test(unsupported = test)]
fn pieces_that_always_wait_are_recognised_in_one_stream() {
    for (period, what) in [(5.0, "four times as fast as it plays"), (10.0, "twice as fast")] {
        let arrivals = without_nodelay(&writes(200, period, &PCM), DELAYED);
        assert!(is_recognised("audio/pcm", &arrivals), "{what}");
    }
    let tokens = without_nodelay(&writes(60, 15.0, EVENT), DELAYED);
    assert!(is_recognised("text/event-stream", &tokens));
}

#[wasm_bindgen_test(unsupported = test)]
fn sixteen_gaps_make_it_certain_and_it_is_told_once() {
    let arrivals = without_nodelay(&writes(100, 10.0, &PCM), DELAYED);
    let mut it = observer("audio/pcm");
    let mut told = Vec::new();
    for (i, (now, bytes)) in arrivals.iter().enumerate() {
        pass(&mut it, bytes, at(*now));
        told.extend(it.news().map(|pattern| (i, pattern)));
    }
    let [(chunk, Pattern::DelayedAck)] = told[..] else { panic!("{told:?}") };
    assert!((16..=20).contains(&chunk), "{chunk}");
    assert_eq!(it.figures(End::Complete).patterns, [Pattern::DelayedAck]);
}

#[wasm_bindgen_test(unsupported = test)]
fn pauses_of_the_model_do_not_hide_it() {
    let mut all = writes(40, 10.0, &PCM);
    all.extend(writes(40, 10.0, &PCM).into_iter().map(|(now, it)| (now + 700.0, it)));
    assert!(is_recognised("audio/pcm", &without_nodelay(&all, DELAYED)));
}

#[wasm_bindgen_test(unsupported = test)]
fn forty_milliseconds_in_real_time_are_not_it() {
    let forty = [PCM, PCM].concat();
    assert!(!is_recognised("audio/pcm", &writes(100, 40.0, &forty)));
    // AAC at 24 kHz has frames of 42.7 ms.
    let frame = vec![3; 2048];
    assert!(!is_recognised("audio/pcm", &writes(100, 42.666, &frame)));
    let events: Vec<_> = writes(60, 40.0, EVENT);
    assert!(!is_recognised("text/event-stream", &events), "24 tokens a second");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_model_that_takes_42_ms_for_each_piece_is_not_it() {
    let piece = vec![3; 3840];
    assert!(!is_recognised("audio/pcm", &writes(100, 42.0, &piece)), "each 80 ms of audio");
    let mut small_first = writes(100, 42.0, &piece);
    small_first[0].1.truncate(960);
    assert!(!is_recognised("audio/pcm", &small_first), "the first piece is a small one");
}

#[wasm_bindgen_test(unsupported = test)]
fn gaps_of_any_length_are_not_it() {
    let jitter = [12.0, 41.0, 3.0, 77.0, 40.0, 25.0, 44.0, 9.0, 130.0, 39.0];
    let mut now = 0.0;
    let arrivals: Vec<_> = (0..100)
        .map(|i| {
            now += jitter[i % jitter.len()];
            (now, PCM[..100 + i * 7 % 800].to_vec())
        })
        .collect();
    assert!(!is_recognised("audio/pcm", &arrivals));
}

#[wasm_bindgen_test(unsupported = test)]
fn with_nodelay_nothing_is_recognised() {
    for period in [5.0, 10.0, 20.0, 41.0] {
        let arrivals = writes(100, period, &PCM);
        assert!(!is_recognised("audio/pcm", &arrivals), "{period}");
        assert_eq!(watch("audio/pcm", &arrivals).opening(), Some(Opening::Plain), "{period}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn one_gap_near_the_beginning_is_a_delayed_opening() {
    for period in [5.0, 10.0, 14.0, 20.0] {
        let with_headers = writes(50, period, &PCM).into_iter().map(|(now, it)| (now - 20.0, it));
        let arrivals = without_nodelay(&with_headers.collect::<Vec<_>>(), LINUX);
        let it = watch("audio/pcm", &arrivals);
        assert_eq!(it.opening(), Some(Opening::Delayed), "{period}, headers with the first piece");
        let gap = it.figures(End::Complete).first_gap.unwrap();
        assert!(DELAY.contains(&gap), "{gap:?}");

        // The headers are a write of their own.
        let mut all = vec![(0.0, b"HTTP/1.1 200 OK\r\n\r\n".to_vec())];
        all.extend(writes(50, period, &PCM).into_iter().map(|(now, it)| (now - 20.0 + period, it)));
        let arrivals = without_nodelay(&all, LINUX);
        let it = watch("audio/pcm", &arrivals[1..]);
        assert_eq!(it.opening(), Some(Opening::Delayed), "{period}, headers by themselves");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn an_answer_of_three_pieces_has_a_delayed_opening() {
    let pieces: Vec<_> = [0.0, 0.4, 0.8].map(|now| (now, PCM.to_vec())).to_vec();
    // As measured: 43.8 ms for all three.
    let arrivals = without_nodelay(&pieces, &[43.4]);
    assert_eq!(arrivals.len(), 2);
    assert_eq!(watch("audio/pcm", &arrivals).opening(), Some(Opening::Delayed));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_model_that_takes_42_ms_to_begin_has_a_plain_opening() {
    let mut arrivals = writes(50, 10.0, &PCM);
    for (now, _) in &mut arrivals {
        *now += 22.0;
    }
    let it = watch("audio/pcm", &arrivals);
    assert_eq!(it.opening(), Some(Opening::Plain), "one piece, like all others");
}

#[wasm_bindgen_test(unsupported = test)]
fn too_little_to_tell_by_is_no_opening() {
    assert_eq!(watch("audio/pcm", &[]).opening(), None);
    assert_eq!(watch("audio/pcm", &[(0.0, PCM.to_vec())]).opening(), None);
    assert_eq!(watch("audio/pcm", &[(42.0, PCM.to_vec())]).opening(), None, "nothing to compare");
    let late = watch("audio/pcm", &[(90.0, PCM.to_vec())]);
    assert_eq!(late.opening(), Some(Opening::Plain), "the gap tells");
}

#[wasm_bindgen_test(unsupported = test)]
fn openings_of_many_streams_make_it_certain() {
    let mut it = Openings::default();
    let mut judge = |opening| it.judge("tts.synthesize", opening);
    for i in 0..7 {
        assert_eq!(judge(Opening::Delayed), None, "{i}");
    }
    assert_eq!(judge(Opening::Delayed), Some(Pattern::DelayedAck));
    for i in 0..2 {
        assert_eq!(judge(Opening::Plain), Some(Pattern::DelayedAck), "{i}: fresh connections");
    }
    for _ in 0..16 {
        judge(Opening::Plain);
    }
    assert_eq!(judge(Opening::Plain), None, "it was mended");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_model_that_sometimes_takes_so_long_is_not_it() {
    let mut it = Openings::default();
    for i in 0..100 {
        let opening = if i % 2 == 0 { Opening::Delayed } else { Opening::Plain };
        assert_eq!(it.judge("tts.synthesize", opening), None, "{i}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn operations_are_told_apart_and_no_more_than_there_is_room_for() {
    let mut it = Openings::default();
    for i in 0..8 {
        it.judge("tts.synthesize", Opening::Delayed);
        assert_eq!(it.judge("llm.chat", Opening::Plain), None, "{i}");
    }
    assert!(it.judge("tts.synthesize", Opening::Delayed).is_some());
    for i in 0..1000 {
        it.judge(&i.to_string(), Opening::Plain);
    }
    assert_eq!(it.judge("tts.synthesize", Opening::Delayed), None, "forgotten");
}

#[wasm_bindgen_test(unsupported = test)]
fn the_log_says_what_to_change() {
    assert_eq!(Pattern::DelayedAck.as_str(), "delayed_ack");
    assert!(Pattern::DelayedAck.advice().contains("TCP_NODELAY"));
}
