//! Audio that is cut short, damaged, or not what its content type says: every byte passes, and nothing
//! traps.

use super::samples::{self, Sample};
use super::support::{alone, ask, figures, get, measuring};
use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use futures_util::future::join_all;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::path::Path;
use std::time::Duration;
use voxgate_testbed::client::Client;
use voxgate_testbed::fixture::Fixture;
use voxgate_testbed::speech::Recording;

/// What is done to a file.
#[derive(Debug, Clone, Copy)]
enum Damage {
    /// It ends somewhere.
    Truncated,
    /// Some bytes are others.
    Corrupt,
    /// A part is missing.
    Holed,
    /// It has another format's content type.
    Mislabelled,
    /// It has none.
    Unlabelled,
    /// The connection breaks somewhere.
    BrokenOff,
}

const DAMAGES: [Damage; 6] = [
    Damage::Truncated,
    Damage::Corrupt,
    Damage::Holed,
    Damage::Mislabelled,
    Damage::Unlabelled,
    Damage::BrokenOff,
];

/// Content types that a stream may wrongly have.
const LABELS: [&str; 12] = [
    "audio/wav",
    "audio/mpeg",
    "audio/aac",
    "audio/ogg",
    "audio/flac",
    "audio/mp4",
    "audio/pcm;rate=16000",
    "text/event-stream",
    "application/x-ndjson",
    NO_STREAM,
    "application/grpc",
    "application/octet-stream",
];

/// What this is, is whole when it comes, and not looked at; nor is what says nothing of itself.
const NO_STREAM: &str = "application/json";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn damaged_audio_passes_byte_for_byte_and_traps_nothing() {
    let _alone = alone().await;
    let fixture = Fixture::of(measuring()).start().await.unwrap();
    let samples: Vec<(String, String, Vec<u8>)> = files();
    for (protocol, client) in fixture.both() {
        for damage in DAMAGES {
            let passes = samples.iter().enumerate().map(|(number, sample)| {
                // Names occur twice.
                let id = format!("{number} {} {damage:?} {protocol}", sample.0);
                pass(&fixture, client.clone(), sample, damage, number as u64, id)
            });
            let failed: Vec<String> = join_all(passes)
                .await
                .into_iter()
                .filter_map(|passed| passed.err().map(|error| format!("{error:#}")))
                .collect();
            assert!(failed.is_empty(), "\n{}", failed.join("\n"));
        }
    }
    fixture.assert_no_reload().await.unwrap();
    fixture.finish().await.unwrap();
}

/// Name, content type and content of all files of the repository, and of what is written for these tests.
fn files() -> Vec<(String, String, Vec<u8>)> {
    let ours = samples::all().into_iter().map(|Sample { name, content_type, bytes, .. }| {
        (name.to_owned(), content_type.to_owned(), bytes)
    });
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policy/testdata/responses");
    let mut theirs: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_file() && path.extension().is_none_or(|it| it != "md"))
        .map(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            let content_type = match path.extension().and_then(|it| it.to_str()).unwrap_or_default()
            {
                "wav" => "audio/wav",
                "mp3" => "audio/mpeg",
                "adts" | "aac" => "audio/aac",
                "ogg" | "oga" => "audio/ogg",
                "flac" => "audio/flac",
                "mp4" | "m4a" | "m4s" => "audio/mp4",
                "sse" => "text/event-stream",
                "jsonl" | "ndjson" => "application/x-ndjson",
                _ => "application/octet-stream",
            };
            (name, content_type.to_owned(), std::fs::read(path).unwrap())
        })
        .collect();
    theirs.sort();
    theirs.extend(ours);
    assert!(theirs.len() > 20, "{} files", theirs.len());
    theirs
}

async fn pass(
    fixture: &Fixture,
    client: Client,
    (_, content_type, bytes): &(String, String, Vec<u8>),
    damage: Damage,
    seed: u64,
    id: String,
) -> Result<()> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let (mut label, mut bytes) = (content_type.clone(), bytes.clone());
    match damage {
        Damage::Truncated => bytes.truncate(random.random_range(1..bytes.len())),
        Damage::Corrupt => {
            for _ in 0..bytes.len().div_ceil(50) {
                let at = random.random_range(0..bytes.len());
                bytes[at] = random.random();
            }
        }
        Damage::Holed => {
            let from = random.random_range(0..bytes.len());
            let to = random.random_range(from..bytes.len());
            bytes.drain(from..to);
        }
        Damage::Mislabelled => {
            let other = |label: &&&str| **label != content_type.as_str();
            let labels: Vec<_> = LABELS.iter().filter(other).collect();
            label = (**labels[random.random_range(0..labels.len())]).to_owned();
        }
        Damage::Unlabelled => label.clear(),
        Damage::BrokenOff => bytes.truncate(random.random_range(1..=bytes.len())),
    }
    let mut recording = Recording::new(&label, cut(&bytes, &mut random));
    recording.breaks_off = matches!(damage, Damage::BrokenOff);
    let breaks_off = recording.breaks_off;
    fixture.speech.record(&id, recording);
    let is_stream = ![NO_STREAM, ""].contains(&label.as_str());
    check(fixture, client, &id, &bytes, breaks_off, is_stream)
        .await
        .with_context(|| format!("{id}, {label}"))
}

/// Pieces of random lengths, some at once, some later.
fn cut(bytes: &[u8], random: &mut ChaCha8Rng) -> Vec<(Duration, Bytes)> {
    let (mut from, mut at, mut pieces) = (0, Duration::ZERO, Vec::new());
    while from < bytes.len() && pieces.len() < 40 {
        let to = bytes.len().min(from + random.random_range(1..=bytes.len().div_ceil(8)));
        pieces.push((at, Bytes::copy_from_slice(&bytes[from..to])));
        from = to;
        at += Duration::from_millis(random.random_range(0..15));
    }
    pieces.push((at, Bytes::copy_from_slice(&bytes[from..])));
    pieces.retain(|(_, piece)| !piece.is_empty());
    pieces
}

async fn check(
    fixture: &Fixture,
    client: Client,
    id: &str,
    bytes: &[u8],
    breaks_off: bool,
    is_stream: bool,
) -> Result<()> {
    let got = get(ask(&client, id, id)).await?;
    ensure!(got.body == bytes, "{} bytes came of {}", got.body.len(), bytes.len());
    // Envoy 1.36.4 resets HTTP/2 in a way that a client takes for the end; the filter knows better.
    ensure!(got.complete || breaks_off, "it broke off");
    if !is_stream {
        return Ok(());
    }
    let figures = figures(fixture, id).await?;
    ensure!(figures.bytes == bytes.len() as u64, "{figures:?}");
    let end = if breaks_off { "failed" } else { "complete" };
    ensure!(figures.end == end, "{figures:?}");
    Ok(())
}
