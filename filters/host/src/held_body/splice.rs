//! Makes edits in bytes that come piece by piece.

use voxgate_policy::shed::rewrite::Edit;

/// The edits that are still to be made, and how far the bytes came.
pub(super) struct Splice<'a> {
    edits: &'a [Edit],
    /// Bytes that came.
    read: u64,
    /// Bytes before this one are written, or gone.
    done: u64,
}

// === impl Splice ===

impl<'a> Splice<'a> {
    /// Edits in ascending order that do not overlap.
    pub(super) fn new(edits: &'a [Edit]) -> Self {
        Self { edits, read: 0, done: 0 }
    }

    /// The next bytes; `write` gets what they become.
    pub(super) fn feed(&mut self, piece: &[u8], write: &mut impl FnMut(&[u8])) {
        let from = self.read;
        let to = from.saturating_add(piece.len() as u64);
        // Of the piece, as far as it reaches.
        let slice = |start: u64, end: u64| {
            let place = |it: u64| usize::try_from(it.clamp(from, to).saturating_sub(from)).ok();
            place(start).zip(place(end)).and_then(|(start, end)| piece.get(start..end))
        };
        while let Some((edit, rest)) = self.edits.split_first()
            && edit.range.start < to
        {
            write(slice(self.done, edit.range.start).unwrap_or_default());
            write(&edit.bytes);
            self.done = edit.range.end;
            self.edits = rest;
        }
        write(slice(self.done, to).unwrap_or_default());
        self.done = self.done.max(to);
        self.read = to;
    }

    /// No more bytes come; what is added behind them is written.
    pub(super) fn finish(self, write: &mut impl FnMut(&[u8])) {
        self.edits.iter().for_each(|edit| write(&edit.bytes));
    }
}

#[cfg(test)]
mod tests;
