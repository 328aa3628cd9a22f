//! The library that moves an Envoy's clock.

use crate::{command, workspace};
use anyhow::{Context, Result};
use std::path::PathBuf;
use std::process::Command;

/// Where the testbed looks for the library.
pub const VARIABLE: &str = "VOXGATE_CLOCK_LIB";

/// The library, built anew, which takes a moment; `None` but on Linux, for it is preloaded.
///
/// # Errors
/// When there is no C compiler.
pub fn library() -> Result<Option<PathBuf>> {
    if !cfg!(target_os = "linux") {
        return Ok(None);
    }
    let folder = workspace::target()?.join("clock");
    std::fs::create_dir_all(&folder)?;
    let library = folder.join("clock.so");
    // Renamed when it is whole, for an Envoy of another run may have it mapped.
    let staged = folder.join(format!("clock.so.{}", std::process::id()));
    let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
    let mut compile = Command::new(compiler);
    compile.args(["-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "-o"]).arg(&staged);
    compile.arg(workspace::root().join("testbed/clock/clock.c")).arg("-ldl");
    command::run(&mut compile).context("cannot build the library that moves Envoy's clock")?;
    std::fs::rename(&staged, &library)?;
    Ok(Some(library))
}
