//! Modules made smaller by Binaryen: what Envoy need not call goes, the rest is written shorter.

use crate::command;
use crate::tools::Binaryen;
use anyhow::{Context, Result};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// What Envoy calls of every filter: the callbacks that `filters/host` acts on.
///
/// The SDK exports every callback of the ABI. Those of TCP, gRPC and queues are 9 KB that never
/// run.
pub const EXPORTS: [&str; 15] = [
    "memory",
    "_initialize",
    "proxy_abi_version_0_2_1",
    "proxy_on_memory_allocate",
    "proxy_on_context_create",
    "proxy_on_vm_start",
    "proxy_on_configure",
    "proxy_on_tick",
    "proxy_on_http_call_response",
    "proxy_on_request_headers",
    "proxy_on_request_body",
    "proxy_on_request_trailers",
    "proxy_on_response_headers",
    "proxy_on_done",
    "proxy_on_delete",
];

/// What Envoy calls beside, of a filter that watches responses. For any other it would be a call
/// into the VM for every chunk of a stream, to do nothing.
pub const RESPONSE_EXPORTS: [&str; 2] = ["proxy_on_response_body", "proxy_on_response_trailers"];

/// What Envoy calls before it writes its access logs, of a filter that tells them something.
pub const LOG_EXPORTS: [&str; 1] = ["proxy_on_log"];

/// What answers Envoy for a filter that watches responses, so that none can hold one in the way that
/// kills it.
const HOLD: &str = include_str!("hold.wat");

/// What rustc's wasm32-wasip1 uses of WebAssembly beyond its first version; a stripped module does
/// not say it.
const FEATURES: [&str; 7] = [
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
];

/// For size: every worker of every proxy compiles the module.
const PASSES: [&str; 2] = ["-Oz", "--strip-producers"];

/// Writes the small form of the module at `input`, with these exports alone, to `output`; nothing is
/// done where it is there.
///
/// # Errors
/// When Binaryen cannot be had, or fails, as it does when the module lacks an export.
pub fn optimise(input: &Path, output: &Path, exports: &[&str]) -> Result<()> {
    let module = std::fs::read(input).with_context(|| format!("no {}", input.display()))?;
    let stamp = output.with_extension("wasm.stamp");
    let made = |output: &[u8]| made(&module, output, exports);
    let is_done = std::fs::read(output)
        .is_ok_and(|it| std::fs::read_to_string(&stamp).is_ok_and(|was| was == made(&it)));
    if is_done {
        return Ok(());
    }

    eprintln!("optimising {} ({})", output.display(), Binaryen::NAME);
    let binaryen = Binaryen::get()?;
    let merged = beside(output, "merged");
    let input = match exports.contains(&RESPONSE_EXPORTS[0]) {
        true => {
            with_hold(&binaryen, input, &merged)?;
            &merged
        }
        false => input,
    };
    let graph = beside(output, "graph");
    std::fs::write(&graph, reached(exports).to_string())?;
    let reached = beside(output, "reached");
    let mut sweep = binaryen.command("wasm-metadce");
    sweep.args(FEATURES).arg("--graph-file").arg(&graph).arg(input).arg("-o").arg(&reached);
    // It prints all that it removes.
    command::output(&mut sweep)?;
    // Replaced by a rename: an Envoy that runs may be reading the one before.
    let staged = beside(output, "new");
    let mut shrink = binaryen.command("wasm-opt");
    command::run(shrink.args(FEATURES).args(PASSES).arg(&reached).arg("-o").arg(&staged))?;
    let small = std::fs::read(&staged)?;
    std::fs::rename(&staged, output)?;
    std::fs::remove_file(&graph)?;
    std::fs::remove_file(&reached)?;
    if input == merged {
        std::fs::remove_file(&merged)?;
    }
    std::fs::write(&stamp, made(&small))?;
    Ok(())
}

/// Writes the module at `input` with [`HOLD`] before it to `output`.
fn with_hold(binaryen: &Binaryen, input: &Path, output: &Path) -> Result<()> {
    let hold = beside(output, "hold.wat");
    std::fs::write(&hold, HOLD)?;
    let mut merge = binaryen.command("wasm-merge");
    merge.args(FEATURES).arg(&hold).arg("hold").arg(input).arg("filter");
    // Both export the callback: the first keeps its name, the filter's own gets another.
    command::run(merge.arg("--rename-export-conflicts").arg("-o").arg(output))?;
    std::fs::remove_file(&hold)?;
    Ok(())
}

/// What wasm-metadce is told: only these exports are used from outside.
fn reached(exports: &[&str]) -> Value {
    let outside = json!({ "name": "Envoy", "root": true, "reaches": exports });
    let exports = exports.iter().map(|name| json!({ "name": name, "export": name }));
    std::iter::once(outside).chain(exports).collect()
}

/// Says what was made of what, and how.
fn made(input: &[u8], output: &[u8], exports: &[&str]) -> String {
    let digest = |bytes: &[u8]| -> String {
        Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
    };
    let how = [Binaryen::NAME].iter().chain(&FEATURES).chain(&PASSES).chain(exports);
    let how = how.copied().collect::<Vec<_>>().join(" ");
    let hold = digest(HOLD.as_bytes());
    format!("{} of {} and {hold} by {how}\n", digest(output), digest(input))
}

fn beside(output: &Path, extension: &str) -> PathBuf {
    output.with_extension(format!("wasm.{extension}"))
}
