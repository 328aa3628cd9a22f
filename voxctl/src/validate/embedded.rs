//! The policies of a file: the document itself, or what Istio resources embed.

use serde::de::IgnoredAny;
use voxgate_policy::error::Path;

use super::inner::Lines;
use super::{is_mapping, unreadable};
use crate::diagnostic::Diagnostic;
use crate::yaml::{self, Node};

/// A policy's node and where in its document it stands.
#[derive(Clone, Debug)]
pub struct Found {
    /// Where, in an Istio resource; the root in a policy file.
    pub prefix: Path,
    /// The policy, or why it cannot be read.
    pub node: Result<Node, Diagnostic>,
}

/// Finds the policies of a file's documents.
///
/// # Errors
/// None, or several documents of which one is no Kubernetes resource.
pub fn find(documents: &[Node], text: &str) -> Result<Vec<Found>, Diagnostic> {
    let is_resource = |it: &Node| it.get("apiVersion").is_some() && it.get("kind").is_some();
    match documents {
        [] => Err(error(
            0..0,
            "the file is empty",
            "start with `version: 1`; `voxctl schema` describes every field",
        )),
        [only] if !is_resource(only) => match is_mapping(only) {
            true => Ok(vec![Found { prefix: Path::root(), node: Ok(only.clone()) }]),
            false => Err(error(
                first_line(text, only.span.start),
                "a policy is a mapping",
                "start with `version: 1`; `voxctl schema` describes every field",
            )),
        },
        [_, second, ..] if !documents.iter().any(is_resource) => Err(error(
            first_line(text, second.span.start),
            "a policy file holds one document; a second starts here",
            "put it into a file of its own",
        )),
        _ => {
            let mut found = Vec::new();
            for document in documents {
                search(document, text, &Path::root(), &mut found);
            }
            if found.is_empty() {
                let help = "expected an EnvoyFilter with `configuration` of type \
                            google.protobuf.StringValue, or a `pluginConfig`";
                return Err(error(0..0, "no Voxgate policy in these resources", help));
            }
            Ok(found)
        }
    }
}

fn search(node: &Node, text: &str, path: &Path, found: &mut Vec<Found>) {
    for entry in node.entries() {
        let prefix = path.key(&entry.key);
        let value = &entry.value;
        match entry.key.as_str() {
            // EnvoyFilter: the `configuration` of a Wasm PluginConfig, an Any.
            "configuration" if value.get("@type").is_some() => {
                if let Some(node) = configuration(value, text) {
                    found.push(Found { prefix: prefix.key("value"), node });
                }
            }
            // WasmPlugin and TrafficExtension: Istio turns it into JSON.
            "pluginConfig" if is_policy(value) => {
                found.push(Found { prefix, node: Ok(value.clone()) });
            }
            _ => search(value, text, &prefix, found),
        }
    }
    for (i, item) in node.items().iter().enumerate() {
        search(item, text, &path.index(i), found);
    }
}

/// The policy in an Any, if it looks like one.
fn configuration(any: &Node, text: &str) -> Option<Result<Node, Diagnostic>> {
    let value = any.get("value")?;
    match value.as_str() {
        Some(json) => from_json_text(json, value, text),
        // Envoy hands a Struct over as protobuf bytes, which no filter of ours reads.
        None if is_policy(value) => Some(Err(error(
            any.get("@type")?.span.clone(),
            "Envoy does not hand a policy of this type to the filter as JSON",
            "use google.protobuf.StringValue with the policy as JSON text, as `voxctl render \
             envoyfilter` prints it",
        ))),
        None => None,
    }
}

fn from_json_text(json: &str, value: &Node, text: &str) -> Option<Result<Node, Diagnostic>> {
    let looks_like_ours = ["identity", "operations", "tiers"].iter().any(|it| json.contains(it));
    if !looks_like_ours {
        return None;
    }
    let lines = Lines::find(json, text, &value.span);
    let read = match yaml::parse(json) {
        Err(mut error) => {
            error.span = lines.in_file(&error.span);
            if let yaml::YamlErrorReason::DuplicateKey { first, .. } = &mut error.reason {
                *first = lines.in_file(first);
            }
            Err(unreadable(error))
        }
        Ok(documents) => {
            match (serde_json::from_str::<IgnoredAny>(json), documents.into_iter().next()) {
                (Ok(_), Some(node)) => Ok(lines.node_in_file(node)),
                _ => Err(error(
                    value.span.clone(),
                    "the filter reads JSON only",
                    "write the policy as JSON",
                )),
            }
        }
    };
    Some(read)
}

/// Whether it looks like our policy and not another plugin's configuration.
fn is_policy(node: &Node) -> bool {
    let sections = ["identity", "operations", "tiers"];
    sections.iter().any(|it| node.get(it).is_some())
}

fn first_line(text: &str, start: usize) -> std::ops::Range<usize> {
    let end = text[start..].find('\n').map_or(text.len(), |it| start + it);
    start..end
}

fn error(span: std::ops::Range<usize>, message: &str, help: &str) -> Diagnostic {
    Diagnostic {
        path: None,
        message: message.to_owned(),
        help: Some(help.to_owned()),
        span,
        also: None,
    }
}
