//! Puts Envoy's message descriptors where `render::descriptors` includes them.
//!
//! They are a file inside the crate envoy-types, which that crate does not export. Compiling
//! the crate takes minutes and tonic, so it is a dependency of no target (`cfg(any())`): Cargo
//! locks and downloads it, never builds it, and `cargo metadata` says where it lies, vendored
//! or not. Compiling its `.proto` files instead needs the same folder and takes longer.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=Cargo.toml");
    let types = envoy_types().join("src/generated/types.bin");
    println!("cargo::rerun-if-changed={}", types.display());
    let out = Path::new(&env::var("OUT_DIR").expect("cargo sets OUT_DIR")).join("envoy-types.bin");
    fs::copy(&types, &out)
        .unwrap_or_else(|e| panic!("{} has no descriptor set any more: {e}", types.display()));
}

/// The folder of the locked envoy-types.
fn envoy_types() -> PathBuf {
    let cargo = env::var("CARGO").expect("cargo sets CARGO");
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--locked", "--manifest-path"])
        .arg(Path::new(&env::var("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("Cargo.toml"))
        .output()
        .expect("cargo runs");
    assert!(
        output.status.success(),
        "cargo metadata failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    metadata["packages"]
        .as_array()
        .and_then(|packages| packages.iter().find(|package| package["name"] == "envoy-types"))
        .and_then(|package| package["manifest_path"].as_str())
        .and_then(|manifest| Path::new(manifest).parent())
        .expect("voxctl depends on envoy-types")
        .to_owned()
}
