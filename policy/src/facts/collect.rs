//! Makes facts of the values that a parser finds.

use std::rc::Rc;

use super::contribution::{Contribution, Job};
use super::literal::{self, Flag, Speed};
use super::reference::{Source, SourceReader};
use super::speech_rate::SpeechRates;
use super::ssml::SsmlCounter;
use super::{MAX_NAME_BYTES, RequestFacts};
use crate::body::{Field, FieldTree, Kind, LeafId, Sink, Value};
use crate::spec::BodyFormat;

#[cfg(test)]
mod tests;

/// How values are counted: of one policy.
#[derive(Clone, Debug, Default)]
pub struct CollectorRules {
    /// How fast text is spoken.
    pub speech: Rc<SpeechRates>,
    /// Whether the tags of SSML are counted as text.
    pub count_ssml_tags: bool,
    /// Whether the SHA-256 of reference recordings is wanted.
    pub hash_references: bool,
    /// Whether each job is a line of a batch.
    pub is_batch: bool,
}

/// A [`Sink`] that keeps [`RequestFacts`].
///
/// The last value of each place is kept apart from what is settled, so that another can take its
/// stead. Without such values, what it tells only grows.
#[derive(Debug)]
pub struct Collector {
    tree: Rc<FieldTree>,
    rules: CollectorRules,
    /// What no value can take back, and all jobs that are complete.
    settled: RequestFacts,
    /// … of the job that is under way.
    job: Job,
    /// Complete jobs, and those of them that have consent.
    jobs: u64,
    jobs_with_consent: u64,
    /// By leaf: its last value.
    last: Vec<Contribution>,
    value: Option<Open>,
    /// Objects and arrays that have begun.
    containers: u64,
    /// Bytes of the numbers in them: samples, which make one recording together.
    samples: u64,
    /// Values that came.
    values: u64,
}

/// The value that is under way.
#[derive(Debug)]
struct Open {
    leaf: LeafId,
    field: Field,
    is_sample: bool,
    /// Bytes of it that came.
    bytes: u64,
    reader: Reader,
}

#[derive(Debug)]
enum Reader {
    Text(Box<SsmlCounter>),
    Source(SourceReader),
    /// One byte more of it than a name can have is enough.
    Small(Vec<u8>),
    Done(Contribution),
}

// === impl CollectorRules ===

impl CollectorRules {
    /// For a body of this format.
    #[must_use]
    pub fn for_format(&self, format: BodyFormat) -> Self {
        Self { is_batch: format == BodyFormat::Jsonl, ..self.clone() }
    }
}

// === impl Collector ===

impl Collector {
    /// A collector for values at the places of `tree`.
    pub fn new(tree: Rc<FieldTree>, rules: CollectorRules) -> Self {
        let last = vec![Contribution::None; tree.leaves().count()];
        Self {
            tree,
            rules,
            settled: RequestFacts::default(),
            job: Job::default(),
            jobs: 0,
            jobs_with_consent: 0,
            last,
            value: None,
            containers: 0,
            samples: 0,
            values: 0,
        }
    }

    /// Values that came so far, at places that matter.
    pub fn values(&self) -> u64 {
        self.values
    }

    /// Bytes of the value under way: what they mean may be told only when it ends.
    pub fn pending(&self) -> u64 {
        self.value.as_ref().map_or(0, |it| it.bytes)
    }

    /// What is known so far, the unfinished value and job included.
    pub fn facts(&self) -> RequestFacts {
        let (mut facts, mut job) = (self.settled.clone(), self.job);
        for ((_, field), last) in self.tree.leaves().zip(&self.last) {
            last.add_to(field, &mut facts, &mut job);
        }
        if let Some(open) = &self.value {
            open.reader.so_far().add_to(open.field, &mut facts, &mut job);
        }
        if job.has_begun {
            job.add_to(&mut facts, self.tree.names(Field::Speed));
        }
        let jobs = self.jobs.saturating_add(job.has_begun.into());
        let has_consent = job.has_begun && job.consent == Some(true);
        facts.consent =
            jobs > 0 && self.jobs_with_consent.saturating_add(has_consent.into()) == jobs;
        facts.batch_lines = if self.rules.is_batch { jobs } else { 0 };
        facts
    }

    fn reader(&self, field: Field, kind: Kind) -> Reader {
        let hash = self.rules.hash_references && field != Field::Audio;
        match (field, kind) {
            (_, Kind::Null | Kind::Container) => Reader::Done(Contribution::None),
            (Field::Text, Kind::String | Kind::Number | Kind::File) => {
                Reader::Text(Box::new(SsmlCounter::new(!self.rules.count_ssml_tags)))
            }
            (Field::Reference | Field::Audio, Kind::Bool(false)) => {
                Reader::Done(Contribution::None)
            }
            (Field::Reference | Field::Audio, Kind::String) => {
                Reader::Source(SourceReader::recording(hash))
            }
            // Nobody knows what a number or `true` is to the service, but it is not nothing.
            (Field::Reference | Field::Audio, Kind::Bool(true)) => {
                let mut reader = SourceReader::file(hash);
                reader.feed(b"true");
                Reader::Done(Contribution::Source(reader.finish()))
            }
            (Field::Reference | Field::Audio, Kind::File | Kind::Number) => {
                Reader::Source(SourceReader::file(hash))
            }
            (Field::Voice, Kind::File) => Reader::Source(SourceReader::file(hash)),
            (Field::Voice, Kind::String | Kind::Number) => {
                Reader::Source(SourceReader::voice(hash))
            }
            (Field::Text, Kind::Bool(_)) => Reader::Done(Contribution::None),
            (Field::Voice, Kind::Bool(is)) => {
                Reader::Done(Contribution::Source(Source::Name(Some(is.to_string()))))
            }
            (_, Kind::Bool(is)) => Reader::Done(small(field, if is { b"true" } else { b"false" })),
            (_, Kind::String | Kind::Number | Kind::File) => Reader::Small(Vec::new()),
        }
    }

    fn settle(&mut self, leaf: LeafId, field: Field) {
        if let Some(last) = self.last.get_mut(leaf.index()) {
            std::mem::take(last).add_to(field, &mut self.settled, &mut self.job);
        }
    }
}

impl Sink for Collector {
    fn begin(&mut self, value: Value) {
        let Some(field) = self.tree.field(value.leaf) else { return };
        self.job.has_begun = true;
        self.values = self.values.saturating_add(1);
        if !value.replaces {
            self.settle(value.leaf, field);
        } else if let Some(last) = self.last.get_mut(value.leaf.index()) {
            *last = Contribution::None;
        }
        if value.kind == Kind::Container {
            self.containers = self.containers.saturating_add(1);
        } else {
            let reader = self.reader(field, value.kind);
            let is_sample = value.kind == Kind::Number && self.containers > 0;
            self.value = Some(Open { leaf: value.leaf, field, is_sample, bytes: 0, reader });
        }
    }

    fn piece(&mut self, bytes: &[u8]) {
        if let Some(open) = &mut self.value {
            open.bytes = open.bytes.saturating_add(bytes.len() as u64);
        }
        match self.value.as_mut().map(|it| &mut it.reader) {
            Some(Reader::Text(counter)) => counter.feed(bytes, &self.rules.speech),
            Some(Reader::Source(reader)) => reader.feed(bytes),
            Some(Reader::Small(text)) => {
                let room = MAX_NAME_BYTES.saturating_add(1).saturating_sub(text.len());
                text.extend(bytes.iter().take(room));
            }
            Some(Reader::Done(_)) | None => {}
        }
    }

    fn end(&mut self) {
        let Some(open) = self.value.take() else {
            self.containers = self.containers.saturating_sub(1);
            if self.containers == 0 {
                self.samples = 0;
            }
            return;
        };
        let mut contribution = match open.reader {
            Reader::Text(counter) => Contribution::Text(counter.finish(&self.rules.speech)),
            Reader::Source(reader) => Contribution::Source(reader.finish()),
            Reader::Small(text) => small(open.field, &text),
            Reader::Done(contribution) => contribution,
        };
        if let (true, Contribution::Source(Source::Inline(audio))) =
            (open.is_sample, &mut contribution)
        {
            self.samples = self.samples.saturating_add(audio.bytes);
            audio.bytes = self.samples;
        }
        if let Some(last) = self.last.get_mut(open.leaf.index()) {
            *last = contribution;
        }
    }

    fn end_of_job(&mut self) {
        let tree = Rc::clone(&self.tree);
        tree.leaves().for_each(|(leaf, field)| self.settle(leaf, field));
        let job = std::mem::take(&mut self.job);
        job.add_to(&mut self.settled, false);
        self.jobs = self.jobs.saturating_add(1);
        let has_consent = job.consent == Some(true);
        self.jobs_with_consent = self.jobs_with_consent.saturating_add(has_consent.into());
    }
}

// === impl Reader ===

impl Reader {
    fn so_far(&self) -> Contribution {
        match self {
            Self::Text(counter) => Contribution::Text(counter.so_far()),
            Self::Source(reader) => Contribution::Source(reader.so_far()),
            // The half of a name is none.
            Self::Small(_) => Contribution::None,
            Self::Done(contribution) => contribution.clone(),
        }
    }
}

/// What a short value says.
fn small(field: Field, text: &[u8]) -> Contribution {
    match field {
        Field::SampleRate => {
            literal::sample_rate(text).map_or(Contribution::None, Contribution::SampleRate)
        }
        Field::Speed => Speed::parse(text).map_or(Contribution::None, Contribution::Speed),
        Field::Stream if text.is_empty() => Contribution::None,
        // A service may take any text for true, and a consent may be the name of a contract.
        Field::Stream | Field::Consent => Contribution::Flag(literal::flag(text) != Flag::False),
        Field::Model | Field::Format if text.is_empty() => Contribution::None,
        _ => {
            let name = || String::from_utf8_lossy(text).into_owned();
            Contribution::Name((text.len() <= MAX_NAME_BYTES).then(name))
        }
    }
}
