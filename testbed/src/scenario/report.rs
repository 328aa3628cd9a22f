//! What was played, for people and for machines.

use super::Played;
use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{Cell, CellAlignment, ContentArrangement, Table};
use serde_json::{Value, json};

/// A table that a person can read.
pub fn table(played: &[Played]) -> String {
    let mut table = Table::new();
    table
        .load_style(UTF8_FULL_CONDENSED)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header([
            "",
            "who",
            "asks",
            "decision",
            "rule",
            "status",
            "tier",
            "used",
            "first byte",
        ]);
    for step in played {
        let seen = &step.seen;
        let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let right = |text: String| Cell::new(text).set_alignment(CellAlignment::Right);
        table.add_row([
            Cell::new(if step.differences.is_empty() { "✓" } else { "✗" }),
            Cell::new(&step.who),
            Cell::new(&step.asks),
            Cell::new(or_dash(&seen.decision)),
            Cell::new(or_dash(&seen.rule)),
            right(seen.status.to_string()),
            Cell::new(or_dash(&seen.tier)),
            Cell::new(used(step)),
            right(format!("{:.1} ms", seen.first_byte_ms)),
        ]);
    }
    let mut text = format!("{table}\n");
    for step in played.iter().filter(|step| !step.differences.is_empty()) {
        text += &format!("✗ {}, {}: {}\n", step.who, step.asks, step.differences.join("; "));
    }
    text
}

fn used(step: &Played) -> String {
    let each = step.seen.used.iter().map(|(rule, used)| format!("{used} {rule}"));
    each.collect::<Vec<_>>().join(", ")
}

/// The same for a machine.
pub fn json(title: &str, played: &[Played]) -> Value {
    let failed = played.iter().filter(|step| !step.differences.is_empty()).count();
    json!({
        "title": title,
        "results": played,
        "passed": played.len() - failed,
        "failed": failed,
    })
}
