//! What each sub-set runs.

use super::tally::Tally;
use crate::workspace::{cargo, dist};
use crate::{command, filters, tools};
use anyhow::Result;
use std::process::Command;

/// Property tests stand in modules of this name.
const PROPERTIES: &str = "properties::";

/// How many cases each property is tried with; a plain `cargo test` tries 256.
const PROPERTY_CASES: &str = "2048";

/// The target of the JavaScript engine.
const NODE_TARGET: &str = "wasm32-unknown-unknown";

/// What runs against the fake host.
const FILTER_PACKAGES: [&str; 3] = ["voxgate-fake-host", "voxgate-host", "voxgate-jwt-tier"];

const TESTBED: &str = "voxgate-testbed";

pub fn format() -> Result<Tally> {
    check(cargo().args(["fmt", "--all", "--check"]))
}

/// The workspace as it is tested, and the filters as they are shipped.
pub fn clippy() -> Result<Tally> {
    let clippy = || {
        let mut clippy = cargo();
        clippy.arg("clippy").env("CARGO_TERM_PROGRESS_WHEN", "auto");
        clippy
    };
    let deny = ["--", "--deny", "warnings"];
    tools::add_target(filters::TARGET)?;
    let mut tally = check(clippy().args(["--workspace", "--all-targets"]).args(deny))?;
    let shipped = ["--package=voxgate-jwt-tier", "--target", filters::TARGET];
    tally += check(clippy().args(shipped).args(deny))?;
    tally += check(clippy().args(shipped).arg("--features=software-crypto").args(deny))?;
    Ok(tally)
}

pub fn unit() -> Result<Tally> {
    let mut workspace = test();
    workspace.arg("--workspace").args(["--exclude", TESTBED]);
    for package in FILTER_PACKAGES {
        workspace.args(["--exclude", package]);
    }
    let mut tally = counted(workspace.args(["--", "--skip", PROPERTIES]))?;
    // Its integration tests need an Envoy: they are `e2e`.
    tally += counted(test().args(["--package", TESTBED, "--lib", "--bins"]))?;
    Ok(tally)
}

pub fn property() -> Result<Tally> {
    let mut properties = test();
    properties.env("PROPTEST_CASES", PROPERTY_CASES);
    counted(properties.args(["--package=voxgate-policy", "--lib", "--", PROPERTIES]))
}

pub fn node() -> Result<Tally> {
    tools::add_target(NODE_TARGET)?;
    let runner = tools::wasm_bindgen_runner()?;
    let node = tools::node()?;
    // The runner calls `node` by its name.
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let before = node.parent().map(ToOwned::to_owned);
    let path = std::env::join_paths(before.into_iter().chain(std::env::split_paths(&folders)))?;
    counted(
        test()
            .args(["--package=voxgate-policy", "--lib", "--target", NODE_TARGET])
            .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", runner)
            .env("PATH", path),
    )
}

pub fn fake_host() -> Result<Tally> {
    let packages = FILTER_PACKAGES.into_iter().flat_map(|package| ["--package", package]);
    counted(test().args(packages))
}

pub fn end_to_end() -> Result<Tally> {
    let envoy = tools::envoy()?;
    println!("Envoy: {}", envoy.display());
    counted(
        test()
            .args(["--package", TESTBED, "--test", "*"])
            .env("ENVOY", envoy)
            .env("VOXGATE_DIST", dist()),
    )
}

pub fn every_envoy() -> Result<Tally> {
    let envoys = tools::envoys()?;
    counted(
        test()
            .args(["--package", TESTBED, "--test", "envoy_versions"])
            .env("VOXGATE_ENVOYS", std::env::join_paths(envoys)?)
            .env("VOXGATE_DIST", dist()),
    )
}

/// `cargo test` that runs all tests though some fail.
fn test() -> Command {
    let mut test = cargo();
    test.args(["test", "--no-fail-fast"]);
    test
}

/// A command that is one test.
fn check(command: &mut Command) -> Result<Tally> {
    let passed = command::status(command)?.success();
    Ok(if passed { Tally::passed() } else { Tally::failed() })
}

/// A command that says how many tests it ran.
fn counted(command: &mut Command) -> Result<Tally> {
    let mut tally = Tally::default();
    let status = command::lines(command, |line| tally += Tally::of_line(line))?;
    // A crate that does not compile, or a test that ends its process, says no number.
    if !status.success() && tally.failed == 0 {
        tally.failed = 1;
    }
    Ok(tally)
}
