use ::base64::Engine;
use ::base64::engine::general_purpose::STANDARD;
use wasm_bindgen_test::wasm_bindgen_test;

use super::super::{AudioMillis, Names};
use super::*;
use crate::testing::audio::{mp3, wav};

/// What a parser would tell.
#[derive(Clone, Debug)]
enum Step {
    Value(Field, Kind, Vec<u8>),
    /// In place of the last one.
    Again(Field, Kind, Vec<u8>),
    /// What is in it, of the same leaf.
    Container(Field, Vec<Step>),
    Job,
}

fn string(field: Field, text: &str) -> Step {
    Step::Value(field, Kind::String, text.into())
}

fn tree() -> Rc<FieldTree> {
    let mut tree = FieldTree::new();
    for field in Field::ALL {
        tree.add(&format!("/{field}"), field).unwrap();
    }
    Rc::new(tree)
}

fn rules() -> CollectorRules {
    CollectorRules { count_ssml_tags: true, hash_references: true, ..CollectorRules::default() }
}

struct Run {
    collector: Collector,
    size: usize,
    may_shrink: bool,
    before: RequestFacts,
}

impl Run {
    fn new(rules: CollectorRules, size: usize, may_shrink: bool) -> Self {
        let collector = Collector::new(tree(), rules);
        Self { collector, size, may_shrink, before: RequestFacts::default() }
    }

    fn step(&mut self, step: &Step) {
        let leaf = |field| tree().leaves().find(|(_, it)| *it == field).unwrap().0;
        match step {
            Step::Job => self.collector.end_of_job(),
            Step::Container(field, inner) => {
                let kind = Kind::Container;
                self.collector.begin(Value { leaf: leaf(*field), kind, replaces: false });
                inner.iter().for_each(|it| self.step(it));
                self.collector.end();
            }
            Step::Value(field, kind, bytes) | Step::Again(field, kind, bytes) => {
                let replaces = matches!(step, Step::Again(..));
                self.collector.begin(Value { leaf: leaf(*field), kind: *kind, replaces });
                for piece in bytes.chunks(self.size) {
                    self.collector.piece(piece);
                    self.look();
                }
                self.collector.end();
            }
        }
        self.look();
    }

    fn look(&mut self) {
        let facts = self.collector.facts();
        assert!(self.may_shrink || grew(&self.before, &facts), "{:?} {facts:?}", self.before);
        self.before = facts;
    }
}

fn grew(before: &RequestFacts, after: &RequestFacts) -> bool {
    let numbers = |it: &RequestFacts| {
        [
            it.text.chars,
            it.text.longest_chars,
            it.text.audio.0,
            it.text.longest_audio.0,
            // What is unclear at first may turn out to be a URL.
            it.reference.inline.count + it.reference.urls.count + it.audio.count,
            it.reference.inline.largest_bytes,
            it.reference.inline.longest.0,
            it.reference.urls.count,
            it.audio.largest_bytes,
            it.sample_rate_hz.unwrap_or_default(),
            it.voices.known.len() as u64,
            it.models.known.len() as u64,
            it.formats.known.len() as u64,
            it.stream.map_or(0, |it| 1 + u64::from(it)),
            it.batch_lines,
        ]
    };
    numbers(before).iter().zip(numbers(after)).all(|(before, after)| *before <= after)
}

fn facts(steps: &[Step]) -> RequestFacts {
    let mut run = Run::new(rules(), usize::MAX, false);
    steps.iter().for_each(|it| run.step(it));
    run.before
}

fn names(known: &[&str]) -> Names {
    Names { known: known.iter().map(|&it| it.to_owned()).collect(), overflow: false }
}

#[wasm_bindgen_test(unsupported = test)]
fn nothing_is_known_of_nothing() {
    assert_eq!(facts(&[Step::Job]), RequestFacts::default());
}

#[wasm_bindgen_test(unsupported = test)]
fn texts_of_a_job_add_up_and_the_longest_job_is_told() {
    let text = |it| string(Field::Text, it);
    let known =
        facts(&[text("你好"), text("abc"), Step::Job, text("世界你好啊世界"), Step::Job]).text;
    assert_eq!((known.chars, known.longest_chars), (12, 7));
    // 4.5 characters of Chinese a second, 14.5 of Latin.
    let first = (2_u64 * 222_222 + 3 * 68_965).div_ceil(1000);
    let second = (7_u64 * 222_222).div_ceil(1000);
    assert_eq!((known.audio.0, known.longest_audio.0), (first + second, second));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_speed_before_or_after_the_text_changes_how_long_it_is() {
    let text = string(Field::Text, &"a".repeat(1000));
    let normal = facts(&[text.clone(), Step::Job]).text.audio;
    let number = Step::Value(Field::Speed, Kind::Number, b"0.5".to_vec());
    for steps in [[text.clone(), number.clone(), Step::Job], [number, text.clone(), Step::Job]] {
        assert_eq!(facts(&steps).text.audio.0, normal.0 * 2);
    }
    assert_eq!(facts(&[text.clone(), string(Field::Speed, "fast"), Step::Job]).text.audio, normal);
    let unfinished = facts(&[text]).text.audio;
    assert_eq!(unfinished, AudioMillis(normal.0.div_ceil(4)), "it may yet be spoken fast");
}

#[wasm_bindgen_test(unsupported = test)]
fn the_last_value_stands_in_place_of_the_one_before() {
    let mut run = Run::new(rules(), usize::MAX, true);
    for step in [
        string(Field::Text, "first of two items"),
        string(Field::Text, "long long"),
        Step::Again(Field::Text, Kind::String, b"abc".to_vec()),
        string(Field::Reference, "https://a.example/"),
        Step::Again(Field::Reference, Kind::Null, Vec::new()),
        string(Field::Voice, "a"),
        Step::Again(Field::Voice, Kind::String, b"b".to_vec()),
        Step::Job,
    ] {
        run.step(&step);
    }
    assert_eq!(run.before.text.chars, 21);
    assert!(!run.before.reference.is_brought());
    assert_eq!(run.before.voices, names(&["b"]));
}

#[wasm_bindgen_test(unsupported = test)]
fn what_stands_for_no_recording_is_none() {
    for (kind, text) in
        [(Kind::Null, ""), (Kind::Bool(false), ""), (Kind::String, ""), (Kind::File, "")]
    {
        let step = Step::Value(Field::Reference, kind, text.into());
        assert!(!facts(&[step]).reference.is_brought(), "{kind:?}");
    }
    assert!(!facts(&[Step::Container(Field::Reference, Vec::new())]).reference.is_brought());
}

#[wasm_bindgen_test(unsupported = test)]
fn anything_else_is_a_recording_brought() {
    for (kind, text) in [
        (Kind::Number, "0"),
        (Kind::Bool(true), ""),
        (Kind::String, "x"),
        (Kind::String, "你"),
        (Kind::File, "x"),
    ] {
        let step = Step::Value(Field::Reference, kind, text.into());
        let inside = Step::Container(Field::Reference, vec![step.clone()]);
        for known in [facts(&[step]), facts(&[inside])] {
            assert_eq!(known.reference.inline.count, 1, "{kind:?}");
            assert!(!known.reference.inline.all_lengths_known);
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_recording_is_measured_and_hashed() {
    let recording = wav(16_000, 1500);
    let known = facts(&[string(Field::Reference, &STANDARD.encode(&recording)), Step::Job]);
    let inline = known.reference.inline;
    assert_eq!((inline.count, inline.largest_bytes), (1, recording.len() as u64));
    assert_eq!((inline.longest, inline.all_lengths_known), (AudioMillis(1500), true));
    assert_eq!(inline.sample_rate_hz, Some(16_000));
    let digest = <sha2::Sha256 as sha2::Digest>::digest(&recording);
    assert_eq!(inline.sha256, [<[u8; 32]>::from(digest)]);
}

#[wasm_bindgen_test(unsupported = test)]
fn audio_to_work_on_is_no_voice_and_leaves_no_hash() {
    let known = facts(&[Step::Value(Field::Audio, Kind::File, wav(16_000, 100)), Step::Job]);
    assert!(!known.reference.is_brought());
    assert_eq!((known.audio.count, known.audio.longest), (1, AudioMillis(100)));
    assert!(known.audio.sha256.is_empty());
}

#[wasm_bindgen_test(unsupported = test)]
fn one_recording_of_unknown_length_leaves_all_unknown() {
    let known = Step::Value(Field::Reference, Kind::File, wav(16_000, 100));
    let unknown = Step::Value(Field::Reference, Kind::File, b"some other format".to_vec());
    for pair in [[known.clone(), unknown.clone()], [unknown, known]] {
        let inline = facts(&pair).reference.inline;
        assert_eq!((inline.count, inline.all_lengths_known), (2, false));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn urls_are_told_by_their_hosts() {
    let urls = facts(&[
        string(Field::Reference, "https://A.example/x"),
        string(Field::Voice, "http://169.254.169.254/"),
        Step::Job,
    ])
    .reference
    .urls;
    assert_eq!(urls.count, 2);
    assert_eq!(urls.hosts, names(&["169.254.169.254", "a.example"]));
    assert!(urls.any_insecure && urls.any_private && !urls.any_ambiguous);
}

#[wasm_bindgen_test(unsupported = test)]
fn names_and_rates_are_told() {
    let known = facts(&[
        string(Field::Model, "m"),
        string(Field::Voice, "v"),
        string(Field::Format, "mp3_44100_128"),
        Step::Value(Field::SampleRate, Kind::Number, b"24000".to_vec()),
        Step::Value(Field::Stream, Kind::Bool(true), Vec::new()),
        Step::Job,
    ]);
    assert_eq!((known.models, known.voices), (names(&["m"]), names(&["v"])));
    assert_eq!(known.formats, names(&["mp3_44100_128"]));
    assert_eq!((known.sample_rate_hz, known.stream), (Some(44_100), Some(true)));
    let long = facts(&[string(Field::Model, &"x".repeat(300))]).models;
    assert_eq!((long.known.len(), long.overflow), (0, true));
}

#[wasm_bindgen_test(unsupported = test)]
fn there_is_consent_if_every_job_has_it() {
    let yes = string(Field::Consent, "yes");
    let no = Step::Value(Field::Consent, Kind::Bool(false), Vec::new());
    for (steps, expected) in [
        (vec![], false),
        (vec![yes.clone()], true),
        (vec![yes.clone(), Step::Job], true),
        (vec![yes.clone(), Step::Job, yes.clone(), Step::Job], true),
        (vec![yes.clone(), Step::Job, string(Field::Text, "x"), Step::Job], false),
        (vec![yes.clone(), Step::Job, Step::Job], false),
        (vec![yes.clone(), no], false),
        (vec![string(Field::Consent, "contract 7")], true),
        (vec![string(Field::Consent, "")], false),
    ] {
        assert_eq!(facts(&steps).consent, expected, "{steps:?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_lines_of_a_batch_are_counted() {
    let mut run = Run::new(rules().for_format(BodyFormat::Jsonl), 1, false);
    for (step, lines) in
        [(Step::Job, 1), (string(Field::Text, "x"), 2), (Step::Job, 2), (Step::Job, 3)]
    {
        run.step(&step);
        assert_eq!(run.before.batch_lines, lines);
    }
}

#[cfg(not(target_arch = "wasm32"))]
mod properties {
    use proptest::prelude::*;

    use super::*;

    fn value() -> impl Strategy<Value = Step> {
        let bytes = prop_oneof![
            ".{0,90}".prop_map(String::into_bytes),
            "(https?://|data:(audio/wav;base64)?,|//)?[a-z0-9.:@/]{0,80}"
                .prop_map(String::into_bytes),
            "[0-9.e-]{0,8}".prop_map(String::into_bytes),
            any::<Vec<u8>>(),
            Just(wav(8000, 20)),
            Just(STANDARD.encode(wav(8000, 20)).into_bytes()),
            Just(STANDARD.encode(mp3(2)).into_bytes()),
        ];
        let kind = prop_oneof![
            5 => Just(Kind::String),
            2 => Just(Kind::File),
            1 => Just(Kind::Number),
        ];
        (prop::sample::select(&Field::ALL[..]), kind, bytes)
            .prop_map(|(field, kind, bytes)| Step::Value(field, kind, bytes))
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same_facts_and_they_only_grow(
            steps in prop::collection::vec(prop_oneof![6 => value(), 1 => Just(Step::Job)], 0..8),
            size in 1_usize..200,
        ) {
            // Several speeds in a job are the one thing that may change what was told.
            let ends: Vec<Vec<RequestFacts>> = [usize::MAX, size, 1]
                .map(|size| {
                    let mut run = Run::new(rules(), size, false);
                    steps.iter().map(|it| { run.step(it); run.before.clone() }).collect()
                })
                .to_vec();
            prop_assert_eq!(&ends[0], &ends[1]);
            prop_assert_eq!(&ends[0], &ends[2]);
        }
    }
}
