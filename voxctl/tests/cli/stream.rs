//! `voxctl stream`: what a server sends when, and what is said of it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::mpsc::{Receiver, channel};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{Run, finish, voxctl};

/// What is sent: bytes, so long after what was sent before.
type Script = Vec<(Duration, Vec<u8>)>;

/// A server that answers one request after the other by a script, and what it was asked.
struct Service {
    port: u16,
    asked: Receiver<String>,
}

const PCM: &str =
    "HTTP/1.1 200 OK\r\ncontent-type: audio/pcm;rate=24000\r\ntransfer-encoding: chunked\r\n\r\n";

/// 20 ms of [`PCM`].
const FRAME: usize = 960;

// === impl Service ===

impl Service {
    fn playing(scripts: Vec<Script>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let (tell, asked) = channel();
        std::thread::spawn(move || {
            for script in scripts {
                let asked = play(listener.accept().unwrap().0, script);
                // The test may be over.
                let _ = tell.send(asked);
            }
        });
        Self { port, asked }
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/v1/audio/speech?key=hidden", self.port)
    }

    fn stream(&self, more: &[&str]) -> Run {
        stream(&[&[self.url().as_str()], more].concat())
    }

    fn json(&self, more: &[&str]) -> (Value, Run) {
        let run = self.stream(&[&["--json"], more].concat());
        (serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("{}", run.err)), run)
    }
}

/// Reads a request with its body, and answers; who does not want more is gone by then.
fn play(stream: TcpStream, script: Script) -> String {
    stream.set_nodelay(true).unwrap();
    let mut stream = BufReader::new(stream);
    let mut asked = String::new();
    while !asked.ends_with("\r\n\r\n") && stream.read_line(&mut asked).unwrap_or_default() > 0 {}
    let length = asked.lines().find_map(|it| it.strip_prefix("content-length: ")?.parse().ok());
    let mut body = vec![0; length.unwrap_or(0)];
    std::io::Read::read_exact(&mut stream, &mut body).unwrap();
    asked.push_str(std::str::from_utf8(&body).unwrap());
    let mut due = Instant::now();
    for (after, bytes) in script {
        due += after;
        sleep(due.saturating_duration_since(Instant::now()));
        if stream.get_mut().write_all(&bytes).is_err() {
            break;
        }
    }
    asked
}

fn stream(args: &[&str]) -> Run {
    let mut command = voxctl(Path::new("."), &[&["stream"], args].concat());
    command.env_remove("VOXGATE_TOKEN").timeout(Duration::from_secs(60));
    finish(command)
}

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// `count` chunks, so far apart and so many samples' bytes each; nothing of it silent.
fn chunks(count: usize, apart: Duration, bytes: usize) -> Script {
    let chunk =
        [format!("{bytes:x}\r\n").into_bytes(), vec![0x21; bytes], b"\r\n".to_vec()].concat();
    std::iter::repeat_n((apart, chunk), count).collect()
}

fn begun() -> Script {
    vec![(ms(0), PCM.as_bytes().to_vec())]
}

fn done() -> Script {
    vec![(ms(0), b"0\r\n\r\n".to_vec())]
}

fn whole(answer: &str) -> Script {
    vec![(ms(0), answer.as_bytes().to_vec())]
}

#[test]
fn each_chunk_has_its_moment_and_the_listener_its_buffer() {
    let script = [begun(), chunks(1, ms(60), FRAME), chunks(20, ms(15), FRAME), done()].concat();
    let service = Service::playing(vec![script]);
    let (json, run) = service.json(&[]);
    assert_eq!(run.code, 0, "{}", run.err);
    let stream = &json["streams"][0];
    assert_eq!(stream["over"], "complete");
    assert_eq!(stream["url"], format!("http://127.0.0.1:{}/v1/audio/speech", service.port));
    let figures = &stream["figures"];
    assert_eq!(figures["bytes"], 21 * FRAME);
    assert_eq!(figures["audio_ms"], 420.0);
    assert_eq!(figures["format"], "pcm");
    assert!(figures["ttfa_ms"].as_f64().unwrap() >= 60.0, "{figures}");
    let chunks = stream["chunks"].as_array().unwrap();
    // A busy machine may read two together.
    assert!((15..=21).contains(&chunks.len()), "{chunks:#?}");
    let times: Vec<f64> = chunks.iter().map(|it| it["at_ms"].as_f64().unwrap()).collect();
    assert!(times.is_sorted() && times[0] >= 60.0 && times.last().unwrap() >= &360.0, "{times:?}");
    // It plays with 100 ms, which are there with the fifth chunk.
    assert_eq!(chunks[0]["buffer_ms"], Value::Null);
    assert!(chunks.last().unwrap()["buffer_ms"].as_f64().unwrap() > 50.0, "{chunks:#?}");
    assert_eq!(figures["underruns"], 0);
    assert_eq!(stream["holes"], Value::Array(Vec::new()));
}

#[test]
fn a_listener_who_runs_dry_is_seen_and_may_fail_a_script() {
    let script = [begun(), chunks(5, ms(0), FRAME), chunks(1, ms(400), FRAME), done()].concat();
    let service = Service::playing(vec![script.clone(), script.clone(), script]);
    let (json, run) = service.json(&["--fail-on", "underruns"]);
    assert_eq!(run.code, 1);
    let stream = &json["streams"][0];
    assert_eq!(stream["figures"]["underruns"], 1);
    assert_eq!(stream["figures"]["continuous"], false);
    let holes = stream["holes"].as_array().unwrap();
    assert_eq!(holes.len(), 1);
    let missing = holes[0]["missing_ms"].as_f64().unwrap();
    assert!(missing >= 250.0, "{holes:?}");

    let run = service.stream(&[]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.out.contains('×') && run.out.contains("dry "), "{}", run.out);
    // A player that gathers more is not caught by it.
    let run = service.stream(&["--listener-start", "10s", "--fail-on", "underruns"]);
    assert_eq!(run.code, 0, "{}", run.err);
}

#[test]
fn the_timeline_is_plain_text_with_marks_and_a_summary() {
    let script = [begun(), chunks(8, ms(50), FRAME), done()].concat();
    let run = Service::playing(vec![script]).stream(&[]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(!run.out.contains('\x1b') && !run.out.contains('\r'), "{:?}", run.out);
    assert!(!run.out.contains("hidden"), "a query may have a key in it");
    let lines: Vec<_> = run.out.lines().collect();
    assert!(lines[1].starts_with("  0.00 s ··") && lines[1].contains("headers "), "{}", run.out);
    assert!(lines[1].contains('▃') && lines[1].contains("first audio "), "{}", run.out);
    assert!(lines[2].starts_with("  0.20 s "), "{}", run.out);
    for (name, value) in [("audio ", "160 ms"), ("format ", "pcm"), ("chunk sizes", "960 B, ")] {
        let line = lines.iter().find(|it| it.starts_with(name));
        assert!(line.is_some_and(|it| it.contains(value)), "{name}: {}", run.out);
    }
    assert!(!run.out.contains("!!"), "nothing of what came is shown");
}

#[test]
fn the_steps_of_delayed_acks_are_named_with_what_to_do() {
    // As a receiver sees it: every 41 ms what was written meanwhile, three or four frames.
    let bursts = (0..25).flat_map(|it| chunks(1, ms(41), FRAME * (3 + it % 2))).collect();
    let script = [begun(), chunks(1, ms(20), FRAME), bursts, done()].concat();
    let service = Service::playing(vec![script]);
    let run = service.stream(&["--quiet", "--fail-on", "patterns", "--svg", "/dev/null"]);
    assert_eq!(run.code, 1, "{}", run.err);
    assert!(run.err.contains("TCP_NODELAY"), "{}", run.err);
}

#[test]
fn two_addresses_are_compared_in_one_table_and_one_chart() {
    let script = |apart| [begun(), chunks(6, apart, FRAME), done()].concat();
    let direct = Service::playing(vec![script(ms(10))]);
    let proxy = Service::playing(vec![script(ms(20))]);
    let folder = tempfile::tempdir().unwrap();
    let svg = folder.path().join("chart.svg");
    let run =
        direct.stream(&["--quiet", "--against", &proxy.url(), "--svg", svg.to_str().unwrap()]);
    assert_eq!(run.code, 0, "{}", run.err);
    let head = run.out.lines().next().unwrap();
    for service in [&direct, &proxy] {
        assert!(head.contains(&format!("127.0.0.1:{}/", service.port)), "{}", run.out);
    }
    let audio = run.out.lines().find(|it| it.starts_with("audio ")).unwrap();
    assert_eq!(audio.matches("120 ms").count(), 2, "{audio}");
    let svg = std::fs::read_to_string(svg).unwrap();
    assert_eq!(svg.matches(", first audio after ").count(), 2);
    is_well_formed(&svg);
}

#[test]
fn the_request_is_as_it_was_asked_for() {
    let script = [begun(), chunks(2, ms(5), FRAME), done()].concat();
    let service = Service::playing(vec![script.clone(), script.clone(), script]);
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        std::fs::write(folder.path().join(name), text).unwrap();
        folder.path().join(name).to_str().unwrap().to_owned()
    };
    let body = format!("@{}", file("body.json", r#"{"input": "private"}"#));
    let token = file("token", "aaa.bbb.ccc\n");
    let run = service.stream(&["-d", &body, "--token-file", &token, "-H", "X-Tier: gold"]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(!run.out.contains("private") && !run.err.contains("private"));
    let asked = service.asked.recv().unwrap();
    assert!(asked.starts_with("POST /v1/audio/speech?key=hidden HTTP/1.1\r\n"), "{asked}");
    for line in [
        "authorization: Bearer aaa.bbb.ccc\r\n",
        "content-type: application/json\r\n",
        "accept-encoding: identity\r\n",
        "x-tier: gold\r\n",
    ] {
        assert!(asked.contains(line), "{line}{asked}");
    }
    assert!(asked.ends_with(r#"{"input": "private"}"#), "{asked}");

    service.stream(&[]);
    assert!(service.asked.recv().unwrap().starts_with("GET "));
    service.stream(&["-X", "PUT", "-d", "text", "-H", "content-type: text/plain"]);
    let asked = service.asked.recv().unwrap();
    assert!(asked.starts_with("PUT ") && asked.contains("content-type: text/plain\r\n"), "{asked}");
}

#[test]
fn what_is_refused_says_why() {
    let answer = |status: &str, body: &str| {
        let length = body.len();
        whole(&format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n{body}"))
    };
    for (status, body, error) in [
        (
            "403 Forbidden",
            r#"{"type":"x","detail":"Tier basic may not."}"#,
            "403, Tier basic may not.",
        ),
        ("401 Unauthorized", r#"{"title":"No token"}"#, "401, No token\nNext: give a fresh token"),
        ("400 Bad Request", r#"{"error":{"message":"no model"}}"#, "400, no model"),
        ("500 Internal Server Error", r#"{"error":"out of memory"}"#, "500, out of memory"),
        (
            "503 Service Unavailable",
            "no healthy\x1b[2J upstream",
            "503, no healthy\u{fffd}[2J upstream",
        ),
        ("405 Method Not Allowed", "", "405, without a word\nNext: -X POST"),
        ("302 Found", "", "302, without a word\nNext: redirects are not followed"),
    ] {
        let run = Service::playing(vec![answer(status, body)]).stream(&[]);
        assert_eq!(run.code, 1, "{}", run.err);
        assert!(run.err.contains(error), "{error}: {}", run.err);
        assert!(!run.err.contains("hidden"), "{}", run.err);
    }
}

#[test]
fn what_breaks_off_or_never_ends_is_measured_and_is_a_failure() {
    let begin = || [begun(), chunks(10, ms(5), FRAME)].concat();
    let (json, run) = Service::playing(vec![begin()]).json(&[]);
    assert_eq!(run.code, 1, "{}", run.err);
    assert_eq!(json["streams"][0]["over"], "broken");
    assert_eq!(json["streams"][0]["figures"]["audio_ms"], 200.0);
    assert!(run.err.contains("it broke off: "), "{}", run.err);

    let script = [begin(), chunks(1, ms(20_000), FRAME)].concat();
    let (json, run) = Service::playing(vec![script]).json(&["--max-time", "700ms"]);
    assert_eq!(run.code, 1, "{}", run.err);
    assert_eq!(json["streams"][0]["over"], "max_time");
    assert_eq!(json["streams"][0]["figures"]["end"], "stalled");
    assert!(run.err.contains("--max-time"), "{}", run.err);
}

#[test]
fn no_more_is_read_than_asked_for() {
    let script = [begun(), chunks(50, ms(2), FRAME), done()].concat();
    let (json, run) = Service::playing(vec![script]).json(&["--max-bytes", "10000"]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert_eq!(json["streams"][0]["over"], "max_bytes");
    assert_eq!(json["streams"][0]["figures"]["bytes"], 10_000);
    assert!(run.err.contains("--max-bytes"), "{}", run.err);
}

#[test]
fn what_comes_in_one_piece_is_no_stream_and_what_is_empty_did_not_play() {
    let answer = |body: &str| {
        let length = body.len();
        whole(&format!(
            "HTTP/1.1 200 OK\r\ncontent-type: audio/pcm\r\ncontent-length: {length}\r\n\r\n{body}"
        ))
    };
    let run = Service::playing(vec![answer(&"!".repeat(4800))]).stream(&[]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.err.contains("came in one piece"), "{}", run.err);
    let run = Service::playing(vec![answer("")]).stream(&[]);
    assert_eq!(run.code, 1, "{}", run.err);
    assert!(run.err.contains("the answer is empty"), "{}", run.err);
}

#[test]
fn events_of_a_language_model_are_drawn_by_bytes() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
    let event = b"data: {\"choices\": [{\"delta\": {\"content\": \"secret\"}}]}\n\n".to_vec();
    let script =
        [whole(head), std::iter::repeat_n((ms(30), event), 10).collect::<Script>()].concat();
    let folder = tempfile::tempdir().unwrap();
    let svg = folder.path().join("chart.svg");
    let run = Service::playing(vec![script]).stream(&["--svg", svg.to_str().unwrap()]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(!run.out.contains("secret"), "{}", run.out);
    let events = run.out.lines().find(|it| it.starts_with("events "));
    assert!(events.is_some_and(|it| it.trim_end().ends_with("10")), "{}", run.out);
    assert!(!run.out.contains("underruns"), "nobody listens to a text: {}", run.out);
    let svg = std::fs::read_to_string(svg).unwrap();
    assert!(svg.contains("received, kB"));
    is_well_formed(&svg);
}

#[test]
fn who_does_not_answer_or_is_no_address_is_told() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let run = stream(&[&format!("http://127.0.0.1:{free}/")]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("connection refused\nNext: "), "{}", run.err);
    for (args, error) in [
        (&["ftp://host/"][..], "write http://HOST:PORT/PATH"),
        (&["http://me:secret@host/"], "leave out user and password"),
        (&["http://127.0.0.1:9/", "-H", "nonsense"], "write 'name: value'"),
        (&["http://127.0.0.1:9/", "-d", "@no/such/file"], "cannot read no/such/file"),
        (&["http://127.0.0.1:9/", "--line", "1ms"], "write 20ms to 60s"),
    ] {
        let run = stream(args);
        assert_eq!(run.code, 2, "{args:?}");
        assert!(run.err.contains(error), "{args:?}: {}", run.err);
    }
}

/// Each tag that is opened is closed, in order, and no text has a bare `<` or `&`.
fn is_well_formed(xml: &str) {
    let mut open = Vec::new();
    let mut rest = xml.trim();
    assert!(rest.starts_with("<svg "));
    while let Some(begin) = rest.find('<') {
        let text = &rest[..begin];
        assert!(text.split('&').skip(1).all(|it| it.contains(';')), "{text}");
        let end = begin + rest[begin..].find('>').expect("a tag ends");
        let tag = &rest[begin + 1..end];
        assert!(!tag.contains('<'), "{tag}");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name.trim()), "closes what was opened last");
        } else if !tag.ends_with('/') {
            open.push(tag.split_whitespace().next().unwrap());
        }
        rest = &rest[end + 1..];
    }
    assert!(open.is_empty() && rest.trim().is_empty(), "{open:?}");
}
