//! Bodies that are read to be changed, or to say where a text could be cut.

use std::num::NonZeroU64;
use std::rc::Rc;

use voxgate_host::RequestHeaders;
use voxgate_policy::body::json::Json;
use voxgate_policy::body::{Field, FieldTree};
use voxgate_policy::shed::Refusal;
use voxgate_policy::shed::ladder::Degrade;
use voxgate_policy::shed::rewrite::{Change, Rewrite, Rewriter, To};
use voxgate_policy::shed::split::{Split, Splitter};
use voxgate_policy::spec::DuplicateKeys;
use voxgate_policy::subject::{BodyPlaces, Subject};

use crate::running::Running;

/// A body that is being changed.
pub struct BodyChange {
    rewrite: Rc<Rewrite>,
    /// `None` after what cannot be read.
    rewriter: Option<Rewriter>,
}

/// A body that is read for where its text could be cut.
pub struct Advice {
    /// `None` after what cannot be read.
    json: Option<Json>,
    splitter: Splitter,
}

// === impl BodyChange ===

impl BodyChange {
    /// What a request's rung changes in its body; `None`: nothing.
    pub fn of(running: &Running) -> Option<Self> {
        let degrade = running.degrade.as_ref()?;
        let changes = changes(degrade, running.subject.places.as_ref()?);
        if changes.is_empty() {
            return None;
        }
        // Places that cannot be compiled stand in no policy that was accepted.
        let rewrite = Rc::new(Rewrite::compile(changes).ok()?);
        // What of repeated keys counts, the filter before this one has decided.
        let rewriter = Rewriter::new(Rc::clone(&rewrite), DuplicateKeys::LastWins);
        Some(Self { rewrite, rewriter: Some(rewriter) })
    }

    /// More of the body.
    pub fn feed(&mut self, bytes: &[u8]) {
        let failed = self.rewriter.as_mut().is_some_and(|it| it.feed(bytes).is_err());
        if failed {
            self.rewriter = None;
        }
    }

    /// Changes the body, which has ended, and says what of it was changed; `None` if it could not be.
    pub fn finish(self, request: &mut RequestHeaders<'_>) -> Option<Vec<String>> {
        let rewritten = self.rewriter?.finish().ok()?;
        if !rewritten.edits.is_empty() {
            request.held_body()?.edit(&rewritten.edits).ok()?;
        }
        Some(self.rewrite.made(&rewritten).map(ToString::to_string).collect())
    }
}

fn changes(degrade: &Degrade, places: &BodyPlaces) -> Vec<Change> {
    let Degrade { sample_rate, model, format, stream, .. } = degrade;
    let to = [
        (Field::SampleRate, sample_rate.map(|it| To::AtMost(it.into()))),
        (Field::Model, model.clone().map(To::Text)),
        (Field::Format, format.clone().map(To::Text)),
        (Field::Stream, stream.then_some(To::True)),
    ];
    to.into_iter()
        .filter_map(|(field, to)| {
            Some(Change { field, pointers: places.of(field).to_vec(), to: to? })
        })
        .collect()
}

// === impl Advice ===

impl Advice {
    /// What helps a client whose text is too long: `None` if nothing is known of its body.
    pub fn on(refusal: &Refusal, subject: &Subject) -> Option<Self> {
        let longest = NonZeroU64::new(refusal.longest()?)?;
        let mut tree = FieldTree::new();
        for place in subject.places.as_ref()?.of(Field::Text) {
            tree.add(place, Field::Text).ok()?;
        }
        let tree = Rc::new(tree);
        let json = Some(Json::new(Rc::clone(&tree), DuplicateKeys::LastWins));
        Some(Self { json, splitter: Splitter::new(tree, longest) })
    }

    /// More of the body.
    pub fn feed(&mut self, bytes: &[u8]) {
        let failed =
            self.json.as_mut().is_some_and(|it| it.feed(bytes, &mut self.splitter).is_err());
        if failed {
            self.json = None;
        }
    }

    /// Where to cut; `None` if the body, which has ended, does not tell.
    pub fn finish(mut self) -> Option<Split> {
        self.json?.finish(&mut self.splitter).ok()?;
        self.splitter.advice()
    }
}
