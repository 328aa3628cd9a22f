//! What a stream was like: a table, and words where something should be done.

use std::time::Duration;

use comfy_table::presets::NOTHING;
use comfy_table::{Cell, CellAlignment, ContentArrangement, Table};

use crate::cli::{DIM, YELLOW};
use crate::stream::{Measured, Over, millis, size};

/// A figure: its name, how it is told of a stream, what it means.
type Row = (&'static str, fn(&Measured) -> Option<String>, &'static str);

const ROWS: &[Row] = &[
    (
        "connect",
        |it| Some(millis(it.head.connecting)),
        "until the connection was there; the others count from then",
    ),
    ("headers", |it| it.timeline.headers.map(millis), "the service said that it answers"),
    ("first byte", first_byte, "of the body"),
    (
        "first audio",
        |it| it.timeline.ttfa.map(millis),
        "the first sample to be heard, behind header and silence",
    ),
    (
        "first event",
        |it| it.figures.first_unit.map(millis),
        "the first complete event, line or message",
    ),
    ("events", events, ""),
    ("last byte", |it| it.timeline.moments.last().map(|it| millis(it.at)), ""),
    ("audio", |it| it.figures.audio.map(millis), "how long it plays, by its own format"),
    ("real-time factor", real_time, "time to make a second of audio; above 1, listeners run dry"),
    ("underruns", underruns, "times the listener had nothing to play; what was missing"),
    ("longest hole", hole, ""),
    ("continuous", continuous, ""),
    (
        "chunks",
        |it| Some(it.timeline.moments.len().to_string()),
        "what came together, as one reading of the socket",
    ),
    ("chunk sizes", chunk_sizes, "smallest, largest"),
    ("gap, median", |it| it.timeline.gap(50).map(millis), "between chunks"),
    ("gap, 99 %", |it| it.timeline.gap(99).map(millis), ""),
    ("gap, longest", |it| it.timeline.gap(100).map(millis), ""),
    ("bytes", |it| Some(size(it.timeline.moments.iter().map(|it| it.bytes).sum())), ""),
    ("format", |it| Some(it.figures.format.to_string()), "by its first bytes, or its type"),
    ("tokens", |it| it.figures.tokens.map(|it| it.to_string()), "as the answer says"),
];

/// The figures, a column for each stream.
pub fn table(streams: &[Measured]) -> String {
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Disabled);
    if streams.len() > 1 {
        let names = streams.iter().map(|it| right(&it.name));
        table.set_header([Cell::new("")].into_iter().chain(names));
    }
    for (name, value, meaning) in ROWS {
        let values: Vec<_> = streams.iter().map(value).collect();
        if values.iter().all(Option::is_none) {
            continue;
        }
        let cells = values.into_iter().map(|it| right(it.as_deref().unwrap_or("-")));
        let meaning = Cell::new(meaning);
        table.add_row([Cell::new(name)].into_iter().chain(cells).chain([meaning]));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt()
}

fn right(text: &str) -> Cell {
    Cell::new(text).set_alignment(CellAlignment::Right)
}

/// What there is to do about a stream.
pub fn notes(measured: &Measured) -> Vec<String> {
    let mut notes = Vec::new();
    let mut warn = |text: &str| {
        notes.push(format!("{YELLOW}warning:{YELLOW:#} {DIM}{}:{DIM:#} {text}", measured.name));
    };
    if measured.is_delayed_by_acks() {
        warn(
            "chunks come 40 ms apart because ACKs are delayed: something behind this address writes in \
             small pieces without TCP_NODELAY.\nNext: set TCP_NODELAY on the sockets of the model server \
             (and of what it streams from); no proxy can make up for it",
        );
    }
    if measured.timeline.moments.len() == 1 && matches!(measured.over, Over::Complete) {
        warn(
            "all of it came in one piece: it was not streamed.\nNext: ask for a stream (as `\"stream\": \
             true`), or look for what buffers on the way",
        );
    }
    if matches!(measured.over, Over::Bytes) {
        warn("no more was read than --max-bytes");
    }
    notes
}

fn first_byte(it: &Measured) -> Option<String> {
    it.timeline.moments.first().map(|it| millis(it.at))
}

fn events(it: &Measured) -> Option<String> {
    it.figures.first_unit.map(|_| it.figures.units.to_string())
}

fn real_time(it: &Measured) -> Option<String> {
    let permille = it.figures.real_time_permille?;
    Some(format!("{:.2}", f64::from(permille) / 1000.0))
}

fn underruns(it: &Measured) -> Option<String> {
    it.figures.audio?;
    Some(match it.figures.underruns {
        0 => "0".to_owned(),
        count => format!("{count}, {}", millis(it.figures.missing)),
    })
}

fn hole(it: &Measured) -> Option<String> {
    Some(it.figures.longest_hole).filter(|it| *it > Duration::ZERO).map(millis)
}

fn continuous(it: &Measured) -> Option<String> {
    Some(if it.figures.continuous? { "yes" } else { "no" }.to_owned())
}

fn chunk_sizes(it: &Measured) -> Option<String> {
    let sizes = || it.timeline.moments.iter().map(|it| it.bytes);
    Some(format!("{}, {}", size(sizes().min()?), size(sizes().max()?)))
}
