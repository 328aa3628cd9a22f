//! The policies of a file: the document itself, or what Istio resources embed.

use voxgate_policy::error::Path;

use super::is_mapping;
use crate::diagnostic::Diagnostic;
use crate::yaml::{Node, Value};

/// A policy's node and where in its document it stands.
#[derive(Clone, Debug)]
pub struct Found<'a> {
    /// Where, in an Istio resource; the root in a policy file.
    pub prefix: Path,
    /// The policy.
    pub node: &'a Node,
}

/// Finds the policies of a file's documents.
///
/// # Errors
/// None, or several documents of which one is no Kubernetes resource.
pub fn find<'a>(documents: &'a [Node], text: &str) -> Result<Vec<Found<'a>>, Diagnostic> {
    let is_resource = |it: &Node| it.get("apiVersion").is_some() && it.get("kind").is_some();
    match documents {
        [] => Err(error(
            0..0,
            "the file is empty",
            "start with `version: 1`; `voxctl schema` describes every field",
        )),
        [only] if !is_resource(only) => match is_mapping(only) {
            true => Ok(vec![Found { prefix: Path::root(), node: only }]),
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
                search(document, &Path::root(), &mut found);
            }
            if found.is_empty() {
                let help = "expected an EnvoyFilter with `configuration` of type \
                            google.protobuf.Struct, or a `pluginConfig`";
                return Err(error(0..0, "no Voxgate policy in these resources", help));
            }
            Ok(found)
        }
    }
}

fn search<'a>(node: &'a Node, path: &Path, found: &mut Vec<Found<'a>>) {
    for entry in node.entries() {
        let here = path.key(&entry.key);
        match entry.key.as_str() {
            // EnvoyFilter: a Wasm PluginConfig's `configuration`, an Any that holds a Struct.
            "configuration" if is_struct(&entry.value) => {
                if let Some(node) = entry.value.get("value").filter(|it| is_policy(it)) {
                    found.push(Found { prefix: here.key("value"), node });
                }
            }
            // WasmPlugin and TrafficExtension.
            "pluginConfig" if is_policy(&entry.value) => {
                found.push(Found { prefix: here, node: &entry.value });
            }
            _ => search(&entry.value, &here, found),
        }
    }
    for (i, item) in node.items().iter().enumerate() {
        search(item, &path.index(i), found);
    }
}

fn is_struct(node: &Node) -> bool {
    node.get("@type")
        .and_then(Node::as_str)
        .is_some_and(|it| it.ends_with("google.protobuf.Struct"))
}

/// Whether it looks like our policy and not another plugin's configuration.
fn is_policy(node: &Node) -> bool {
    let sections = ["identity", "operations", "tiers"];
    matches!(node.value, Value::Mapping(_)) && sections.iter().any(|it| node.get(it).is_some())
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
