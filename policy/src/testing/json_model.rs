//! What a JSON body says, by `serde_json` and a walk through the whole document: an independent
//! answer to compare [`Json`](crate::body::json::Json) with.

use std::collections::HashMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

use super::Recorder;
use crate::body::json::{MAX_DEPTH, MAX_KEY_BYTES};
use crate::body::{FieldTree, Kind, LeafId, Malformed, NodeId, Sink, Value};
use crate::spec::DuplicateKeys;

/// A document with every member of every object, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Document {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, as `serde_json` reads it.
    Number(Number),
    /// A string.
    String(String),
    /// An array.
    Array(Vec<Self>),
    /// An object, whose keys may be repeated.
    Object(Vec<(String, Self)>),
}

/// What must be told of `document`, to its end or to what is refused in it.
///
/// Numbers are told as `serde_json` writes them.
pub fn tell(
    document: &Document,
    tree: &FieldTree,
    duplicates: DuplicateKeys,
) -> (Recorder, Result<(), Malformed>) {
    let mut model = Model { tree, duplicates, told: Recorder::default() };
    let root = Place { node: Some(FieldTree::ROOT), leaf: tree.leaf(FieldTree::ROOT) };
    let outcome = model.value(document, root, false, 0);
    if outcome.is_ok() {
        model.told.end_of_job();
    }
    (model.told, outcome)
}

struct Model<'a> {
    tree: &'a FieldTree,
    duplicates: DuplicateKeys,
    told: Recorder,
}

#[derive(Clone, Copy)]
struct Place {
    node: Option<NodeId>,
    leaf: Option<LeafId>,
}

// === impl Model ===

impl Model<'_> {
    fn value(
        &mut self,
        document: &Document,
        place: Place,
        replaces: bool,
        depth: u32,
    ) -> Result<(), Malformed> {
        let (kind, bytes) = match document {
            Document::Null => (Kind::Null, None),
            Document::Bool(it) => (Kind::Bool(*it), None),
            Document::Number(it) => (Kind::Number, Some(it.to_string())),
            Document::String(it) => (Kind::String, Some(it.clone())),
            Document::Array(_) | Document::Object(_) => {
                if depth >= MAX_DEPTH {
                    return Err(Malformed::TooDeep);
                }
                if replaces {
                    return Err(Malformed::DuplicateKey);
                }
                (Kind::Container, None)
            }
        };
        if let Some(leaf) = place.leaf {
            self.told.begin(Value { leaf, kind, replaces });
            bytes.filter(|it| !it.is_empty()).inspect(|it| self.told.piece(it.as_bytes()));
        }
        match document {
            Document::Array(items) => {
                let node = place.node.and_then(|it| self.tree.items(it));
                for item in items {
                    self.value(item, self.below(place, node, item), false, depth + 1)?;
                }
            }
            Document::Object(members) => self.members(members, place, depth + 1)?,
            _ => {}
        }
        if place.leaf.is_some() {
            self.told.end();
        }
        Ok(())
    }

    fn members(
        &mut self,
        members: &[(String, Document)],
        place: Place,
        depth: u32,
    ) -> Result<(), Malformed> {
        let mut were_containers = HashMap::new();
        for (key, value) in members {
            if key.len() > MAX_KEY_BYTES {
                return Err(Malformed::KeyTooLong);
            }
            let node = place.node.and_then(|it| self.tree.key(it, key.as_bytes()));
            let is_in_other_case = |it: NodeId| self.tree.has_key_in_other_case(it, key.as_bytes());
            if node.is_none() && place.node.is_some_and(is_in_other_case) {
                return Err(Malformed::KeyInOtherCase);
            }
            let is_container = value.is_container();
            let before = node.and_then(|it| were_containers.insert(it, is_container));
            if let (Some(was_container), Some(node)) = (before, node)
                && (self.duplicates == DuplicateKeys::Deny
                    || was_container
                    || self.tree.leaf(node).is_none())
            {
                return Err(Malformed::DuplicateKey);
            }
            self.value(value, self.below(place, node, value), before.is_some(), depth)?;
        }
        Ok(())
    }

    fn below(&self, place: Place, node: Option<NodeId>, value: &Document) -> Place {
        let leaf = match node {
            Some(node) if value.is_container() => self.tree.leaf(node),
            Some(node) => self.tree.leaf(node).or(place.leaf),
            None => place.leaf,
        };
        Place { node, leaf }
    }
}

// === impl Document ===

impl Document {
    fn is_container(&self) -> bool {
        matches!(self, Self::Array(_) | Self::Object(_))
    }
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DocumentVisitor)
    }
}

struct DocumentVisitor;

impl<'de> Visitor<'de> for DocumentVisitor {
    type Value = Document;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Document, E> {
        Ok(Document::Null)
    }

    fn visit_bool<E>(self, it: bool) -> Result<Document, E> {
        Ok(Document::Bool(it))
    }

    fn visit_u64<E>(self, it: u64) -> Result<Document, E> {
        Ok(Document::Number(it.into()))
    }

    fn visit_i64<E>(self, it: i64) -> Result<Document, E> {
        Ok(Document::Number(it.into()))
    }

    fn visit_f64<E>(self, it: f64) -> Result<Document, E> {
        Ok(Number::from_f64(it).map_or(Document::Null, Document::Number))
    }

    fn visit_str<E>(self, it: &str) -> Result<Document, E> {
        Ok(Document::String(it.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Document, A::Error> {
        let mut all = Vec::new();
        while let Some(item) = items.next_element()? {
            all.push(item);
        }
        Ok(Document::Array(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Document, A::Error> {
        let mut all = Vec::new();
        while let Some(member) = members.next_entry()? {
            all.push(member);
        }
        Ok(Document::Object(all))
    }
}
