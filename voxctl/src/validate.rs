//! `voxctl validate`: every error of a policy file, where it stands, and what is accepted.

mod embedded;
mod inner;
mod shape;
#[cfg(test)]
mod tests;

use voxgate_policy::Policy;
use voxgate_policy::error::{Path, PolicyError};
use voxgate_policy::spec::PolicySpec;

use crate::diagnostic::{Diagnostic, Source};
use crate::yaml::{self, Node, Place, Value, YamlError, YamlErrorReason};

pub use embedded::Found;

/// A policy that a file holds, as written and as the filter would run it.
#[derive(Clone, Debug)]
pub struct Valid {
    /// As JSON, with nothing filled in and keys in their order.
    pub written: serde_json::Value,
    /// As read.
    pub spec: PolicySpec,
    /// As run.
    pub policy: Policy,
}

/// The policies of a file: its one document, or those embedded in Istio resources.
///
/// # Errors
/// Every error of the file; never empty.
pub fn policies(source: &Source) -> Result<Vec<Valid>, Vec<Diagnostic>> {
    let documents = yaml::parse(&source.text).map_err(|error| vec![unreadable(error)])?;
    let found = embedded::find(&documents, &source.text).map_err(|error| vec![error])?;
    let mut valid = Vec::new();
    let mut errors = Vec::new();
    for Found { prefix, node } in found {
        match node.map_err(|it| vec![it]).and_then(|it| check(&it)) {
            Ok(it) => valid.push(it),
            Err(found) => errors.extend(found.into_iter().map(|it| it.inside(&prefix))),
        }
    }
    if errors.is_empty() { Ok(valid) } else { Err(errors) }
}

/// The one policy of a file, for commands that work with it.
///
/// # Errors
/// Every error of the file; a file with several policies is one.
pub fn one_policy(source: &Source) -> Result<Valid, Vec<Diagnostic>> {
    let mut valid = policies(source)?;
    match (valid.pop(), valid.is_empty()) {
        (Some(only), true) => Ok(only),
        _ => Err(vec![Diagnostic {
            path: None,
            message: "several policies in one file; which one is meant?".to_owned(),
            help: Some("give a file with one policy".to_owned()),
            span: 0..0,
            also: None,
        }]),
    }
}

fn check(node: &Node) -> Result<Valid, Vec<Diagnostic>> {
    let spec = shape::read(node)?;
    match Policy::try_from(spec.clone()) {
        Ok(policy) => Ok(Valid { written: node.to_json(), spec, policy }),
        Err(errors) => Err(errors.0.into_iter().map(|it| semantic(node, it)).collect()),
    }
}

/// Splits the policy crate's `what is wrong; what is accepted`, which ends in a suggestion.
fn semantic(node: &Node, error: PolicyError) -> Diagnostic {
    let span = node.locate(&error.path, Place::Value);
    let (message, help) = match error.message.split_once("; ") {
        Some((message, help)) => (message.to_owned(), Some(help.to_owned())),
        None => (error.message, None),
    };
    Diagnostic { path: Some(error.path.to_string()), message, help, span, also: None }
}

fn unreadable(error: YamlError) -> Diagnostic {
    let also = match &error.reason {
        YamlErrorReason::DuplicateKey { first, .. } => Some((first.clone(), "first here")),
        _ => None,
    };
    let help = match &error.reason {
        YamlErrorReason::KeyNotString => Some("put the key in quotes"),
        YamlErrorReason::DuplicateKey { .. } => Some("remove one of the two"),
        YamlErrorReason::Syntax(it) if it.contains("tab") => Some("indent with spaces"),
        _ => None,
    };
    Diagnostic {
        path: None,
        message: error.to_string(),
        help: help.map(str::to_owned),
        span: error.span,
        also,
    }
}

impl Diagnostic {
    /// This error of a document that stands at `prefix` of its file.
    fn inside(mut self, prefix: &Path) -> Self {
        if !prefix.0.is_empty() {
            self.path = Some(match self.path.filter(|it| *it != Path::root().to_string()) {
                Some(path) if path.starts_with('[') => format!("{prefix}{path}"),
                Some(path) => format!("{prefix}.{path}"),
                None => prefix.to_string(),
            });
        }
        self
    }
}

fn is_mapping(node: &Node) -> bool {
    matches!(node.value, Value::Mapping(_))
}
