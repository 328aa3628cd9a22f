//! Where things are.

use crate::command;
use anyhow::{Context, Result};
use etcetera::BaseStrategy;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The repository.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("."))
}

/// Where the built filters go.
pub fn dist() -> PathBuf {
    root().join("dist")
}

/// Where fetched tools go: `$XDG_CACHE_HOME/voxgate`, else `~/.cache/voxgate`.
///
/// # Errors
/// When there is no home folder.
pub fn cache() -> Result<PathBuf> {
    let folders = etcetera::choose_base_strategy().context("no cache folder: set HOME")?;
    Ok(folders.cache_dir().join("voxgate"))
}

/// The cargo that runs us, at work in the repository.
pub fn cargo() -> Command {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root());
    cargo
}

/// Where cargo builds to.
///
/// # Errors
/// When the workspace does not load.
pub fn target() -> Result<PathBuf> {
    let arguments = ["metadata", "--no-deps", "--format-version=1"];
    let metadata = command::output(cargo().args(arguments))?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata)?;
    let target = metadata["target_directory"].as_str();
    Ok(target.context("cargo metadata names no target folder")?.into())
}
