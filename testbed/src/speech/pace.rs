//! How fast sound comes: the first chunk's delay, the size of chunks, and the speed after it.

use bytes::{Bytes, BytesMut};
use futures_util::stream::{self, Stream, StreamExt};
use http::HeaderMap;
use std::io;
use std::time::Duration;

/// How long a word of a text counts as, of an answer that is not spoken.
const WORD: Duration = Duration::from_millis(400);

/// How fast sound comes. A request may set its own by the headers named below.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pace {
    /// Until the first chunk; `x-test-first-chunk-ms`.
    pub first_chunk: Duration,
    /// Time to make a second of sound, in seconds: 0 is at once, 1 is real time, above 1 the
    /// listener runs dry; `x-test-real-time-factor`.
    pub real_time_factor: f64,
    /// Bytes of a chunk; `x-test-chunk-bytes`.
    pub chunk_bytes: usize,
    /// Break the connection after so many chunks; `x-test-break-after-chunks`.
    pub break_after: Option<usize>,
}

// === impl Pace ===

impl Default for Pace {
    /// At once, in chunks of 100 ms.
    fn default() -> Self {
        Self {
            first_chunk: Duration::ZERO,
            real_time_factor: 0.0,
            chunk_bytes: 4410,
            break_after: None,
        }
    }
}

impl Pace {
    pub(super) fn of_request(self, headers: &HeaderMap) -> Self {
        let number = |name: &str| headers.get(name)?.to_str().ok()?.parse::<f64>().ok();
        let whole = |name: &str| headers.get(name)?.to_str().ok()?.parse::<u32>().ok();
        Self {
            first_chunk: whole("x-test-first-chunk-ms")
                .map_or(self.first_chunk, |delay| Duration::from_millis(delay.into())),
            real_time_factor: number("x-test-real-time-factor")
                .filter(|factor| (0.0..=100.0).contains(factor))
                .unwrap_or(self.real_time_factor),
            chunk_bytes: whole("x-test-chunk-bytes")
                .map_or(self.chunk_bytes, |bytes| bytes as usize)
                .max(2),
            break_after: whole("x-test-break-after-chunks")
                .map(|chunks| chunks as usize)
                .or(self.break_after),
        }
    }

    /// Lets events that each say a word go at this pace; a word is as long as [`WORD`].
    pub(super) fn apply_to_words(
        self,
        events: impl Stream<Item = Bytes> + Send + Unpin + 'static,
    ) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
        events.enumerate().then(move |(number, event)| async move {
            if self.break_after == Some(number) {
                return Err(self.broken_off().await);
            }
            let word = WORD.mul_f64(self.real_time_factor);
            tokio::time::sleep(if number == 0 { self.first_chunk } else { word }).await;
            Ok(event)
        })
    }

    async fn broken_off(self) -> io::Error {
        // hyper drops what it has not written yet when a body fails.
        tokio::time::sleep(Duration::from_millis(20)).await;
        io::Error::other("broken off as the test asked")
    }

    /// Cuts `sound` into chunks and lets them go at this pace.
    pub(super) fn apply(
        self,
        sound: impl Stream<Item = io::Result<Bytes>> + Send + Unpin + 'static,
        sample_rate: u32,
    ) -> impl Stream<Item = io::Result<Bytes>> + Send + 'static {
        let start = Flow { sound, held: BytesMut::new(), sent: 0, ended: false };
        stream::unfold(start, move |mut flow| async move {
            if self.break_after == Some(flow.sent) && !flow.ended {
                flow.ended = true;
                return Some((Err(self.broken_off().await), flow));
            }
            let chunk = match flow.next_chunk(self.chunk_bytes).await? {
                Ok(chunk) => chunk,
                Err(error) => return Some((Err(error), flow)),
            };
            let delay = if flow.sent == 0 {
                self.first_chunk
            } else {
                let seconds = chunk.len() as f64 / f64::from(sample_rate * 2);
                Duration::from_secs_f64(seconds * self.real_time_factor)
            };
            tokio::time::sleep(delay).await;
            flow.sent += 1;
            Some((Ok(chunk), flow))
        })
    }
}

struct Flow<S> {
    sound: S,
    held: BytesMut,
    sent: usize,
    ended: bool,
}

// === impl Flow ===

impl<S: Stream<Item = io::Result<Bytes>> + Unpin> Flow<S> {
    async fn next_chunk(&mut self, bytes: usize) -> Option<io::Result<Bytes>> {
        while self.held.len() < bytes && !self.ended {
            match self.sound.next().await {
                Some(Ok(more)) => self.held.extend_from_slice(&more),
                Some(Err(error)) => {
                    self.ended = true;
                    self.held.clear();
                    return Some(Err(error));
                }
                None => self.ended = true,
            }
        }
        let length = self.held.len().min(bytes);
        (length > 0).then(|| Ok(self.held.split_to(length).freeze()))
    }
}
