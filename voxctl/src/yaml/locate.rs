//! From a path in the policy to the bytes of the file that an error should point at.

use std::ops::Range;

use voxgate_policy::error::{Path, Step};

use super::{Entry, Node, Value};

/// The part of a member that an error is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Its key: there should be no such member.
    Key,
    /// Its value.
    Value,
}

impl Node {
    /// The bytes that an error at `path` points at. A collection is shown by its key or its first
    /// line. As much of the path as the file has is followed.
    pub fn locate(&self, path: &Path, place: Place) -> Range<usize> {
        let mut node = self;
        let mut key = None;
        for step in &path.0 {
            let Some((entry, value)) = node.step(step) else { break };
            key = entry.map(|it| &it.key_span);
            node = value;
        }
        match (key, place, &node.value) {
            (Some(key), Place::Key, _) => key.clone(),
            (Some(key), _, Value::Sequence(_) | Value::Mapping(_) | Value::Null) => key.clone(),
            _ => node.head(),
        }
    }

    /// The value at `path`.
    pub fn at(&self, path: &Path) -> Option<&Node> {
        path.0.iter().try_fold(self, |node, step| node.step(step).map(|(_, value)| value))
    }

    /// `path` with the keys that it leaves out: serde's path through an enum such as
    /// `jwks: {remote: …}` does not name the variant, which is a key of the file.
    pub fn complete(&self, path: &Path) -> Path {
        let mut whole = Path::root();
        let mut node = Some(self);
        for step in &path.0 {
            if let (Some(Value::Mapping(entries)), Step::Key(key)) =
                (node.map(|it| &it.value), step)
                && let [variant] = entries.as_slice()
                && variant.key != *key
                && variant.value.get(key).is_some()
            {
                whole.0.push(Step::Key(variant.key.clone()));
                node = Some(&variant.value);
            }
            whole.0.push(step.clone());
            node = node.and_then(|it| it.step(step)).map(|(_, value)| value);
        }
        whole
    }

    fn step(&self, step: &Step) -> Option<(Option<&Entry>, &Node)> {
        match step {
            Step::Key(key) => self.entry(key).map(|it| (Some(it), &it.value)),
            Step::Index(index) => self.items().get(*index).map(|it| (None, it)),
        }
    }

    /// A one-line part of the value: its first key or item, or the scalar itself.
    fn head(&self) -> Range<usize> {
        match &self.value {
            Value::Mapping(entries) => {
                entries.first().map_or(self.span.clone(), |it| it.key_span.clone())
            }
            Value::Sequence(items) => items.first().map_or(self.span.clone(), Node::head),
            _ => self.span.clone(),
        }
    }
}
