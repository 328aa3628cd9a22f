//! `voxctl validate`.

use std::fmt::Display;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{CliResult, Exit, GREEN, Output, RED, one_standard_input};
use crate::diagnostic::{Diagnostic, DiagnosticJson, Source};
use crate::tenants::{self, TenantsError};
use crate::validate::{self, Valid};

/// The most errors shown of one file; more of them say nothing new.
const MAX_SHOWN: usize = 50;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Policy files, YAML or JSON, or Istio resources that embed one; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// A document of `tenants.source`, checked for the one policy that is given; `-` is standard
    /// input
    #[arg(long, value_name = "FILE")]
    tenants: Option<PathBuf>,
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
    /// How many tenants a document of them has.
    tenants: Option<usize>,
    /// Why the file could not be read at all.
    unreadable: Option<String>,
    errors: Vec<DiagnosticJson>,
}

impl Args {
    pub fn run(self, output: &Output) -> CliResult {
        let mut exit = Exit::Good;
        let mut reports = Vec::new();
        let mut policies = Vec::new();
        one_standard_input(self.files.iter().chain(&self.tenants).map(PathBuf::as_path))?;
        for file in &self.files {
            let report = match Source::read(file) {
                Ok(source) => check(&source, output, &mut policies)?,
                Err(error) => FileReport::unreadable(file, &error, output, &mut exit),
            };
            reports.push(report);
        }
        if let Some(file) = &self.tenants {
            reports.push(check_tenants(file, &policies, output, &mut exit)?);
        }
        if exit == Exit::Good && !reports.iter().all(|it| it.valid) {
            exit = Exit::Refused;
        }
        if output.json {
            output.print_json(&Report { valid: exit == Exit::Good, files: reports })?;
        }
        Ok(exit)
    }
}

fn check(source: &Source, output: &Output, valid: &mut Vec<Valid>) -> std::io::Result<FileReport> {
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
            valid.extend(policies);
        }
        Err(errors) => report.refuse(source, &errors, output)?,
    }
    Ok(report)
}

/// Checks a document of tenants for the one policy.
fn check_tenants(
    file: &Path,
    policies: &[Valid],
    output: &Output,
    exit: &mut Exit,
) -> std::io::Result<FileReport> {
    let [Valid { policy, .. }] = policies else {
        let problem = "--tenants is checked for one policy, which must be valid";
        return Ok(FileReport::unreadable(file, &problem, output, exit));
    };
    match tenants::read(file, policy) {
        Ok(table) => {
            let report = FileReport::new(file.display().to_string(), None);
            if !output.json {
                let count = counted(table.len(), "tenant");
                output.print(format_args!("{GREEN}ok{GREEN:#} {}: {count}", report.file))?;
            }
            Ok(FileReport { valid: true, tenants: Some(table.len()), ..report })
        }
        Err(TenantsError::Invalid(source, error)) => {
            let mut report = FileReport::new(source.name.clone(), None);
            report.refuse(&source, &[*error], output)?;
            Ok(report)
        }
        Err(error) => Ok(FileReport::unreadable(file, &error, output, exit)),
    }
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
        Self { file, valid: false, policies: 0, tenants: None, unreadable, errors: Vec::new() }
    }

    fn unreadable(file: &Path, error: &dyn Display, output: &Output, exit: &mut Exit) -> Self {
        output.problem(error);
        *exit = Exit::Unusable;
        Self::new(file.display().to_string(), Some(error.to_string()))
    }

    fn refuse(
        &mut self,
        source: &Source,
        errors: &[Diagnostic],
        output: &Output,
    ) -> std::io::Result<()> {
        self.errors = errors.iter().map(|it| it.to_json(source)).collect();
        if output.json {
            return Ok(());
        }
        print_errors(source, errors, |text| output.print(text))
    }
}
