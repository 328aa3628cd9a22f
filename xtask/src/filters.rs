//! The filters as Wasm modules.

use crate::optimise::{EXPORTS, LOG_EXPORTS, RESPONSE_EXPORTS, optimise};
use crate::workspace::{cargo, dist, root, target};
use crate::{command, tools};
use anyhow::{Context, Result};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The one target that filters are built for: the SDK needs its clock and its randomness.
pub const TARGET: &str = "wasm32-wasip1";

/// A module that is built.
#[derive(Debug)]
pub struct Module {
    /// The crate.
    pub package: &'static str,
    /// The feature that makes a variant of it.
    pub feature: Option<&'static str>,
    /// The most that it may weigh, in kilobytes of 1000 bytes: every worker of every proxy
    /// compiles and keeps it.
    pub budget_kb: usize,
    /// Whether its filter answers `ResponseFlow::Watch`: Envoy then calls it for every chunk of
    /// every response.
    pub watches_responses: bool,
    /// Whether its filter acts on `HttpFilter::on_log`.
    pub tells_logs: bool,
}

/// All of them.
///
/// The aim for one filter is 400 KB, and all are past it: some 100 KB of each are what reads the
/// policy file, 28 KB the time zones of calendar windows. jwt-tier has 85 KB of messages and presets, and
/// 80 KB only to refuse what the shedding section may not say; voice-quota 40 KB that measure answers.
pub const MODULES: [Module; 5] = [
    Module {
        package: "voxgate-jwt-tier",
        feature: None,
        budget_kb: 840,
        watches_responses: false,
        tells_logs: false,
    },
    // RSA and the curves of RustCrypto cost 310 KB more.
    Module {
        package: "voxgate-jwt-tier",
        feature: Some("software-crypto"),
        budget_kb: 1195,
        watches_responses: false,
        tells_logs: false,
    },
    Module {
        package: "voxgate-voice-quota",
        feature: None,
        budget_kb: 570,
        watches_responses: true,
        tells_logs: false,
    },
    Module {
        package: "voxgate-text-shed",
        feature: None,
        budget_kb: 560,
        watches_responses: true,
        tells_logs: false,
    },
    Module {
        package: "voxgate-chunk-flush",
        feature: None,
        budget_kb: 560,
        watches_responses: true,
        tells_logs: true,
    },
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

    /// Its bytes.
    ///
    /// # Errors
    /// When it is not built.
    pub fn read(&self) -> Result<Vec<u8>> {
        let path = self.path();
        std::fs::read(&path)
            .with_context(|| format!("no {}: run `cargo xtask build`", path.display()))
    }

    fn build(&self, flags: &str) -> Result<()> {
        let mut build = cargo();
        build.args(["build", "--profile=wasm", "--target", TARGET, "--package", self.package]);
        build.args(self.feature.map(|feature| format!("--features={feature}")));
        build.env("CARGO_ENCODED_RUSTFLAGS", flags);
        command::run(&mut build)?;
        let built = target()?.join(TARGET).join("wasm").join(self.package.replace('-', "_"));
        optimise(&built.with_extension("wasm"), &self.path(), &self.exports())
    }

    fn exports(&self) -> Vec<&'static str> {
        let of_responses = if self.watches_responses { &RESPONSE_EXPORTS[..] } else { &[] };
        let of_logs = if self.tells_logs { &LOG_EXPORTS[..] } else { &[] };
        EXPORTS.iter().chain(of_responses).chain(of_logs).copied().collect()
    }
}

/// Compiler flags that keep the paths of this machine out of the places that a panic names, as
/// `CARGO_ENCODED_RUSTFLAGS` has them: with U+001F between.
///
/// # Errors
/// When the workspace does not load.
fn without_our_paths() -> Result<String> {
    let arguments = ["metadata", "--format-version=1", "--filter-platform", TARGET];
    let metadata: Value = serde_json::from_str(&command::output(cargo().args(arguments))?)?;
    let packages = metadata["packages"].as_array().into_iter().flatten();
    let manifests = packages.filter(|it| !it["source"].is_null());
    // Where the sources of other people's packages lie: NAME-VERSION/Cargo.toml below.
    let folders =
        manifests.filter_map(|it| Path::new(it["manifest_path"].as_str()?).ancestors().nth(2));
    let folders: BTreeSet<&Path> = folders.chain([root()]).collect();
    let flags = folders.iter().map(|it| format!("--remap-path-prefix={}/=", it.display()));
    Ok(flags.collect::<Vec<_>>().join("\u{1f}"))
}

/// Builds all modules and prints their sizes.
///
/// # Errors
/// When one does not build.
pub fn build() -> Result<()> {
    build_modules(|_| true)
}

/// Builds the modules that run unless an operator asks for a variant.
///
/// # Errors
/// As [`build`].
pub fn build_ordinary() -> Result<()> {
    build_modules(|module| module.feature.is_none())
}

fn build_modules(wanted: impl Fn(&Module) -> bool) -> Result<()> {
    tools::add_target(TARGET)?;
    std::fs::create_dir_all(dist())?;
    let flags = without_our_paths()?;
    for module in MODULES.iter().filter(|module| wanted(module)) {
        module.build(&flags)?;
        eprintln!("{:>7.1} KB  {}", module.read()?.len() as f64 / 1000.0, module.path().display());
    }
    Ok(())
}
