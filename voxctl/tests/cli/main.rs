//! The built command, as scripts and people use it.

mod explain;
mod explain_body;
mod explain_quotas;
mod explain_shedding;
mod explain_streams;
mod facts;
mod load;
mod render;
mod schema;
mod simulate;
mod stream;
mod tenants;
mod token;
mod usage;
mod validate;
mod validate_facts;

use std::path::{Path, PathBuf};

use assert_cmd::Command;

/// `voxctl` with these arguments, started in `folder`.
fn voxctl(folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin!("voxctl"));
    command.current_dir(folder).args(args).env_remove("CLICOLOR_FORCE");
    command
}

/// What a run left: exit code, standard output, standard error.
struct Run {
    code: i32,
    out: String,
    err: String,
}

fn run(folder: &Path, args: &[&str]) -> Run {
    finish(voxctl(folder, args))
}

fn finish(mut command: Command) -> Run {
    let output = command.output().unwrap();
    Run {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// A policy whose issuer's keys are remote.
const POLICY: &str = r#"version: 1
identity:
  source: [token]
  issuers:
    - issuer: https://issuer.test
      audiences: [speech]
      algorithms: [RS256, ES256, EdDSA]
      jwks:
        remote: {uri: "https://issuer.test/jwks.json", cluster: jwks}
operations:
  presets: [glm-tts]
tiers:
  - name: premium
    scopes: [tts.premium]
    allow: ["*"]
  - name: basic
    scopes: [tts.basic]
    allow: [tts.synthesize]
"#;

#[test]
fn no_arguments_and_unknown_ones_are_usage_errors() {
    let here = repository();
    assert_eq!(run(&here, &[]).code, 2);
    let misspelt = run(&here, &["validat"]);
    assert_eq!(misspelt.code, 2);
    assert!(misspelt.err.contains("validate"), "{}", misspelt.err);
}

#[test]
fn completions_name_every_command() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = run(&repository(), &["completions", shell]);
        assert_eq!(script.code, 0);
        for command in [
            "validate",
            "schema",
            "explain",
            "facts",
            "render",
            "usage",
            "load",
            "stream",
            "token",
            "completions",
        ] {
            assert!(script.out.contains(command), "{shell}: {command}");
        }
    }
}

#[test]
fn colours_are_for_terminals_and_for_those_who_insist() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("p.yaml"), POLICY).unwrap();
    let args = ["validate", "p.yaml"];
    assert!(!run(folder.path(), &args).out.contains('\x1b'));
    let forced = |more: &[(&str, &str)]| {
        let mut command = voxctl(folder.path(), &args);
        command.env("CLICOLOR_FORCE", "1").envs(more.iter().copied());
        finish(command).out
    };
    assert!(forced(&[]).contains('\x1b'));
    let plain = voxctl(folder.path(), &args).env("NO_COLOR", "1").output().unwrap().stdout;
    assert!(!plain.contains(&0x1b));
}
