//! Which tenants there are, in few allocations.

use std::hash::{BuildHasher, RandomState};

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

/// The most bytes of ids that stand together.
const CHUNK: usize = 64 * 1024;

/// The first piece is small: most policies have few tenants.
const FIRST_CHUNK: usize = 1024;

/// Ids of tenants, each with the number of its terms.
///
/// An id costs its length and about 13 bytes, at most 21. A `HashMap<Box<str>, _>` would cost twice as
/// much and 100,000 allocations, which take their time to free, too, on the worker that serves.
#[derive(Clone, Debug, Default)]
pub(super) struct Ids {
    /// Each id with one byte before it: its length less 1.
    chunks: Vec<Vec<u8>>,
    places: HashTable<Place>,
    // Ids come from customers, so their hashes must not be foreseen.
    hasher: RandomState,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    chunk: u16,
    offset: u16,
    terms: u32,
}

// === impl Ids ===

impl Ids {
    /// Adds an id of 1 to 256 bytes; `false` if it is there already, or cannot be kept.
    pub fn insert(&mut self, id: &str, terms: u32) -> bool {
        let Some(length) = id.len().checked_sub(1).and_then(|it| u8::try_from(it).ok()) else {
            return false;
        };
        self.make_room(id.len().saturating_add(1));
        let Some(last) = self.chunks.len().checked_sub(1) else { return false };
        let Ok(chunk) = u16::try_from(last) else { return false };
        let Self { chunks, places, hasher } = self;
        let hash = hasher.hash_one(id.as_bytes());
        let of_place = |it: &Place| hasher.hash_one(id_at(chunks, *it));
        match places.entry(hash, |it| id_at(chunks, *it) == id.as_bytes(), of_place) {
            Entry::Occupied(_) => false,
            Entry::Vacant(entry) => {
                let end = chunks.get(last).map_or(0, Vec::len);
                // A chunk is no longer than what 16 bits can address.
                let Ok(offset) = u16::try_from(end) else { return false };
                entry.insert(Place { chunk, offset, terms });
                if let Some(bytes) = chunks.get_mut(last) {
                    bytes.push(length);
                    bytes.extend_from_slice(id.as_bytes());
                }
                true
            }
        }
    }

    /// The number of an id's terms.
    pub fn get(&self, id: &str) -> Option<u32> {
        let hash = self.hasher.hash_one(id.as_bytes());
        let found = self.places.find(hash, |it| id_at(&self.chunks, *it) == id.as_bytes());
        found.map(|it| it.terms)
    }

    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Never more than a chunk has room for is put into it, so that it is never copied.
    fn make_room(&mut self, bytes: usize) {
        let has_room = |it: &Vec<u8>| it.capacity().saturating_sub(it.len()) >= bytes;
        if !self.chunks.last().is_some_and(has_room) {
            let size = self.chunks.last().map_or(FIRST_CHUNK, |it| it.capacity().saturating_mul(4));
            self.chunks.push(Vec::with_capacity(size.min(CHUNK)));
        }
    }
}

fn id_at(chunks: &[Vec<u8>], place: Place) -> &[u8] {
    let bytes = chunks.get(usize::from(place.chunk)).map(Vec::as_slice).unwrap_or_default();
    match bytes.get(usize::from(place.offset)..).and_then(<[u8]>::split_first) {
        Some((length, rest)) => {
            rest.get(..usize::from(*length).saturating_add(1)).unwrap_or_default()
        }
        None => &[],
    }
}
