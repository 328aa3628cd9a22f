//! The runner of `wasm-bindgen-test`.

use super::on_path;
use crate::{command, workspace};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::process::Command;

const RUNNER: &str = "wasm-bindgen-test-runner";

/// The runner with exactly the version of `wasm-bindgen` in Cargo.lock, as it demands: that of
/// PATH, else one built into the cache folder, which takes some minutes once.
///
/// # Errors
/// When it cannot be built.
pub fn runner() -> Result<PathBuf> {
    let lock = std::fs::read_to_string(workspace::root().join("Cargo.lock"))?;
    let version = locked_version(&lock, "wasm-bindgen").context("no wasm-bindgen in Cargo.lock")?;
    if let Some(runner) = on_path(RUNNER).filter(|runner| is_version(runner, version)) {
        return Ok(runner);
    }
    let folder = workspace::cache()?.join(format!("wasm-bindgen-{version}"));
    let runner = folder.join("bin").join(RUNNER);
    if !is_version(&runner, version) {
        // Its version is pinned, not those of its dependencies: it is only ever given our tests.
        eprintln!(
            "building wasm-bindgen-cli {version} (pinned by version) to {}",
            folder.display()
        );
        let mut install = workspace::cargo();
        install.args([
            "install",
            "wasm-bindgen-cli",
            "--no-default-features",
            "--version",
            version,
        ]);
        command::run(install.arg("--root").arg(&folder))?;
    }
    Ok(runner)
}

fn is_version(runner: &Path, version: &str) -> bool {
    let told = command::output(Command::new(runner).arg("--version")).unwrap_or_default();
    told.split_whitespace().last() == Some(version)
}

/// The version of a package in a lock file, where cargo writes it in the line after the name.
fn locked_version<'a>(lock: &'a str, package: &str) -> Option<&'a str> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines().skip_while(|line| *line != name).skip(1);
    lines.next()?.strip_prefix("version = \"")?.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_locked_version_is_that_of_the_package_and_not_of_a_longer_name() {
        let lock = "[[package]]\nname = \"wasm-bindgen-test\"\nversion = \"0.3.80\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\n";
        assert_eq!(locked_version(lock, "wasm-bindgen"), Some("0.2.130"));
        assert_eq!(locked_version(lock, "wasm"), None);
    }
}
