//! The page that plays, in a browser, with no proxy between: it reads what it says it reads, and can be used
//! by hand.

use super::support::alone;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::path::Path;
use voxgate_testbed::browser::Browser;
use voxgate_testbed::speech::{PAGE, Speech};

async fn open(speech: &Speech) -> Browser {
    let mut browser = Browser::start().await.unwrap();
    browser.open(&format!("http://{}{PAGE}", speech.address())).await.unwrap();
    browser
}

/// Reads a file whole and byte by byte; says how many frames there are, at which rate, and how loud.
const READ: &str = r#"
(async (file, make) => {
  const samples = await import("./samples.js");
  const bytes = Uint8Array.from(atob(file), (it) => it.charCodeAt(0));
  const read = (pieces) => {
    const reader = make === "wav" ? samples.wav() : samples.pcm(8000);
    const all = pieces.map((piece) => reader.read(piece)).filter((it) => it !== null);
    return { layout: reader.layout, samples: all.flatMap((it) => [...it[0]]) };
  };
  const whole = read([bytes]);
  const single = read(Array.from(bytes, (_, at) => bytes.subarray(at, at + 1)));
  return {
    same: JSON.stringify(whole) === JSON.stringify(single),
    rate: whole.layout.rate, frames: whole.samples.length, loudest: Math.max(...whole.samples),
  };
})"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wav_is_read_the_same_wherever_it_is_cut_in_a_browser() {
    let _alone = alone().await;
    let speech = Speech::start().await.unwrap();
    let mut browser = open(&speech).await;
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policy/testdata/responses");
    for name in ["extensible-24.wav", "sox-pipe.wav", "ffmpeg-pipe-float.wav"] {
        let file = STANDARD.encode(std::fs::read(folder.join(name)).unwrap());
        let read = browser.evaluate(&format!("{READ}({:?}, 'wav')", file)).await.unwrap();
        assert_eq!(read["same"], true, "{name}");
        // A tenth of a second, by the README beside them: a tone of -12 dB, that is 0.25.
        assert_eq!((&read["rate"], &read["frames"]), (&json!(8000), &json!(800)), "{name}");
        let loudest = read["loudest"].as_f64().unwrap();
        assert!((0.2..0.3).contains(&loudest), "{name} has {loudest}");
    }
    let file = STANDARD.encode([0, 0, 0, 0x40, 0xff]);
    let read = browser.evaluate(&format!("{READ}({:?}, 'pcm')", file)).await.unwrap();
    let expected = json!({ "same": true, "rate": 8000, "frames": 2, "loudest": 0.5 });
    assert_eq!(read, expected, "half a sample is left");

    let mu_law = STANDARD.encode(std::fs::read(folder.join("mu-law.wav")).unwrap());
    let refused = browser.evaluate(&format!("{READ}({:?}, 'wav')", mu_law)).await.unwrap_err();
    assert!(refused.to_string().contains("this page does not play WAV of code 7"), "{refused}");
    browser.finish().await.unwrap();
}

/// Presses the button, and waits until something has come of it.
const PRESS: &str = r##"
(async () => {
  document.querySelector("button[type=submit]").click();
  const status = document.querySelector("#status");
  while (status.textContent === "" || status.textContent.startsWith("Playing")) {
    await new Promise((done) => setTimeout(done, 20));
  }
  const rows = [...document.querySelectorAll("#figures tbody tr")];
  const figures = Object.fromEntries(rows.map((row) => [...row.cells].map((cell) => cell.textContent)));
  return { status: status.textContent, figures, hidden: document.querySelector("#figures").hidden };
})()"##;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_can_be_used_by_hand_in_a_browser() {
    let _alone = alone().await;
    let speech = Speech::start().await.unwrap();
    let mut browser = open(&speech).await;
    let unlabelled = "[...document.querySelectorAll('input, select, textarea')]\
        .filter((it) => it.labels.length !== 1).map((it) => it.id)";
    assert_eq!(browser.evaluate(unlabelled).await.unwrap(), json!([]));

    browser.evaluate("document.querySelector('#text').value = 'Hello.'").await.unwrap();
    for format in ["wav", "pcm"] {
        let choose = format!("document.querySelector('#format').value = '{format}'");
        browser.evaluate(&choose).await.unwrap();
        browser.evaluate("document.querySelector('#status').textContent = ''").await.unwrap();
        let shown = browser.evaluate(PRESS).await.unwrap();
        assert_eq!((&shown["status"], &shown["hidden"]), (&json!("Done."), &json!(false)));
        let figure = |name: &str| shown["figures"][name].as_str().unwrap_or_default().to_owned();
        assert_eq!(figure("Status"), "200");
        assert_eq!(figure("Samples a second"), "24,000");
        // Six characters of 70 ms each.
        assert_eq!(figure("Audio (ms)"), "420");
        assert_eq!(figure("Underruns: how often it ran dry"), "0");
    }

    browser.evaluate("document.querySelector('#url').value = '/health'").await.unwrap();
    browser.evaluate("document.querySelector('#status').textContent = ''").await.unwrap();
    let shown = browser.evaluate(PRESS).await;
    // Chromium logs each refusal of a request as an error of the page.
    let told = shown.as_ref().map_or_else(ToString::to_string, Value::to_string);
    assert!(told.contains("405"), "{told}");
    browser.finish().await.unwrap();
}
