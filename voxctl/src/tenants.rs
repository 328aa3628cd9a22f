//! A document of tenants, as `tenants.source` brings it, in a file.

use std::ops::Range;
use std::path::Path;

use voxgate_policy::Policy;
use voxgate_policy::error::PolicyError;
use voxgate_policy::tenant::{TenantDocumentError, TenantReader, TenantTable};

use crate::diagnostic::{Diagnostic, ReadError, Source, read_body};
use crate::yaml::{self, Place};

/// Why a file of tenants is not used.
#[derive(Debug, thiserror::Error)]
pub enum TenantsError {
    /// It cannot be read.
    #[error(transparent)]
    Unreadable(#[from] ReadError),
    /// Nobody would ask for it.
    #[error("--tenants is what `tenants.source` brings, which the policy does not have")]
    NoSource,
    /// It is no document of tenants for this policy.
    #[error("{}: {}", .0.name, .1.message)]
    Invalid(Source, Box<Diagnostic>),
}

/// Reads the tenants of `file` for `policy`, by the code that the filters run; `-` is standard input.
///
/// # Errors
/// [`TenantsError`]; of a document only the first line that is wrong, as in the filters.
pub fn read(file: &Path, policy: &Policy) -> Result<TenantTable, TenantsError> {
    if policy.tenant_source().is_none() {
        return Err(TenantsError::NoSource);
    }
    let bytes = read_body(file)?;
    let mut reader = TenantReader::new(policy.tiers(), policy.quotas());
    reader.feed(&bytes);
    reader.finish().map_err(|error| {
        // The filters take bytes, and say what is not UTF-8 with its line.
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let name =
            if file == Path::new("-") { "<stdin>".into() } else { file.display().to_string() };
        let diagnostic = diagnostic(&text, error);
        TenantsError::Invalid(Source { name, text }, Box::new(diagnostic))
    })
}

fn diagnostic(text: &str, error: TenantDocumentError) -> Diagnostic {
    let TenantDocumentError { line, error: PolicyError { path, message } } = error;
    let whole = line_at(text, line);
    let place = if message.starts_with("unknown field") { Place::Key } else { Place::Value };
    // A line of JSON is YAML, whose reader knows where its values stand.
    let node = yaml::parse(&text[whole.clone()]).ok().and_then(|it| it.into_iter().next());
    let span = match node {
        Some(node) if !path.0.is_empty() => {
            let span = node.locate(&path, place);
            whole.start + span.start..whole.start + span.end
        }
        _ => whole,
    };
    let (message, help) = match message.split_once("; ") {
        Some((message, help)) => (message.to_owned(), Some(help.to_owned())),
        None => (message, None),
    };
    let path = (!path.0.is_empty()).then(|| path.to_string());
    Diagnostic { path, message, help, span, also: None }
}

/// The bytes of a line, counted from 1, without its end.
fn line_at(text: &str, line: u64) -> Range<usize> {
    let before = usize::try_from(line).unwrap_or(usize::MAX).saturating_sub(1);
    let start = text.split_inclusive('\n').take(before).map(str::len).sum();
    let length = text[start..].split('\n').next().map_or(0, |it| it.trim_end().len());
    start..start + length
}
