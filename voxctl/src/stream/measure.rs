//! A stream, measured while it comes by the code that the filter runs.

use std::ops::ControlFlow;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};
use std::{io, thread};

use voxgate_policy::response::ResponseHead;
use voxgate_policy::stream::{End, Figures, Observer, ObserverTerms, Pattern};
use voxgate_policy::time::UnixMicros;

use super::client::{self, Bounds, Connected, Head, Heard, Over};
use super::{Ask, Hole, Moment, StreamError, StreamUrl, Timeline};

/// How a stream is measured.
#[derive(Clone, Debug)]
pub struct Terms {
    /// The listener's player, and what is silence.
    pub observer: ObserverTerms,
    /// In Hz, of raw samples whose type does not tell.
    pub sample_rate: Option<u64>,
}

/// A stream that was measured.
#[derive(Debug)]
pub struct Measured {
    /// Its address, without the query.
    pub name: String,
    /// What the answer said before its body.
    pub head: Head,
    /// What came when.
    pub timeline: Timeline,
    /// What the filter tells of it.
    pub figures: Figures,
    /// What was recognised in it.
    pub patterns: Vec<Pattern>,
    /// Why nothing more came.
    pub over: Over,
}

/// Why a stream was not measured.
#[derive(Debug, thiserror::Error)]
pub enum MeasureError {
    /// There was none.
    #[error(transparent)]
    Stream(#[from] StreamError),
    /// Whoever watched it cannot any more.
    #[error(transparent)]
    Watch(#[from] io::Error),
}

/// How often whoever watches is told that nothing came.
const TICK: Duration = Duration::from_millis(50);

/// The Observer's time of sending: any moment does, as only differences count.
const SENT: UnixMicros = UnixMicros(1_000_000_000);

/// A stream on its way.
struct Listening {
    sent: Instant,
    head: Head,
    observer: Observer,
    timeline: Timeline,
    received: u64,
    patterns: Vec<Pattern>,
}

/// Requests a stream and measures it; `watch` sees it grow, with the time since the request.
///
/// # Errors
/// There is no stream, or `watch` fails.
pub fn measure(
    ask: &Ask,
    url: &StreamUrl,
    bounds: Bounds,
    terms: &Terms,
    mut watch: impl FnMut(&Timeline, Duration) -> io::Result<()>,
) -> Result<Measured, MeasureError> {
    let connected = Connected::default();
    let (tell, heard) = channel();
    thread::scope(|scope| {
        // Its own thread, so that drawing never makes a chunk late.
        let reader = scope.spawn(|| {
            client::request(ask, url, bounds, &connected, move |it| {
                tell.send(it).map_or(ControlFlow::Break(()), ControlFlow::Continue)
            })
        });
        let mut listening: Option<Listening> = None;
        let waiting = Timeline::default();
        loop {
            match heard.recv_timeout(TICK) {
                Ok(Heard::Head(head)) => listening = Some(Listening::new(head, terms)),
                Ok(Heard::Part(at, part)) => {
                    if let Some(it) = &mut listening {
                        it.part(at, &part);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            let Some(sent) = connected.at() else { continue };
            let now = Instant::now();
            if let Some(it) = &mut listening {
                it.look(now);
            }
            let timeline = listening.as_ref().map_or(&waiting, |it| &it.timeline);
            watch(timeline, now.saturating_duration_since(sent))?;
        }
        let ended = Instant::now();
        let over = reader.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
        let listening = listening.expect("a stream that is over has begun");
        Ok(listening.over(url, over, ended))
    })
}
