//! From the `operations` section as written to rules, with everything that is wrong in it.

use std::rc::Rc;

use super::pattern::Pattern;
use super::requirements::{HeaderRequirement, MediaRange, Requirements};
use super::{Rule, RuleName};
use crate::body::BodyPlan;
use crate::error::{Path, PolicyError};
use crate::operation::{OperationNames, OperationSet};
use crate::preset::{self, Preset, PresetRule};
use crate::spec::{OperationRuleSpec, OperationsSpec};
use crate::suggest;

const METHODS: [&str; 9] =
    ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"];

/// The longest name of a rule, in bytes; names become metric labels and header values.
const MAX_NAME_BYTES: usize = 64;

/// The rules of a policy, in the order they are tried.
pub(super) fn rules(
    spec: &OperationsSpec,
    names: &OperationNames,
    errors: &mut Vec<PolicyError>,
) -> Vec<Rule> {
    let section = Path::root().key("operations");
    let mut rules = Vec::new();
    for (i, rule) in spec.rules.iter().enumerate() {
        let before = spec.rules.get(..i).unwrap_or_default();
        let place = section.key("rules").index(i);
        rules.extend(own_rule(rule, before, &rules, names, &place, errors));
    }
    for (i, name) in spec.presets.iter().enumerate() {
        let place = section.key("presets").index(i);
        let before = spec.presets.get(..i).unwrap_or_default();
        match preset::by_name(name) {
            Some(_) if before.contains(name) => {
                errors.push(PolicyError::new(place, format!("`{name}` is listed twice")));
            }
            Some(preset) => add_preset(preset, names, &mut rules, &place, errors),
            None => errors.push(PolicyError::new(
                place,
                format!(
                    "no preset is called `{name}`; {}",
                    suggest::accepted(name, preset::ALL.iter().map(|it| it.name))
                ),
            )),
        }
    }
    rules
}

fn own_rule(
    spec: &OperationRuleSpec,
    before: &[OperationRuleSpec],
    rules: &[Rule],
    names: &OperationNames,
    place: &Path,
    errors: &mut Vec<PolicyError>,
) -> Option<Rule> {
    check_name(&spec.name, before, &place.key("name"), errors);
    let operations = operations(&spec.operations, names, &place.key("operations"), errors);
    let rule = Rule {
        name: RuleName(spec.name.clone()),
        preset: None,
        requirements: requirements(spec, place, errors)?,
        operations,
        plan: plan(spec, place, errors),
    };
    if let Some(hider) = hider(rules, &rule) {
        errors.push(PolicyError::new(
            place,
            format!(
                "`{}` can never match: rule `{}` comes first and matches every request that it matches; put the narrower rule first or remove it",
                rule.name, hider.name
            ),
        ));
    }
    Some(rule)
}

/// Adds a preset's rules. One that an own rule hides is left out: own rules are there to differ
/// from presets. So is one that another preset hides and that says the same; if it says something
/// else, requests would be taken for something they are not, so that is an error.
fn add_preset(
    preset: &'static Preset,
    names: &OperationNames,
    rules: &mut Vec<Rule>,
    place: &Path,
    errors: &mut Vec<PolicyError>,
) {
    for written in preset.rules {
        let spec = as_own(preset, written);
        let operations = operations(&spec.operations, names, place, errors);
        let Some(requirements) = requirements(&spec, place, errors) else { continue };
        let plan = plan(&spec, place, errors);
        let name = RuleName(spec.name);
        let rule = Rule { name, preset: Some(preset.name), requirements, operations, plan };
        let Some(hider) = hider(rules, &rule) else {
            rules.push(rule);
            continue;
        };
        if let Some(other) = hider.preset
            && hider.operations != operations
        {
            errors.push(PolicyError::new(
                place,
                format!(
                    "presets `{other}` and `{}` disagree on {} {}: {} or {}; list one of them only, or say in an own rule what it is",
                    preset.name,
                    written.method,
                    written.path,
                    names.display(hider.operations),
                    names.display(operations),
                ),
            ));
        }
    }
}

fn as_own(preset: &Preset, rule: &PresetRule) -> OperationRuleSpec {
    OperationRuleSpec {
        name: format!("{}/{}", preset.name, rule.name),
        methods: vec![rule.method.to_owned()],
        path: rule.path.to_owned(),
        operations: rule.operations.iter().map(|&it| it.to_owned()).collect(),
        body: rule.body_spec(),
        query: rule.query_spec(),
        voice_in_path: rule.voice_in_path.map(str::to_owned),
        ..OperationRuleSpec::default()
    }
}

/// Where the rule's requests say more, if it tells.
fn plan(
    spec: &OperationRuleSpec,
    place: &Path,
    errors: &mut Vec<PolicyError>,
) -> Option<Rc<BodyPlan>> {
    let voice_segment = spec.voice_in_path.as_ref().and_then(|name| {
        let segment = spec.path.split('/').skip(1).position(|it| it == format!("{{{name}}}"));
        if segment.is_none() {
            errors.push(PolicyError::new(
                place.key("voice_in_path"),
                format!("the path has no `{{{name}}}`"),
            ));
        }
        segment
    });
    BodyPlan::compile(spec.body.as_ref(), &spec.query, voice_segment, place, errors).map(Rc::new)
}

/// The rule that leaves nothing for `rule` to match. Several rules that only do so together are
/// not found.
fn hider<'a>(rules: &'a [Rule], rule: &Rule) -> Option<&'a Rule> {
    rules.iter().find(|it| it.requirements.covers(&rule.requirements))
}

/// Own names have no slash, so they are never a preset rule's name, as `glm-tts/tts`.
fn check_name(
    name: &str,
    before: &[OperationRuleSpec],
    place: &Path,
    errors: &mut Vec<PolicyError>,
) {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    if name.is_empty() || name.len() > MAX_NAME_BYTES || !name.bytes().all(allowed) {
        errors.push(PolicyError::new(
            place,
            format!(
                "`{name}` is not a rule name; write 1 to {MAX_NAME_BYTES} of a-z, A-Z, 0-9, `.`, `_`, `-` (a `/` stands in the names of presets' rules only)"
            ),
        ));
    } else if before.iter().any(|it| it.name == name) {
        errors.push(PolicyError::new(place, format!("another rule is called `{name}`")));
    }
}

fn operations(
    written: &[String],
    names: &OperationNames,
    place: &Path,
    errors: &mut Vec<PolicyError>,
) -> OperationSet {
    if written.is_empty() {
        errors.push(PolicyError::new(
            place,
            "the rule says nothing; name the operations that such a request asks for",
        ));
    }
    let mut set = OperationSet::default();
    for (i, name) in written.iter().enumerate() {
        match names.get(name) {
            Some(operation) => set = set.with(operation),
            None => errors.push(PolicyError::new(
                place.index(i),
                format!(
                    "no operation is called `{name}`; {}; a name of your own goes to `operations.define`",
                    suggest::accepted(name, names.iter())
                ),
            )),
        }
    }
    set
}

/// What the rule asks for, or `None` if something in it is wrong.
fn requirements(
    spec: &OperationRuleSpec,
    place: &Path,
    errors: &mut Vec<PolicyError>,
) -> Option<Requirements> {
    let errors_before = errors.len();
    let path = Pattern::parse(&spec.path)
        .map_err(|error| errors.push(PolicyError::new(place.key("path"), error.to_string())));
    let methods = each(&spec.methods, &place.key("methods"), errors, method);
    let media = each(&spec.content_types, &place.key("content_types"), errors, media_range);
    let mut headers: Vec<HeaderRequirement> = Vec::new();
    for (name, value) in &spec.headers {
        let place = place.key("headers").key(name);
        match header(name, value, &headers) {
            Ok(header) => headers.push(header),
            Err(message) => errors.push(PolicyError::new(place, message)),
        }
    }
    let path = path.ok()?;
    (errors.len() == errors_before).then_some(Requirements { path, methods, media, headers })
}

fn each<T>(
    written: &[String],
    place: &Path,
    errors: &mut Vec<PolicyError>,
    read: impl Fn(&str) -> Result<T, String>,
) -> Vec<T> {
    let mut values = Vec::new();
    for (i, text) in written.iter().enumerate() {
        match read(text) {
            Ok(value) => values.push(value),
            Err(message) => errors.push(PolicyError::new(place.index(i), message)),
        }
    }
    values
}

fn method(text: &str) -> Result<&'static str, String> {
    let known = METHODS.iter().copied().find(|&it| it == text);
    known.ok_or_else(|| {
        let upper = text.to_ascii_uppercase();
        format!("`{text}` is not a method; {}", suggest::accepted(&upper, METHODS))
    })
}

fn media_range(text: &str) -> Result<MediaRange, String> {
    let lower = text.to_ascii_lowercase();
    match lower.split_once('/') {
        Some((kind, "*")) if is_token(kind) && kind != "*" => {
            Ok(MediaRange::Every(format!("{kind}/")))
        }
        Some((kind, sub)) if is_token(kind) && is_token(sub) && !lower.contains('*') => {
            Ok(MediaRange::One(lower))
        }
        _ => Err(format!(
            "`{text}` is not a media type; write it without parameters, as `application/json`, or `audio/*` for every subtype; leave the list out for any"
        )),
    }
}

fn header(
    name: &str,
    value: &str,
    others: &[HeaderRequirement],
) -> Result<HeaderRequirement, String> {
    let lower = name.to_ascii_lowercase();
    if !is_token(&lower) {
        return Err(format!("`{name}` is not a header name (pseudo-headers are not either)"));
    }
    if others.iter().any(|it| it.name == lower) {
        return Err(format!("`{lower}` stands twice; upper and lower case are the same"));
    }
    if value.trim() != value || value.chars().any(char::is_control) {
        return Err("no header has this value: control characters or spaces at an end".to_owned());
    }
    Ok(HeaderRequirement { name: lower, value: (value != "*").then(|| value.to_owned()) })
}

/// RFC 9110 §5.6.2.
fn is_token(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    !text.is_empty() && text.bytes().all(allowed)
}
