//! A document of tenants: JSON Lines, one tenant a line, read as it comes.

use std::collections::HashMap;
use std::fmt;

use memchr::memchr;
use serde_json::error::Category;

use super::table::TableBuilder;
use super::{TenantTable, TenantTerms, is_tenant};
use crate::error::{Path, PolicyError, Step};
use crate::quota::QuotaRules;
use crate::spec::{TenantSpec, path_at};
use crate::tier::Tiers;

/// The longest line, in bytes.
pub const MAX_LINE_BYTES: usize = 64 * 1024;

/// The most different terms whose text is remembered, and the longest text, in bytes.
const MAX_REMEMBERED: usize = 1024;
const MAX_REMEMBERED_BYTES: usize = 512;

/// The longest name of a field that an error repeats, in characters.
const MAX_NAME: usize = 64;

/// Reads a document of tenants. It keeps no more of it than the line that is cut between two pieces.
pub struct TenantReader<'a> {
    tiers: &'a Tiers,
    quotas: &'a QuotaRules,
    table: TableBuilder,
    /// What follows the id in lines that were read, and the number of the terms that it says. Most
    /// lines differ in the id alone, and then need not be taken apart: that is four times as fast.
    remembered: HashMap<Box<[u8]>, u32>,
    /// Lines that ended.
    lines: u64,
    /// The beginning of a line.
    cut: Vec<u8>,
    error: Option<TenantDocumentError>,
}

/// Why a document is not read. It repeats nothing of a tenant but its id, and the names of fields.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct TenantDocumentError {
    /// Counted from 1.
    pub line: u64,
    /// What is wrong and what is accepted; the path begins at the line.
    pub error: PolicyError,
}

impl fmt::Display for TenantDocumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.error.path.0.is_empty() {
            true => write!(f, "line {}: {}", self.line, self.error.message),
            false => write!(f, "line {}: {}", self.line, self.error),
        }
    }
}

// === impl TenantReader ===

impl<'a> TenantReader<'a> {
    /// Reads a document for a policy with these tiers and rules.
    pub fn new(tiers: &'a Tiers, quotas: &'a QuotaRules) -> Self {
        Self {
            tiers,
            quotas,
            table: TableBuilder::default(),
            remembered: HashMap::new(),
            lines: 0,
            cut: Vec::new(),
            error: None,
        }
    }

    /// Takes the next bytes, split anywhere. After an error it takes them and does nothing.
    pub fn feed(&mut self, mut bytes: &[u8]) {
        while self.error.is_none()
            && let Some((line, rest)) = split_line(bytes)
        {
            match self.cut.is_empty() {
                true => self.line(line),
                false => {
                    self.keep(line);
                    let mut whole = std::mem::take(&mut self.cut);
                    self.line(&whole);
                    whole.clear();
                    self.cut = whole;
                }
            }
            bytes = rest;
        }
        self.keep(bytes);
    }

    /// The tenants. The last line need not end.
    ///
    /// # Errors
    /// The first line that cannot be read, or that there is none.
    pub fn finish(mut self) -> Result<TenantTable, TenantDocumentError> {
        let last = std::mem::take(&mut self.cut);
        if self.error.is_none() {
            self.line(&last);
        }
        if self.error.is_none() && self.table.len() == 0 {
            self.lines = 1;
            let message = "no tenant; a document has one or more, one a line, as {\"id\":\"acme\"}";
            self.fail(PolicyError::new(Path::root(), message));
        }
        match self.error {
            None => Ok(self.table.finish()),
            Some(error) => Err(error),
        }
    }

    /// Bytes set aside for the line that is cut.
    #[cfg(test)]
    pub(super) fn kept_bytes(&self) -> usize {
        self.cut.capacity()
    }

    fn keep(&mut self, bytes: &[u8]) {
        // One byte more is enough to tell that a line is too long.
        let room = MAX_LINE_BYTES.saturating_add(1).saturating_sub(self.cut.len());
        if self.error.is_none() {
            self.cut.extend_from_slice(bytes.get(..room).unwrap_or(bytes));
        }
    }

    fn line(&mut self, line: &[u8]) {
        self.lines = self.lines.saturating_add(1);
        if line.len() > MAX_LINE_BYTES {
            let message = format!("longer than {MAX_LINE_BYTES} bytes; one tenant a line");
            return self.fail(PolicyError::new(Path::root(), message));
        }
        if line.iter().all(u8::is_ascii_whitespace) {
            return;
        }
        if let Err(error) = self.tenant(line) {
            self.fail(error);
        }
    }

    fn tenant(&mut self, line: &[u8]) -> Result<(), PolicyError> {
        let plain = plain_id(line);
        if let Some((id, rest)) = plain
            && let Some(terms) = self.remembered.get(rest)
        {
            let terms = *terms;
            return self.insert(id, terms);
        }
        let spec: TenantSpec =
            serde_json::from_slice(line).map_err(|error| unreadable(line, &error))?;
        let terms = match TenantTerms::compile(&spec, self.tiers, self.quotas) {
            Ok(terms) => self.table.number(terms),
            Err(errors) => {
                return errors.into_iter().next().map_or(Ok(()), |it| Err(self.nameless(it)));
            }
        };
        if let Some((_, rest)) = plain
            && rest.len() <= MAX_REMEMBERED_BYTES
            && self.remembered.len() < MAX_REMEMBERED
        {
            self.remembered.insert(rest.into(), terms);
        }
        self.insert(&spec.id, terms)
    }

    fn insert(&mut self, id: &str, terms: u32) -> Result<(), PolicyError> {
        match self.table.insert(id, terms) {
            true => Ok(()),
            false => {
                let message = format!("a second line of the tenant `{id}`; one is accepted");
                Err(PolicyError::new(Path::root().key("id"), message))
            }
        }
    }

    fn fail(&mut self, mut error: PolicyError) {
        for step in &mut error.path.0 {
            if let Step::Key(name) = step {
                *name = shown(name);
            }
        }
        self.error = Some(TenantDocumentError { line: self.lines, error });
    }
}

impl TenantReader<'_> {
    /// The error without what the line says. (The policy's own messages repeat it,
    /// which is right for the policy's own tenants.)
    fn nameless(&self, error: PolicyError) -> PolicyError {
        let message = match error.path.0.as_slice() {
            [Step::Key(field)] if field == "max_tier" => {
                let names: Vec<&str> = self.tiers.names().collect();
                format!("there is no such tier; accepted: {}", names.join(", "))
            }
            [_, Step::Key(rule)] if self.quotas.named(rule).is_none() => {
                let names: Vec<&str> = self.quotas.iter().map(|(_, it)| it.name.as_str()).collect();
                match names.is_empty() {
                    true => "the policy has no quota rules".to_owned(),
                    false => format!("there is no such quota rule; accepted: {}", names.join(", ")),
                }
            }
            _ => error.message,
        };
        PolicyError { path: error.path, message }
    }
}

/// The id of a line that begins with it, and what follows, if the line is JSON exactly if another
/// with another such id is.
fn plain_id(line: &[u8]) -> Option<(&str, &[u8])> {
    let value = line.strip_prefix(b"{\"id\":")?.trim_ascii_start().strip_prefix(b"\"")?;
    let (id, rest) = value.split_at_checked(memchr(b'"', value)?)?;
    let id = std::str::from_utf8(id).ok()?;
    (is_tenant(id) && !id.contains('\\')).then_some((id, rest))
}

/// A line without its end, and what follows.
fn split_line(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (line, rest) = bytes.split_at_checked(memchr(b'\n', bytes)?)?;
    Some((line, rest.get(1..).unwrap_or_default()))
}

/// `serde_json`'s error without the value that it found, nor its position, for which there is a path.
fn unreadable(line: &[u8], error: &serde_json::Error) -> PolicyError {
    let text = error.to_string();
    let text = text.rsplit_once(" at line ").map_or(text.as_str(), |(text, _)| text);
    let path = path_at(line, error.line(), error.column());
    match error.classify() {
        Category::Data => {
            let message = match text.rsplit_once(", expected ") {
                Some((found, accepted)) if found.starts_with("unknown field") => {
                    format!("unknown field; accepted: {}", accepted.trim_start_matches("one of "))
                }
                Some((_, accepted)) => format!("expected {}", in_words(accepted)),
                None => text.to_owned(),
            };
            PolicyError::new(path, message)
        }
        Category::Syntax | Category::Eof | Category::Io => {
            let message = format!(
                "not JSON, by character {}: {text}; a line is one tenant, as {{\"id\":\"acme\",\"max_tier\":\"basic\"}}",
                error.column()
            );
            PolicyError::new(Path::root(), message)
        }
    }
}

/// Rust's words for what JSON has others for.
fn in_words(accepted: &str) -> &str {
    match accepted {
        "u64" => "a whole number that is not negative",
        "a map" => "an object",
        it if it.starts_with("struct ") => "an object",
        it => it,
    }
}

fn shown(name: &str) -> String {
    let sound = |it: char| if it.is_control() { '_' } else { it };
    name.chars().take(MAX_NAME).map(sound).collect()
}
