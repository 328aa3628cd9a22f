//! Real files of every format, sent as they are in small pieces: the filter says how long they play, as
//! FFmpeg does.

use super::support::{alone, ask, assert_all_good, figures, get, measuring};
use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use std::path::Path;
use std::time::Duration;
use voxgate_testbed::client::Client;
use voxgate_testbed::fixture::Fixture;
use voxgate_testbed::speech::Recording;

/// Files of `policy/testdata/responses`, whose README says how they were made: content type, milliseconds of
/// audio and of the longest frame. FFmpeg 5.1.9 says so: the length of all packets of `ffprobe -show_packets`;
/// of Ogg and MP4 where the last one ends. Those in JSON carry files of the table, but
/// `openai-responses.sse`, which has 8,000 bytes of PCM; at 24 kHz, for nobody asks for another rate here.
const FILES: [(&str, &str, f64, f64); 29] = [
    ("extensible-24.wav", "audio/wav", 100.0, 0.125),
    ("ffmpeg-pipe-float.wav", "audio/wav", 100.0, 0.125),
    ("mu-law.wav", "audio/wav", 100.0, 0.125),
    ("sox-pipe.wav", "audio/wav", 100.0, 0.125),
    ("speech-alaw.wav", "audio/wav", 1000.0, 0.125),
    ("speech-f32.wav", "audio/x-wav", 500.0, 0.125),
    ("speech-u8.wav", "audio/wav", 1000.0, 0.125),
    ("speech.wav", "audio/wav", 1000.0, 0.125),
    ("ffmpeg-pipe.mp3", "audio/mpeg", 792.0, 36.0),
    ("lame-16k-cbr.mp3", "audio/mpeg", 792.0, 36.0),
    ("lame-44k-vbr.mp3", "audio/mpeg", 731.4, 26.1),
    ("speech.mp3", "audio/mpeg", 828.0, 36.0),
    ("aac.adts", "audio/aac", 768.0, 64.0),
    ("opus-20ms.ogg", "audio/ogg", 750.0, 20.0),
    ("opus.ogg", "audio/ogg", 700.0, 20.0),
    ("vorbis.ogg", "audio/ogg", 704.0, 64.0),
    ("flac.oga", "audio/ogg", 700.0, 256.0),
    ("ffmpeg-pipe.flac", "audio/flac", 300.0, 72.0),
    ("fixed.flac", "audio/flac", 700.0, 72.0),
    ("aac-cmaf.mp4", "audio/mp4", 832.0, 64.0),
    ("aac-frag.mp4", "audio/mp4", 832.0, 64.0),
    ("face.mp4", "video/mp4", 832.0, 64.0),
    ("opus-frag.mp4", "audio/mp4", 760.0, 20.0),
    ("fast.m4a", "audio/mp4", 814.0, 64.0),
    ("openai-speech.sse", "text/event-stream", 828.0, 36.0),
    ("openai-responses.sse", "text/event-stream", 166.7, 0.1),
    ("minimax.sse", "text/event-stream", 828.0, 36.0),
    ("wav-lines.jsonl", "application/x-ndjson", 1000.0, 0.125),
    ("elevenlabs.json", "application/x-ndjson", 828.0, 36.0),
];

/// Figures are rounded to a tenth.
const ROUNDING: f64 = 0.1;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn real_files_play_as_long_as_ffmpeg_says() {
    let _alone = alone().await;
    let fixture = Fixture::of(measuring()).start().await.unwrap();
    for (protocol, client) in fixture.both() {
        let checks = FILES.iter().map(|file| {
            let id = format!("{} {protocol}", file.0);
            check(&fixture, client.clone(), *file, id)
        });
        assert_all_good(checks).await;
    }
    fixture.assert_no_reload().await.unwrap();
    fixture.finish().await.unwrap();
}

async fn check(
    fixture: &Fixture,
    client: Client,
    (name, content_type, length, frame): (&str, &str, f64, f64),
    id: String,
) -> Result<()> {
    let compared = async {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../policy/testdata/responses");
        let bytes = std::fs::read(folder.join(name))?;
        // Of an odd length, so that nothing is cut where it would be by chance.
        let pieces = bytes.chunks(333).enumerate().map(|(number, piece)| {
            (Duration::from_millis(number as u64), Bytes::copy_from_slice(piece))
        });
        fixture.speech.record(&id, Recording::new(content_type, pieces));
        let got = get(ask(&client, &id, &id)).await?;
        ensure!(got.body == bytes && got.complete, "other bytes came than were sent");
        let figures = figures(fixture, &id).await?;
        let audio = figures.audio_ms.with_context(|| format!("no audio: {figures:?}"))?;
        ensure!((audio - length).abs() <= frame + ROUNDING, "not {length} ms: {figures:?}");
        ensure!(figures.ttfa_ms.is_some() && figures.end == "complete", "{figures:?}");
        Ok(())
    };
    compared.await.with_context(|| id.clone())
}
