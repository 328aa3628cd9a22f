//! What was measured, as a table.

use super::Measured;
use comfy_table::presets::ASCII_MARKDOWN;
use comfy_table::{Cell, CellAlignment, ContentArrangement, Table};

/// A table in Markdown; the first case is what the others are compared with.
pub fn table(measured: &[Measured]) -> String {
    let micros = |it: &Measured| it.median().as_secs_f64() * 1e6;
    let baseline = measured.first().map(micros).unwrap_or_default();
    let mut table = Table::new();
    table
        .load_style(ASCII_MARKDOWN)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(["", "µs a request", "over no filter", "ratio", "rounds", "resident MB"]);
    for it in measured {
        let micros = micros(it);
        let right = |text: String| Cell::new(text).set_alignment(CellAlignment::Right);
        let bounds = it.rounds.iter().min().zip(it.rounds.iter().max());
        let bounds = bounds.map(|(least, most)| {
            format!("{:.1}–{:.1}", least.as_secs_f64() * 1e6, most.as_secs_f64() * 1e6)
        });
        table.add_row([
            Cell::new(it.name),
            right(format!("{micros:.1}")),
            right(format!("{:+.1}", micros - baseline)),
            right(format!("{:.2}", micros / baseline)),
            right(bounds.unwrap_or_default()),
            right(format!("{:.1}", it.resident_bytes as f64 / 1e6)),
        ]);
    }
    table.to_string()
}
