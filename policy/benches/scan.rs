//! How fast a JSON body is read: `cargo bench -p voxgate-policy --bench scan`.
//!
//! Prints GB/s (10⁹ bytes of body a second), the best of many runs, for bodies of an OpenAI speech
//! request. `serde_json`'s ways keep the whole body in memory; ours gets it in slices of 16 KB, as a
//! proxy does.

use std::hint::black_box;
use std::rc::Rc;
use std::time::{Duration, Instant};

use serde::de::IgnoredAny;
use serde_json::json;
use voxgate_policy::body::json::Json;
use voxgate_policy::body::{Field, FieldTree, Sink, Value};
use voxgate_policy::spec::DuplicateKeys;

const SIZES: [(&str, usize); 4] =
    [("4 KB", 4 << 10), ("60 KB", 60 << 10), ("516 KB", 516 << 10), ("5 MB", 5 << 20)];

/// What a proxy gets at a time from a socket.
const SLICE: usize = 16 << 10;

/// How long one number is measured.
const PATIENCE: Duration = Duration::from_millis(150);

type Read = (&'static str, fn(&[u8]) -> usize);

const READS: [Read; 3] = [
    ("ours", ours),
    ("serde_json IgnoredAny", |body| {
        serde_json::from_slice::<IgnoredAny>(body).map_or(0, |_| body.len())
    }),
    ("serde_json Value", |body| {
        serde_json::from_slice::<serde_json::Value>(body).map_or(0, |_| body.len())
    }),
];

fn main() {
    println!("{:<26} {:>8} {:<24} {:>8}", "text", "body", "read by", "GB/s");
    for (name, text) in texts() {
        for (size_name, size) in SIZES {
            let body = body(&text, size);
            for (reader, read) in READS {
                assert!(read(&body) > 0, "{reader} refuses the body");
                let gigabytes = body.len() as f64 / best(|| read(&body)).as_secs_f64() / 1e9;
                println!("{name:<26} {size_name:>8} {reader:<24} {gigabytes:>8.2}");
            }
        }
    }
}

/// Pieces of JSON strings, to be repeated.
fn texts() -> [(&'static str, String); 5] {
    let chinese = "你好，世界。语音合成的文本可以很长。";
    let escaped = chinese.encode_utf16().map(|it| format!("\\u{it:04x}")).collect();
    [
        ("ASCII", "The quick brown fox jumps over the lazy dog, twice. ".to_owned()),
        ("ASCII, lines of 80", "x".repeat(80) + "\\n"),
        ("base64", "UklGRiQAAABXQVZFZm10IBAAAAABAAEAwF0AAIC7AAACABAA".to_owned()),
        ("Chinese", chinese.to_owned()),
        ("Chinese as \\uXXXX", escaped),
    ]
}

fn body(text: &str, size: usize) -> Vec<u8> {
    let around = json!({"model": "tts-1-hd", "voice": "alloy", "response_format": "mp3", "speed": 1.25, "input": "@"});
    let filler = text.repeat(size / text.len());
    around.to_string().replace('@', &filler).into_bytes()
}

fn ours(body: &[u8]) -> usize {
    thread_local! {
        static TREE: Rc<FieldTree> = {
            let mut tree = FieldTree::new();
            for (pointer, field) in [
                ("/input", Field::Text),
                ("/model", Field::Model),
                ("/voice", Field::Voice),
                ("/speed", Field::Speed),
            ] {
                assert_eq!(tree.add(pointer, field), Ok(()));
            }
            Rc::new(tree)
        };
    }
    let (mut json, mut bytes) = (Json::new(TREE.with(Rc::clone), DuplicateKeys::Deny), Bytes(0));
    let read = body.chunks(SLICE).try_for_each(|it| json.feed(it, &mut bytes));
    if read.and_then(|()| json.finish(&mut bytes)).is_ok() { bytes.0 } else { 0 }
}

/// Counts the bytes it is told.
struct Bytes(usize);

impl Sink for Bytes {
    fn begin(&mut self, _: Value) {}

    fn piece(&mut self, bytes: &[u8]) {
        self.0 += black_box(bytes).len();
    }

    fn end(&mut self) {}

    fn end_of_job(&mut self) {}
}

/// The fastest run.
fn best(mut run: impl FnMut() -> usize) -> Duration {
    let (began, mut best) = (Instant::now(), Duration::MAX);
    while began.elapsed() < PATIENCE {
        let before = Instant::now();
        black_box(run());
        best = best.min(before.elapsed());
    }
    best
}
