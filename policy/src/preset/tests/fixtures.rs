//! The requests of `testdata/requests`, most of them out of the services' own documentation, say what
//! stands beside them: counted by hand, not by this crate.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::super::*;
use super::compile;
use super::edit::{self, Side};
use crate::body::{BodyError, BodyRules, BodyScan, Progress};
use crate::facts::RequestFacts;
use crate::recognise::Recognised;
use crate::request::RequestHead;
use crate::spec::FactsSpec;
use crate::trace::Silent;

struct Fixture {
    preset: &'static Preset,
    rule: &'static PresetRule,
    path: PathBuf,
    head: RequestHead,
    body: Vec<u8>,
    expected: Expected,
}

/// What stands beside a request; what is left out is none.
#[derive(Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Expected {
    /// Where such a request is shown.
    source: String,
    text_chars: u64,
    longest_chars: u64,
    voices: Vec<String>,
    models: Vec<String>,
    formats: Vec<String>,
    sample_rate_hz: Option<u64>,
    stream: Option<bool>,
    batch_lines: u64,
    consent: bool,
    inline: u64,
    inline_bytes: u64,
    inline_ms: u64,
    urls: u64,
    hosts: Vec<String>,
    audio: u64,
    audio_bytes: u64,
    audio_ms: u64,
    /// In place of the numbers of `inline` and `urls`, where there is no recording to measure.
    reference_is_brought: bool,
}

/// `speech.custom-voice.http` is a request for the rule `speech`.
fn fixtures() -> Vec<Fixture> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/requests");
    let mut fixtures = Vec::new();
    for preset in ALL {
        let Ok(entries) = std::fs::read_dir(folder.join(preset.name)) else { continue };
        for path in entries.map(|it| it.unwrap().path()) {
            if path.extension().is_none_or(|it| it != "http") {
                continue;
            }
            let name = path.file_name().unwrap().to_str().unwrap().split('.').next().unwrap();
            let rule = preset.rules.iter().find(|it| it.name == name);
            let rule = rule.unwrap_or_else(|| panic!("{} has no rule", path.display()));
            let (head, body) = parse(&std::fs::read(&path).unwrap());
            let beside = std::fs::read(path.with_extension("json")).unwrap();
            let expected = serde_json::from_slice(&beside).unwrap();
            fixtures.push(Fixture { preset, rule, path, head, body, expected });
        }
    }
    fixtures.sort_by(|a, b| a.path.cmp(&b.path));
    fixtures
}

/// The head and the body of a request as HTTP/1.1 writes it.
fn parse(request: &[u8]) -> (RequestHead, Vec<u8>) {
    let end = request.windows(4).position(|it| it == b"\r\n\r\n").unwrap();
    let mut lines = std::str::from_utf8(&request[..end]).unwrap().split("\r\n");
    let mut words = lines.next().unwrap().split(' ').map(str::to_owned);
    let mut headers = vec![
        (":method".to_owned(), words.next().unwrap().into_bytes()),
        (":path".to_owned(), words.next().unwrap().into_bytes()),
    ];
    for line in lines {
        let (name, value) = line.split_once(": ").unwrap();
        headers.push((name.to_owned(), value.into()));
    }
    (RequestHead::new(headers), request[end + 4..].to_vec())
}

impl Fixture {
    /// What is known of the request with another `body`, fed in slices of `size` bytes.
    fn facts(&self, body: &[u8], size: usize) -> Result<RequestFacts, BodyError> {
        let (recogniser, _) = compile(&[self.preset.name]);
        let rules =
            BodyRules::compile(&FactsSpec::default(), &crate::error::Path::root(), &mut Vec::new());
        let recognised = recogniser.recognise(&self.head, &mut Silent);
        let Recognised::Operations { plan: Some(plan), voice, .. } = recognised else {
            panic!("{}: {recognised:?}", self.path.display());
        };
        let mut facts = plan.head_facts(&self.head, voice, &rules)?;
        if !body.is_empty() {
            let mut scan = BodyScan::new(plan, &rules, &self.head).unwrap();
            body.chunks(size).for_each(|it| scan.feed(it));
            scan.finish();
            assert_eq!(scan.progress()?, Progress::Complete);
            facts.absorb(&scan.facts());
        }
        Ok(facts)
    }

    fn as_it_is(&self) -> RequestFacts {
        self.facts(&self.body, usize::MAX)
            .unwrap_or_else(|error| panic!("{}: {error}", self.path.display()))
    }

    fn content_type(&self) -> &str {
        std::str::from_utf8(self.head.first("content-type").unwrap_or_default()).unwrap()
    }
}

impl Expected {
    fn of(facts: RequestFacts) -> Self {
        let (inline, urls, audio) = (facts.reference.inline, facts.reference.urls, facts.audio);
        Self {
            source: String::new(),
            text_chars: facts.text.chars,
            longest_chars: facts.text.longest_chars,
            voices: facts.voices.known,
            models: facts.models.known,
            formats: facts.formats.known,
            sample_rate_hz: facts.sample_rate_hz,
            stream: facts.stream,
            batch_lines: facts.batch_lines,
            consent: facts.consent,
            inline: inline.count,
            inline_bytes: inline.largest_bytes,
            inline_ms: inline.longest.0,
            urls: urls.count,
            hosts: urls.hosts.known,
            audio: audio.count,
            audio_bytes: audio.largest_bytes,
            audio_ms: audio.longest.0,
            reference_is_brought: false,
        }
    }

    fn without_measures(self) -> Self {
        let is_brought = self.inline + self.urls > 0;
        Self {
            inline: 0,
            inline_bytes: 0,
            inline_ms: 0,
            urls: 0,
            hosts: Vec::new(),
            reference_is_brought: is_brought,
            ..self
        }
    }
}

#[test]
fn each_request_is_recognised_as_its_rule() {
    for it in fixtures() {
        let (recogniser, _) = compile(&[it.preset.name]);
        let recognised = recogniser.recognise(&it.head, &mut Silent);
        let Recognised::Operations { rule, .. } = recognised else {
            panic!("{}: {recognised:?}", it.path.display());
        };
        assert_eq!(rule.as_str(), format!("{}/{}", it.preset.name, it.rule.name));
    }
}

#[test]
fn each_rule_that_reads_something_has_a_request() {
    let fixtures = fixtures();
    for preset in ALL {
        for rule in preset.rules {
            let reads = rule.body_spec().is_some() || !rule.query.is_empty();
            let has = fixtures.iter().any(|it| std::ptr::eq(it.rule, rule));
            assert_eq!(has, reads, "{}/{}", preset.name, rule.name);
        }
    }
}

#[test]
fn each_request_says_what_was_counted_by_hand() {
    let mut wrong = Vec::new();
    for it in fixtures() {
        let mut found = Expected::of(it.as_it_is());
        if it.expected.reference_is_brought {
            found = found.without_measures();
        }
        found.source.clone_from(&it.expected.source);
        assert!(!it.expected.source.is_empty(), "{}", it.path.display());
        if found != it.expected {
            wrong.push(format!("{}: {found:?}, not {:?}", it.path.display(), it.expected));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn byte_by_byte_each_request_says_the_same() {
    for it in fixtures() {
        assert_eq!(it.facts(&it.body, 1).unwrap(), it.as_it_is(), "{}", it.path.display());
    }
}

#[test]
fn an_unknown_field_hides_nothing() {
    for it in fixtures().iter().filter(|it| !it.body.is_empty()) {
        for side in [Side::First, Side::Last] {
            let edited = edit::with_unknown(it.content_type(), &it.body, side);
            assert_ne!(edited, it.body);
            let facts = it.facts(&edited, usize::MAX).unwrap();
            assert_eq!(facts, it.as_it_is(), "{} {side:?}", it.path.display());
        }
    }
}

#[test]
fn a_reference_is_seen_wherever_the_api_takes_one() {
    let is_reference = |(field, _): &&(Field, &'static str)| *field == Field::Reference;
    let mut hidden = 0;
    for it in fixtures().iter().filter(|it| !it.body.is_empty()) {
        if it.as_it_is().reference.is_brought() {
            continue;
        }
        for (_, pointer) in it.rule.body.iter().filter(is_reference) {
            for side in [Side::First, Side::Last] {
                let edited = edit::with_reference(it.content_type(), &it.body, pointer, side);
                let facts = it.facts(&edited, usize::MAX).unwrap();
                assert!(facts.reference.is_brought(), "{}: {pointer} {side:?}", it.path.display());
                hidden += 1;
            }
        }
    }
    assert!(hidden >= 50, "only {hidden}");
}
