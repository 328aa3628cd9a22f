//! What the built modules import, weigh, and tell of the machine that built them.
//!
//! A module that imports anything else than the host offers does not load ("missing import"), and
//! a new import is a new demand on every proxy's capability restriction: it is added here on
//! purpose or not at all.

use super::tally::Tally;
use crate::command::say;
use crate::filters::{MODULES, Module};
use crate::workspace::root;
use anyhow::{Result, bail};
use std::path::PathBuf;
use wasmparser::{Parser, Payload, TypeRef};

/// WASI calls that Envoy provides and that a filter of ours may need: time, randomness, log,
/// environment, exit.
const WASI: [&str; 6] =
    ["clock_time_get", "environ_get", "environ_sizes_get", "fd_write", "proc_exit", "random_get"];

/// Checks each module: its imports, its size, and the paths in it.
pub fn check() -> Tally {
    let mut tally = Tally::default();
    for module in &MODULES {
        tally += verdict(&module.name(), "imports", imports(module));
        tally += verdict(&module.name(), "size", size(module));
        tally += verdict(&module.name(), "paths", paths(module));
    }
    tally
}

fn verdict(module: &str, what: &str, result: Result<()>) -> Tally {
    match result {
        Ok(()) => {
            say(format_args!("{module}: {what} ok"));
            Tally::passed()
        }
        Err(error) => {
            say(format_args!("{module}: {what}: {error:#}"));
            Tally::failed()
        }
    }
}

fn size(module: &Module) -> Result<()> {
    let bytes = module.read()?.len();
    if bytes > module.budget_kb * 1000 {
        bail!("{bytes} bytes, {} KB are allowed", module.budget_kb);
    }
    Ok(())
}

/// A path of this machine would tell who built it, and two machines would build two modules.
fn paths(module: &Module) -> Result<()> {
    let bytes = module.read()?;
    let home = etcetera::home_dir()?;
    let cargo = std::env::var_os("CARGO_HOME").map_or_else(|| home.join(".cargo"), PathBuf::from);
    for path in [root(), &home, &cargo].map(|it| it.join("").display().to_string()) {
        if contains(&bytes, path.as_bytes()) {
            bail!("there is a path below {path} in it");
        }
    }
    Ok(())
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

fn imports(module: &Module) -> Result<()> {
    let foreign = foreign_imports(&module.read()?)?;
    if !foreign.is_empty() {
        bail!("the host may not have {}", foreign.join(", "));
    }
    Ok(())
}

/// What a module imports beside `env.proxy_*` and the WASI calls above.
fn foreign_imports(module: &[u8]) -> Result<Vec<String>> {
    let mut foreign = Vec::new();
    for payload in Parser::new(0).parse_all(module) {
        let Payload::ImportSection(imports) = payload? else { continue };
        for import in imports.into_imports() {
            let import = import?;
            let is_function = matches!(import.ty, TypeRef::Func(_));
            let is_known = match import.module {
                "env" => import.name.starts_with("proxy_"),
                "wasi_snapshot_preview1" => WASI.contains(&import.name),
                _ => false,
            };
            if !is_function || !is_known {
                foreign.push(format!("{}.{}", import.module, import.name));
            }
        }
    }
    Ok(foreign)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A module that imports these functions, written by hand (WebAssembly core specification,
    /// "Binary format").
    fn module(imports: &[(&str, &str)]) -> Vec<u8> {
        let name = |name: &str| [&[u8::try_from(name.len()).unwrap()], name.as_bytes()].concat();
        let mut section = vec![u8::try_from(imports.len()).unwrap()];
        for (from, what) in imports {
            section.extend([name(from), name(what), vec![0, 0]].concat());
        }
        let types = [1, 4, 1, 0x60, 0, 0];
        let length = u8::try_from(section.len()).unwrap();
        [&b"\0asm\x01\0\0\0"[..], &types, &[2, length], &section].concat()
    }

    #[test]
    fn calls_that_the_host_offers_are_no_concern() {
        let module = module(&[("env", "proxy_log"), ("wasi_snapshot_preview1", "random_get")]);
        assert_eq!(foreign_imports(&module).unwrap(), [""; 0]);
    }

    #[test]
    fn what_the_host_does_not_offer_is_named() {
        let module = module(&[
            ("__wbindgen_placeholder__", "describe"),
            ("wasi_snapshot_preview1", "path_open"),
            ("env", "memcpy"),
        ]);
        assert_eq!(
            foreign_imports(&module).unwrap(),
            ["__wbindgen_placeholder__.describe", "wasi_snapshot_preview1.path_open", "env.memcpy"]
        );
    }

    #[test]
    fn a_path_is_found_wherever_it_stands() {
        assert!(contains(b"panic at /home/me/x.rs", b"/home/me/"));
        assert!(!contains(b"panic at policy/x.rs", b"/home/me/"));
    }

    #[test]
    fn what_is_no_module_is_an_error() {
        assert!(foreign_imports(b"no wasm").is_err());
    }
}
