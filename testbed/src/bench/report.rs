//! What was measured, as tables in Markdown.

use super::cases::{BUFFER, UNREAD};
use super::{Comparison, Measured, Spread};
use comfy_table::presets::ASCII_MARKDOWN;
use comfy_table::{Cell, CellAlignment, ContentArrangement, Table};

// === impl Comparison ===

impl Comparison {
    /// What filters cost, compared with none.
    pub fn costs(&self) -> String {
        let head = ["", "µs a request", "over no filter", "ratio", "rounds", "resident MB"];
        let mut table = table(&head);
        for it in &self.measured {
            let none = self.measured.first();
            table.add_row(row(
                it.name,
                [
                    format!("{:.1}", it.median()),
                    shown(none, |none| format!("{:+.1}", it.over(none).median)),
                    shown(none, |none| format!("{:.2}", it.median() / none.median())),
                    bounds(it),
                    megabytes(it.memory.resident_bytes),
                ],
            ));
        }
        table.to_string()
    }

    /// What reading a body costs, compared with holding it.
    pub fn costs_of_reading(&self) -> String {
        let head = [
            "",
            "µs a request",
            "rounds",
            "over no filter (quartiles)",
            "× buffer",
            "over body not read (quartiles)",
            "× buffer",
            "peak MB",
            "VMs KB",
        ];
        let mut table = table(&head);
        let no_filter = self.measured.first();
        let buffer = self.named(BUFFER).zip(no_filter).map(|(it, none)| it.over(none));
        // Nothing is a multiple of what cannot be told from nothing.
        let buffer = buffer.filter(|it| it.low > 0.0);
        let times = |it: &Spread| {
            shown(buffer.as_ref(), |buffer| format!("{:.1}", it.median / buffer.median))
        };
        let mut unread = None;
        for it in &self.measured {
            let over = no_filter.map(|none| it.over(none));
            // The cases after it do the same, and read the body.
            let reading = unread.map(|unread| it.over(unread));
            unread = unread.or(Some(it).filter(|it| it.name == UNREAD));
            table.add_row(row(
                it.name,
                [
                    format!("{:.1}", it.median()),
                    bounds(it),
                    shown(over.as_ref(), quartiles),
                    shown(over.as_ref(), times),
                    shown(reading.as_ref(), quartiles),
                    shown(reading.as_ref(), times),
                    megabytes(it.memory.peak_bytes),
                    (it.memory.wasm_bytes / 1024).to_string(),
                ],
            ));
        }
        format!("### {} ({} requests a round)\n\n{table}\n", self.title, self.requests)
    }

    fn named(&self, name: &str) -> Option<&Measured> {
        self.measured.iter().find(|it| it.name == name)
    }
}

/// One row a comparison: µs without a filter, and with each case's filter how many more.
pub fn summary(comparisons: &[Comparison]) -> String {
    let mut names: Vec<&str> = Vec::new();
    for it in comparisons.iter().flat_map(|it| &it.measured) {
        if !names.contains(&it.name) {
            names.push(it.name);
        }
    }
    let mut table = table(&std::iter::once("µs").chain(names.iter().copied()).collect::<Vec<_>>());
    for comparison in comparisons {
        let none = comparison.measured.first();
        let cells = names.iter().map(|name| match comparison.named(name) {
            Some(it) if none == Some(it) => format!("{:.0}", it.median()),
            it => {
                shown(none.zip(it).as_ref(), |(none, it)| format!("{:+.0}", it.over(none).median))
            }
        });
        table.add_row(row(&comparison.title, cells));
    }
    table.to_string()
}

pub(super) fn table(head: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_style(ASCII_MARKDOWN)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(head);
    table
}

pub(super) fn row(name: &str, numbers: impl IntoIterator<Item = String>) -> Vec<Cell> {
    let right = |it| Cell::new(it).set_alignment(CellAlignment::Right);
    std::iter::once(Cell::new(name)).chain(numbers.into_iter().map(right)).collect()
}

/// Nothing where there is nothing to compare with.
fn shown<T>(of: Option<&T>, show: impl Fn(&T) -> String) -> String {
    of.map(show).unwrap_or_default()
}

fn quartiles(it: &Spread) -> String {
    format!("{:+.1} ({:.1}–{:.1})", it.median, it.low, it.high)
}

fn bounds(it: &Measured) -> String {
    it.bounds().map(|(least, most)| format!("{least:.1}–{most:.1}")).unwrap_or_default()
}

fn megabytes(bytes: u64) -> String {
    format!("{:.1}", bytes as f64 / 1e6)
}
