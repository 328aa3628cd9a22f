//! The operator's command: see docs/voxctl.md.

use std::process::ExitCode;

fn main() -> ExitCode {
    voxctl::cli::main()
}
