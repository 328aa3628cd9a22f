//! The objects and arrays around a place, one bit each.

use super::MAX_DEPTH;

/// The objects and arrays around a place.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Nesting {
    /// The innermost is the lowest bit; an object is a one.
    objects: u64,
    depth: u32,
}

/// An object or an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Container {
    Object,
    Array,
}

const _: () = assert!(MAX_DEPTH <= u64::BITS);

// === impl Nesting ===

impl Nesting {
    pub(super) fn depth(self) -> u32 {
        self.depth
    }

    /// The innermost one.
    pub(super) fn innermost(self) -> Option<Container> {
        match (self.depth, self.objects & 1) {
            (0, _) => None,
            (_, 0) => Some(Container::Array),
            _ => Some(Container::Object),
        }
    }

    /// With one more inside; `None` if that is too many.
    pub(super) fn with(self, container: Container) -> Option<Self> {
        let bit = u64::from(container == Container::Object);
        (self.depth < MAX_DEPTH)
            .then(|| Self { objects: self.objects << 1 | bit, depth: self.depth.saturating_add(1) })
    }

    /// Without the innermost one.
    pub(super) fn without(self) -> Self {
        Self { objects: self.objects >> 1, depth: self.depth.saturating_sub(1) }
    }
}
