#[cfg(not(target_arch = "wasm32"))]
mod properties;

use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::stream::tests::ms;

fn read(value: &str) -> Vec<(String, f64)> {
    let stages = Stages::parse(value.as_bytes());
    stages.iter().map(|it| (it.name.to_string(), it.took.as_micros() as f64 / 1000.0)).collect()
}

fn one(name: &str, millis: f64) -> Vec<(String, f64)> {
    vec![(name.to_owned(), millis)]
}

#[wasm_bindgen_test(unsupported = test)]
fn it_is_read_in_the_syntax_of_server_timing() {
    let two = [("asr".to_owned(), 80.2), ("llm".to_owned(), 320.0)];
    assert_eq!(read("asr;dur=80.2, llm;dur=320"), two);
    assert_eq!(read(" , asr ; Dur = 80.2 ,,llm;desc=\"a, b; dur=1\";dur=320,"), two);
    assert_eq!(read("a;dur=1;dur=2"), one("a", 1.0), "the first counts");
    assert_eq!(read("a;desc=\"\\\", b;dur=9, \";dur=\"3\""), one("a", 3.0));
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_no_stage_is_dropped_and_the_others_stay() {
    for wrong in [
        "a",
        "a;dur",
        "a;dur=",
        "a;dur=x",
        "a;dur=-1",
        "a;dur=1e5",
        "a;dur=inf",
        "a;dur=NaN",
        "a;dur=1.2.3",
        "a;dur=.",
        "a;dur=86400001",
        ";dur=5",
        "a b;dur=5",
        "\"a\";dur=5",
        "a\u{e9};dur=5",
        "a;duration=5",
    ] {
        assert_eq!(read(&format!("{wrong}, llm;dur=7")), one("llm", 7.0), "{wrong}");
    }
    assert_eq!(read(&format!("{};dur=1, b;dur=2", "n".repeat(33))), one("b", 2.0));
    assert_eq!(Stages::parse(b"\xff\xfe;dur=\xff, a;dur=1").total(), ms(1));
    assert_eq!(read("\"unclosed, a;dur=1"), []);
}

#[wasm_bindgen_test(unsupported = test)]
fn no_more_is_read_than_its_bounds_allow() {
    let many: Vec<String> = (0..20).map(|i| format!("s{i};dur=1")).collect();
    let names: Vec<String> = read(&many.join(",")).into_iter().map(|it| it.0).collect();
    assert_eq!(names.len(), MAX_STAGES);
    assert_eq!(names.last().map(String::as_str), Some("s19"), "the latest stay");
    let long = format!("a;dur=1, {}b;dur=2", " ".repeat(300));
    assert_eq!(read(&long), one("a", 1.0));
    let cut = format!("{}, b;dur=123456", "x".repeat(MAX_BYTES - 10));
    assert_eq!(read(&cut), [], "what is cut off is no number");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_stage_is_added_behind_the_others() {
    let stages =
        Stages::parse(b"asr;dur=80.24, llm;dur=320").with("tts", Duration::from_micros(95_050));
    assert_eq!(stages.to_string(), "asr;dur=80.2, llm;dur=320, tts;dur=95.1");
    assert_eq!(Stages::default().with("tts", ms(7)).to_string(), "tts;dur=7");
    assert_eq!(Stages::default().to_string(), "");
    assert_eq!(Stages::default().with("", ms(7)).with("a b", ms(7)), Stages::default());
}

#[wasm_bindgen_test(unsupported = test)]
fn what_is_written_is_never_longer_than_what_is_read() {
    let mut stages = Stages::default();
    for i in 0..20 {
        stages = stages.with(&format!("{}{i:02}", "n".repeat(30)), Duration::MAX);
        assert!(stages.to_string().len() <= MAX_BYTES);
    }
    let again = Stages::parse(stages.to_string().as_bytes());
    assert_eq!(again.to_string(), stages.to_string());
    assert!(again.to_string().ends_with("19;dur=86400000"), "{again}");
}

#[wasm_bindgen_test(unsupported = test)]
fn one_line_says_where_the_time_went_and_how_much_there_was() {
    let stages = Stages::parse(b"asr;dur=80.2, llm;dur=320, tts;dur=94.6");
    let now = UnixMillis(1_000_000);
    assert_eq!(stages.one_line(None, now), "asr=80 llm=320 tts=95 total=495");
    let left = stages.one_line(Some(UnixMillis(1_000_005)), now);
    assert_eq!(left, "asr=80 llm=320 tts=95 total=495 of=500");
    let over = stages.one_line(Some(UnixMillis(999_900)), now);
    assert_eq!(over, "asr=80 llm=320 tts=95 total=495 of=395");
    let long_over = stages.one_line(Some(UnixMillis(1)), now);
    assert!(long_over.ends_with(" of=0"), "{long_over}");
    assert_eq!(Stages::default().one_line(None, now), "total=0");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_deadline_is_kept_until_it_has_passed() {
    let now = UnixMillis(1000);
    assert!(!is_over_budget(None, now));
    assert!(!is_over_budget(Some(now), now));
    assert!(is_over_budget(Some(UnixMillis(999)), now));
}

#[wasm_bindgen_test(unsupported = test)]
fn operations_are_stages() {
    for (operation, stage) in [
        ("asr.transcribe", Some("asr")),
        ("llm.chat", Some("llm")),
        ("tts.synthesize", Some("tts")),
        ("tts.batch", Some("tts")),
        ("tts.sing", Some("tts")),
        ("face.animate", Some("face")),
        ("video.generate", Some("video")),
        ("agent.invoke", Some("agent")),
        ("voice.list", None),
        ("ops.health", None),
    ] {
        assert_eq!(stage_of(operation), stage, "{operation}");
    }
}

/// They would stand in the line that says what all took.
#[wasm_bindgen_test(unsupported = test)]
fn nobody_names_a_stage_like_the_sum() {
    let stages = Stages::parse(b"total;dur=1, asr;dur=2, of;dur=3");
    assert_eq!(stages.to_string(), "asr;dur=2");
}
