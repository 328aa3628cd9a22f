//! A service, the host with its timer, and a listener behind it: whatever the service makes, the listener
//! hears all of it, and as if nothing had been held.

use proptest::prelude::*;

use super::*;
use crate::response::ResponseHead;
use crate::stream::{End, Figures, Observer, ObserverTerms};

/// 16 bits, 24 kHz: bytes of a millisecond.
const BYTES_PER_MS: usize = 48;

/// The host's timer: each tick is so late, in tenths of a millisecond (measured on Envoy 1.40, period
/// 1 ms: 5.4 ms, 5 ms: 9.4 ms).
const TICK: std::ops::RangeInclusive<u32> = 50..=94;

/// What a listener behind the host got.
struct Outcome {
    figures: Figures,
    /// The bytes, as they went on: when, and up to where.
    released: Vec<(f64, usize)>,
    longest_held: f64,
    audible_after: f64,
}

fn new_observer() -> Observer {
    let head = ResponseHead {
        status: 200,
        content_type: b"audio/pcm",
        content_encoding: b"",
        sample_rate_hz: None,
    };
    let terms = ObserverTerms { listener: terms(100, 100), silence: Duration::ZERO };
    Observer::new(&head, &terms, at(0.0), at(0.0))
}

/// Plays `chunks` (when, how many bytes) through a coalescer, or past one.
fn play(
    chunks: &[(f64, usize)],
    rule: Option<CoalesceRule>,
    mut ticks: impl Iterator<Item = u32>,
) -> Outcome {
    let mut observer = new_observer();
    let mut coalescer = rule.map(|it| Coalescer::new(Rc::new(it)));
    let (mut came, mut gone) = (0_usize, 0_usize);
    // Arrival of each byte that is held, by chunk.
    let mut waiting: Vec<(f64, usize)> = Vec::new();
    let mut released = Vec::new();
    let (mut longest_held, mut audible_after) = (0_f64, 0_f64);
    let mut tick = 0.0;
    let last = chunks.last().map_or(0.0, |it| it.0);
    let mut next = chunks.iter().peekable();
    loop {
        let is_chunk = next.peek().is_some_and(|it| it.0 <= tick);
        let now = if is_chunk { next.peek().unwrap().0 } else { tick };
        if !is_chunk && now > last {
            break;
        }
        let mut step = Step::Release { keep: 0 };
        if is_chunk {
            let (_, len) = *next.next().unwrap();
            observer.feed(&vec![1; len]);
            observer.arrived(len, at(now));
            came += len;
            waiting.push((now, came));
        } else {
            tick += f64::from(ticks.next().unwrap()) / 10.0;
        }
        if let Some(it) = &mut coalescer {
            let held = (came - gone) as u64;
            let progress = observer.progress();
            if is_chunk {
                step = it.chunk(held, &progress, observer.listener(), at(now));
            } else if held > 0 {
                step = it.due(held, &progress, observer.listener(), at(now));
            } else {
                continue;
            }
        }
        // The end of a stream is never held.
        if now >= last && next.peek().is_none() {
            step = Step::Release { keep: 0 };
        }
        if let Step::Release { keep } = step {
            let position = came - keep as usize;
            assert!(position > gone || keep == 0, "a release lets something go");
            if position > gone {
                if gone < 2 {
                    audible_after = now - chunks[0].0;
                }
                gone = position;
                released.push((now, gone));
                observer.released(gone as u64, at(now));
                for (since, _) in waiting.iter().filter(|it| it.1 <= gone) {
                    longest_held = longest_held.max(now - since);
                }
                waiting.retain(|it| it.1 > gone);
            }
        }
    }
    assert_eq!(gone, came, "every byte went on");
    observer.ended(at(last));
    Outcome { figures: observer.figures(End::Complete), released, longest_held, audible_after }
}

/// A service: chunks with the gap before each in tenths of a millisecond, and their bytes.
fn service() -> impl Strategy<Value = Vec<(u32, usize)>> {
    let steady = (50_u32..400, 1_usize..4000)
        .prop_flat_map(|(gap, len)| prop::collection::vec((gap..gap + 20, Just(len)), 1..300));
    let bursts =
        prop::collection::vec((prop_oneof![0_u32..30, 0_u32..3000], 1_usize..6000), 1..120);
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
        steps in service(),
        floor in 20_u64..500,
        max_delay in 5_u64..2000,
        max_bytes in 256_u64..16_384,
        ticks in prop::collection::vec(TICK, 1..20),
    ) {
        let chunks = timed(&steps);
        let direct = play(&chunks, None, std::iter::repeat(50));
        let rule = CoalesceRule {
            floor: ms(floor), max_bytes, max_delay: ms(max_delay), ..rule(CoalesceMode::Playback)
        };
        let held = play(&chunks, Some(rule), ticks.into_iter().cycle());
        prop_assert_eq!(held.figures.underruns, direct.figures.underruns);
        prop_assert_eq!(held.figures.missing, direct.figures.missing);
        prop_assert_eq!(held.figures.ttfa, direct.figures.ttfa);
        prop_assert_eq!(held.figures.audio, direct.figures.audio);
        let most = max_delay as f64 + f64::from(*TICK.end()) / 10.0;
        prop_assert!(held.longest_held <= most + 0.01, "{} of {most}", held.longest_held);
    }

    #[test]
    fn a_ramp_never_runs_a_listener_dry_that_would_not_be(
        steps in service(),
        frames in prop::collection::vec(1_u32..60, 1..6),
        max_delay in 5_u64..2000,
        ticks in prop::collection::vec(TICK, 1..20),
    ) {
        let chunks = timed(&steps);
        let direct = play(&chunks, None, std::iter::repeat(50));
        let rule = CoalesceRule {
            frames, floor: ms(20), max_delay: ms(max_delay), ..rule(CoalesceMode::Ramp)
        };
        let held = play(&chunks, Some(rule), ticks.into_iter().cycle());
        prop_assert_eq!(held.figures.ttfa, direct.figures.ttfa);
        prop_assert!(held.figures.underruns <= direct.figures.underruns);
    }

    #[test]
    fn an_interval_holds_nothing_for_longer_than_it_may(
        steps in service(),
        max_delay in 5_u64..2000,
        ticks in prop::collection::vec(TICK, 1..20),
    ) {
        let chunks = timed(&steps);
        let rule = CoalesceRule { max_delay: ms(max_delay), ..rule(CoalesceMode::Interval) };
        let held = play(&chunks, Some(rule), ticks.into_iter().cycle());
        let most = max_delay as f64 + f64::from(*TICK.end()) / 10.0;
        prop_assert!(held.longest_held <= most + 0.01, "{} of {most}", held.longest_held);
        prop_assert!(held.audible_after <= chunks[1.min(chunks.len() - 1)].0 - chunks[0].0);
    }

    #[test]
    fn chatty_streams_are_released_five_times_less_often(
        seconds in 5_u32..30,
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
        let held = play(&chunks, Some(rule(CoalesceMode::Playback)), ticks.into_iter().cycle());
        prop_assert!(held.released.len() * 5 <= chunks.len(), "{} of {}", held.released.len(), chunks.len());
        prop_assert_eq!(held.figures.underruns, 0);
        prop_assert_eq!(held.audible_after, 0.0);
    }
}
