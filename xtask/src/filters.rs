//! The filters as Wasm modules.

use crate::workspace::{cargo, dist, target};
use crate::{command, tools};
use anyhow::{Context, Result};
use std::path::PathBuf;

/// The one target that filters are built for: the SDK needs its clock and its randomness.
pub const TARGET: &str = "wasm32-wasip1";

/// A module that is built.
#[derive(Debug)]
pub struct Module {
    package: &'static str,
    feature: Option<&'static str>,
    /// The most that it may weigh, in kilobytes of 1000 bytes: every worker of every proxy
    /// compiles and keeps it.
    pub budget_kb: u64,
}

/// All of them.
pub const MODULES: [Module; 2] = [
    Module { package: "voxgate-jwt-tier", feature: None, budget_kb: 400 },
    // RSA and the curves of RustCrypto cost 550 KB more.
    Module { package: "voxgate-jwt-tier", feature: Some("software-crypto"), budget_kb: 950 },
];

// === impl Module ===

impl Module {
    /// `voxgate-jwt-tier` or `voxgate-jwt-tier-software-crypto`.
    pub fn name(&self) -> String {
        match self.feature {
            Some(feature) => format!("{}-{feature}", self.package),
            None => self.package.to_owned(),
        }
    }

    /// Its file in `dist/`.
    pub fn path(&self) -> PathBuf {
        dist().join(self.name()).with_extension("wasm")
    }

    /// Its size in bytes.
    ///
    /// # Errors
    /// When it is not built.
    pub fn bytes(&self) -> Result<u64> {
        let path = self.path();
        let file = std::fs::metadata(&path);
        Ok(file.with_context(|| format!("no {}: run `cargo xtask build`", path.display()))?.len())
    }

    fn build(&self) -> Result<()> {
        let mut build = cargo();
        build.args(["build", "--profile=wasm", "--target", TARGET, "--package", self.package]);
        build.args(self.feature.map(|feature| format!("--features={feature}")));
        command::run(&mut build)?;
        let built = target()?.join(TARGET).join("wasm").join(self.package.replace('-', "_"));
        let built = built.with_extension("wasm");
        // Replaced by a rename: an Envoy that runs may be reading the one before.
        let staged = self.path().with_extension("wasm.new");
        std::fs::copy(&built, &staged).with_context(|| format!("no {}", built.display()))?;
        std::fs::rename(&staged, self.path())?;
        Ok(())
    }
}

/// Builds all modules and prints their sizes.
///
/// # Errors
/// When one does not build.
pub fn build() -> Result<()> {
    tools::add_target(TARGET)?;
    std::fs::create_dir_all(dist())?;
    for module in &MODULES {
        module.build()?;
        eprintln!("{:>7.1} KB  {}", module.bytes()? as f64 / 1000.0, module.path().display());
    }
    Ok(())
}
