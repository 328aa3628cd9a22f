//! `voxctl usage`.

use std::path::PathBuf;
use std::time::Duration;

use comfy_table::presets::NOTHING;
use comfy_table::{Cell, CellAlignment, ContentArrangement, Table};

use super::{CliResult, Exit, Output, YELLOW};
use crate::diagnostic::Source;
use crate::usage::{Client, Document, Line, UsageUrl};

/// Where the token is if no file is given.
const TOKEN_VARIABLE: &str = "VOXGATE_TOKEN";

#[derive(Debug, clap::Args)]
#[command(
    after_help = "The token is in --token-file or in $VOXGATE_TOKEN; never an argument, which other users can see."
)]
pub struct Args {
    /// The proxy, as http://127.0.0.1:10000; with the path if the policy's `quotas.usage` has its own
    #[arg(long)]
    url: UsageUrl,
    /// A file with the bearer token; `-` is standard input. Without it: $VOXGATE_TOKEN
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Every page, for a token with the policy's operator scope
    #[arg(long)]
    all: bool,
}

#[derive(Debug, thiserror::Error)]
#[error("no token: give --token-file FILE, or set {TOKEN_VARIABLE}")]
struct NoToken;

impl Args {
    pub fn run(self, output: &Output) -> CliResult {
        let token = match &self.token_file {
            Some(file) => Source::read(file)?.text,
            None => std::env::var(TOKEN_VARIABLE).map_err(|_| NoToken)?,
        };
        if self.url.exposes_token() {
            output.notice(format_args!(
                "{YELLOW}warning:{YELLOW:#} {} is not encrypted; whoever is on the way can read \
                 the token",
                self.url
            ));
        }
        let usage = match Client::new(self.url, &token)?.usage(self.all) {
            Ok(usage) => usage,
            Err(error) if error.is_denial() => {
                output.problem(&error);
                return Ok(Exit::Refused);
            }
            Err(error) => return Err(error.into()),
        };
        print(&usage, output)?;
        if usage.next().is_some() {
            output.notice("there are more accounts; --all shows them");
        }
        Ok(Exit::Good)
    }
}

fn print(usage: &Document, output: &Output) -> std::io::Result<()> {
    if output.json {
        return output.print_json(usage.json());
    }
    let lines = usage.lines();
    if lines.is_empty() {
        return output.print("nothing is counted");
    }
    output.print(table(&lines))
}

fn table(lines: &[Line]) -> String {
    let mut table = Table::new();
    let names = ["tenant", "rule", "meter", "used", "reserved", "limit", "remaining", "resets in"];
    table
        .load_style(NOTHING)
        .set_content_arrangement(ContentArrangement::Disabled)
        .set_header(names.map(Cell::new));
    for Line { account, row } in lines {
        let number = |text: String| Cell::new(text).set_alignment(CellAlignment::Right);
        let or_dash =
            |value: Option<u64>| number(value.map_or_else(|| "-".to_owned(), |it| it.to_string()));
        table.add_row([
            Cell::new(printable(account)),
            Cell::new(printable(&row.rule)),
            Cell::new(printable(&row.meter)),
            number(row.used.to_string()),
            number(row.reserved.to_string()),
            or_dash(row.limit),
            or_dash(row.remaining),
            number(row.resets_in.map_or_else(|| "-".to_owned(), length)),
        ]);
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.trim_fmt()
}

/// The two largest units of a length of time.
fn length(seconds: u64) -> String {
    let all = humantime::format_duration(Duration::from_secs(seconds)).to_string();
    all.split_whitespace().take(2).collect::<Vec<_>>().join(" ")
}

/// Tenants' names come from tokens, and may try to steer a terminal.
fn printable(text: &str) -> String {
    text.chars().map(|it| if it.is_control() { '\u{fffd}' } else { it }).collect()
}
