//! `voxctl validate`.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{CliResult, Exit, GREEN, Output, RED};
use crate::diagnostic::{Diagnostic, DiagnosticJson, Source};
use crate::validate::{self, Valid};

/// The most errors shown of one file; more of them say nothing new.
const MAX_SHOWN: usize = 50;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Policy files, YAML or JSON, or Istio resources that embed one; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// The answer for programs; documented in docs/voxctl.md.
#[derive(Debug, Serialize)]
struct Report {
    valid: bool,
    files: Vec<FileReport>,
}

#[derive(Debug, Serialize)]
struct FileReport {
    file: String,
    valid: bool,
    policies: usize,
    /// Why the file could not be read at all.
    unreadable: Option<String>,
    errors: Vec<DiagnosticJson>,
}

impl Args {
    pub fn run(self, output: &Output) -> CliResult {
        let mut exit = Exit::Good;
        let mut reports = Vec::new();
        for file in &self.files {
            let report = match Source::read(file) {
                Ok(source) => check(&source, output)?,
                Err(error) => {
                    output.problem(&error);
                    exit = Exit::Unusable;
                    FileReport::new(file.display().to_string(), Some(error.to_string()))
                }
            };
            if !report.valid && exit == Exit::Good {
                exit = Exit::Refused;
            }
            reports.push(report);
        }
        if output.json {
            output.print_json(&Report { valid: exit == Exit::Good, files: reports })?;
        }
        Ok(exit)
    }
}

fn check(source: &Source, output: &Output) -> std::io::Result<FileReport> {
    let mut report = FileReport::new(source.name.clone(), None);
    match validate::policies(source) {
        Ok(policies) => {
            report.valid = true;
            report.policies = policies.len();
            if !output.json {
                for it in &policies {
                    output.print(format_args!(
                        "{GREEN}ok{GREEN:#} {}: {}",
                        source.name,
                        summary(it)
                    ))?;
                }
            }
        }
        Err(errors) => {
            report.errors = errors.iter().map(|it| it.to_json(source)).collect();
            if !output.json {
                print_errors(source, &errors, |text| output.print(text))?;
            }
        }
    }
    Ok(report)
}

/// Shows a file's errors by `print` and counts them.
pub fn print_errors(
    source: &Source,
    errors: &[Diagnostic],
    print: impl Fn(std::fmt::Arguments<'_>) -> std::io::Result<()>,
) -> std::io::Result<()> {
    for error in errors.iter().take(MAX_SHOWN) {
        print(format_args!("{}\n", error.render(source)))?;
    }
    let hidden = match errors.len().saturating_sub(MAX_SHOWN) {
        0 => String::new(),
        more => format!("; {more} of them not shown"),
    };
    let count = counted(errors.len(), "error");
    print(format_args!("{RED}invalid{RED:#} {}: {count}{hidden}", source.name))
}

/// The one policy of a file; `None` if it is not valid, and its errors were shown. They go to
/// standard error: standard output is for the answers of the command that needs the policy.
pub fn policy_or_errors(
    file: &Path,
    output: &Output,
) -> Result<Option<Valid>, Box<dyn std::error::Error>> {
    let source = Source::read(file)?;
    match validate::one_policy(&source) {
        Ok(valid) => Ok(Some(valid)),
        Err(errors) => {
            print_errors(&source, &errors, |text| {
                output.notice(text);
                Ok(())
            })?;
            Ok(None)
        }
    }
}

fn summary(it: &Valid) -> String {
    let identity = &it.spec.identity;
    let operations = &it.spec.operations;
    [
        counted(identity.issuers.len(), "issuer"),
        counted(it.spec.tiers.len(), "tier"),
        counted(operations.presets.len(), "preset"),
        counted(operations.rules.len(), "own rule"),
        counted(it.spec.tenants.inline.len(), "tenant"),
    ]
    .join(", ")
}

fn counted(count: usize, what: &str) -> String {
    match count {
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}

impl FileReport {
    fn new(file: String, unreadable: Option<String>) -> Self {
        Self { file, valid: false, policies: 0, unreadable, errors: Vec::new() }
    }
}
