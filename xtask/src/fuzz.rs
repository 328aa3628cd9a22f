//! `cargo xtask fuzz`: runs the fuzz targets of `fuzz/`, each for a while.

use crate::command::{self, say};
use crate::workspace::{cache, cargo, root, target};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

const CARGO_FUZZ: &str = "0.13.2";

/// How long one input may take before it counts as a finding; the slowest known takes 0.1 s.
const SLOW_SECONDS: u32 = 20;

/// Adds the fewest inputs that reach all code, not one for each number of times it is reached.
const FEWEST: [&str; 2] = ["-set_cover_merge=1", "-use_counters=0"];

/// What to run, and for how long.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The targets, as their files in fuzz/fuzz_targets are called; all when none is named
    targets: Vec<String>,
    /// How long each target runs
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Adds to fuzz/corpus what reaches more code than the inputs that are there
    #[arg(long)]
    keep: bool,
}

/// Runs the targets one after the other. New inputs go to `target/fuzz-corpus`, so that the
/// corpus in the repository changes only when it is asked to.
///
/// # Errors
/// When a target is not there or does not build, and when one has a finding: its input is then
/// in `fuzz/artifacts`.
pub fn run(arguments: &Arguments) -> Result<()> {
    let all = targets()?;
    if let Some(unknown) = arguments.targets.iter().find(|it| !all.contains(it)) {
        bail!("there is no fuzz target `{unknown}`; there are {}", all.join(", "));
    }
    let chosen = if arguments.targets.is_empty() { &all } else { &arguments.targets };
    let cargo_fuzz = cargo_fuzz()?;
    for name in chosen {
        say(format_args!("\n=== {name}, {} s", arguments.seconds));
        let kept = root().join("fuzz/corpus").join(name);
        let new = target()?.join("fuzz-corpus").join(name);
        std::fs::create_dir_all(&kept)?;
        std::fs::create_dir_all(&new)?;
        let seconds = format!("-max_total_time={}", arguments.seconds);
        let slow = format!("-timeout={SLOW_SECONDS}");
        let mut run = fuzz(&cargo_fuzz, name);
        run.args([&new, &kept]).args(["--", &seconds, &slow, "-print_final_stats=1"]);
        command::run(&mut run)?;
        if arguments.keep {
            let mut merge = fuzz(&cargo_fuzz, name);
            command::run(merge.args([&kept, &new]).args(["--"]).args(FEWEST))?;
        }
    }
    Ok(())
}

fn targets() -> Result<Vec<String>> {
    let folder = root().join("fuzz/fuzz_targets");
    let mut targets = Vec::new();
    for entry in folder.read_dir().with_context(|| format!("no {}", folder.display()))? {
        let name = entry?.path().file_stem().map(|it| it.to_string_lossy().into_owned());
        targets.extend(name);
    }
    targets.sort_unstable();
    Ok(targets)
}

/// `cargo fuzz run NAME`. libFuzzer needs compiler flags that are not stable; with
/// `RUSTC_BOOTSTRAP` the toolchain that builds the rest takes them, too.
fn fuzz(cargo_fuzz: &Path, name: &str) -> Command {
    let mut fuzz = Command::new(cargo_fuzz);
    fuzz.current_dir(root()).env("RUSTC_BOOTSTRAP", "1").args(["run", name]);
    fuzz
}

/// cargo-fuzz, built into the cache folder where it is missing.
fn cargo_fuzz() -> Result<PathBuf> {
    let folder = cache()?.join(format!("cargo-fuzz-{CARGO_FUZZ}"));
    let program = folder.join("bin/cargo-fuzz");
    if !program.is_file() {
        eprintln!("building cargo-fuzz {CARGO_FUZZ} to {}", folder.display());
        let mut install = cargo();
        install.args(["install", "cargo-fuzz", "--locked", "--version", CARGO_FUZZ]);
        command::run(install.arg("--root").arg(&folder))?;
    }
    Ok(program)
}
