//! Children that end before we do.
//!
//! Each child leads a process group of its own. When we are interrupted or told to end, or nobody
//! reads our output any more, the group is asked to end, is killed after a while, and only then do
//! we go.

use anyhow::{Context, Result, bail};
use rustix::process::{Pid, Signal, kill_process_group};
use std::fmt::Display;
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use std::thread;
use std::time::Duration;

/// How long a child may take to clean up.
const GRACE: Duration = Duration::from_secs(10);

static INTERRUPTED: AtomicBool = AtomicBool::new(false);
/// The group that runs now; 0 for none.
static RUNNING: AtomicI32 = AtomicI32::new(0);

/// Installs what ends the children.
///
/// # Errors
/// When the system refuses a signal handler.
pub fn end_children_with_us() -> Result<()> {
    ctrlc::set_handler(interrupt).context("cannot watch for Ctrl-C")
}

fn interrupt() {
    INTERRUPTED.store(true, Ordering::SeqCst);
    let group = RUNNING.load(Ordering::SeqCst);
    signal(group, Signal::TERM);
    thread::spawn(move || {
        thread::sleep(GRACE);
        if RUNNING.load(Ordering::SeqCst) == group {
            signal(group, Signal::KILL);
        }
    });
}

/// Writes a line to the standard output. That nobody reads it any more, as after `| head`, is an
/// interruption.
pub fn say(line: impl Display) {
    if writeln!(io::stdout(), "{line}").is_err() && !is_interrupted() {
        interrupt();
    }
}

/// Whether we were asked to end.
pub fn is_interrupted() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}

/// Runs to the end; its output is ours.
///
/// # Errors
/// When it cannot be started or we are interrupted. How it ends is the caller's to judge.
pub fn status(command: &mut Command) -> Result<ExitStatus> {
    finish(start(command)?, &shown(command))
}

/// Runs to a good end.
///
/// # Errors
/// As [`status`], and when it fails.
pub fn run(command: &mut Command) -> Result<()> {
    let status = status(command)?;
    if !status.success() {
        bail!("`{}` failed ({status})", shown(command));
    }
    Ok(())
}

/// Runs to the end and gives each line of its standard output, which is shown as it comes.
///
/// # Errors
/// As [`status`].
pub fn lines(command: &mut Command, mut each: impl FnMut(&str)) -> Result<ExitStatus> {
    let mut child = start(command.stdout(Stdio::piped()))?;
    if let Some(output) = child.stdout.take() {
        let mut output = BufReader::new(output);
        let mut line = Vec::new();
        // A test may print what is no UTF-8.
        while output.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
            let text = String::from_utf8_lossy(&line);
            let text = text.trim_end();
            say(text);
            each(text);
            line.clear();
        }
    }
    finish(child, &shown(command))
}

/// Its standard output, of a command that ends at once.
///
/// # Errors
/// When it cannot be started or fails.
pub fn output(command: &mut Command) -> Result<String> {
    let output = command.stdin(Stdio::null()).output();
    let output = output.with_context(|| format!("cannot run `{}`", shown(command)))?;
    if !output.status.success() {
        let problem = String::from_utf8_lossy(&output.stderr);
        bail!("`{}` failed ({}): {}", shown(command), output.status, problem.trim());
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

fn start(command: &mut Command) -> Result<Child> {
    if is_interrupted() {
        bail!("interrupted");
    }
    command.stdin(Stdio::null()).process_group(0);
    let child = command.spawn().with_context(|| format!("cannot run `{}`", shown(command)))?;
    let group = i32::try_from(child.id())?;
    RUNNING.store(group, Ordering::SeqCst);
    if is_interrupted() {
        // The handler ran before it could see this child.
        signal(group, Signal::TERM);
    }
    Ok(child)
}

fn finish(mut child: Child, shown: &str) -> Result<ExitStatus> {
    let status = child.wait().with_context(|| format!("lost `{shown}`"))?;
    // What it started and left behind.
    signal(RUNNING.swap(0, Ordering::SeqCst), Signal::TERM);
    if is_interrupted() {
        bail!("interrupted");
    }
    Ok(status)
}

fn signal(group: i32, signal: Signal) {
    if let Some(group) = Pid::from_raw(group) {
        // A group that is gone is what we want.
        let _ = kill_process_group(group, signal);
    }
}

fn shown(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
