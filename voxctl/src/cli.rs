//! The command line: what can be asked, and how answers are printed.
//!
//! Answers go to standard output, everything else to standard error, so that a pipe gets answers
//! only. Colours are for terminals that want them (`NO_COLOR` is honoured).

mod explain;
mod facts;
mod load;
mod render;
mod simulate;
mod stream;
mod token;
mod usage;
mod validate;

use std::error::Error;
use std::fmt::Display;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use anstream::{AutoStream, ColorChoice};
use clap::builder::Styles;
use clap::builder::styling::{AnsiColor, Style};
use clap::{CommandFactory as _, Parser, Subcommand};
use serde::Serialize;

/// Checks, explains and renders Voxgate policies.
#[derive(Debug, Parser)]
#[command(version, arg_required_else_help = true, max_term_width = 100, styles = Styles::styled())]
#[command(
    after_help = "Exit codes: 0 good, 1 invalid or denied, 2 not understood or not readable."
)]
pub struct Cli {
    /// Prints JSON for programs
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Checks policy files, and policies embedded in Istio resources: every error with its place
    Validate(validate::Args),
    /// Prints the JSON Schema of the policy file, for editors
    Schema,
    /// Says what a policy decides on requests, and why, by the code that the filter runs
    Explain(explain::Args),
    /// Says what a request's body and query ask for, as a filter reads them
    Facts(facts::Args),
    /// Prints what Istio or Envoy needs to run a policy
    Render(render::Args),
    /// Prints what was used of the quotas, as a proxy counts it
    Usage(usage::Args),
    /// Lets a flood, a week or recorded requests happen to a model of a GPU service, and compares what
    /// policies make of it, by the code that the filter runs
    Simulate(Box<simulate::Args>),
    /// Prints how loaded services are, as a proxy sees it, and what it learned of them
    Load(load::Args),
    /// Requests a stream, draws what comes when, and says what a listener hears of it, by the code that
    /// the filter runs
    Stream(Box<stream::Args>),
    /// Makes keys and tokens to develop and test with
    Token(token::Args),
    /// Prints the completions for a shell
    Completions {
        /// The shell, as `voxctl completions bash > /etc/bash_completion.d/voxctl`
        shell: clap_complete::Shell,
    },
}

/// How a command ended, for scripts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Exit {
    /// 0: valid, allowed, done.
    Good,
    /// 1: invalid, denied.
    Refused,
    /// 2: usage, or input that cannot be read.
    Unusable,
}

type CliResult = Result<Exit, Box<dyn Error>>;

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    let output = Output { json: cli.json };
    let exit = run(cli.command, &output).unwrap_or_else(|error| {
        // A reader that has seen enough, such as `head`, is not our error.
        let closed = error.downcast_ref::<io::Error>().map(io::Error::kind);
        if closed != Some(io::ErrorKind::BrokenPipe) {
            output.problem(&error);
        }
        Exit::Unusable
    });
    ExitCode::from(match exit {
        Exit::Good => 0,
        Exit::Refused => 1,
        Exit::Unusable => 2,
    })
}

fn run(command: Command, output: &Output) -> CliResult {
    match command {
        Command::Validate(args) => args.run(output),
        Command::Schema => {
            output.print_json(&crate::schema::policy_schema())?;
            Ok(Exit::Good)
        }
        Command::Explain(args) => args.run(output),
        Command::Facts(args) => args.run(output),
        Command::Render(args) => args.run(output),
        Command::Usage(args) => args.run(output),
        Command::Simulate(args) => args.run(output),
        Command::Stream(args) => args.run(output),
        Command::Load(args) => args.run(output),
        Command::Token(args) => args.run(output),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "voxctl", &mut script);
            io::stdout().lock().write_all(&script)?;
            Ok(Exit::Good)
        }
    }
}

/// Where answers go.
#[derive(Debug)]
struct Output {
    json: bool,
}

impl Output {
    /// A line, or several, of an answer; may have terminal styles.
    fn print(&self, text: impl Display) -> io::Result<()> {
        writeln!(AutoStream::new(io::stdout().lock(), ColorChoice::Auto), "{text}")
    }

    /// Names and values, under one another.
    fn print_lines(&self, lines: &[(&str, String)]) -> io::Result<()> {
        let width = lines.iter().map(|(name, _)| name.chars().count()).max().unwrap_or(0);
        lines.iter().try_for_each(|(name, value)| {
            self.print(format_args!("  {DIM}{name:width$}{DIM:#}  {value}"))
        })
    }

    /// An answer for programs.
    fn print_json(&self, value: &impl Serialize) -> io::Result<()> {
        let json = serde_json::to_string_pretty(value).map_err(io::Error::from)?;
        writeln!(io::stdout().lock(), "{json}")
    }

    /// Something beside the answer, for people.
    fn notice(&self, text: impl Display) {
        // Standard error may be closed; there is nobody left to tell.
        let _ = writeln!(AutoStream::new(io::stderr().lock(), ColorChoice::Auto), "{text}");
    }

    /// Why there is no answer.
    fn problem(&self, error: &dyn Display) {
        self.notice(format_args!("{RED}error:{RED:#} {error}"));
    }
}

const RED: Style = AnsiColor::Red.on_default().bold();
const GREEN: Style = AnsiColor::Green.on_default().bold();
const YELLOW: Style = AnsiColor::Yellow.on_default().bold();
const DIM: Style = Style::new().dimmed();

/// Standard input can be read once.
fn one_standard_input<'a>(files: impl Iterator<Item = &'a Path>) -> Result<(), &'static str> {
    match files.filter(|it| *it == Path::new("-")).count() {
        0 | 1 => Ok(()),
        _ => Err("only one file can be `-`, standard input"),
    }
}
