//! By hand; streams of any kind stand in `properties`.

#[cfg(not(target_arch = "wasm32"))]
mod properties;

use wasm_bindgen_test::wasm_bindgen_test;

use super::*;
use crate::stream::tests::{at, ms, terms};

fn rule(mode: CoalesceMode) -> CoalesceRule {
    CoalesceRule {
        name: "it".into(),
        mode,
        floor: ms(200),
        max_bytes: 8192,
        max_delay: ms(100),
        frames: vec![4, 4, 8],
    }
}

/// A stream of 20 ms frames of 100 bytes that a test puts together by hand.
struct Stream {
    coalescer: Coalescer,
    listener: Listener,
    progress: StreamProgress,
    held: u64,
}

// === impl Stream ===

impl Stream {
    fn new(rule: CoalesceRule) -> Self {
        Self {
            coalescer: Coalescer::new(Rc::new(rule)),
            listener: Listener::new(&terms(100, 100)),
            progress: StreamProgress {
                audio: Some(Duration::ZERO),
                format: Format::Pcm,
                ..StreamProgress::default()
            },
            held: 0,
        }
    }

    /// One that plays 1 s of audio since 0.
    fn playing(rule: CoalesceRule) -> Self {
        let mut stream = Self::new(rule);
        assert_eq!(stream.frames(50, at(0.0)), RELEASE);
        stream
    }

    fn frames(&mut self, count: u32, now: UnixMicros) -> Step {
        self.bytes(count * 100, now)
    }

    fn bytes(&mut self, bytes: u32, now: UnixMicros) -> Step {
        let it = &mut self.progress;
        it.bytes += u64::from(bytes);
        it.tail = it.bytes % 100;
        it.audio = Some(ms(it.bytes / 100 * 20));
        it.audible = it.audio.filter(|it| !it.is_zero()).map(|_| Duration::ZERO);
        it.units = it.bytes / 100;
        self.held += u64::from(bytes);
        let step = self.coalescer.chunk(self.held, &self.progress, &self.listener, now);
        self.follow(step, now)
    }

    fn due(&mut self, now: UnixMicros) -> Step {
        let step = self.coalescer.due(self.held, &self.progress, &self.listener, now);
        self.follow(step, now)
    }

    fn follow(&mut self, step: Step, now: UnixMicros) -> Step {
        if step == RELEASE {
            self.held = 0;
            self.listener.heard(self.progress.audio.unwrap_or_default(), now);
        }
        step
    }
}

const RELEASE: Step = Step::Release;

fn hold(until: f64) -> Step {
    Step::Hold { until: at(until) }
}

#[wasm_bindgen_test(unsupported = test)]
fn whatever_the_mode_nothing_is_held_before_the_first_audible_sample_went_on() {
    for mode in [CoalesceMode::Playback, CoalesceMode::Interval, CoalesceMode::Ramp] {
        let mut it = Stream::new(rule(mode));
        assert_eq!(it.bytes(44, at(0.0)), RELEASE, "a header");
        assert_eq!(it.bytes(50, at(1.0)), RELEASE, "half a frame");
        assert_eq!(it.bytes(50, at(2.0)), RELEASE, "the first frame, with some of the second");
        assert_eq!(it.held, 0);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn silence_before_the_first_audible_sample_is_not_held_either() {
    let mut it = Stream::new(rule(CoalesceMode::Interval));
    for i in 0..10 {
        it.progress.audio = Some(ms(20 * i));
        let step = it.coalescer.chunk(100, &it.progress, &it.listener, at(i as f64));
        assert_eq!(step, RELEASE, "{i}");
    }
    it.progress.audible = Some(ms(190));
    assert_eq!(it.coalescer.chunk(100, &it.progress, &it.listener, at(11.0)), RELEASE);
    let step = it.coalescer.chunk(100, &it.progress, &it.listener, at(12.0));
    assert_eq!(step, hold(112.0), "from then on");
}

#[wasm_bindgen_test(unsupported = test)]
fn playback_holds_while_the_listener_has_enough() {
    let mut it = Stream::playing(rule(CoalesceMode::Playback));
    assert_eq!(it.frames(1, at(10.0)), hold(110.0));
    assert_eq!(it.frames(1, at(50.0)), hold(110.0), "since the first of what is held");
    assert_eq!(it.due(at(109.0)), hold(110.0));
    assert_eq!(it.due(at(110.0)), RELEASE);
    // It has 1,040 ms, of which 110 are played: 930 left, the floor at 840.
    assert_eq!(it.frames(1, at(800.0)), hold(840.0), "until it has 200 ms left");
    assert_eq!(it.frames(1, at(839.0)), hold(840.0));
    assert_eq!(it.frames(1, at(840.0)), RELEASE);
    assert_eq!(it.frames(1, at(950.0)), RELEASE, "it has less");
    assert_eq!(it.frames(1, at(2000.0)), RELEASE, "it is silent");
}

#[wasm_bindgen_test(unsupported = test)]
fn playback_holds_nothing_of_what_does_not_play() {
    let mut it = Stream::new(rule(CoalesceMode::Playback));
    assert_eq!(it.frames(4, at(0.0)), RELEASE);
    assert_eq!(it.bytes(50, at(1.0)), RELEASE, "80 of the 100 ms that it gathers");
    let mut it = Stream::new(rule(CoalesceMode::Playback));
    it.progress.audio = None;
    it.progress.format = Format::Sse;
    for i in 0..10 {
        it.progress.units = i;
        let step = it.coalescer.chunk(100, &it.progress, &it.listener, at(i as f64));
        assert_eq!(step, RELEASE);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn what_would_be_more_than_the_most_goes_on() {
    let mut it = Stream::playing(CoalesceRule { max_bytes: 300, ..rule(CoalesceMode::Playback) });
    assert_eq!(it.frames(1, at(10.0)), hold(110.0));
    assert_eq!(it.frames(1, at(11.0)), hold(110.0));
    assert_eq!(it.frames(1, at(12.0)), RELEASE);
    assert_eq!(it.frames(5, at(13.0)), RELEASE, "a chunk that is larger by itself");
}

#[wasm_bindgen_test(unsupported = test)]
fn what_a_service_cuts_goes_on_rather_where_a_frame_ends() {
    let mut it = Stream::playing(rule(CoalesceMode::Playback));
    assert_eq!(it.bytes(150, at(10.0)), hold(110.0));
    assert_eq!(it.bytes(50, at(50.0)), hold(110.0), "a border, and time enough");
    assert_eq!(it.bytes(150, at(80.0)), hold(110.0));
    assert_eq!(it.bytes(50, at(90.0)), RELEASE, "a border, and the next may come too late");
    assert_eq!(it.bytes(150, at(100.0)), hold(200.0));
    assert_eq!(it.due(at(201.0)), RELEASE, "there was none");
    // Of a service that cuts none, more is held.
    let mut it = Stream::playing(rule(CoalesceMode::Playback));
    assert_eq!(it.frames(2, at(10.0)), hold(110.0));
    assert_eq!(it.frames(2, at(105.0)), hold(110.0));
}

#[wasm_bindgen_test(unsupported = test)]
fn half_of_the_most_suffices_where_a_frame_ends() {
    let mut it = Stream::playing(CoalesceRule { max_bytes: 600, ..rule(CoalesceMode::Playback) });
    assert_eq!(it.bytes(150, at(10.0)), hold(110.0));
    assert_eq!(it.bytes(150, at(11.0)), RELEASE);
}

#[wasm_bindgen_test(unsupported = test)]
fn interval_holds_for_its_time_or_its_bytes() {
    let mut it = Stream::new(CoalesceRule { max_bytes: 300, ..rule(CoalesceMode::Interval) });
    it.progress.audio = None;
    it.progress.format = Format::Sse;
    let mut event = |units, held, now| {
        it.progress.units = units;
        it.coalescer.chunk(held, &it.progress, &it.listener, at(now))
    };
    assert_eq!(event(0, 10, 0.0), RELEASE, "a comment");
    assert_eq!(event(1, 10, 1.0), RELEASE, "the first event");
    assert_eq!(event(2, 10, 5.0), hold(105.0));
    assert_eq!(event(3, 20, 104.0), hold(105.0));
    assert_eq!(event(4, 30, 105.0), RELEASE);
    assert_eq!(event(5, 299, 106.0), hold(206.0));
    assert_eq!(event(6, 300, 107.0), RELEASE);
}

#[wasm_bindgen_test(unsupported = test)]
fn an_answer_that_is_no_stream_begins_with_its_first_byte() {
    for format in [Format::Other, Format::Json] {
        let mut it = Stream::new(rule(CoalesceMode::Interval));
        it.progress = StreamProgress { format, ..StreamProgress::default() };
        let mut chunk = |now| it.coalescer.chunk(10, &it.progress, &it.listener, at(now));
        assert_eq!((chunk(0.0), chunk(1.0)), (RELEASE, hold(101.0)), "{format:?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn audio_that_comes_behind_other_events_is_not_held_when_it_begins() {
    let mut it = Stream::new(rule(CoalesceMode::Interval));
    it.progress = StreamProgress { format: Format::Sse, units: 1, ..StreamProgress::default() };
    assert_eq!(it.coalescer.chunk(10, &it.progress, &it.listener, at(0.0)), RELEASE);
    it.progress.units = 2;
    assert_eq!(it.coalescer.chunk(10, &it.progress, &it.listener, at(1.0)), hold(101.0));
    it.progress.format = Format::SseAudio;
    it.progress.audio = Some(ms(20));
    it.progress.audible = Some(Duration::ZERO);
    assert_eq!(it.coalescer.chunk(20, &it.progress, &it.listener, at(2.0)), RELEASE);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_ramp_releases_more_frames_each_time() {
    let ramp = CoalesceRule { floor: ms(20), max_delay: ms(400), ..rule(CoalesceMode::Ramp) };
    let mut it = Stream::new(ramp);
    let mut released = Vec::new();
    let mut frames = 0;
    for i in 0..60 {
        frames += 1;
        if it.frames(1, at(f64::from(i))) == RELEASE {
            released.push(frames);
            frames = 0;
        }
    }
    assert_eq!(released, [1, 4, 4, 8, 8, 8, 8, 8, 8]);
}

#[wasm_bindgen_test(unsupported = test)]
fn frames_of_a_ramp_are_those_of_the_format_or_20_ms() {
    for (format, units, audio, is_full) in [
        (Format::Mp3, 4, 96, true),
        (Format::Mp3, 3, 96, false),
        (Format::Pcm, 1920, 79, false),
        (Format::Pcm, 1920, 80, true),
        (Format::Ogg, 1, 1000, true),
    ] {
        let mut it = Stream::new(rule(CoalesceMode::Ramp));
        it.frames(1, at(0.0));
        let before = it.coalescer.before;
        it.progress.format = format;
        it.progress.units = before.units + units;
        it.progress.audio = before.audio.map(|it| it + ms(audio));
        let step = it.coalescer.chunk(100, &it.progress, &it.listener, at(1.0));
        assert_eq!(step == RELEASE, is_full, "{format:?} {units} {audio}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_ramp_waits_neither_for_ever_nor_until_the_listener_is_dry() {
    let ramp = CoalesceRule { floor: ms(20), max_delay: ms(400), ..rule(CoalesceMode::Ramp) };
    let mut it = Stream::playing(ramp.clone());
    assert_eq!(it.frames(1, at(10.0)), hold(410.0));
    assert_eq!(it.due(at(412.0)), RELEASE);
    let mut it = Stream::playing(ramp);
    assert_eq!(it.frames(1, at(700.0)), hold(980.0));
    assert_eq!(it.due(at(980.0)), RELEASE);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_clock_that_is_set_back_holds_nothing_for_longer() {
    let hour = 3_600_000.0;
    let mut it = Stream::playing(rule(CoalesceMode::Playback));
    assert_eq!(it.frames(1, at(10.0)), hold(110.0));
    assert_eq!(it.due(at(20.0 - hour)), hold(120.0 - hour));
    assert_eq!(it.due(at(120.0 - hour)), RELEASE);
}

#[wasm_bindgen_test(unsupported = test)]
fn where_nothing_is_held_nothing_is_released() {
    let mut it = Stream::playing(rule(CoalesceMode::Ramp));
    assert!(matches!(it.due(at(5000.0)), Step::Hold { .. }));
    assert_eq!(it.coalescer.releases, 1);
}
