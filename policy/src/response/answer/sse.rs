//! The data of server-sent events (WHATWG HTML §9.2.5–9.2.6), as it comes.

/// A stream of events.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Events {
    line: Line,
    /// How much of a byte order mark came; past it, or past any other byte, all of it.
    mark: usize,
    /// Whether the byte before was CR: a LF belongs to it.
    is_after_cr: bool,
    /// Bytes since the last border: the beginning, or the end of an empty line.
    since: u64,
    /// Whether data came since then, which makes an event.
    has_data: bool,
    /// Events that are complete.
    count: u64,
}

#[derive(Clone, Copy, Debug)]
enum Line {
    /// So many bytes of [`DATA`] came, and nothing else.
    Name(usize),
    /// Behind `data:`.
    Data,
    /// Another field, or a comment.
    Other,
}

/// What a stream has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    /// More of an event's data, with a LF before every line of it, and perhaps the space that may
    /// stand behind the colon: to JSON both are white space.
    Data(&'a [u8]),
    /// An event is complete.
    EndOfEvent,
}

const DATA: &[u8] = b"data:";

const MARK: &[u8] = b"\xef\xbb\xbf";

impl Default for Line {
    fn default() -> Self {
        Self::Name(0)
    }
}

// === impl Events ===

impl Events {
    /// How many events are complete.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Bytes since the last empty line.
    pub(super) fn tail(&self) -> u64 {
        self.since
    }

    pub(super) fn feed<'a>(&mut self, bytes: &'a [u8], mut tell: impl FnMut(Part<'a>)) {
        let mut rest = bytes;
        while let Some((byte, after)) = rest.split_first() {
            if std::mem::take(&mut self.is_after_cr) && *byte == b'\n' {
                // It belongs to the border, if the CR made one.
                self.since = self.since.saturating_add(self.since.min(1));
                rest = after;
                continue;
            }
            if matches!(byte, b'\r' | b'\n') {
                self.since = self.since.saturating_add(1);
                if matches!(self.line, Line::Name(0)) {
                    tell(Part::EndOfEvent);
                    self.since = 0;
                    self.count =
                        self.count.saturating_add(std::mem::take(&mut self.has_data).into());
                }
                self.line = Line::Name(0);
                self.is_after_cr = *byte == b'\r';
                self.mark = MARK.len();
                rest = after;
                continue;
            }
            let Line::Name(len) = self.line else {
                let end = memchr::memchr2(b'\r', b'\n', rest).unwrap_or(rest.len());
                let (line, more) = rest.split_at_checked(end).unwrap_or((rest, &[]));
                if matches!(self.line, Line::Data) {
                    tell(Part::Data(line));
                }
                self.since = self.since.saturating_add(line.len() as u64);
                rest = more;
                continue;
            };
            rest = after;
            self.since = self.since.saturating_add(1);
            if MARK.get(self.mark) == Some(byte) {
                self.mark = self.mark.saturating_add(1);
                continue;
            }
            self.mark = MARK.len();
            let longer = len.saturating_add(1);
            self.line = match DATA.get(len) == Some(byte) {
                true if longer == DATA.len() => {
                    tell(Part::Data(b"\n"));
                    self.has_data = true;
                    Line::Data
                }
                true => Line::Name(longer),
                false => Line::Other,
            };
        }
    }
}
