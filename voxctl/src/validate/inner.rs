//! A policy that stands as JSON text inside another file, with its places in that file.

use std::ops::Range;

use crate::yaml::{Entry, Node, Value};

/// Where the lines of a text stand in the file around it.
pub struct Lines {
    /// The whole text in the file, for what cannot be told closer.
    whole: Range<usize>,
    /// Each line's start in the text, and in the file.
    starts: Vec<(usize, usize)>,
    /// The end in the text of what was found.
    found: usize,
}

impl Lines {
    /// Finds the lines of `text`, which was read from the bytes `span` of `file`. In a block
    /// scalar (`|`) each stands on a line of its own, indented; of other scalars only those on one
    /// line without escapes are found.
    pub fn find(text: &str, file: &str, span: &Range<usize>) -> Self {
        let mut starts = Vec::new();
        let mut inner = 0;
        let mut outer = span.start;
        for line in text.split_inclusive('\n') {
            let bare = line.trim_end_matches(['\n', '\r']);
            let Some(found) = file.get(outer..).and_then(|it| it.find(bare)) else { break };
            let start = outer + found;
            // The first line may follow `|`; between others there is nothing but the indentation.
            let between = file.get(outer..start).unwrap_or_default();
            if !starts.is_empty() && !between.trim().is_empty() {
                break;
            }
            starts.push((inner, start));
            inner += line.len();
            outer = start + bare.len();
        }
        Self { whole: span.clone(), starts, found: inner }
    }

    /// Where a part of the text stands in the file.
    pub fn in_file(&self, part: &Range<usize>) -> Range<usize> {
        let file = |offset: usize| {
            let line = self.starts.partition_point(|(inner, _)| *inner <= offset);
            let (inner, outer) = self.starts.get(line.checked_sub(1)?)?;
            (offset <= self.found).then(|| outer + (offset - inner))
        };
        match (file(part.start), file(part.end)) {
            (Some(start), Some(end)) if start <= end => start..end.min(self.whole.end.max(start)),
            _ => self.whole.clone(),
        }
    }

    /// The node with its places in the file.
    pub fn node_in_file(&self, node: Node) -> Node {
        let value = match node.value {
            Value::Sequence(items) => {
                Value::Sequence(items.into_iter().map(|it| self.node_in_file(it)).collect())
            }
            Value::Mapping(entries) => {
                let entry = |it: Entry| Entry {
                    key_span: self.in_file(&it.key_span),
                    value: self.node_in_file(it.value),
                    key: it.key,
                };
                Value::Mapping(entries.into_iter().map(entry).collect())
            }
            scalar => scalar,
        };
        Node { span: self.in_file(&node.span), value }
    }
}
