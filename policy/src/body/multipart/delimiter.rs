//! Finds where a part ends.

use crate::body::{BodyError, Malformed};

/// Tells the content of parts from the delimiters between them (RFC 2046 §5.1.1), split anywhere.
///
/// A delimiter is CR LF, `--`, the boundary, and CR LF or `--`. What begins a line in the same way
/// is refused: after a bare CR or LF, where Werkzeug sees a delimiter and others do not; with more
/// behind the boundary; with spaces behind it, which python-multipart before 0.0.34 takes for
/// content; at the very beginning of a part, where Go sees one; and within a line, where Sanic does.
#[derive(Clone, Debug)]
pub(super) struct Delimiter {
    /// `--` and the boundary. No line break is in it, so nothing is searched twice.
    dash_boundary: Vec<u8>,
    at: At,
    /// The end of the line so far, shorter than `dash_boundary` by a byte at least.
    line: Vec<u8>,
}

/// What follows a delimiter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Next {
    Part,
    Epilogue,
}

#[derive(Clone, Copy, Debug)]
enum At {
    /// Where no delimiter can begin.
    WithinLine,
    /// Behind a line break and so many bytes of the delimiter; neither is handed on yet.
    Line { after: Break, matched: usize },
    /// Behind the boundary.
    Boundary,
    /// … and a CR.
    Cr,
    /// … and a hyphen.
    Hyphen,
}

/// What makes a line begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Break {
    Body,
    Part,
    Cr,
    Lf,
    CrLf,
}

// === impl Delimiter ===

impl Delimiter {
    /// At the beginning of a body.
    pub(super) fn new(dash_boundary: Vec<u8>) -> Self {
        let at = At::Line { after: Break::Body, matched: 0 };
        Self { dash_boundary, at, line: Vec::new() }
    }

    /// Whether it stands in a line.
    pub(super) fn is_in(&self, line: &[u8]) -> bool {
        line.windows(self.dash_boundary.len()).any(|it| it == self.dash_boundary)
    }

    /// Reads content until a delimiter ends. Returns how many bytes were used, and what comes then;
    /// without a delimiter, all are.
    pub(super) fn feed(
        &mut self,
        bytes: &[u8],
        offset: u64,
        content: &mut impl FnMut(&[u8]) -> Result<(), BodyError>,
    ) -> Result<(usize, Option<Next>), BodyError> {
        let mut used = 0_usize;
        while let Some(byte) = bytes.get(used) {
            if let At::WithinLine = self.at {
                let length = memchr::memchr2(b'\r', b'\n', bytes.get(used..).unwrap_or_default());
                let end = length.map_or(bytes.len(), |it| used.saturating_add(it));
                if let Some(run) = bytes.get(used..end).filter(|it| !it.is_empty()) {
                    let delimiter = self.delimiter_in(run);
                    let before = delimiter.and_then(|it| run.get(..it)).unwrap_or(run);
                    if !before.is_empty() {
                        content(before)?;
                    }
                    if let Some(at) = delimiter {
                        let offset = offset.saturating_add(used.saturating_add(at) as u64);
                        return Err(BodyError { what: Malformed::Delimiter, offset });
                    }
                }
                used = end;
                if let Some(byte) = bytes.get(used) {
                    self.line.clear();
                    self.at = Break::of(*byte).into();
                    used = used.saturating_add(1);
                }
                continue;
            }
            let place = offset.saturating_add(used as u64);
            let next = self.step(*byte, place, content)?;
            if let At::WithinLine = self.at {
                continue;
            }
            used = used.saturating_add(1);
            if next.is_some() {
                self.at = Break::Part.into();
                return Ok((used, next));
            }
        }
        Ok((used, None))
    }

    /// Where the first delimiter in the next `run` of the line has its last byte; it may have begun
    /// before.
    fn delimiter_in(&mut self, run: &[u8]) -> Option<usize> {
        let last = self.dash_boundary.len().saturating_sub(1);
        let before = self.line.len();
        self.line.extend_from_slice(run.get(..last).unwrap_or(run));
        let across =
            self.line.windows(self.dash_boundary.len()).position(|it| it == self.dash_boundary);
        if let Some(at) = across {
            return Some(at.saturating_add(last).saturating_sub(before));
        }
        if let Some(end) = run.len().checked_sub(last) {
            self.line.clear();
            self.line.extend_from_slice(run.get(end..).unwrap_or_default());
        } else {
            let surplus = self.line.len().saturating_sub(last);
            self.line.drain(..surplus);
        }
        memchr::memchr_iter(b'-', run)
            .find(|at| run.get(*at..).is_some_and(|it| it.starts_with(&self.dash_boundary)))
            .map(|at| at.saturating_add(last))
    }

    /// One byte at, or near, the beginning of a line; it is not used if that leads into the line.
    fn step(
        &mut self,
        byte: u8,
        place: u64,
        content: &mut impl FnMut(&[u8]) -> Result<(), BodyError>,
    ) -> Result<Option<Next>, BodyError> {
        let refused = Err(BodyError { what: Malformed::Delimiter, offset: place });
        self.at = match (self.at, byte) {
            (At::Line { after: Break::Cr, matched: 0 }, b'\n') => Break::CrLf.into(),
            (At::Line { after, matched }, _) => {
                if self.dash_boundary.get(matched) != Some(&byte) {
                    self.hand_on(after, matched, content)?;
                    self.line.clear();
                    self.line.extend(self.dash_boundary.get(..matched).unwrap_or_default());
                    Break::of(byte).into()
                } else {
                    let matched = matched.saturating_add(1);
                    match after {
                        _ if matched < self.dash_boundary.len() => At::Line { after, matched },
                        Break::Body | Break::CrLf => At::Boundary,
                        Break::Part | Break::Cr | Break::Lf => return refused,
                    }
                }
            }
            (At::Boundary, b'\r') => At::Cr,
            (At::Boundary, b'-') => At::Hyphen,
            (At::Cr, b'\n') => return Ok(Some(Next::Part)),
            (At::Hyphen, b'-') => return Ok(Some(Next::Epilogue)),
            _ => return refused,
        };
        Ok(None)
    }

    /// What was held back is content.
    fn hand_on(
        &self,
        after: Break,
        matched: usize,
        content: &mut impl FnMut(&[u8]) -> Result<(), BodyError>,
    ) -> Result<(), BodyError> {
        let line_break: &[u8] = match after {
            Break::Body | Break::Part => b"",
            Break::Cr => b"\r",
            Break::Lf => b"\n",
            Break::CrLf => b"\r\n",
        };
        for held in [line_break, self.dash_boundary.get(..matched).unwrap_or_default()] {
            if !held.is_empty() {
                content(held)?;
            }
        }
        Ok(())
    }
}

// === impl Break ===

impl Break {
    fn of(byte: u8) -> Option<Self> {
        match byte {
            b'\r' => Some(Self::Cr),
            b'\n' => Some(Self::Lf),
            _ => None,
        }
    }
}

impl From<Break> for At {
    fn from(after: Break) -> Self {
        Self::Line { after, matched: 0 }
    }
}

impl From<Option<Break>> for At {
    fn from(after: Option<Break>) -> Self {
        after.map_or(Self::WithinLine, Self::from)
    }
}
