//! Speech by `espeak-ng` (eSpeak NG, 22,050 Hz 16-bit mono WAV on its standard output).

use super::Sound;
use crate::speech::wav;
use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, StreamExt};
use std::io;
use std::process::Stdio;
use std::sync::OnceLock;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, ChildStdout, Command};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

/// What espeak-ng speaks at.
const SAMPLE_RATE: u32 = 22_050;

/// A machine has few cores, and speech is made much faster than it is heard.
static RUNNING: Semaphore = Semaphore::const_new(4);

/// The longest text takes well under a second; the rest is a slow listener.
const LONGEST: Duration = Duration::from_secs(120);

pub(super) fn is_installed() -> bool {
    static INSTALLED: OnceLock<bool> = OnceLock::new();
    *INSTALLED.get_or_init(|| {
        std::process::Command::new("espeak-ng")
            .arg("--version")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    })
}

pub(super) async fn speak(text: &str, sample_rate: u32) -> io::Result<Sound> {
    let permit = RUNNING.acquire().await.map_err(io::Error::other)?;
    let mut child = Command::new("espeak-ng")
        .args(["-v", voice(text), "--stdin", "--stdout"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()?;
    let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
        return Err(io::ErrorKind::BrokenPipe.into());
    };
    input.write_all(text.as_bytes()).await?;
    drop(input);

    let mut speaking = Speaking {
        output,
        until: Instant::now() + LONGEST,
        resampler: Resampler::new(SAMPLE_RATE, sample_rate),
        _child: child,
        _permit: permit,
    };
    let first = speaking.skip_header().await?;
    let first = speaking.resampler.push(&first);
    let rest = stream::unfold(speaking, |mut speaking| async move {
        Some((speaking.next().await.transpose()?, speaking))
    });
    Ok(stream::iter([Ok(first)]).chain(rest).boxed())
}

/// Mandarin for a text with Chinese characters, English otherwise.
fn voice(text: &str) -> &'static str {
    let is_chinese = |character| matches!(character, '\u{4e00}'..='\u{9fff}');
    if text.contains(is_chinese) { "cmn" } else { "en" }
}

/// A running espeak-ng; killed when the listener goes away.
struct Speaking {
    output: ChildStdout,
    until: Instant,
    resampler: Resampler,
    _child: Child,
    _permit: SemaphorePermit<'static>,
}

// === impl Speaking ===

impl Speaking {
    async fn read(&mut self) -> io::Result<BytesMut> {
        let mut chunk = BytesMut::with_capacity(16 * 1024);
        match tokio::time::timeout_at(self.until, self.output.read_buf(&mut chunk)).await {
            Ok(read) => read.map(|_| chunk),
            Err(_) => Err(io::Error::new(io::ErrorKind::TimedOut, "espeak-ng takes too long")),
        }
    }

    /// The first samples, without the WAV header before them.
    async fn skip_header(&mut self) -> io::Result<BytesMut> {
        let mut head = BytesMut::new();
        loop {
            let more = self.read().await?;
            if more.is_empty() {
                return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "espeak-ng was silent"));
            }
            head.extend_from_slice(&more);
            if let Some(start) = wav::samples_start(&head) {
                return Ok(head.split_off(start));
            }
        }
    }

    async fn next(&mut self) -> io::Result<Option<Bytes>> {
        let chunk = self.read().await?;
        Ok((!chunk.is_empty()).then(|| self.resampler.push(&chunk)))
    }
}

/// Linear interpolation between sample rates; enough for a stand-in's ears.
struct Resampler {
    step: f64,
    at: f64,
    held: Vec<u8>,
}

// === impl Resampler ===

impl Resampler {
    fn new(from: u32, to: u32) -> Self {
        Self { step: f64::from(from) / f64::from(to), at: 0.0, held: Vec::new() }
    }

    fn push(&mut self, bytes: &[u8]) -> Bytes {
        self.held.extend_from_slice(bytes);
        if self.step == 1.0 {
            let odd = self.held.split_off(self.held.len() & !1);
            return std::mem::replace(&mut self.held, odd).into();
        }
        let sample = |index: usize| {
            let bytes = self.held.get(index * 2..index * 2 + 2)?;
            Some(f64::from(i16::from_le_bytes([bytes[0], bytes[1]])))
        };
        let mut output = Vec::new();
        while let (Some(left), Some(right)) =
            (sample(self.at as usize), sample(self.at as usize + 1))
        {
            let value = left + (right - left) * self.at.fract();
            output.extend_from_slice(&(value as i16).to_le_bytes());
            self.at += self.step;
        }
        let used = (self.at as usize).min(self.held.len() / 2);
        self.held.drain(..used * 2);
        self.at -= used as f64;
        output.into()
    }
}
