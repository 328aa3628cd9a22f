//! `voxctl stream`.

mod live;
mod summary;

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use voxgate_policy::spec::{ListenerSpec, StreamsSpec};

use super::validate::policy_or_errors;
use super::{CliResult, DIM, Exit, Output, YELLOW, one_standard_input};
use crate::diagnostic::Source;
use crate::stream::{self, Ask, Bounds, Header, MeasureError, Measured, Rows, StreamUrl, Terms};
use live::Live;

/// Where the token is if no file is given.
const TOKEN_VARIABLE: &str = "VOXGATE_TOKEN";

#[derive(Debug, clap::Args)]
#[command(after_help = "\
A line is 200 ms of the stream, a mark 5 ms of it: the higher, the more bytes came; × is when a listener \
hears nothing. The bar is what is left to play, full at 2 s. Nothing of what comes is shown or kept.

Exit codes: 0 played, 1 refused, broken off, empty, or as --fail-on says, 2 no answer.")]
pub struct Args {
    /// The address, as http://127.0.0.1:10000/v1/audio/speech
    url: StreamUrl,
    /// Requests the same from this address afterwards, and compares: with and without a proxy
    #[arg(long, value_name = "URL")]
    against: Option<StreamUrl>,
    /// The method; by default POST with --data, else GET
    #[arg(short = 'X', long = "request", value_name = "METHOD")]
    method: Option<http::Method>,
    /// A header, as 'name: value'; may be repeated
    #[arg(short = 'H', long = "header", value_name = "HEADER")]
    headers: Vec<Header>,
    /// The body, or @FILE, or @- for standard input; JSON unless -H 'content-type: …' says otherwise
    #[arg(short = 'd', long)]
    data: Option<String>,
    /// A file with the bearer token; `-` is standard input. Without it: $VOXGATE_TOKEN, if that is set
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Takes the listener of a policy's `streams`
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Audio that the listener gathers before it plays, as 100ms
    #[arg(long, value_name = "TIME", value_parser = time)]
    listener_start: Option<Duration>,
    /// Leading silence that is looked through for the first audible sample, as 2s
    #[arg(long, value_name = "TIME", value_parser = time)]
    listener_silence: Option<Duration>,
    /// Missing audio at a time from which a stream is not continuous, as 100ms
    #[arg(long, value_name = "TIME", value_parser = time)]
    listener_hole: Option<Duration>,
    /// Of raw samples whose type does not tell, in Hz
    #[arg(long, value_name = "HZ", value_parser = clap::value_parser!(u64).range(1_000..=768_000))]
    sample_rate: Option<u64>,
    /// Gives up after this time
    #[arg(long, value_name = "TIME", default_value = "5m", value_parser = time)]
    max_time: Duration,
    /// Reads no more than so many bytes
    #[arg(long, value_name = "BYTES", default_value_t = 256 * 1024 * 1024, value_parser = clap::value_parser!(u64).range(1..))]
    max_bytes: u64,
    /// How much time a line is
    #[arg(long, value_name = "TIME", default_value = "200ms", value_parser = row)]
    line: Duration,
    /// Prints no timeline, only the summary
    #[arg(short, long)]
    quiet: bool,
    /// Draws it
    #[arg(long, value_name = "FILE")]
    svg: Option<PathBuf>,
    /// Exit code 1 if a stream has it; may be repeated
    #[arg(long, value_enum, value_name = "WHAT")]
    fail_on: Vec<FailOn>,
}

/// What a script may not want of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum FailOn {
    /// A listener ran dry
    Underruns,
    /// A pattern was recognised, as that of a missing TCP_NODELAY
    Patterns,
}

/// The answer for programs.
#[derive(Debug, Serialize)]
struct Answer<'a> {
    streams: Vec<stream::Report<'a>>,
}

/// What `@` stands for in --data.
fn body(data: &str) -> Result<Vec<u8>, Box<dyn std::error::Error>> {
    let Some(file) = data.strip_prefix('@') else { return Ok(data.as_bytes().to_vec()) };
    if file == "-" {
        let mut body = Vec::new();
        io::Read::read_to_end(&mut io::stdin().lock(), &mut body)?;
        return Ok(body);
    }
    Ok(std::fs::read(file).map_err(|error| format!("cannot read {file}: {error}"))?)
}

// === impl Args ===

impl Args {
    pub fn run(self, output: &Output) -> CliResult {
        let data = self.data.as_deref().and_then(|it| it.strip_prefix('@')).map(Path::new);
        let files = [self.token_file.as_deref(), self.policy.as_deref(), data];
        one_standard_input(files.into_iter().flatten())?;
        let Some(terms) = self.terms(output)? else { return Ok(Exit::Refused) };
        let ask = self.ask()?;
        let mut streams = Vec::new();
        for url in [Some(&self.url), self.against.as_ref()].into_iter().flatten() {
            match self.measure(&ask, url, &terms, output) {
                Ok(measured) => streams.push(measured),
                Err(MeasureError::Stream(error)) if error.is_refusal() => {
                    output.problem(&error);
                    return Ok(Exit::Refused);
                }
                Err(MeasureError::Stream(error)) => return Err(error.into()),
                Err(MeasureError::Watch(error)) => return Err(error.into()),
            }
        }
        if let Some(file) = &self.svg {
            let svg = stream::chart(&streams)?;
            std::fs::write(file, svg)
                .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
        }
        if output.json {
            output
                .print_json(&Answer { streams: streams.iter().map(Measured::report).collect() })?;
        } else {
            output.print(summary::table(&streams))?;
        }
        let mut exit = Exit::Good;
        for measured in &streams {
            for note in summary::notes(measured) {
                output.notice(note);
            }
            if !self.is_good(measured, output) {
                exit = Exit::Refused;
            }
        }
        Ok(exit)
    }

    fn ask(&self) -> Result<Ask, Box<dyn std::error::Error>> {
        let body = self.data.as_deref().map(body).transpose()?;
        let ask = Ask::new(self.method.clone(), &self.headers, body);
        let token = match &self.token_file {
            Some(file) => Some(Source::read(file)?.text),
            None if ask.has_token() => None,
            None => std::env::var(TOKEN_VARIABLE).ok(),
        };
        match token {
            Some(token) => Ok(ask.with_token(&token)?),
            None => Ok(ask),
        }
    }

    /// How to measure; `None` if the policy has errors, which are printed.
    fn terms(&self, output: &Output) -> Result<Option<Terms>, Box<dyn std::error::Error>> {
        let mut listener = ListenerSpec::default();
        if let Some(file) = &self.policy {
            let Some(valid) = policy_or_errors(file, output)? else { return Ok(None) };
            let StreamsSpec { listener: own, .. } = valid.spec.streams.unwrap_or_default();
            listener = own;
        }
        let given = |option: Option<Duration>, or: Duration| option.unwrap_or(or);
        Ok(Some(Terms::new(
            given(self.listener_start, listener.start.0),
            given(self.listener_hole, listener.hole.0),
            given(self.listener_silence, listener.silence.0),
            self.sample_rate,
        )))
    }

    fn measure(
        &self,
        ask: &Ask,
        url: &StreamUrl,
        terms: &Terms,
        output: &Output,
    ) -> Result<Measured, MeasureError> {
        if ask.has_token() && url.exposes_requests() {
            output.notice(format_args!(
                "{YELLOW}warning:{YELLOW:#} {url} is not encrypted; whoever is on the way can read \
                 the token"
            ));
        }
        let bounds = Bounds { time: self.max_time, bytes: self.max_bytes };
        if output.json || self.quiet {
            return stream::measure(ask, url, bounds, terms, |_, _| Ok(()));
        }
        output.print(format_args!("{DIM}{url}{DIM:#}"))?;
        let mut live = Live::new(Rows { row: self.line });
        let measured = stream::measure(ask, url, bounds, terms, |it, now| live.show(it, now));
        // What was printed of a stream that did not come stays above its error.
        live.end(measured.as_ref().ok().map(|it| &it.timeline))?;
        measured
    }

    fn is_good(&self, measured: &Measured, output: &Output) -> bool {
        if let Some(problem) = measured.problem() {
            output.problem(&format_args!("{}: {problem}", measured.name));
            return false;
        }
        self.fail_on.iter().all(|it| match it {
            FailOn::Underruns => measured.figures.underruns == 0,
            FailOn::Patterns => measured.figures.patterns.is_empty(),
        })
    }
}

fn time(text: &str) -> Result<Duration, String> {
    humantime::parse_duration(text).map_err(|error| error.to_string())
}

fn row(text: &str) -> Result<Duration, String> {
    let possible = Duration::from_millis(20)..=Duration::from_secs(60);
    let row = time(text)?;
    if possible.contains(&row) { Ok(row) } else { Err("write 20ms to 60s".to_owned()) }
}
