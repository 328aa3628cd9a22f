//! Which places of a body matter.

use super::Field;

/// Most places that one rule can name in a body: one bit each tells repeated keys.
pub const MAX_LEAVES: usize = 64;

/// Most keys and `*` in one pointer.
pub const MAX_POINTER_DEPTH: usize = 16;

/// The longest key of a pointer, in bytes of UTF-8.
pub const MAX_KEY_BYTES: usize = 128;

/// A place whose values matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeafId(u8);

/// A position on the way to such a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(u8);

/// The places of a body that matter, as a tree of keys.
///
/// They are written as JSON Pointers (RFC 6901) with `*` for every item of an array:
/// `/messages/*/content`. In a flat format (a form, a query) `/name` is the field `name`, which may
/// stand once, `/name/*` one that may be repeated. The empty pointer is the whole body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldTree {
    /// The root is the first.
    nodes: Vec<Node>,
    /// By leaf; `None` for one whose meaning whoever added it knows.
    fields: Vec<Option<Field>>,
    is_exact: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Node {
    keys: Vec<(String, NodeId)>,
    items: Option<NodeId>,
    leaf: Option<LeafId>,
}

/// Why a pointer is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PointerError {
    /// RFC 6901 §3.
    #[error(
        "`{0}` is not a pointer: write `/` before each key, as `/messages/*/content`, `~1` for a slash in a key and `~0` for a tilde"
    )]
    Syntax(String),
    /// A place can say one thing only.
    #[error("`{0}` stands for something else already")]
    Taken(String),
    /// [`MAX_POINTER_DEPTH`] or [`MAX_KEY_BYTES`].
    #[error("`{0}` is too long: {MAX_POINTER_DEPTH} keys of {MAX_KEY_BYTES} bytes are possible")]
    TooLong(String),
    /// [`MAX_LEAVES`], and the nodes on the way to them.
    #[error("more than {MAX_LEAVES} places, or 255 keys on the way to them, in one rule")]
    TooMany,
}

// === impl FieldTree ===

impl FieldTree {
    /// A tree that names no place.
    pub fn new() -> Self {
        Self { nodes: vec![Node::default()], fields: Vec::new(), is_exact: false }
    }

    /// A tree for what a service says: a key in other letters is another key. Nobody else reads it
    /// differently, so that nothing needs to be refused.
    pub(crate) fn exact() -> Self {
        Self { is_exact: true, ..Self::new() }
    }

    /// Adds the place that `pointer` names.
    ///
    /// # Errors
    /// [`PointerError`]; the tree is as it was but for keys that lead nowhere.
    pub fn add(&mut self, pointer: &str, field: Field) -> Result<(), PointerError> {
        self.add_leaf(pointer, Some(field)).map(|_| ())
    }

    /// Adds the place that `pointer` names, which says none of what requests say.
    ///
    /// # Errors
    /// As for [`add`](Self::add).
    pub fn add_place(&mut self, pointer: &str) -> Result<LeafId, PointerError> {
        self.add_leaf(pointer, None)
    }

    fn add_leaf(&mut self, pointer: &str, field: Option<Field>) -> Result<LeafId, PointerError> {
        if !pointer.is_empty() && !pointer.starts_with('/') {
            return Err(PointerError::Syntax(pointer.to_owned()));
        }
        let mut node = Self::ROOT;
        for (depth, token) in pointer.split('/').skip(1).enumerate() {
            let key = unescape(token).ok_or_else(|| PointerError::Syntax(pointer.to_owned()))?;
            if depth >= MAX_POINTER_DEPTH || key.len() > MAX_KEY_BYTES {
                return Err(PointerError::TooLong(pointer.to_owned()));
            }
            node = self.child(node, token, key).ok_or(PointerError::TooMany)?;
        }
        if self.leaf(node).is_some() {
            return Err(PointerError::Taken(pointer.to_owned()));
        }
        let leaf = u8::try_from(self.fields.len())
            .ok()
            .filter(|it| usize::from(*it) < MAX_LEAVES)
            .map(LeafId)
            .ok_or(PointerError::TooMany)?;
        self.fields.push(field);
        if let Some(node) = self.nodes.get_mut(usize::from(node.0)) {
            node.leaf = Some(leaf);
        }
        Ok(leaf)
    }

    fn child(&mut self, parent: NodeId, token: &str, key: String) -> Option<NodeId> {
        let found =
            if token == "*" { self.items(parent) } else { self.key(parent, key.as_bytes()) };
        if found.is_some() {
            return found;
        }
        let new = NodeId(u8::try_from(self.nodes.len()).ok()?);
        self.nodes.push(Node::default());
        let parent = self.nodes.get_mut(usize::from(parent.0))?;
        if token == "*" {
            parent.items = Some(new);
        } else {
            parent.keys.push((key, new));
        }
        Some(new)
    }

    /// The whole body.
    pub const ROOT: NodeId = NodeId(0);

    /// The member of an object.
    pub fn key(&self, parent: NodeId, key: &[u8]) -> Option<NodeId> {
        let keys = &self.node(parent)?.keys;
        keys.iter().find(|(it, _)| it.as_bytes() == key).map(|(_, node)| *node)
    }

    /// Whether a key is none of an object's members but would be one in other letters: some servers
    /// (Go's `encoding/json`, .NET) take it for that.
    pub fn has_key_in_other_case(&self, parent: NodeId, key: &[u8]) -> bool {
        if self.is_exact {
            return false;
        }
        let Ok(key) = std::str::from_utf8(key) else { return false };
        let is_alike = |(name, _): &(String, NodeId)| {
            name != key && name.chars().map(folded).eq(key.chars().map(folded))
        };
        self.node(parent).is_some_and(|it| it.keys.iter().any(is_alike))
    }

    /// The place of a member among its parent's, below 255; it tells one from another.
    pub fn key_index(&self, parent: NodeId, member: NodeId) -> Option<u8> {
        let index = self.node(parent)?.keys.iter().position(|(_, it)| *it == member)?;
        u8::try_from(index).ok()
    }

    /// The members of an object that have a node.
    pub fn members(&self, parent: NodeId) -> impl Iterator<Item = NodeId> {
        self.node(parent).into_iter().flat_map(|it| it.keys.iter().map(|(_, node)| *node))
    }

    /// The items of an array.
    pub fn items(&self, parent: NodeId) -> Option<NodeId> {
        self.node(parent)?.items
    }

    /// The leaf at a node, if values there matter. They matter below it, too, where no node is.
    pub fn leaf(&self, node: NodeId) -> Option<LeafId> {
        self.node(node)?.leaf
    }

    /// Whether any value of an object or array at this node could matter: members or items.
    pub fn has_children(&self, node: NodeId) -> bool {
        self.node(node).is_some_and(|it| !it.keys.is_empty() || it.items.is_some())
    }

    /// What a leaf says.
    pub fn field(&self, leaf: LeafId) -> Option<Field> {
        self.fields.get(leaf.index()).copied().flatten()
    }

    /// All leaves that say something of a request, with what they say.
    pub fn leaves(&self) -> impl Iterator<Item = (LeafId, Field)> {
        let leaves = (0..u8::MAX).map(LeafId).zip(&self.fields);
        leaves.filter_map(|(leaf, field)| Some((leaf, (*field)?)))
    }

    /// Whether some place says this.
    pub fn names(&self, field: Field) -> bool {
        self.fields.contains(&Some(field))
    }

    /// Whether no place is named.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(usize::from(id.0))
    }
}

impl Default for FieldTree {
    fn default() -> Self {
        Self::new()
    }
}

impl NodeId {
    /// Its place in the order in which nodes were added, below 256.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

impl LeafId {
    /// Its place in the order in which leaves were added, below [`MAX_LEAVES`].
    pub fn index(self) -> usize {
        usize::from(self.0)
    }
}

/// A letter as `encoding/json` compares it: in lower case, and the two others that fold to ASCII.
fn folded(character: char) -> char {
    match character {
        'ſ' => 's',
        'K' => 'k',
        other => other.to_ascii_lowercase(),
    }
}

/// RFC 6901 §4: `~1` is a slash, `~0` a tilde, any other tilde an error.
fn unescape(token: &str) -> Option<String> {
    let mut key = String::with_capacity(token.len());
    let mut characters = token.chars();
    while let Some(character) = characters.next() {
        key.push(match character {
            '~' => match characters.next()? {
                '0' => '~',
                '1' => '/',
                _ => return None,
            },
            other => other,
        });
    }
    Some(key)
}
