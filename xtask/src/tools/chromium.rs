//! A Chromium, for the tests in which a page plays a stream.

use super::on_path;
use crate::command::{self, say};
use anyhow::{Context, Result, ensure};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Where the testbed looks for it.
pub const VARIABLE: &str = "CHROMIUM";

/// What it is called by those who package it.
const NAMES: [&str; 4] = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

/// A Chromium: `$CHROMIUM`, else that of PATH, else, for root on Debian, the system's package, which is
/// installed. `None` where there is none.
///
/// # Errors
/// When `$CHROMIUM` cannot be run.
pub fn chromium() -> Result<Option<PathBuf>> {
    if let Some(chromium) = std::env::var_os(VARIABLE).filter(|it| !it.is_empty()) {
        let path = PathBuf::from(chromium);
        // The testbed takes it as a path, not as a name to look for.
        ensure!(path.is_file(), "$CHROMIUM names no file: {}", path.display());
        version(&path).context("$CHROMIUM is no Chromium")?;
        return Ok(Some(path));
    }
    if let Some(chromium) = find() {
        return Ok(Some(chromium));
    }
    if !(is_debian() && rustix::process::geteuid().is_root()) {
        return Ok(None);
    }
    eprintln!("installing Debian's package chromium, for the tests with a browser");
    match install() {
        Ok(()) => Ok(find()),
        // Whoever interrupts us does not want to read of a missing browser.
        Err(error) if command::is_interrupted() => Err(error),
        Err(error) => {
            say(format_args!("Chromium cannot be installed: {error:#}"));
            Ok(None)
        }
    }
}

fn find() -> Option<PathBuf> {
    // Ubuntu's is a stand-in that only says how to get one.
    NAMES.iter().filter_map(|name| on_path(name)).find(|path| version(path).is_ok())
}

fn version(chromium: &Path) -> Result<String> {
    command::output(Command::new(chromium).arg("--version"))
}

fn is_debian() -> bool {
    let release = std::fs::read_to_string("/etc/os-release").unwrap_or_default();
    release.lines().any(|line| line == "ID=debian")
}

fn install() -> Result<()> {
    let apt = |arguments: &[&str]| {
        let mut apt = Command::new("apt-get");
        apt.env("DEBIAN_FRONTEND", "noninteractive").args(["-qq", "-o", "Dpkg::Use-Pty=0"]);
        // Our standard output is that of the tests.
        command::run(apt.args(arguments).stdout(std::io::stderr()))
    };
    let install = ["install", "-y", "--no-install-recommends", "chromium"];
    // The lists of a new container are empty, those of an old one name what is gone.
    apt(&install).or_else(|_| apt(&["update"]).and_then(|()| apt(&install)))
}
