//! `voxctl facts`.

use std::path::PathBuf;

use super::validate::policy_or_errors;
use super::{CliResult, Exit, Output, RED};
use crate::diagnostic::read_body;
use crate::explain::{Header, Request, RequestBody};
use crate::facts::{Extent, Found, Target, TargetError, read};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The body as it is sent; `-` is standard input
    file: PathBuf,
    /// Its type, as application/json, or multipart/form-data; boundary=…
    #[arg(long, value_name = "TYPE")]
    content_type: String,
    /// Its encoding
    #[arg(long, value_name = "gzip")]
    content_encoding: Option<String>,
    /// A policy, whose rule for --path says where facts stand
    #[arg(long, value_name = "FILE", conflicts_with_all = ["preset", "rule"], requires = "path")]
    policy: Option<PathBuf>,
    /// A shipped API, whose --rule (or rule for --path) says where facts stand
    #[arg(long, value_name = "NAME")]
    preset: Option<String>,
    /// The preset's rule, as `speech`
    #[arg(long, value_name = "NAME", requires = "preset", conflicts_with = "path")]
    rule: Option<String>,
    /// The method
    #[arg(short = 'X', long, default_value = "POST")]
    method: String,
    /// The path, with its query if it has one
    #[arg(long)]
    path: Option<String>,
    /// Another header that the rule looks at; may be repeated
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    headers: Vec<Header>,
}

impl Args {
    pub fn run(self, output: &Output) -> CliResult {
        if self.policy.is_none() && self.preset.is_none() {
            return Err(TargetError::NotNamed.into());
        }
        let policy = match &self.policy {
            Some(file) => match policy_or_errors(file, output)? {
                Some(valid) => Some(valid.policy),
                None => return Ok(Exit::Unusable),
            },
            None => None,
        };
        let request = self.request()?;
        let target = match (&policy, &self.preset) {
            (Some(policy), _) => Target::of_policy(policy, &request)?,
            (None, Some(preset)) if self.path.is_some() => Target::of_preset(preset, &request)?,
            (None, Some(preset)) => Target::of_rule(preset, self.rule.as_deref())?,
            (None, None) => return Err(TargetError::NotNamed.into()),
        };
        let found = read(&target, &request);
        match output.json {
            true => output.print_json(&found)?,
            false => print(&found, output)?,
        }
        Ok(if found.defect.is_none() { Exit::Good } else { Exit::Refused })
    }

    fn request(&self) -> Result<Request, Box<dyn std::error::Error>> {
        let type_of = Header::new("content-type", self.content_type.as_bytes());
        let encoding = self.content_encoding.iter();
        let encoding = encoding.map(|it| Header::new("content-encoding", it.as_bytes()));
        let headers = self.headers.iter().cloned().chain([type_of]).chain(encoding).collect();
        let body = RequestBody::Given(read_body(&self.file)?);
        Ok(Request::new(&self.method, self.path.as_deref().unwrap_or("/"), headers, body))
    }
}

fn print(found: &Found, output: &Output) -> std::io::Result<()> {
    output.print(format_args!("{}, {} bytes", found.rule, found.bytes))?;
    let extent = if found.defect.is_none() { Extent::Whole } else { Extent::Part };
    let lines = found.facts.lines(extent);
    if lines.is_empty() && found.defect.is_none() {
        output.print("  nothing that the rule looks for")?;
    }
    output.print_lines(&lines)?;
    let Some(defect) = &found.defect else { return Ok(()) };
    let place = defect.offset.map(|it| format!(" at byte {it}")).unwrap_or_default();
    output.print(format_args!("{RED}malformed {}{RED:#}: {}{place}", defect.part, defect.what))?;
    match &defect.help {
        Some(help) => output.print(format_args!("  {help}")),
        None => Ok(()),
    }
}
