//! A browser plays streams that come through the filter by Web Audio, and its page counts for itself.
//!
//! The page asks before the filter sees the request and gets a chunk after the filter had it, so its times
//! are never the shorter ones. How much longer they are is the browser's affair and the machine's; to be sure
//! that both speak of the same sound, it is enough that it is less than the time between two parts.

use super::listener::hear;
use super::samples::{silence, tone, wav_head};
use super::support::{Figures, alone, figures, measuring, recording};
use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use serde_json::json;
use std::time::Duration;
use voxgate_testbed::browser::Browser;
use voxgate_testbed::fixture::{Fixture, token};
use voxgate_testbed::speech::PAGE;

/// What a page may be behind the filter with a time of its own, in milliseconds: less than lies between two
/// parts, more than a busy machine was seen to need.
const BEHIND: f64 = 400.0;
/// What the audio device asks for at a time, with what the page lays ahead; each hole is off by so much.
const DEVICE: f64 = 60.0;
/// `performance.now()` is coarse, and all figures are rounded to a tenth.
const ROUNDING: f64 = 0.5;
/// How often a stream is played that a busy machine does not play as planned.
const ATTEMPTS: usize = 3;

/// What the page says.
#[derive(Debug, Deserialize)]
struct Page {
    error: Option<String>,
    bytes: u64,
    reads: u64,
    audio_ms: f64,
    first_byte_ms: f64,
    first_audible_ms: f64,
    first_sound_ms: f64,
    heard_ms: f64,
    underruns: u32,
    missing_ms: f64,
    audio_clock: AudioClock,
}

#[derive(Debug, Deserialize)]
struct AudioClock {
    state: String,
    audio_ms: f64,
    wall_ms: f64,
}

/// A stream: when each part is sent, what it is, and how many milliseconds it plays.
struct Stream {
    name: &'static str,
    content_type: &'static str,
    parts: Vec<(u64, Vec<u8>, usize)>,
    /// How much of it, in milliseconds, is silent at the beginning.
    silent: usize,
}

fn streams() -> Vec<Stream> {
    let spoken =
        |times: &[u64], millis: usize| times.iter().map(|at| (*at, tone(millis), millis)).collect();
    let pcm = |name, parts| Stream { name, content_type: "audio/pcm;rate=24000", parts, silent: 0 };

    // Twice as fast as it plays, and a second ahead from the start.
    let mut steady = vec![(600, tone(1000), 1000)];
    steady.extend((1..=10).map(|number| (600 + number * 100, tone(200), 200)));
    // 2.5 times slower than it plays.
    let slow = spoken(&[300, 800, 1300, 1800, 2300], 200);
    let paused = spoken(&[300, 1900, 3500], 600);
    let quiet = vec![
        (100, [wav_head(), silence(1000)].concat(), 1000),
        (700, [silence(200), tone(800)].concat(), 1000),
    ];
    vec![
        pcm("steady", steady),
        pcm("slower than it plays", slow),
        pcm("paused", paused),
        Stream { name: "silent at first", content_type: "audio/wav", parts: quiet, silent: 1200 },
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_page_with_web_audio_hears_is_what_the_filter_says_in_a_browser() {
    let _alone = alone().await;
    let fixture = Fixture::of(measuring()).start().await.unwrap();
    let mut browser = Browser::start().await.unwrap();
    browser.open(&format!("http://{}{PAGE}", fixture.envoy.address())).await.unwrap();
    for stream in streams() {
        let mut attempt = 1;
        loop {
            let id = format!("{} {attempt}", stream.name);
            let (page, figures) = play(&fixture, &mut browser, &stream, &id).await.unwrap();
            println!("{id}: {page:?}\n  {figures:?}");
            attempt += 1;
            // A machine that was too busy to play it as planned proves nothing.
            if page.played_in_time(&stream) || attempt > ATTEMPTS {
                stream.compare(&page, &figures).with_context(|| id.clone()).unwrap();
                break;
            }
        }
    }
    let rows = "document.querySelectorAll('#figures tbody tr').length";
    assert!(browser.evaluate(rows).await.unwrap().as_u64() > Some(10), "the table is empty");
    browser.finish().await.unwrap();
    fixture.assert_no_reload().await.unwrap();
    fixture.finish().await.unwrap();
}

async fn play(
    fixture: &Fixture,
    browser: &mut Browser,
    stream: &Stream,
    id: &str,
) -> Result<(Page, Figures)> {
    let parts: Vec<_> = stream.parts.iter().map(|(at, bytes, _)| (*at, &bytes[..])).collect();
    fixture.speech.record(id, recording(stream.content_type, &parts));
    let request = json!({
        "url": "/tts",
        "method": "POST",
        "headers": {
            "authorization": format!("Bearer {}", token("tts.premium")),
            "content-type": "application/json",
            "x-request-id": id,
            "x-test-recording": id,
        },
        "body": json!({ "text": "Good morning." }).to_string(),
    });
    let heard = browser.evaluate(&format!("window.__listen({request})")).await?;
    let page = serde_json::from_value(heard.clone()).with_context(|| format!("{heard:#}"))?;
    let again = browser.evaluate("window.__result").await?;
    ensure!(again == heard, "the page keeps {again:#}");
    Ok((page, figures(fixture, id).await?))
}

// === impl Page ===

impl Page {
    /// Whether the browser played as its page told it: neither it nor its audio device was late.
    fn played_in_time(&self, stream: &Stream) -> bool {
        let drift = (self.audio_clock.audio_ms - self.audio_clock.wall_ms).abs();
        self.underruns == stream.planned() && drift <= DEVICE
    }
}

// === impl Stream ===

impl Stream {
    /// How often it is to run dry.
    fn planned(&self) -> u32 {
        let mut audio = 0;
        let arrivals: Vec<_> = self
            .parts
            .iter()
            .map(|(at, _, millis)| {
                audio += millis;
                (Duration::from_millis(*at), Duration::from_millis(audio as u64))
            })
            .collect();
        hear(&arrivals).underruns
    }

    fn compare(&self, page: &Page, figures: &Figures) -> Result<()> {
        ensure!(page.error.is_none(), "{page:?}");
        let clock = &page.audio_clock;
        ensure!(clock.state == "running", "{page:?}");
        let pace = clock.audio_ms / clock.wall_ms;
        ensure!((0.8..1.25).contains(&pace), "the audio clock goes {pace} times as fast: {page:?}");

        let told = format!("{figures:?}; {page:?}");
        let bytes: usize = self.parts.iter().map(|(_, bytes, _)| bytes.len()).sum();
        ensure!(figures.bytes == bytes as u64 && page.bytes == bytes as u64, "{told}");
        // At least one wake-up a part: they are further apart than a chunk is under way.
        ensure!(page.reads >= 2 && figures.chunks >= 2, "{told}");
        let audio = figures.audio_ms.context("no audio")?;
        ensure!((page.audio_ms - audio).abs() <= ROUNDING, "audio: {told}");

        let first_byte = figures.first_byte_ms.context("no first byte")?;
        let ttfa = figures.ttfa_ms.context("never audible")?;
        for (what, pages, filters) in
            [("byte", page.first_byte_ms, first_byte), ("audible", page.first_audible_ms, ttfa)]
        {
            let behind = pages - filters;
            ensure!(
                (-ROUNDING..BEHIND).contains(&behind),
                "first {what} {behind} ms later: {told}"
            );
        }
        // It is heard when all silence before it has been played, which began with the first part; and that
        // is what comes out.
        let silent = self.silent as f64;
        let since = if self.silent > 0 { page.first_byte_ms } else { page.first_audible_ms };
        let late = page.first_sound_ms - since - silent;
        ensure!((-DEVICE..BEHIND).contains(&late), "first sound {late} ms late: {told}");
        let out = page.heard_ms - page.first_sound_ms;
        ensure!((-DEVICE..BEHIND).contains(&out), "out {out} ms later: {told}");

        ensure!(
            figures.underruns == self.planned(),
            "underruns, planned {}: {told}",
            self.planned()
        );
        ensure!(page.underruns == figures.underruns, "underruns: {told}");
        let off = (page.missing_ms - figures.missing_ms).abs();
        let holes = f64::from(figures.underruns);
        // All holes together begin and end with one arrival each.
        ensure!(off <= holes * DEVICE + holes.min(1.0) * BEHIND, "missing, {off} ms off: {told}");
        ensure!(figures.continuous == Some(self.planned() == 0), "{told}");
        Ok(())
    }
}
