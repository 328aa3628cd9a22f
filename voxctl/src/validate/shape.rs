//! Errors of shape: unknown fields, missing ones, values of the wrong type.

use serde_json::Value as Json;
use voxgate_policy::error::{Path, Step};
use voxgate_policy::spec::PolicySpec;
use voxgate_policy::{VERSION, suggest};

use crate::diagnostic::Diagnostic;
use crate::yaml::{Node, Place, Value};

/// The most errors of shape that are looked for in one file.
const MAX_ERRORS: usize = 50;

/// The policy as written.
///
/// # Errors
/// As many as can be told apart: serde stops at each, so a wrong member is noted, taken out, and
/// the rest read again, until something is missing.
pub fn read(node: &Node) -> Result<PolicySpec, Vec<Diagnostic>> {
    let mut json = node.to_json();
    // Whatever else another version has or lacks, it is not to be judged by this one's fields.
    if let Some(version) = json.get("version").and_then(Json::as_u64)
        && version != u64::from(VERSION)
    {
        let message = format!("version {version} is not known");
        let mut error = diagnostic(node, &Path::root().key("version"), &message);
        error.help = Some(format!("accepted: {VERSION}"));
        return Err(vec![error]);
    }
    let mut removed: Vec<Path> = Vec::new();
    let mut errors: Vec<Diagnostic> = Vec::new();
    loop {
        let found = match PolicySpec::deserialize_with_path(&json) {
            Ok(spec) if errors.is_empty() => return Ok(spec),
            Ok(_) => break,
            Err(found) => found,
        };
        for error in found.0 {
            let path = node.complete(&error.path);
            if is_consequence(&path, &error.message, &removed, &errors) {
                return Err(errors);
            }
            errors.push(diagnostic(node, &path, &error.message));
            let missing = missing_field(&error.message).is_some();
            match remove(&mut json, &path) {
                Some(member) if !missing && errors.len() < MAX_ERRORS => removed.push(member),
                _ => return Err(errors),
            }
        }
    }
    Err(errors)
}

/// Whether a field is missing only because it was taken out, or because it is misspelt.
fn is_consequence(path: &Path, message: &str, removed: &[Path], errors: &[Diagnostic]) -> bool {
    let Some(field) = missing_field(message) else { return false };
    let meant = format!("did you mean `{field}`?");
    removed.contains(&path.key(field))
        || errors.iter().filter_map(|it| it.help.as_ref()).any(|it| it.starts_with(&meant))
}

fn missing_field(message: &str) -> Option<&str> {
    message.strip_prefix("missing field `")?.strip_suffix('`')
}

fn diagnostic(node: &Node, path: &Path, message: &str) -> Diagnostic {
    let mut place = Place::Value;
    let mut shown = message.to_owned();
    let mut help = None;
    if let Some(unknown) = Unknown::field(message) {
        place = Place::Key;
        shown = format!("unknown field `{}`", unknown.name);
        help = Some(suggest::accepted(unknown.name, unknown.accepted));
    } else if let Some(unknown) = Unknown::variant(message) {
        shown = format!("`{}` is not accepted here", unknown.name);
        help = Some(suggest::accepted(unknown.name, unknown.accepted));
    } else if let Some(field) = missing_field(message) {
        shown = format!("the field `{field}` is missing");
        help = Some(format!("add `{field}`; `voxctl schema` describes every field"));
    } else if let Some(word) = yaml_1_1_boolean(node, path, message) {
        help = Some(format!("in YAML 1.2 `{word}` is a string; write `true` or `false`"));
    } else if let Some(before) = shown.strip_suffix(", expected u64") {
        // Rust's word for it.
        shown = format!("{before}, expected a whole number");
        help = Some("write it with digits alone, as 10000; it cannot be less than 0".to_owned());
    }
    let span = node.locate(path, place);
    Diagnostic { path: Some(path.to_string()), message: shown, help, span, also: None }
}

/// What serde says of a name it does not know: ``unknown field `a`, expected one of `b`, `c` ``.
struct Unknown<'a> {
    name: &'a str,
    accepted: Vec<&'a str>,
}

impl<'a> Unknown<'a> {
    fn field(message: &'a str) -> Option<Self> {
        Self::in_message(message, "unknown field ")
    }

    fn variant(message: &'a str) -> Option<Self> {
        Self::in_message(message, "unknown variant ")
    }

    fn in_message(message: &'a str, start: &str) -> Option<Self> {
        let rest = message.strip_prefix(start)?.strip_prefix('`')?;
        let (name, rest) = rest.split_once("`, expected ").or(rest.split_once("`, there are"))?;
        let accepted = rest.split('`').skip(1).step_by(2).collect();
        Some(Self { name, accepted })
    }
}

/// The word, if a boolean was expected and one of YAML 1.1 stands there.
fn yaml_1_1_boolean<'a>(node: &'a Node, path: &Path, message: &str) -> Option<&'a str> {
    if !message.contains("expected a boolean") {
        return None;
    }
    let Value::String(word) = &node.at(path)?.value else { return None };
    let known = ["yes", "no", "on", "off", "y", "n"];
    known.contains(&word.to_ascii_lowercase().as_str()).then_some(word)
}

/// Takes the member that `path` names out of `json`, or the sequence if it names an item; says
/// which, if it was there.
fn remove(json: &mut Json, path: &Path) -> Option<Path> {
    let is_key = |it: &Step| matches!(it, Step::Key(_));
    let last = path.0.iter().rposition(is_key)?;
    let (parents, member) = (path.0.get(..last)?, path.0.get(..=last)?);
    let Some(Step::Key(name)) = member.last() else { return None };
    let parent = parents.iter().try_fold(json, |place, step| match step {
        Step::Key(key) => place.get_mut(key),
        Step::Index(index) => place.get_mut(index),
    });
    // Errors stay in the order of the file: `remove` would move the last member.
    parent?.as_object_mut()?.shift_remove(name)?;
    Some(Path(member.to_vec()))
}
