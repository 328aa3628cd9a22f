//! A stream as lines of text: each line a length of time, each mark what came in a part of it.

use std::time::Duration;

use clap::builder::styling::{AnsiColor, Style};

use super::Timeline;

/// Writes a timeline line by line.
#[derive(Clone, Copy, Debug)]
pub struct Rows {
    /// How much time a line is.
    pub row: Duration,
}

/// Marks of a line.
const CELLS: u32 = 40;

/// What a full bar stands for.
const FULL: Duration = Duration::from_secs(2);

/// Marks of the bar.
const BAR: u32 = 10;

const DIM: Style = Style::new().dimmed();
const BLUE: Style = AnsiColor::Cyan.on_default();
const RED: Style = AnsiColor::Red.on_default().bold();
const GREEN: Style = AnsiColor::Green.on_default();

// === impl Rows ===

impl Rows {
    /// When line `number` ends, counted from 0.
    pub fn end(&self, number: u32) -> Duration {
        self.row * (number + 1)
    }

    /// Line `number` as far as time went until `now`, and what happened in it.
    pub fn line(&self, timeline: &Timeline, number: u32, now: Duration) -> String {
        let begin = self.row * number;
        let until = now.min(self.end(number));
        let time = format!("{:.2} s", begin.as_secs_f64());
        let mut line = format!("{DIM}{time:>8}{DIM:#} ");
        let cells = (0..CELLS).map(|cell| {
            let from = begin + self.row * cell / CELLS;
            let to = begin + self.row * (cell + 1) / CELLS;
            if from >= until { (Style::new(), ' ') } else { mark(timeline, from, to) }
        });
        let cells: Vec<_> = cells.collect();
        for run in cells.chunk_by(|one, next| one.0 == next.0) {
            let style = run[0].0;
            let marks: String = run.iter().map(|it| it.1).collect();
            line += &format!("{style}{marks}{style:#}");
        }
        line += &played(timeline, until);
        line
    }

    /// What there is to say of line `number` once it is over.
    pub fn notes(&self, timeline: &Timeline, number: u32) -> String {
        let within = self.row * number..self.end(number);
        let mut notes = Vec::new();
        let mut note = |what: &str, at: Option<Duration>| {
            if let Some(at) = at.filter(|it| within.contains(it)) {
                notes.push(format!("{what} {}", millis(at)));
            }
        };
        note("headers", timeline.headers);
        note("first byte", timeline.moments.first().map(|it| it.at));
        note("first audio", timeline.ttfa);
        let ran_dry = timeline.holes.iter().filter(|it| within.contains(&it.from));
        let missing: Duration = ran_dry.map(|it| it.to.saturating_sub(it.from)).sum();
        if !missing.is_zero() {
            notes.push(format!("{RED}dry{RED:#} {}", millis(missing)));
        }
        notes.join(", ")
    }
}

/// A part of a line.
fn mark(timeline: &Timeline, from: Duration, to: Duration) -> (Style, char) {
    let bytes: u64 = timeline.between(from, to).iter().map(|it| it.bytes).sum();
    let is_dry = timeline.holes.iter().rev().any(|it| it.from < to && from < it.to);
    match bytes {
        0 if is_dry => (RED, '×'),
        0 => (DIM, '·'),
        1..256 => (BLUE, '▁'),
        256..1024 => (BLUE, '▃'),
        1024..4096 => (BLUE, '▅'),
        4096..16_384 => (BLUE, '▆'),
        _ => (BLUE, '█'),
    }
}

/// What is left to play at the end of a line; of what is not played, how much came. Always as wide.
fn played(timeline: &Timeline, at: Duration) -> String {
    if let Some(level) = timeline.level(at) {
        let style = if level.is_zero() { RED } else { GREEN };
        let seconds = level.as_secs_f64();
        return format!(" {style}{}{style:#} {seconds:6.2} s", bar(seconds / FULL.as_secs_f64()));
    }
    let came = timeline.between(Duration::ZERO, at).iter().map(|it| it.bytes).sum();
    let came = if came == 0 { String::new() } else { size(came) };
    format!(" {DIM}{came:<19}{DIM:#}")
}

/// Full at 1 and beyond.
fn bar(share: f64) -> String {
    const EIGHTHS: [char; 8] = [' ', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
    // In range by the clamp.
    let eighths = (share.clamp(0.0, 1.0) * f64::from(BAR * 8)).ceil() as usize;
    let (whole, part) = (eighths / 8, eighths % 8);
    let mut bar: String = std::iter::repeat_n('█', whole).collect();
    if part > 0 {
        bar.push(EIGHTHS[part]);
    }
    format!("{bar:width$}", width = BAR as usize)
}

/// A length of time as people read it.
pub fn millis(time: Duration) -> String {
    let millis = time.as_secs_f64() * 1000.0;
    match millis {
        ..10.0 => format!("{millis:.1} ms"),
        ..10_000.0 => format!("{millis:.0} ms"),
        _ => format!("{:.1} s", time.as_secs_f64()),
    }
}

/// Bytes as people read them.
pub fn size(bytes: u64) -> String {
    match bytes {
        ..10_000 => format!("{bytes} B"),
        10_000..10_000_000 => format!("{:.1} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}
