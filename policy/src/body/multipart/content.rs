//! The content of a part.

use super::disposition::FileName;
use super::headers::PartHead;
use super::sniff::{self, PREFIX_BYTES};
use crate::body::flat::FlatFields;
use crate::body::utf8::{NotUtf8, Utf8Text};
use crate::body::{BodyError, Kind, LeafId, Malformed, Sink, Value};

/// The content of one part, as it comes.
#[derive(Clone, Debug)]
pub(super) struct Content {
    what: What,
    /// Where it begins in the body.
    start: u64,
    /// Its bytes so far.
    bytes: u64,
    /// What the part says of its length.
    length: Option<u64>,
}

#[derive(Clone, Debug)]
enum What {
    /// Of no interest.
    Unknown,
    /// A file input without a file.
    NoFile,
    Text(Utf8Text),
    File,
    /// A file under a name that says nothing: it may be a recording all the same.
    Unnamed {
        prefix: [u8; PREFIX_BYTES],
        len: usize,
        reference: LeafId,
    },
}

// === impl Content ===

impl Content {
    /// What comes after `head`, at byte `start` of the body. A recording under an unknown name is
    /// told as `reference`.
    pub(super) fn new(
        head: &PartHead,
        start: u64,
        fields: &mut FlatFields,
        reference: Option<LeafId>,
        sink: &mut impl Sink,
    ) -> Result<Self, Malformed> {
        fields.count(&head.name)?;
        let what = match head.file {
            FileName::Empty => What::NoFile,
            FileName::None => match fields.value(&head.name, Kind::String)? {
                Some(value) => {
                    sink.begin(value);
                    What::Text(Utf8Text::default())
                }
                None => What::Unknown,
            },
            FileName::Some => match (fields.value(&head.name, Kind::File)?, reference) {
                (Some(value), _) => {
                    sink.begin(value);
                    What::File
                }
                (None, Some(reference)) if head.is_audio => begin(reference, sink),
                (None, Some(reference)) => {
                    What::Unnamed { prefix: [0; PREFIX_BYTES], len: 0, reference }
                }
                (None, None) => What::Unknown,
            },
        };
        Ok(Self { what, start, bytes: 0, length: head.length })
    }

    pub(super) fn feed(&mut self, bytes: &[u8], sink: &mut impl Sink) -> Result<(), BodyError> {
        self.bytes = self.bytes.saturating_add(bytes.len() as u64);
        match &mut self.what {
            What::Unknown => {}
            What::NoFile => return Err(self.error(Malformed::Disposition)),
            What::Text(text) => {
                let text = text.feed(bytes, &mut |piece| sink.piece(piece));
                return text.map_err(|it| self.not_utf8(it));
            }
            What::File => sink.piece(bytes),
            What::Unnamed { prefix, len, .. } => {
                let free = prefix.get_mut(*len..).unwrap_or_default();
                let taken = free.len().min(bytes.len());
                free.iter_mut().zip(bytes).for_each(|(to, from)| *to = *from);
                *len = len.saturating_add(taken);
                if *len == PREFIX_BYTES {
                    self.look(sink);
                    let rest = bytes.get(taken..).filter(|it| !it.is_empty());
                    if let (What::File, Some(rest)) = (&self.what, rest) {
                        sink.piece(rest);
                    }
                }
            }
        }
        Ok(())
    }

    pub(super) fn finish(mut self, sink: &mut impl Sink) -> Result<(), BodyError> {
        self.look(sink);
        if self.length.is_some_and(|it| it != self.bytes) {
            return Err(self.error(Malformed::PartLength));
        }
        match &self.what {
            What::Text(text) => {
                text.finish().map_err(|it| self.not_utf8(it))?;
                sink.end();
            }
            What::File => sink.end(),
            What::Unknown | What::NoFile | What::Unnamed { .. } => {}
        }
        Ok(())
    }

    /// Whether an unnamed file is a recording by its first bytes.
    fn look(&mut self, sink: &mut impl Sink) {
        if let What::Unnamed { prefix, len, reference } = &self.what {
            let prefix = prefix.get(..*len).unwrap_or_default();
            self.what = if sniff::is_audio(prefix) {
                let file = begin(*reference, sink);
                sink.piece(prefix);
                file
            } else {
                What::Unknown
            };
        }
    }

    fn not_utf8(&self, error: NotUtf8) -> BodyError {
        let offset = self.start.saturating_add(error.valid);
        BodyError { what: Malformed::NotUtf8, offset }
    }

    fn error(&self, what: Malformed) -> BodyError {
        BodyError { what, offset: self.start }
    }
}

fn begin(leaf: LeafId, sink: &mut impl Sink) -> What {
    sink.begin(Value { leaf, kind: Kind::File, replaces: false });
    What::File
}
