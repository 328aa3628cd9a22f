//! A service, the host with its timer, and a listener behind it: whatever the service makes, the listener
//! hears all of it, and as if nothing had been held.

use proptest::prelude::*;

use super::*;
use crate::response::ResponseHead;
use crate::stream::{End, Figures, Observer, ObserverTerms};
use crate::testing::audio;

/// 16 bits, 24 kHz: bytes of a millisecond.
const BYTES_PER_MS: usize = 48;

/// The host's timer: each tick is so late, in tenths of a millisecond (measured on Envoy 1.40, period
/// 1 ms: 5.4 ms, 5 ms: 9.4 ms).
const TICK: std::ops::RangeInclusive<u32> = 50..=94;

/// What a service answers.
#[derive(Clone, Copy, Debug)]
enum Body {
    Pcm,
    Wav,
    Mp3,
    Aac,
}

/// What a listener behind the host got.
struct Outcome {
    figures: Figures,
    releases: usize,
    longest_held: f64,
}

// === impl Body ===

impl Body {
    fn head(self) -> ResponseHead<'static> {
        let content_type: &[u8] = match self {
            Self::Pcm => b"audio/pcm",
            Self::Wav => b"audio/wav",
            Self::Mp3 => b"audio/mpeg",
            Self::Aac => b"audio/aac",
        };
        ResponseHead { status: 200, content_type, content_encoding: b"", sample_rate_hz: None }
    }

    fn bytes(self, len: usize) -> Vec<u8> {
        let mut bytes = match self {
            Self::Pcm => vec![1; len],
            Self::Wav => audio::wav(24_000, u32::try_from(len / BYTES_PER_MS).unwrap() + 1),
            Self::Mp3 => audio::mp3(len / 400 + 1),
            Self::Aac => audio::adts(len / 40 + 1),
        };
        assert!(bytes.len() >= len);
        bytes.truncate(len);
        bytes
    }
}

fn body() -> impl Strategy<Value = Body> {
    prop_oneof![Just(Body::Pcm), Just(Body::Wav), Just(Body::Mp3), Just(Body::Aac)]
}

/// Plays `chunks` (when, how many bytes) through a coalescer, or past one.
fn play(
    body: Body,
    chunks: &[(f64, usize)],
    rule: Option<CoalesceRule>,
    mut ticks: impl Iterator<Item = u32>,
) -> Outcome {
    let source = body.bytes(chunks.iter().map(|it| it.1).sum());
    let terms = ObserverTerms { listener: terms(100, 100), silence: Duration::ZERO };
    let mut observer = Observer::new(&body.head(), &terms, at(0.0), at(0.0));
    let mut coalescer = rule.map(|it| Coalescer::new(Rc::new(it)));
    let (mut came, mut gone) = (0_usize, 0_usize);
    // When each byte came that is held, by chunk.
    let mut waiting: Vec<(f64, usize)> = Vec::new();
    let (mut releases, mut longest_held) = (0, 0_f64);
    let mut tick = 0.0;
    let last = chunks.last().map_or(0.0, |it| it.0);
    let mut next = chunks.iter().peekable();
    while let Some((arrival, len)) = next.peek() {
        let is_chunk = *arrival <= tick;
        let now = if is_chunk { *arrival } else { tick };
        if is_chunk {
            observer.feed(&source[came..came + len]);
            observer.arrived(*len, at(now));
            came += len;
            waiting.push((now, came));
            next.next();
        } else {
            tick += f64::from(ticks.next().unwrap()) / 10.0;
        }
        let held = came - gone;
        let progress = observer.progress();
        let step = match &mut coalescer {
            None => Step::Release,
            // The end of a stream is never held.
            Some(_) if next.peek().is_none() => Step::Release,
            Some(it) if is_chunk => it.chunk(held as u64, &progress, observer.listener(), at(now)),
            Some(it) => it.due(held as u64, &progress, observer.listener(), at(now)),
        };
        if step != Step::Release || held == 0 {
            continue;
        }
        let position = came;
        for (since, end) in &waiting {
            let begin = waiting.iter().map(|it| it.1).filter(|it| it < end).max();
            if begin.unwrap_or(gone).max(gone) < position {
                longest_held = longest_held.max(now - since);
            }
        }
        waiting.retain(|it| it.1 > position);
        gone = position;
        releases += 1;
        observer.released(gone as u64, at(now));
    }
    assert_eq!(gone, came, "every byte went on");
    observer.ended(at(last));
    Outcome { figures: observer.figures(End::Complete), releases, longest_held }
}

/// A service: chunks with the gap before each in tenths of a millisecond, and their bytes.
fn service() -> impl Strategy<Value = Vec<(u32, usize)>> {
    let steady = (50_u32..400, 1_usize..4000)
        .prop_flat_map(|(gap, len)| prop::collection::vec((gap..gap + 20, Just(len)), 1..100));
    let bursts = prop::collection::vec((prop_oneof![0_u32..30, 0_u32..3000], 1_usize..6000), 1..50);
    prop_oneof![steady, bursts]
}

fn timed(steps: &[(u32, usize)]) -> Vec<(f64, usize)> {
    let mut now = 3.0;
    steps
        .iter()
        .map(|(gap, len)| {
            now += f64::from(*gap) / 10.0;
            (now, *len)
        })
        .collect()
}

proptest! {
    #[test]
    fn playback_is_heard_as_if_nothing_had_been_held(
        body in body(),
        steps in service(),
        floor in 20_u64..500,
        max_delay in 5_u64..2000,
        max_bytes in 256_u64..16_384,
        ticks in prop::collection::vec(TICK, 1..20),
    ) {
        let chunks = timed(&steps);
        let direct = play(body, &chunks, None, std::iter::repeat(50));
        let rule = CoalesceRule {
            floor: ms(floor), max_bytes, max_delay: ms(max_delay), ..rule(CoalesceMode::Playback)
        };
        let held = play(body, &chunks, Some(rule), ticks.into_iter().cycle());
        prop_assert_eq!(held.figures.underruns, direct.figures.underruns);
        prop_assert_eq!(held.figures.missing, direct.figures.missing);
        prop_assert_eq!(held.figures.ttfa, direct.figures.ttfa);
        prop_assert_eq!(held.figures.audio, direct.figures.audio);
        let most = max_delay as f64 + f64::from(*TICK.end()) / 10.0;
        prop_assert!(held.longest_held <= most + 0.01, "{} of {most}", held.longest_held);
    }

    #[test]
    fn a_ramp_never_runs_a_listener_dry_that_would_not_be(
        body in body(),
        steps in service(),
        frames in prop::collection::vec(1_u32..60, 1..6),
        max_delay in 5_u64..2000,
        ticks in prop::collection::vec(TICK, 1..20),
    ) {
        let chunks = timed(&steps);
        let direct = play(body, &chunks, None, std::iter::repeat(50));
        let rule = CoalesceRule {
            frames, floor: ms(20), max_delay: ms(max_delay), ..rule(CoalesceMode::Ramp)
        };
        let held = play(body, &chunks, Some(rule), ticks.into_iter().cycle());
        prop_assert_eq!(held.figures.ttfa, direct.figures.ttfa);
        prop_assert!(held.figures.underruns <= direct.figures.underruns);
    }

    #[test]
    fn an_interval_holds_nothing_for_longer_than_it_may(
        body in body(),
        steps in service(),
        max_delay in 5_u64..2000,
        ticks in prop::collection::vec(TICK, 1..20),
    ) {
        let chunks = timed(&steps);
        let rule = CoalesceRule { max_delay: ms(max_delay), ..rule(CoalesceMode::Interval) };
        let held = play(body, &chunks, Some(rule), ticks.into_iter().cycle());
        let most = max_delay as f64 + f64::from(*TICK.end()) / 10.0;
        prop_assert!(held.longest_held <= most + 0.01, "{} of {most}", held.longest_held);
    }

    #[test]
    fn chatty_streams_are_released_five_times_less_often(
        seconds in 5_u32..12,
        jitter in prop::collection::vec(-30_i32..30, 1..50),
        ticks in prop::collection::vec(TICK, 1..20),
    ) {
        // 20 ms each, twice as fast as it plays.
        let len = 20 * BYTES_PER_MS;
        let mut chunks: Vec<(f64, usize)> = (0..seconds * 50)
            .zip(jitter.iter().cycle())
            .map(|(i, jitter)| (20.0 + f64::from(i) * 10.0 + f64::from(*jitter) / 10.0, len))
            .collect();
        chunks.sort_by(|a, b| a.0.total_cmp(&b.0));
        let held = play(Body::Pcm, &chunks, Some(rule(CoalesceMode::Playback)), ticks.into_iter().cycle());
        prop_assert!(held.releases * 5 <= chunks.len(), "{} of {}", held.releases, chunks.len());
        prop_assert_eq!(held.figures.underruns, 0);
        prop_assert_eq!(held.figures.ttfa, held.figures.first_byte);
    }
}
