//! Makes facts of the values that a parser finds.

use std::rc::Rc;

use super::RequestFacts;
use crate::body::{FieldTree, Sink, Value};

/// How values are counted: of one policy.
#[derive(Clone, Debug, Default)]
pub struct CollectorRules {
    /// Whether the tags of SSML are counted as text.
    pub count_ssml_tags: bool,
    /// Whether the SHA-256 of reference recordings is wanted.
    pub hash_references: bool,
    /// Whether each job is a line of a batch.
    pub is_batch: bool,
}

/// A [`Sink`] that keeps [`RequestFacts`].
#[derive(Debug)]
pub struct Collector {
    facts: RequestFacts,
}

impl Collector {
    /// A collector for values at the places of `tree`.
    pub fn new(tree: Rc<FieldTree>, rules: CollectorRules) -> Self {
        let _ = (tree, rules);
        Self { facts: RequestFacts::default() }
    }

    /// What is known so far, the unfinished value and job included.
    pub fn facts(&self) -> RequestFacts {
        self.facts.clone()
    }
}

impl Sink for Collector {
    fn begin(&mut self, _: Value) {}
    fn piece(&mut self, _: &[u8]) {}
    fn end(&mut self) {}
    fn end_of_job(&mut self) {}
}
