//! `voxctl load`.

use std::time::Duration;

use comfy_table::presets::NOTHING;
use comfy_table::{Cell, CellAlignment, ContentArrangement, Table};

use super::{CliResult, Exit, Output, YELLOW};
use crate::load::{AdminUrl, Client, Decided, Lane, Load};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Envoy's admin interface
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:15000")]
    admin: AdminUrl,
}

impl Args {
    pub fn run(self, output: &Output) -> CliResult {
        let load = Client::new(self.admin).load()?;
        if output.json {
            output.print_json(&load)?;
        } else {
            print(&load, output)?;
        }
        Ok(Exit::Good)
    }
}

fn print(load: &Load, output: &Output) -> std::io::Result<()> {
    if load.lanes.is_empty() {
        output.print("no request has asked for capacity yet")?;
    } else {
        output.print(lanes(&load.lanes))?;
    }
    if load.lanes.iter().any(|it| !it.first_bytes.is_empty()) {
        output
            .print(format_args!("\nfirst bytes, by size of the request\n{}", sizes(&load.lanes)))?;
    }
    if !load.decisions.is_empty() {
        output
            .print(format_args!("\ndecided since Envoy started\n{}", decided(&load.decisions)))?;
    }
    let warn = |count: u64, what: &str| {
        if count > 0 {
            output.notice(format_args!("{YELLOW}warning:{YELLOW:#} {count} {what}"));
        }
    };
    warn(load.contended, "times workers were in each other's way: such requests passed unchecked");
    warn(load.unchanged, "bodies were to be degraded, and could not be: they passed as they were");
    Ok(())
}

fn lanes(lanes: &[Lane]) -> String {
    let mut table = table(&[
        "service",
        "lane",
        "load",
        "in flight",
        "capacity",
        "requests",
        "waiting",
        "first byte",
        "failed",
        "drain",
        "speed",
    ]);
    for it in lanes {
        let unit = match it.unit {
            "audio_seconds" => "s",
            "text_chars" => "chars",
            _ => "requests",
        };
        let learned = if it.is_learned { ", learned" } else { "" };
        let broke = match it.broke_under {
            0 => String::new(),
            broke => format!(", broke under {broke}"),
        };
        table.add_row([
            Cell::new(&it.service),
            Cell::new(&it.lane),
            Cell::new(it.load.as_str()),
            number(format!("{} {unit}", it.in_flight)),
            Cell::new(format!("{} {unit}{learned}{broke}", it.capacity)),
            number(it.requests),
            number(it.waiting),
            number(format!("{} %", it.first_byte_percent)),
            number(it.failed),
            number(time(it.drain_ms)),
            number(format!("{} {unit}/s", it.speed)),
        ]);
    }
    finish(table)
}

fn sizes(lanes: &[Lane]) -> String {
    let mut table = table(&["service", "lane", "from", "quiet", "of late"]);
    for lane in lanes {
        for it in &lane.first_bytes {
            table.add_row([
                Cell::new(&lane.service),
                Cell::new(&lane.lane),
                number(&it.from),
                number(time(it.baseline_ms)),
                number(time(it.recent_ms)),
            ]);
        }
    }
    finish(table)
}

fn decided(decisions: &[Decided]) -> String {
    let mut table = table(&["outcome", "reason", "rule", "tier", "load", "count"]);
    for it in decisions {
        let words = [&it.outcome, &it.reason, &it.rule, &it.tier, &it.load].map(Cell::new);
        table.add_row(words.into_iter().chain([number(it.count)]));
    }
    finish(table)
}

fn table(names: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_style(NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(names);
    table
}

fn finish(mut table: Table) -> String {
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt()
}

fn number(it: impl ToString) -> Cell {
    Cell::new(it.to_string()).set_alignment(CellAlignment::Right)
}

fn time(millis: u64) -> String {
    humantime::format_duration(Duration::from_millis(millis)).to_string()
}
