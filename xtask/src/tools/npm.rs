//! Binaryen, which comes as a package of npm: its programs run on Node.

use super::{node, on_path};
use crate::{command, workspace};
use anyhow::{Context, Result};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The package, and in the lock its hash; the folder's name says the version.
const MANIFEST: &str = include_str!("../../npm/package.json");
const LOCK: &str = include_str!("../../npm/package-lock.json");
const NAME: &str = "binaryen-132.0.0";

/// Binaryen's programs.
#[derive(Debug)]
pub struct Binaryen {
    node: PathBuf,
    folder: PathBuf,
}

// === impl Binaryen ===

impl Binaryen {
    /// Which one it is.
    pub const NAME: &str = NAME;

    /// Installed at first, into the cache folder.
    ///
    /// # Errors
    /// When Node, npm, or the package cannot be had.
    pub fn get() -> Result<Self> {
        let node = node()?;
        let folder = workspace::cache()?.join(NAME);
        let binaryen = Self { node, folder };
        if !binaryen.program("wasm-opt").is_file() {
            binaryen.install().with_context(|| format!("cannot fetch {NAME}"))?;
        }
        Ok(binaryen)
    }

    /// A command that runs one of its programs, as `wasm-opt`.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(&self.node);
        command.arg(self.program(program));
        command
    }

    fn program(&self, name: &str) -> PathBuf {
        self.folder.join("node_modules/binaryen/bin").join(name)
    }

    /// `npm ci` takes only what has the hash of the lock.
    fn install(&self) -> Result<()> {
        eprintln!("fetching {NAME} to {}", self.folder.display());
        std::fs::create_dir_all(&self.folder)?;
        std::fs::write(self.folder.join("package.json"), MANIFEST)?;
        std::fs::write(self.folder.join("package-lock.json"), LOCK)?;
        let mut npm = npm(&self.node)?;
        npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]);
        command::run(npm.current_dir(&self.folder))
    }
}

/// npm: the one that came with this Node, else that of PATH.
fn npm(node: &Path) -> Result<Command> {
    let prefix = node.parent().and_then(Path::parent).unwrap_or(node);
    let script = prefix.join("lib/node_modules/npm/bin/npm-cli.js");
    if script.is_file() {
        let mut npm = Command::new(node);
        npm.arg(script);
        return Ok(npm);
    }
    let npm = on_path("npm").context("there is no npm beside Node and none on PATH; install it")?;
    Ok(Command::new(npm))
}
