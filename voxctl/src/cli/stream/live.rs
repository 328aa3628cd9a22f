//! The timeline while it grows: a line when its time is over; on a terminal, the line that is not over,
//! too.

use std::io::{self, IsTerminal as _, Write};
use std::time::Duration;

use anstream::{AutoStream, ColorChoice};

use crate::stream::{Rows, Timeline};

/// Prints a timeline.
pub struct Live {
    rows: Rows,
    /// The line that is not over.
    number: u32,
    is_terminal: bool,
    /// Whether the line that is not over stands there.
    is_open: bool,
    /// When it was written.
    painted: Duration,
}

/// It is not written anew sooner than after this: a chunk may come every few microseconds.
const REPAINT: Duration = Duration::from_millis(20);

// === impl Live ===

impl Live {
    pub fn new(rows: Rows) -> Self {
        let is_terminal = io::stdout().is_terminal();
        Self { rows, number: 0, is_terminal, is_open: false, painted: Duration::ZERO }
    }

    /// What is to be seen `now`, since the request was sent.
    pub fn show(&mut self, timeline: &Timeline, now: Duration) -> io::Result<()> {
        let mut out = AutoStream::new(io::stdout().lock(), ColorChoice::Auto);
        while self.rows.end(self.number) <= now {
            self.finish(&mut out, timeline, self.rows.end(self.number))?;
        }
        if self.is_terminal && now >= self.painted + REPAINT {
            self.painted = now;
            self.begin(&mut out)?;
            write!(out, "{}", self.rows.line(timeline, self.number, now))?;
            self.is_open = true;
            out.flush()?;
        }
        Ok(())
    }

    /// The last line.
    pub fn end(&mut self, timeline: Option<&Timeline>) -> io::Result<()> {
        let mut out = AutoStream::new(io::stdout().lock(), ColorChoice::Auto);
        if let Some(timeline) = timeline {
            while self.rows.end(self.number) <= timeline.length() {
                self.finish(&mut out, timeline, self.rows.end(self.number))?;
            }
            self.finish(&mut out, timeline, timeline.length())?;
        } else if self.is_open {
            writeln!(out)?;
        }
        self.is_open = false;
        writeln!(out)
    }

    fn finish(
        &mut self,
        out: &mut impl Write,
        timeline: &Timeline,
        until: Duration,
    ) -> io::Result<()> {
        self.begin(out)?;
        let line = self.rows.line(timeline, self.number, until);
        match self.rows.notes(timeline, self.number) {
            notes if notes.is_empty() => writeln!(out, "{line}")?,
            notes => writeln!(out, "{line}  {notes}")?,
        }
        self.is_open = false;
        self.number += 1;
        Ok(())
    }

    /// Goes over the line that stands there. Without escapes: those are for colours, and may be unwanted;
    /// every line is as long as the other.
    fn begin(&self, out: &mut impl Write) -> io::Result<()> {
        if self.is_open { write!(out, "\r") } else { Ok(()) }
    }
}
