//! `voxctl simulate`.

use std::path::PathBuf;
use std::time::Duration;

use comfy_table::presets::NOTHING;
use comfy_table::{Cell, CellAlignment, ContentArrangement, Table};
use serde::Serialize;
use voxgate_simulator::{Counts, Report};

use super::validate::policy_or_errors;
use super::{CliResult, DIM, Exit, Output, YELLOW, one_standard_input};
use crate::diagnostic::Source;
use crate::simulate::{self, Changes, Conditions, Kind, Outcome};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
A trace is CSV with a header line, or a JSON object a line: time (seconds), text_chars, and if they are \
known tenant, tier, operation, audio_seconds, sample_rate. docs/voxctl.md has the service's fields.")]
pub struct Args {
    /// A policy, or an Istio resource that embeds it; may be repeated, to compare. Without a `shedding`
    /// section, as if it had an empty one
    #[arg(long = "policy", value_name = "FILE", required = true)]
    policies: Vec<PathBuf>,
    /// Requests that were recorded; `-` is standard input
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Requests that are made up
    #[arg(long, value_enum, default_value_t = Kind::Flood, conflicts_with = "trace")]
    scenario: Kind,
    /// How much is asked for at the height of the scenario; 1 is as much as the service can do
    #[arg(long, value_parser = positive, conflicts_with = "trace")]
    load: Option<f64>,
    /// Of a hundred texts of the scenario, how many are long
    #[arg(long, value_name = "PERCENT", value_parser = percent, conflicts_with = "trace")]
    long: Option<f64>,
    /// How long the scenario takes, as 12m; at least 3m
    #[arg(long, value_parser = length, conflicts_with = "trace")]
    duration: Option<Duration>,
    /// Another seed makes other requests of the same kind
    #[arg(long, default_value_t = 1, conflicts_with = "trace")]
    seed: u64,
    /// The service, YAML; by default a card of 24 GB that makes 40 seconds of audio in one
    #[arg(long, value_name = "FILE")]
    service: Option<PathBuf>,
    /// Draws what happened over time
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
}

/// The answer for programs.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    outcomes: &'a [Outcome],
}

/// A scenario's longest, so that it ends.
const LONGEST: Duration = Duration::from_secs(31 * 86_400);

impl Args {
    pub fn run(self, output: &Output) -> CliResult {
        let files = self.policies.iter().chain(&self.trace).chain(&self.service);
        one_standard_input(files.map(PathBuf::as_path))?;
        let mut specs = Vec::new();
        for file in &self.policies {
            let Some(valid) = policy_or_errors(file, output)? else { return Ok(Exit::Refused) };
            if valid.spec.shedding.is_none() {
                output.notice(format_args!(
                    "{YELLOW}warning:{YELLOW:#} {} has no `shedding` section; simulated as if it \
                     had an empty one",
                    file.display()
                ));
            }
            specs.push((file, valid.spec));
        }
        let conditions = self.conditions(&simulate::tiers(specs.iter().map(|(_, it)| it)))?;
        let mut outcomes = vec![conditions.nobody()];
        for (file, spec) in &specs {
            outcomes.push(conditions.policy(file.to_path_buf(), spec)?);
        }
        if let Some(file) = &self.svg {
            let svg = simulate::chart(&outcomes)?;
            std::fs::write(file, svg)
                .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
        }
        if output.json {
            output.print_json(&Answer { outcomes: &outcomes })?;
        } else {
            output.print(overview(&outcomes))?;
            for Outcome { policy, report } in &outcomes {
                output.print(format_args!("\n{DIM}{policy}{DIM:#}"))?;
                output.print(by_tier(report))?;
            }
        }
        Ok(Exit::Good)
    }

    fn conditions(
        &self,
        tiers: &[std::rc::Rc<str>],
    ) -> Result<Conditions, Box<dyn std::error::Error>> {
        let service = self.service.as_deref().map(Source::read).transpose()?;
        let service = simulate::service(service.as_ref())?;
        if let Some(file) = &self.trace {
            return Ok(Conditions::recorded(&Source::read(file)?, service)?);
        }
        let changes = Changes { load: self.load, long_percent: self.long, duration: self.duration };
        Ok(Conditions::made_up(self.scenario, &changes, tiers, service, self.seed))
    }
}

fn overview(outcomes: &[Outcome]) -> String {
    let names = [
        "policy",
        "goodput s/s",
        "batch s/s",
        "crashes",
        "offered",
        "served",
        "in time",
        "degraded",
        "diverted",
        "refused",
        "failed",
        "had room",
        "fairness",
    ];
    let mut table = table(&names);
    for Outcome { policy, report } in outcomes {
        let Report { all, .. } = report;
        let crashes = report.crashes + report.batch_crashes;
        table.add_row([
            Cell::new(policy),
            number(format!("{:.1}", report.goodput)),
            number(format!("{:.1}", report.batch_goodput)),
            number(crashes),
            number(all.offered),
            number(all.served),
            number(all.in_time),
            number(all.degraded),
            number(all.diverted),
            number(all.refused()),
            number(failed(all)),
            number(report.false_rejections),
            number(format!("{:.2}", report.fairness)),
        ]);
    }
    finish(table)
}

fn by_tier(report: &Report) -> String {
    let names = [
        "tier",
        "texts",
        "offered",
        "served",
        "degraded",
        "diverted",
        "busy",
        "too long",
        "deadline",
        "failed",
        "p50",
        "p99",
        "alone p99",
        "wait p99",
    ];
    let mut table = table(&names);
    for slice in &report.slices {
        let counts = &slice.counts;
        let seconds =
            |it: f64| number(if counts.served == 0 { "-".to_owned() } else { format!("{it:.2}") });
        table.add_row([
            Cell::new(if slice.tier.is_empty() { "-" } else { &slice.tier }),
            Cell::new(if slice.is_long { "long" } else { "short" }),
            number(counts.offered),
            number(counts.served),
            number(counts.degraded),
            number(counts.diverted),
            number(counts.busy),
            number(counts.too_long),
            number(counts.deadline),
            number(failed(counts)),
            seconds(slice.first_byte.p50),
            seconds(slice.first_byte.p99),
            seconds(slice.first_byte_alone.p99),
            seconds(slice.wait.p99),
        ]);
    }
    finish(table)
}

fn failed(counts: &Counts) -> u64 {
    counts.lost + counts.down + counts.left
}

fn table(names: &[&str]) -> Table {
    let mut table = Table::new();
    table
        .load_style(NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(names.iter().map(Cell::new));
    table
}

fn number(number: impl ToString) -> Cell {
    Cell::new(number).set_alignment(CellAlignment::Right)
}

fn finish(mut table: Table) -> String {
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt()
}

fn positive(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|it| (0.001..=100.0).contains(it));
    number.ok_or_else(|| "write a number between 0.001 and 100".to_owned())
}

fn percent(text: &str) -> Result<f64, String> {
    let number = text.parse().ok().filter(|it| (0.0..=100.0).contains(it));
    number.ok_or_else(|| "write a number between 0 and 100".to_owned())
}

fn length(text: &str) -> Result<Duration, String> {
    let length = humantime::parse_duration(text).map_err(|error| error.to_string())?;
    let possible = Duration::from_secs(180)..=LONGEST;
    if possible.contains(&length) { Ok(length) } else { Err("write 3m to 31d".to_owned()) }
}
