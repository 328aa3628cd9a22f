//! Finds the values that a change is about, and where one is missing.

use std::fmt;
use std::ops::Range;
use std::rc::Rc;

use super::{Edit, MAX_EDITS, Outcome, Rewrite, RewriteError, Rewritten, Role, To};
use crate::body::{Extent, Kind, Sink, Value};
use crate::facts::literal::{self, Flag};

/// The longest text that can be a number, or a word for true: a longer one is neither.
const MAX_WORD_BYTES: usize = 128;

/// Keeps where things stand in one body, and nothing of what is written there.
#[derive(Debug)]
pub(super) struct Finder {
    rewrite: Rc<Rewrite>,
    /// The objects and arrays around.
    depth: u32,
    objects: Vec<Object>,
    /// For each place of each change.
    found: Vec<Vec<Found>>,
    /// For each change.
    is_made: Vec<bool>,
    /// The value that is being read, if a change is about it.
    reading: Option<Reading>,
    edits: Vec<Edit>,
    /// Why the body cannot be rewritten. It may still turn out to be no JSON at all.
    refused: Option<RewriteError>,
}

/// What stands where an object should.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Object {
    /// Nothing, or something else.
    None,
    /// An object or an array that has not ended; how many are around its inside.
    Open(u32),
    /// An object; where its closing brace stands.
    Closed { end: u64, is_empty: bool },
}

/// What stands at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Found {
    Nothing,
    Null(Range<u64>),
    Value,
}

#[derive(Debug)]
struct Reading {
    change: usize,
    place: usize,
    kind: Kind,
    text: Text,
}

/// What is known of a text.
enum Text {
    /// How much of the text it must be it began with; `None` if it is another one.
    Compared(Option<usize>),
    /// Its beginning, and its length.
    Kept([u8; MAX_WORD_BYTES], usize),
}

// === impl Finder ===

impl Finder {
    pub(super) fn new(rewrite: Rc<Rewrite>) -> Self {
        Self {
            depth: 0,
            objects: vec![Object::None; rewrite.objects],
            found: rewrite.places.iter().map(|it| vec![Found::Nothing; it.len()]).collect(),
            is_made: vec![false; rewrite.changes.len()],
            reading: None,
            edits: Vec::new(),
            refused: None,
            rewrite,
        }
    }

    pub(super) fn finish(mut self) -> Result<Rewritten, RewriteError> {
        let rewrite = Rc::clone(&self.rewrite);
        let mut added = vec![Vec::new(); self.objects.len()];
        let mut outcomes = Vec::with_capacity(rewrite.changes.len());
        for change in 0..rewrite.changes.len() {
            outcomes.push(self.settle(change, &mut added));
        }
        for (object, bytes) in self.objects.clone().into_iter().zip(added) {
            if let Object::Closed { end, .. } = object
                && !bytes.is_empty()
            {
                self.edit(end..end, bytes);
            }
        }
        self.edits.sort_unstable_by_key(|it| (it.range.start, it.range.end));
        match self.refused {
            Some(error) => Err(error),
            None => Ok(Rewritten { edits: self.edits, outcomes }),
        }
    }

    /// What becomes of a change at last; what is to be added to each object goes to `added`.
    fn settle(&mut self, change: usize, added: &mut [Vec<u8>]) -> Outcome {
        let found = self.found.get(change).cloned().unwrap_or_default();
        if self.is_made.get(change) == Some(&true) {
            return Outcome::Made;
        }
        if found.contains(&Found::Value) {
            return Outcome::AlreadySo;
        }
        for it in found {
            if let Found::Null(range) = it {
                self.replace(change, Kind::Null, range);
                return Outcome::Made;
            }
        }
        let rewrite = Rc::clone(&self.rewrite);
        let places = rewrite.places.get(change).map(Vec::as_slice).unwrap_or_default();
        for place in places {
            let object = self.objects.get(place.object);
            if let (Some(Object::Closed { is_empty, .. }), Some(to), Some(added)) =
                (object, rewrite.changes.get(change), added.get_mut(place.object))
            {
                if !*is_empty || !added.is_empty() {
                    added.push(b',');
                }
                added.extend([&place.key[..], &to.to.json(Kind::Null)].concat());
                return Outcome::Made;
            }
        }
        Outcome::NoPlace
    }

    /// A value has ended.
    fn judge(&mut self, reading: &Reading, range: Range<u64>) {
        let Reading { change, place, kind, .. } = *reading;
        let Some(found) = self.found.get_mut(change).and_then(|it| it.get_mut(place)) else {
            return;
        };
        let is_null = kind == Kind::Null;
        let is_first = *found == Found::Nothing;
        let now = if is_null && is_first { Found::Null(range.clone()) } else { Found::Value };
        let before = std::mem::replace(found, now);
        // Repeated, so that the last one wins: nobody can say who reads which, so all change.
        if let Found::Null(range) = before {
            self.replace(change, Kind::Null, range);
        }
        let rewrite = Rc::clone(&self.rewrite);
        let to = rewrite.changes.get(change).map(|it| &it.to);
        let stays = if is_null { is_first } else { to.is_some_and(|it| reading.is(it)) };
        if !stays {
            self.replace(change, kind, range);
        }
    }

    fn replace(&mut self, change: usize, kind: Kind, range: Range<u64>) {
        if let Some(is_made) = self.is_made.get_mut(change) {
            *is_made = true;
        }
        let json = self.rewrite.changes.get(change).map(|it| it.to.json(kind));
        self.edit(range, json.unwrap_or_default());
    }

    fn edit(&mut self, range: Range<u64>, bytes: Vec<u8>) {
        if self.edits.len() < MAX_EDITS {
            self.edits.push(Edit { range, bytes });
        } else {
            self.refuse(RewriteError::TooManyEdits);
        }
    }

    fn refuse(&mut self, error: RewriteError) {
        self.refused = self.refused.or(Some(error));
    }

    /// An object or an array begins, and all that is in it comes before it ends.
    fn open(&mut self, role: Role) {
        self.depth = self.depth.saturating_add(1);
        match role {
            Role::Place { change, .. } => {
                if let Some(change) = self.rewrite.changes.get(change) {
                    self.refuse(RewriteError::Container(change.field));
                }
            }
            // Within one that is open, the same leaf is told of what has none of its own.
            Role::Object(object) => {
                if let Some(it) = self.objects.get_mut(object)
                    && *it == Object::None
                {
                    *it = Object::Open(self.depth);
                }
            }
        }
    }

    fn close(&mut self, now: Object) {
        let open = Object::Open(self.depth);
        self.objects.iter_mut().filter(|it| **it == open).for_each(|it| *it = now);
        self.depth = self.depth.saturating_sub(1);
    }
}

impl Sink for Finder {
    fn begin(&mut self, value: Value) {
        let Some(role) = self.rewrite.roles.get(value.leaf.index()).copied() else { return };
        match (value.kind, role) {
            (Kind::Container, _) => self.open(role),
            (kind, Role::Place { change, place }) => {
                let to = self.rewrite.changes.get(change).map(|it| &it.to);
                let text = match to {
                    Some(To::Text(_)) => Text::Compared(Some(0)),
                    _ => Text::Kept([0; MAX_WORD_BYTES], 0),
                };
                self.reading = Some(Reading { change, place, kind, text });
            }
            (_, Role::Object(_)) => {}
        }
    }

    fn piece(&mut self, bytes: &[u8]) {
        let Some(Reading { change, text, .. }) = &mut self.reading else { return };
        match text {
            Text::Kept(kept, len) => {
                let room = kept.get_mut(*len..).unwrap_or_default();
                room.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
                *len = len.saturating_add(bytes.len());
            }
            Text::Compared(matched) => {
                let to = self.rewrite.changes.get(*change).map(|it| &it.to);
                *matched = matched.and_then(|begun| {
                    let Some(To::Text(to)) = to else { return None };
                    let end = begun.saturating_add(bytes.len());
                    (to.as_bytes().get(begun..end) == Some(bytes)).then_some(end)
                });
            }
        }
    }

    fn extent(&mut self, extent: Extent) {
        match extent {
            Extent::Scalar(range) => {
                if let Some(reading) = self.reading.take() {
                    self.judge(&reading, range);
                }
            }
            Extent::Object { end, is_empty } => self.close(Object::Closed { end, is_empty }),
            Extent::Array => self.close(Object::None),
        }
    }

    // The extent, which comes before, said all.
    fn end(&mut self) {}

    fn end_of_job(&mut self) {}
}

// === impl Reading ===

impl Reading {
    /// Whether the value, which is not `null`, is as it must be.
    fn is(&self, to: &To) -> bool {
        let text = match &self.text {
            Text::Kept(kept, len) => kept.get(..*len),
            Text::Compared(_) => None,
        };
        match (to, self.kind, &self.text) {
            (To::Text(to), Kind::String, Text::Compared(matched)) => *matched == Some(to.len()),
            (To::AtMost(most), Kind::String | Kind::Number, _) => {
                text.is_some_and(|it| literal::is_at_most(it, *most))
            }
            (To::True, Kind::Bool(is_true), _) => is_true,
            // One that is too long for any word may be true to a service, as any other text.
            (To::True, Kind::String | Kind::Number, _) => {
                text.is_none_or(|it| literal::flag(it) != Flag::False)
            }
            _ => false,
        }
    }
}

/// Without the bytes: nothing of a body is ever shown.
impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Compared(matched) => f.debug_tuple("Compared").field(matched).finish(),
            Self::Kept(_, len) => f.debug_tuple("Kept").field(len).finish(),
        }
    }
}
