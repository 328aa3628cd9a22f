//! What each sub-set runs.

use super::tally::Tally;
use crate::command::{self, say};
use crate::filters::MODULES;
use crate::workspace::{cargo, dist};
use crate::{filters, tools};
use anyhow::Result;
use std::collections::BTreeSet;
use std::process::Command;

/// Property tests stand in modules of this name.
const PROPERTIES: &str = "properties::";

/// How many cases each property is tried with; a plain `cargo test` tries 256.
const PROPERTY_CASES: &str = "2048";

/// The target of the JavaScript engine.
const NODE_TARGET: &str = "wasm32-unknown-unknown";

/// What runs against the fake host, beside the filters.
const HOST_PACKAGES: [&str; 3] = ["voxgate-fake-host", "voxgate-host", "voxgate-tenants"];

const TESTBED: &str = "voxgate-testbed";

/// Tests that need a Chromium have this in their names.
const IN_A_BROWSER: &str = "in_a_browser";

/// The workspace, and the fuzz targets, which are a workspace of their own.
pub fn format() -> Result<Tally> {
    tools::add_component("rustfmt", "rustfmt")?;
    let mut tally = check(cargo().args(["fmt", "--all", "--check"]))?;
    tally += check(cargo().args(["fmt", "--check", "--manifest-path=fuzz/Cargo.toml"]))?;
    Ok(tally)
}

/// The workspace as it is tested, and the filters as they are shipped. Not the fuzz targets: they
/// compile another lock, and C++.
pub fn clippy() -> Result<Tally> {
    let lint = |arguments: &[&str]| {
        let mut clippy = cargo();
        clippy.arg("clippy").env("CARGO_TERM_PROGRESS_WHEN", "auto").args(arguments);
        check(clippy.args(["--", "--deny", "warnings"]))
    };
    tools::add_component("clippy", "cargo-clippy")?;
    tools::add_target(filters::TARGET)?;
    let mut tally = lint(&["--workspace", "--all-targets"])?;
    for module in &MODULES {
        let features = module.feature.unwrap_or_default();
        let package = ["--package", module.package, "--features", features];
        tally += lint(&[&package[..], &["--target", filters::TARGET]].concat())?;
    }
    Ok(tally)
}

pub fn unit() -> Result<Tally> {
    let mut tally = counted(plain().args(["--", "--skip", PROPERTIES]))?;
    // Its integration tests need an Envoy: they are `e2e`.
    tally += counted(test().args(["--package", TESTBED, "--lib", "--bins"]))?;
    Ok(tally)
}

/// What `unit` skips.
pub fn property() -> Result<Tally> {
    let mut properties = plain();
    properties.env("PROPTEST_CASES", PROPERTY_CASES);
    counted(properties.args(["--tests", "--", PROPERTIES]))
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
    let packages = hosted().into_iter().flat_map(|package| ["--package", package]);
    counted(test().args(packages))
}

pub fn end_to_end() -> Result<Tally> {
    let envoy = tools::envoy()?;
    say(format_args!("Envoy: {}", envoy.display()));
    let mut test = test();
    test.args(["--package", TESTBED, "--test", "*"])
        .env("ENVOY", envoy)
        .env("VOXGATE_DIST", dist());
    match tools::clock_library()? {
        Some(library) => test.env(tools::CLOCK_LIBRARY, library),
        None => {
            say("tests that move Envoy's clock are ignored: that needs LD_PRELOAD, so Linux");
            &mut test
        }
    };
    match tools::chromium()? {
        Some(chromium) => {
            say(format_args!("Chromium: {}", chromium.display()));
            counted(test.env(tools::CHROMIUM, chromium))
        }
        None => {
            say("tests in a browser are left out: there is no Chromium");
            without_a_browser(&mut test)
        }
    }
}

/// The tests that need no Chromium; the others are counted as left out.
fn without_a_browser(command: &mut Command) -> Result<Tally> {
    let mut left_out = 0;
    command.args(["--", "--skip", IN_A_BROWSER]);
    let mut tally = counted_each(command, |line| left_out += Tally::filtered_out(line))?;
    tally.left_out = left_out;
    Ok(tally)
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

/// Tests of the packages that need no host and no Envoy.
fn plain() -> Command {
    let mut plain = test();
    plain.args(["--workspace", "--exclude", TESTBED]);
    plain.args(hosted().into_iter().flat_map(|package| ["--exclude", package]));
    plain
}

/// The packages whose tests are those against the fake host.
fn hosted() -> BTreeSet<&'static str> {
    MODULES.iter().map(|module| module.package).chain(HOST_PACKAGES).collect()
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
    counted_each(command, |_| ())
}

/// The same, with what each line says to somebody else.
fn counted_each(command: &mut Command, mut each: impl FnMut(&str)) -> Result<Tally> {
    let mut tally = Tally::default();
    let status = command::lines(command, |line| {
        tally += Tally::of_line(line);
        each(line);
    })?;
    // A crate that does not compile, or a test that ends its process, says no number.
    if !status.success() && tally.failed == 0 {
        tally.failed = 1;
    }
    Ok(tally)
}
