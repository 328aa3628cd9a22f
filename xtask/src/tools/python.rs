//! Programs that come as Python packages, each in a virtual environment in the cache folder.

use crate::{command, workspace};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A program in a package.
#[derive(Debug)]
pub struct Package {
    /// Name and version; of the folder too.
    pub name: &'static str,
    /// What pip installs, with hashes.
    pub requirements: &'static str,
    /// The program's path under `site-packages`.
    pub binary: &'static str,
    /// What to do when it cannot be had.
    pub or_else: &'static str,
}

// === impl Package ===

impl Package {
    /// The program; installed at first.
    ///
    /// # Errors
    /// When Python, its `venv`, or the package cannot be had.
    pub fn get(&self) -> Result<PathBuf> {
        let folder = workspace::cache()?.join(self.name);
        if let Some(binary) = self.find(&folder) {
            return Ok(binary);
        }
        self.install(&folder)
            .with_context(|| format!("cannot fetch {} (or else {})", self.name, self.or_else))?;
        self.find(&folder).with_context(|| {
            format!("{} holds no {}; delete it and try again", folder.display(), self.binary)
        })
    }

    /// Prepares the environment aside and renames it, so that an interrupted one is never used.
    fn install(&self, folder: &Path) -> Result<()> {
        eprintln!("fetching {} to {}", self.name, folder.display());
        let staged = folder.with_file_name(format!("{}.{}", self.name, std::process::id()));
        std::fs::create_dir_all(&staged)?;
        let installed = self.install_at(&staged).and_then(|()| {
            // Somebody else may have been faster; theirs is as good.
            if !folder.exists() {
                std::fs::rename(&staged, folder)?;
            }
            Ok(())
        });
        if staged.exists() {
            std::fs::remove_dir_all(&staged)?;
        }
        installed
    }

    fn install_at(&self, folder: &Path) -> Result<()> {
        let requirements = folder.join("requirements.txt");
        std::fs::write(&requirements, self.requirements)?;
        if command::output(Command::new("python3").arg("--version")).is_err() {
            bail!("there is no python3; install Python 3.9 or newer");
        }
        command::run(Command::new("python3").args(["-m", "venv"]).arg(folder))
            .context("Python has no venv; on Debian and Ubuntu install python3-venv")?;
        let pip = ["-m", "pip", "--disable-pip-version-check", "--quiet", "install"];
        command::run(
            Command::new(folder.join("bin/python"))
                .args(pip)
                .args(["--require-hashes", "--only-binary=:all:", "--no-deps", "--requirement"])
                .arg(&requirements),
        )
        .context("pip could not install it; is there a wheel for this system?")
    }

    fn find(&self, folder: &Path) -> Option<PathBuf> {
        let pythons = std::fs::read_dir(folder.join("lib")).ok()?;
        let binary =
            |python: std::fs::DirEntry| python.path().join("site-packages").join(self.binary);
        pythons.flatten().map(binary).find(|path| path.is_file())
    }
}
