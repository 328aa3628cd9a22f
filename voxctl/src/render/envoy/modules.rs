//! Wasm modules: in a mesh Istio's agent fetches them, here they are files.

use std::path::{Path, PathBuf};

use prost_reflect::DynamicMessage;
use sha2::{Digest as _, Sha256};

use super::each_wasm;
use crate::render::error::RenderError;
use crate::render::istio::Filter;
use crate::render::message::{child, child_mut, set_text, text};

/// Points every Wasm filter of `manager` at a file, by absolute path.
///
/// A module of the folder goes before one of the same name elsewhere, so that a resource for a
/// mesh can be tried with what was just built.
///
/// # Errors
/// A module that is nowhere.
pub(super) fn localise(
    manager: &mut DynamicMessage,
    wasm_dir: &Path,
    warnings: &mut Vec<String>,
) -> Result<(), RenderError> {
    each_wasm(manager, |name, config| {
        let plugin = text(config, "name");
        let vm_config = child_mut(config, "vm_config");
        let Some(code) = child(vm_config, "code") else { return Ok(()) };
        let (file, sha256) = wanted(&code, &plugin, wasm_dir);
        let file = match std::path::absolute(&file) {
            Ok(file) if file.is_file() => file,
            _ => {
                return Err(RenderError::MissingModule {
                    filter: name.to_owned(),
                    path: file,
                    advice: advice(&plugin),
                });
            }
        };
        if let Some(expected) = sha256 {
            let found = std::fs::read(&file).map(|module| hex(&Sha256::digest(module)));
            if found.is_ok_and(|found| found != expected) {
                warnings.push(format!(
                    "the filter `{name}` asks for a module with SHA-256 {expected}; {} is another",
                    file.display()
                ));
            }
        }
        let code = child_mut(vm_config, "code");
        set_text(child_mut(code, "local"), "filename", &file.to_string_lossy());
        Ok(())
    })
}

/// The file for `code` and the checksum it must have, if one is given.
fn wanted(code: &DynamicMessage, plugin: &str, wasm_dir: &Path) -> (PathBuf, Option<String>) {
    if let Some(local) = child(code, "local") {
        let file = PathBuf::from(text(&local, "filename"));
        let here = file.file_name().map(|name| wasm_dir.join(name));
        return (here.filter(|here| here.is_file()).unwrap_or(file), None);
    }
    let remote = child(code, "remote");
    let uri = remote.as_ref().and_then(|remote| child(remote, "http_uri"));
    let uri = uri.map(|uri| text(&uri, "uri")).unwrap_or_default();
    // `nil` tells Istio's agent that there is none; an image's is that of its manifest.
    let sha256 = remote
        .map(|remote| text(&remote, "sha256"))
        .filter(|sha256| sha256.len() == 64 && !uri.starts_with("oci://"));
    let named = uri.rsplit('/').next().filter(|name| name.ends_with(".wasm"));
    let named = named.map(|name| wasm_dir.join(name)).filter(|file| file.is_file());
    (named.unwrap_or_else(|| wasm_dir.join(format!("voxgate-{plugin}.wasm"))), sha256)
}

/// How to get the module of `plugin`.
fn advice(plugin: &str) -> &'static str {
    if Filter::ALL.iter().any(|filter| filter.name() == plugin) {
        "build it with `cargo xtask build`, or say where it is with --wasm-dir"
    } else {
        "it is none of Voxgate's; put it there, or say where it is with --wasm-dir"
    }
}

fn hex(digest: &[u8]) -> String {
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}
