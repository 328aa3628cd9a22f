//! Where in the document a value stands, as far as the tree of fields knows.

use std::rc::Rc;

use super::super::field_tree::MAX_POINTER_DEPTH;
use super::super::{FieldTree, LeafId, NodeId};
use crate::spec::DuplicateKeys;

/// Follows a document down the tree of fields.
///
/// A key is known to be repeated only where the tree names it: others cannot be remembered in
/// bounded memory.
#[derive(Debug)]
pub(super) struct Places {
    tree: Rc<FieldTree>,
    duplicates: DuplicateKeys,
    /// The containers around that the tree has a node for, the outermost first. They surround all
    /// others.
    known: [NodeId; MAX_POINTER_DEPTH + 1],
    known_len: usize,
    /// How many containers are around within those.
    beyond: u32,
    /// What all values in `beyond` belong to.
    beyond_leaf: Option<LeafId>,
    /// The place of the next value.
    next: Place,
    /// Whether the next value's key was there before.
    repeated: bool,
    /// The keys of the objects around that have come.
    seen: NodeSet,
    /// Those whose value is an object or an array.
    containers: NodeSet,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Node(NodeId),
    /// Where the tree has no node: in a leaf's subtree, or anywhere else.
    Beyond(Option<LeafId>),
}

/// Why a key is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// It stands twice, where that is not allowed.
    Repeated,
    /// It is one of the tree's in other letters.
    OtherCase,
}

/// One bit a node: of the objects of one document that are open at a time, no two have the same
/// node.
#[derive(Clone, Copy, Debug, Default)]
struct NodeSet([u64; 4]);

// === impl Places ===

impl Places {
    pub(super) fn new(tree: Rc<FieldTree>, duplicates: DuplicateKeys) -> Self {
        Self {
            tree,
            duplicates,
            known: [FieldTree::ROOT; MAX_POINTER_DEPTH + 1],
            known_len: 0,
            beyond: 0,
            beyond_leaf: None,
            next: Place::Node(FieldTree::ROOT),
            repeated: false,
            seen: NodeSet::default(),
            containers: NodeSet::default(),
        }
    }

    /// The next document begins.
    pub(super) fn restart(&mut self) {
        self.known_len = 0;
        self.beyond = 0;
        self.next = Place::Node(FieldTree::ROOT);
        self.repeated = false;
    }

    /// The next value is that of `key`; `None` for a key that is none of the tree's.
    pub(super) fn member(&mut self, key: Option<&[u8]>) -> Result<(), Refused> {
        let (around, known) = match self.around().zip(key) {
            Some((around, key)) => (Some((around, key)), self.tree.key(around, key)),
            None => (None, None),
        };
        if around
            .is_some_and(|(it, key)| known.is_none() && self.tree.has_key_in_other_case(it, key))
        {
            return Err(Refused::OtherCase);
        }
        self.step_to(known);
        self.repeated = known.is_some_and(|it| self.seen.has(it));
        let Some(node) = known else { return Ok(()) };
        if self.repeated
            && (self.duplicates == DuplicateKeys::Deny
                || self.tree.leaf(node).is_none()
                || self.containers.has(node))
        {
            return Err(Refused::Repeated);
        }
        self.seen.insert(node);
        Ok(())
    }

    /// The next value is an item of an array.
    pub(super) fn item(&mut self) {
        self.step_to(self.around().and_then(|it| self.tree.items(it)));
        self.repeated = false;
    }

    /// The leaf that the next value belongs to. One that is no container belongs to what is around
    /// it, where its own node, which is there for members, has no leaf.
    pub(super) fn leaf(&self, is_container: bool) -> Option<LeafId> {
        match self.next {
            Place::Node(node) => self.tree.leaf(node).or_else(|| {
                let around = self.around().filter(|_| !is_container)?;
                self.tree.leaf(around)
            }),
            Place::Beyond(leaf) => leaf,
        }
    }

    /// Whether the next value takes the place of one that its leaf had before.
    pub(super) fn replaces(&self) -> bool {
        self.repeated
    }

    /// The next value is an object or an array, and begins.
    pub(super) fn open(&mut self) -> Result<(), Refused> {
        if self.repeated {
            return Err(Refused::Repeated);
        }
        match self.next {
            Place::Node(node) => {
                self.containers.insert(node);
                for member in self.tree.members(node) {
                    self.seen.remove(member);
                    self.containers.remove(member);
                }
                if let Some(place) = self.known.get_mut(self.known_len) {
                    *place = node;
                    self.known_len = self.known_len.saturating_add(1);
                }
            }
            Place::Beyond(leaf) => {
                self.beyond_leaf = leaf;
                self.beyond = self.beyond.saturating_add(1);
            }
        }
        Ok(())
    }

    /// The innermost container ends; the leaf that it belongs to.
    pub(super) fn close(&mut self) -> Option<LeafId> {
        if self.beyond > 0 {
            self.beyond = self.beyond.saturating_sub(1);
            return self.beyond_leaf;
        }
        let node = self.around();
        self.known_len = self.known_len.saturating_sub(1);
        self.tree.leaf(node?)
    }

    /// The node of the innermost container.
    fn around(&self) -> Option<NodeId> {
        if self.beyond > 0 {
            return None;
        }
        self.known.get(self.known_len.checked_sub(1)?).copied()
    }

    fn step_to(&mut self, node: Option<NodeId>) {
        self.next = match (node, self.around()) {
            (Some(node), _) => Place::Node(node),
            (None, Some(around)) => Place::Beyond(self.tree.leaf(around)),
            (None, None) => Place::Beyond(self.beyond_leaf),
        };
    }
}

// === impl NodeSet ===

impl NodeSet {
    fn has(&self, node: NodeId) -> bool {
        let (word, bit) = Self::place(node);
        self.0.get(word).is_some_and(|it| it & bit != 0)
    }

    fn insert(&mut self, node: NodeId) {
        let (word, bit) = Self::place(node);
        self.0.get_mut(word).into_iter().for_each(|it| *it |= bit);
    }

    fn remove(&mut self, node: NodeId) {
        let (word, bit) = Self::place(node);
        self.0.get_mut(word).into_iter().for_each(|it| *it &= !bit);
    }

    fn place(node: NodeId) -> (usize, u64) {
        let index = node.index();
        (index / 64, 1 << (index % 64))
    }
}
