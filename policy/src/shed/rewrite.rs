//! Changes a few members of a JSON body, and nothing else of it: for the rung `degrade`.
//!
//! A [`Rewrite`] is what to change, compiled once; a [`Rewriter`] reads one body and says which of
//! its bytes are to be replaced. Every other byte stays: white space, the order of members, escapes,
//! the spelling of numbers.

mod finder;
#[cfg(test)]
mod tests;

use std::fmt;
use std::ops::Range;
use std::rc::Rc;

use self::finder::Finder;
use crate::body::json::Json;
use crate::body::{BodyError, Field, FieldTree, Kind, PointerError};
use crate::spec::DuplicateKeys;

/// Most edits of one body. More are needed only where keys are repeated and the last wins.
pub const MAX_EDITS: usize = 64;

/// What a field must be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// What it is about.
    pub field: Field,
    /// Where it may stand, as JSON Pointers without `*`. All places where it stands are changed; if
    /// it stands at none, it is added at the first one whose object is there.
    pub pointers: Vec<String>,
    /// What it must be.
    pub to: To,
}

/// What a value must be. `null` is no value: it is replaced as if the member were added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum To {
    /// A number from zero to this: such a one stays. Any other, and what is no number, becomes
    /// this; in a string if it was one.
    AtMost(u64),
    /// This text.
    Text(String),
    /// On. What a service may take for true stays, such as GPT-SoVITS' `streaming_mode: 2`; a string
    /// stays a string, a number a number.
    True,
}

/// Changes that cannot be made to any body.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// A pointer that is none, or names the place, or the object, of another one.
    #[error(transparent)]
    Pointer(#[from] PointerError),
    /// `*`, or the whole body.
    #[error("`{0}` does not name one member of an object")]
    NotOneMember(String),
}

/// Bytes to be put in place of others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// What goes, in bytes of the body as it came; may be empty.
    pub range: Range<u64>,
    /// What comes there.
    pub bytes: Vec<u8>,
}

/// What is to be done with a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewritten {
    /// In ascending order; no two touch the same byte or the same place.
    pub edits: Vec<Edit>,
    /// What became of each change, in their order.
    pub outcomes: Vec<Outcome>,
}

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The body says something else now.
    Made,
    /// The body said so already.
    AlreadySo,
    /// The field stands nowhere, and no object is there that it could be added to.
    NoPlace,
}

/// A body that is not rewritten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RewriteError {
    /// It cannot be read.
    #[error(transparent)]
    Body(#[from] BodyError),
    /// The value of a field is an object or an array.
    #[error("`{0}` is an object or an array")]
    Container(Field),
    /// [`MAX_EDITS`].
    #[error("more than {MAX_EDITS} places would have to be changed")]
    TooManyEdits,
}

/// Changes, compiled.
#[derive(Clone, Debug)]
pub struct Rewrite {
    changes: Vec<Change>,
    /// With a leaf for each place and for each object on the way to one, so that all of a document
    /// is told.
    tree: Rc<FieldTree>,
    /// By leaf.
    roles: Vec<Role>,
    /// Those of each change.
    places: Vec<Vec<Place>>,
    objects: usize,
}

/// What a leaf of the tree stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// A place of a change.
    Place { change: usize, place: usize },
    /// What should be an object.
    Object(usize),
}

/// Where a field may stand.
#[derive(Clone, Debug)]
struct Place {
    /// The object that it is a member of.
    object: usize,
    /// Its key and the colon, as JSON.
    key: Vec<u8>,
}

/// Finds what has to be changed in one body. It must come as it is: not compressed.
#[derive(Debug)]
pub struct Rewriter {
    json: Json,
    finder: Finder,
}

// === impl Rewrite ===

impl Rewrite {
    /// Compiles changes.
    ///
    /// # Errors
    /// [`ChangeError`]
    pub fn compile(changes: Vec<Change>) -> Result<Self, ChangeError> {
        let mut tree = FieldTree::new();
        let (mut roles, mut objects) = (Vec::new(), Vec::<&str>::new());
        let mut places = Vec::with_capacity(changes.len());
        for (change, Change { pointers, .. }) in changes.iter().enumerate() {
            let mut of_change = Vec::with_capacity(pointers.len());
            for (place, pointer) in pointers.iter().enumerate() {
                if pointer.is_empty() || pointer.split('/').any(|it| it == "*") {
                    return Err(ChangeError::NotOneMember(pointer.clone()));
                }
                tree.add_place(pointer)?;
                roles.push(Role::Place { change, place });
                let mut object = 0;
                for (end, _) in pointer.match_indices('/') {
                    let path = pointer.get(..end).unwrap_or_default();
                    let known = objects.iter().position(|it| *it == path);
                    object = known.unwrap_or(objects.len());
                    if known.is_none() {
                        tree.add_place(path)?;
                        roles.push(Role::Object(object));
                        objects.push(path);
                    }
                }
                let (_, token) = pointer.rsplit_once('/').unwrap_or_default();
                let key = token.replace("~1", "/").replace("~0", "~");
                of_change.push(Place { object, key: [&string(&key)[..], b":"].concat() });
            }
            places.push(of_change);
        }
        let objects = objects.len();
        Ok(Self { changes, tree: Rc::new(tree), roles, places, objects })
    }

    /// The changes as they were given.
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Those that were made to a body.
    pub fn made(&self, rewritten: &Rewritten) -> impl Iterator<Item = &Change> {
        let outcomes = self.changes.iter().zip(rewritten.outcomes.clone());
        outcomes.filter(|(_, outcome)| *outcome == Outcome::Made).map(|(change, _)| change)
    }
}

// === impl Rewriter ===

impl Rewriter {
    /// For the body of one request.
    pub fn new(rewrite: Rc<Rewrite>, duplicates: DuplicateKeys) -> Self {
        Self { json: Json::new(Rc::clone(&rewrite.tree), duplicates), finder: Finder::new(rewrite) }
    }

    /// More of the body, in pieces of any size. After an error nothing may be fed any more.
    ///
    /// # Errors
    /// A body that cannot be read.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<(), BodyError> {
        self.json.feed(bytes, &mut self.finder)
    }

    /// The body has ended: what has to be changed.
    ///
    /// # Errors
    /// [`RewriteError`]
    pub fn finish(mut self) -> Result<Rewritten, RewriteError> {
        self.json.finish(&mut self.finder)?;
        self.finder.finish()
    }
}

// === impl To ===

impl To {
    /// As JSON, in place of a value of this kind.
    fn json(&self, kind: Kind) -> Vec<u8> {
        match (self, kind) {
            (Self::Text(text), _) => string(text),
            (Self::True, Kind::Number) => b"1".to_vec(),
            (_, Kind::String) => string(&self.to_string()),
            _ => self.to_string().into_bytes(),
        }
    }
}

impl fmt::Display for To {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AtMost(most) => write!(f, "{most}"),
            Self::Text(text) => f.write_str(text),
            Self::True => f.write_str("true"),
        }
    }
}

/// As `sample_rate=16000`.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.field, self.to)
    }
}

fn string(text: &str) -> Vec<u8> {
    serde_json::Value::from(text).to_string().into_bytes()
}
