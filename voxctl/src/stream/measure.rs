//! A stream, measured while it comes by the code that the filter runs.

use std::ops::ControlFlow;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};
use std::{io, thread};

use voxgate_policy::response::ResponseHead;
use voxgate_policy::stream::{End, Figures, ListenerTerms, Observer, ObserverTerms};
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
    head: Head,
    observer: Observer,
    timeline: Timeline,
    received: u64,
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
        // Dropped if watching fails, so that the reader ends.
        let heard = heard;
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

// === impl Terms ===

impl Terms {
    /// A listener that begins to play with `start` of audio, and for whom a stream is not continuous
    /// from `hole` of missing audio at a time. `silence` is how much leading silence is looked through.
    pub fn new(
        start: Duration,
        hole: Duration,
        silence: Duration,
        sample_rate: Option<u64>,
    ) -> Self {
        Self {
            observer: ObserverTerms { listener: ListenerTerms { start, hole }, silence },
            sample_rate,
        }
    }
}

// === impl Listening ===

impl Listening {
    fn new(head: Head, terms: &Terms) -> Self {
        let response = ResponseHead {
            status: head.status,
            content_type: head.content_type.as_bytes(),
            content_encoding: head.content_encoding.as_bytes(),
            sample_rate_hz: terms.sample_rate,
        };
        let headers = head.came.saturating_duration_since(head.sent);
        let observer = Observer::new(&response, &terms.observer, SENT, SENT.plus(headers));
        let timeline = Timeline { headers: Some(headers), ..Timeline::default() };
        Self { head, observer, timeline, received: 0 }
    }

    /// Since the request was sent.
    fn since(&self, moment: Instant) -> Duration {
        moment.saturating_duration_since(self.head.sent)
    }

    fn part(&mut self, at: Instant, part: &[u8]) {
        self.look(at);
        let at = self.since(at);
        let now = SENT.plus(at);
        self.received += part.len() as u64;
        self.observer.feed(part);
        self.observer.arrived(part.len(), now);
        // Nothing is held here: what came is heard.
        self.observer.released(self.received, now);

        let progress = self.observer.progress();
        if progress.audible.is_some() {
            self.timeline.ttfa.get_or_insert(at);
        }
        self.timeline.moments.push(Moment {
            at,
            bytes: part.len() as u64,
            audio: progress.audio,
            level: self.observer.listener().level(now),
        });
    }

    /// Whether the listener hears nothing by now.
    fn look(&mut self, now: Instant) {
        let to = self.since(now);
        let now = SENT.plus(to);
        let Some(dry) = self.observer.listener().dry_at().filter(|it| *it < now) else { return };
        let from = dry.since(SENT);
        match self.timeline.holes.last_mut() {
            Some(last) if last.from == from => last.to = to,
            _ => self.timeline.holes.push(Hole { from, to }),
        }
    }

    fn over(mut self, url: &StreamUrl, over: Over, ended: Instant) -> Measured {
        let at = self.since(ended);
        let now = SENT.plus(at);
        self.observer.ended(now);
        if let Some(last) = self.timeline.moments.last().map(|it| it.at)
            && matches!(over, Over::Complete | Over::Bytes)
        {
            // Nothing was missing: it was over.
            self.timeline.holes.retain(|it| it.from < last);
        }
        let end = match over {
            Over::Complete => End::Complete,
            Over::Bytes | Over::Unheard => End::Left,
            Over::Time => End::Stalled,
            Over::Broken(_) => End::Failed,
        };
        self.timeline.end = Some(at);
        Measured {
            name: url.to_string(),
            head: self.head,
            figures: self.observer.figures(end),
            timeline: self.timeline,
            over,
        }
    }
}
