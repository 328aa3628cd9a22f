//! Claims that Envoy's `jwt_authn` verified, as `get_property` returns them from filter metadata.
//!
//! Envoy turns the metadata into a CEL value and writes it without type tags (`serializeValue` in
//! its `source/extensions/common/wasm/context.cc`): a map is a count, that many pairs of lengths,
//! all little-endian `u32`, then each key and value with a NUL behind it; a list is a map whose
//! keys are the items and whose values are empty; a number is a double, a bool one byte, a string
//! its bytes. So a leaf is read as what the caller asks for. What can be told apart is: a string
//! with a control character is refused, because a small number, a bool or a nested map looks just
//! so. A map with only empty strings in it cannot be told from a list of its keys.
//!
//! Envoy cannot serialise JSON's `null`: with one anywhere in it, the whole payload is
//! `SerializationFailure`, and claims can be read one by one only.

use std::borrow::Cow;
use std::fmt;

use super::{ClaimPath, Claims, ClaimsError};

/// Claims as Envoy serialises a `Struct`, borrowed from its bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct PairsClaims<'a>(Vec<Pair<'a>>);

type Pair<'a> = (&'a [u8], &'a [u8]);

impl<'a> PairsClaims<'a> {
    /// Takes a serialised map. It must be one to its last byte, with no key twice; nested values
    /// are looked into when they are asked for.
    ///
    /// # Errors
    /// The bytes are not such a map.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, ClaimsError> {
        let members = pairs(bytes).ok_or(ClaimsError::NotPairs)?;
        let mut names: Vec<&[u8]> = members.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        names.dedup();
        if names.len() == members.len() { Ok(Self(members)) } else { Err(ClaimsError::NotPairs) }
    }

    fn find(&self, path: &ClaimPath) -> Option<&'a [u8]> {
        match path.find(Node::Root(&self.0), Node::member)? {
            Node::Inner(bytes) => Some(bytes),
            Node::Root(_) => None,
        }
    }
}

/// Where a look-up stands: the root was taken apart once, what is in it was not.
#[derive(Clone, Copy)]
enum Node<'s, 'a> {
    Root(&'s [Pair<'a>]),
    Inner(&'a [u8]),
}

impl Node<'_, '_> {
    fn member(self, name: &str) -> Option<Self> {
        match self {
            Node::Root(members) => value_of(members, name),
            Node::Inner(bytes) => value_of(&pairs(bytes)?, name),
        }
        .map(Node::Inner)
    }
}

impl Claims for PairsClaims<'_> {
    fn string(&self, path: &ClaimPath) -> Option<Cow<'_, str>> {
        text(self.find(path)?)
    }

    fn strings(&self, path: &ClaimPath) -> Option<Vec<Cow<'_, str>>> {
        texts(self.find(path)?)
    }

    fn number(&self, path: &ClaimPath) -> Option<f64> {
        number(self.find(path)?)
    }

    fn is_true(&self, path: &ClaimPath) -> bool {
        self.find(path) == Some(&TRUE)
    }

    fn has(&self, path: &ClaimPath) -> bool {
        self.find(path).is_some()
    }
}

/// Claims are personal data: a debug print names none of them.
impl fmt::Debug for PairsClaims<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PairsClaims").field("members", &self.0.len()).finish_non_exhaustive()
    }
}

/// How Envoy serialises `true`.
pub(super) const TRUE: [u8; 1] = [1];

fn value_of<'a>(members: &[Pair<'a>], name: &str) -> Option<&'a [u8]> {
    members.iter().find(|(key, _)| *key == name.as_bytes()).map(|(_, value)| *value)
}

pub(super) fn texts(leaf: &[u8]) -> Option<Vec<Cow<'_, str>>> {
    match pairs(leaf) {
        Some(items) => items
            .into_iter()
            .map(|(item, value)| value.is_empty().then(|| text(item)).flatten())
            .collect(),
        None => text(leaf).map(|one| vec![one]),
    }
}

pub(super) fn number(leaf: &[u8]) -> Option<f64> {
    leaf.try_into().ok().map(f64::from_le_bytes)
}

pub(super) fn text(leaf: &[u8]) -> Option<Cow<'_, str>> {
    let text = std::str::from_utf8(leaf).ok()?;
    (!text.contains(|c: char| c.is_ascii_control())).then_some(Cow::Borrowed(text))
}

/// The pairs that `bytes` are, if they are pairs to the last byte.
fn pairs(bytes: &[u8]) -> Option<Vec<Pair<'_>>> {
    let (count, rest) = bytes.split_first_chunk()?;
    let count = usize::try_from(u32::from_le_bytes(*count)).ok()?;
    let (mut lengths, mut rest) = rest.split_at_checked(count.checked_mul(8)?)?;
    let mut found = Vec::with_capacity(count);
    while let Some((name, after)) = lengths.split_first_chunk() {
        let (value, after) = after.split_first_chunk()?;
        lengths = after;
        found.push((terminated(&mut rest, *name)?, terminated(&mut rest, *value)?));
    }
    rest.is_empty().then_some(found)
}

/// Takes `length` bytes and the NUL behind them off `rest`.
fn terminated<'a>(rest: &mut &'a [u8], length: [u8; 4]) -> Option<&'a [u8]> {
    let length = usize::try_from(u32::from_le_bytes(length)).ok()?;
    let (taken, after) = rest.split_at_checked(length)?;
    let (nul, after) = after.split_first()?;
    *rest = after;
    (*nul == 0).then_some(taken)
}
