//! Cuts a stream into the blocks that a reader asks for, however it comes in slices.

/// Reads one format.
pub(crate) trait Reader {
    /// The wanted block is there.
    fn block(&mut self, block: &[u8]) -> Next;
    /// More bytes came, once no block is wanted any more.
    fn rest(&mut self, bytes: &[u8]);
}

/// What a reader wants after a block; `drop` counts from the block's beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// A block of `want` bytes.
    Block { drop: u64, want: usize },
    /// The bytes that follow as they come.
    Rest { drop: u64 },
    /// Nothing: this is not the format. The bytes that follow come to [`Reader::rest`], too.
    Nothing,
}

/// Where a stream stands. It keeps at most [`MAX_BLOCK`] bytes.
#[derive(Clone, Debug)]
pub(crate) struct Blocks {
    /// The beginning of the block that is wanted.
    held: Vec<u8>,
    want: usize,
    /// Bytes to come before that block.
    skip: u64,
    /// How many bytes the reader dropped with its latest answer.
    dropped: u64,
    is_rest: bool,
}

/// Most bytes of a block: an Ogg page's header with its table, and what tells its codec.
const MAX_BLOCK: usize = 322;

// === impl Blocks ===

impl Blocks {
    /// A stream whose first block has `want` bytes.
    pub(crate) fn new(want: usize) -> Self {
        Self { held: Vec::new(), want: want.min(MAX_BLOCK), skip: 0, dropped: 0, is_rest: false }
    }

    /// The next bytes.
    pub(crate) fn feed(&mut self, bytes: &[u8], reader: &mut impl Reader) {
        let mut bytes = bytes;
        loop {
            let skipped = usize::try_from(self.skip).unwrap_or(usize::MAX).min(bytes.len());
            self.skip = self.skip.saturating_sub(skipped as u64);
            bytes = bytes.get(skipped..).unwrap_or_default();
            if self.is_rest {
                return reader.rest(bytes);
            }
            let missing = self.want.saturating_sub(self.held.len());
            let (taken, after) = bytes.split_at_checked(missing).unwrap_or((bytes, &[]));
            self.held.extend_from_slice(taken);
            bytes = after;
            if self.held.len() < self.want {
                return;
            }
            self.step(reader);
        }
    }

    /// Whether all came that the reader dropped with its latest answer.
    pub(crate) fn is_passed(&self) -> bool {
        self.skip == 0
    }

    /// How much came of what is not complete: of what the reader dropped with its latest answer or, once
    /// that is all there, of the block that is wanted. 0 once bytes go to [`Reader::rest`].
    pub(crate) fn pending(&self) -> u64 {
        match self.skip {
            0 => self.held.len() as u64,
            skip => self.dropped.saturating_sub(skip),
        }
    }

    /// Whether bytes go to [`Reader::rest`] as they come.
    pub(crate) fn is_rest(&self) -> bool {
        self.is_rest && self.skip == 0
    }

    fn step(&mut self, reader: &mut impl Reader) {
        let next = reader.block(self.held.get(..self.want).unwrap_or_default());
        let (drop, want) = match next {
            // What asks for no more than it has would ask for ever.
            Next::Block { drop, want } if drop > 0 || want.min(MAX_BLOCK) > self.want => {
                (drop, want)
            }
            Next::Rest { drop } => {
                self.is_rest = true;
                (drop, 0)
            }
            Next::Block { .. } | Next::Nothing => {
                self.is_rest = true;
                (0, 0)
            }
        };
        self.dropped = drop;
        let held = usize::try_from(drop).unwrap_or(usize::MAX).min(self.held.len());
        self.held.drain(..held);
        self.skip = drop.saturating_sub(held as u64);
        self.want = want.min(MAX_BLOCK);
        if self.is_rest {
            let held = std::mem::take(&mut self.held);
            if !held.is_empty() {
                reader.rest(&held);
            }
        }
    }
}
