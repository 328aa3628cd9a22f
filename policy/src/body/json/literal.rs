//! `true`, `false` and `null` (RFC 8259 §3).

use super::super::Kind;

/// How far a literal was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Literal {
    kind: Kind,
    rest: &'static [u8],
}

// === impl Literal ===

impl Literal {
    /// The literal that begins with `byte`.
    pub(super) fn begin(byte: u8) -> Option<Self> {
        let (kind, rest) = match byte {
            b't' => (Kind::Bool(true), b"rue".as_slice()),
            b'f' => (Kind::Bool(false), b"alse".as_slice()),
            b'n' => (Kind::Null, b"ull".as_slice()),
            _ => return None,
        };
        Some(Self { kind, rest })
    }

    /// The literal with `byte`, if that comes next in it.
    pub(super) fn with(self, byte: u8) -> Option<Self> {
        let (next, rest) = self.rest.split_first()?;
        (*next == byte).then_some(Self { rest, ..self })
    }

    /// What it is, if it is complete.
    pub(super) fn complete(self) -> Option<Kind> {
        self.rest.is_empty().then_some(self.kind)
    }
}
