//! YAML 1.2 (and so JSON) as a tree that knows where each value stands in its file.
//!
//! One strict reading for every command: duplicate keys, foreign tags and alias bombs are refused,
//! and what comes out is JSON, the form in which a filter gets its policy.

mod load;
mod locate;
mod scalar;
#[cfg(test)]
mod tests;

use std::ops::Range;

pub use load::parse;
pub use locate::Place;

/// The deepest nesting that is read. A policy needs 7; an EnvoyFilter around it 12 more.
pub const MAX_DEPTH: usize = 64;

/// The most nodes that aliases may add to one file, so that nested aliases stay small
/// ("billion laughs").
pub const MAX_ALIASED_NODES: usize = 10_000;

/// A value and the bytes of the file that it was read from.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// Bytes of the file. An aliased value stands where its anchor is.
    pub span: Range<usize>,
    /// The value.
    pub value: Value,
}

/// What a [`Node`] holds; JSON's types.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `null`, `~`, or nothing.
    Null,
    /// `true` or `false`; YAML 1.1's `yes`, `no`, `on` and `off` are strings.
    Bool(bool),
    /// A finite number.
    Number(serde_json::Number),
    /// A string.
    String(String),
    /// A sequence.
    Sequence(Vec<Node>),
    /// A mapping, in the order of the file, without duplicate keys.
    Mapping(Vec<Entry>),
}

/// A member of a mapping.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: String,
    /// Where the key stands.
    pub key_span: Range<usize>,
    /// The value.
    pub value: Node,
}

/// Why a file is not read, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct YamlError {
    /// Bytes of the file.
    pub span: Range<usize>,
    /// What is wrong there.
    pub reason: YamlErrorReason,
}

/// What is wrong with a YAML file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum YamlErrorReason {
    /// Not YAML.
    #[error("not YAML: {0}")]
    Syntax(String),
    /// A mapping says the same key twice; which one counts would be a guess.
    #[error("`{key}` stands twice in one mapping")]
    DuplicateKey {
        /// The key.
        key: String,
        /// Where it stands first.
        first: Range<usize>,
    },
    /// A key that JSON cannot have.
    #[error("a key must be a string")]
    KeyNotString,
    /// YAML 1.1's merge key, which YAML 1.2 dropped.
    #[error("the merge key `<<` is not part of YAML 1.2; write the fields out")]
    MergeKey,
    /// A tag beyond the core schema's.
    #[error("the tag `{0}` is not known; a policy needs none")]
    Tag(String),
    /// A value that its tag or JSON cannot have.
    #[error("`{value}` is not a {expected}")]
    NotA {
        /// The value as written.
        value: String,
        /// What it should be.
        expected: &'static str,
    },
    /// An alias inside its own anchor.
    #[error("an alias inside its own anchor never ends")]
    CyclicAlias,
    /// Aliases that add too much.
    #[error("aliases add more than {MAX_ALIASED_NODES} values; write them out")]
    TooManyAliases,
    /// Nesting that no policy has.
    #[error("nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
}

impl Node {
    /// The value as JSON.
    pub fn to_json(&self) -> serde_json::Value {
        match &self.value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(it) => (*it).into(),
            Value::Number(it) => it.clone().into(),
            Value::String(it) => it.as_str().into(),
            Value::Sequence(items) => items.iter().map(Node::to_json).collect(),
            Value::Mapping(entries) => {
                entries.iter().map(|it| (it.key.clone(), it.value.to_json())).collect()
            }
        }
    }

    /// The member `key`, if this is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|it| &it.value)
    }

    /// The text, if this is a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(it) => Some(it),
            _ => None,
        }
    }

    fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries().iter().find(|it| it.key == key)
    }

    /// The members, none if this is no mapping.
    pub fn entries(&self) -> &[Entry] {
        match &self.value {
            Value::Mapping(entries) => entries,
            _ => &[],
        }
    }

    /// The items, none if this is no sequence.
    pub fn items(&self) -> &[Node] {
        match &self.value {
            Value::Sequence(items) => items,
            _ => &[],
        }
    }
}
