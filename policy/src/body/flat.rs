//! The fields of forms and queries: which place of a [`FieldTree`] a name stands for.

use std::rc::Rc;

use super::{FieldTree, Kind, LeafId, Malformed, NodeId, Value};
use crate::spec::DuplicateKeys;

/// The most fields of a form or query, and parts of a multipart form: what Starlette takes of each
/// kind.
pub const MAX_FIELDS: usize = 1000;

/// The fields of one form, as they come.
#[derive(Clone, Debug)]
pub(super) struct FlatFields {
    tree: Rc<FieldTree>,
    duplicates: DuplicateKeys,
    count: usize,
    /// A bit for each leaf that came.
    seen: u64,
}

// === impl FlatFields ===

impl FlatFields {
    pub(super) fn new(tree: Rc<FieldTree>, duplicates: DuplicateKeys) -> Self {
        Self { tree, duplicates, count: 0, seen: 0 }
    }

    /// A field, known or not.
    pub(super) fn count(&mut self, name: &[u8]) -> Result<(), Malformed> {
        self.count = self.count.saturating_add(1);
        if self.count > MAX_FIELDS {
            Err(Malformed::TooManyFields)
        } else if name == b"_charset_" {
            Err(Malformed::CharsetField)
        } else {
            Ok(())
        }
    }

    /// The value of a field with this name, if it matters. `/name` takes the first, `/name/*` the
    /// others, and what is called `name[]`, as PHP, Rails and multer write lists.
    pub(super) fn value(&mut self, name: &[u8], kind: Kind) -> Result<Option<Value>, Malformed> {
        let value = |leaf, replaces| Ok(Some(Value { leaf, kind, replaces }));
        let node = self.node(name);
        let list = node.or_else(|| self.node(name.strip_suffix(b"[]")?));
        let list = list.and_then(|it| self.tree.items(it)).and_then(|it| self.tree.leaf(it));
        let single = node.and_then(|it| self.tree.leaf(it));
        match (single, list) {
            (Some(leaf), _) if self.is_first(leaf) => value(leaf, false),
            (_, Some(leaf)) => value(leaf, false),
            (Some(leaf), None) => match self.duplicates {
                DuplicateKeys::Deny => Err(Malformed::DuplicateField),
                DuplicateKeys::LastWins => value(leaf, true),
            },
            (None, None) => Ok(None),
        }
    }

    fn node(&self, name: &[u8]) -> Option<NodeId> {
        self.tree.key(FieldTree::ROOT, name)
    }

    fn is_first(&mut self, leaf: LeafId) -> bool {
        let bit = u32::try_from(leaf.index()).ok().and_then(|it| 1_u64.checked_shl(it));
        let before = self.seen;
        self.seen |= bit.unwrap_or(0);
        self.seen != before
    }
}

#[cfg(test)]
mod tests;
