//! Children that never outlive us.
//!
//! On Linux the kernel kills a child when we die without a chance to end it (`PR_SET_PDEATHSIG`,
//! set by util-linux's `setpriv`, because setting it ourselves between fork and exec would need
//! `unsafe`). So it can have its own process group: a Ctrl-C in a terminal reaches only us, and we
//! end it in order. Elsewhere it stays in our group, where who ends us ends it.

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use std::ffi::OsStr;
use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{OnceLock, mpsc};
use std::time::{Duration, Instant};
use tokio::signal::unix::{SignalKind, signal};

/// How long a child may take to end before it is killed.
pub const GRACE: Duration = Duration::from_secs(5);

/// A running child; ended when dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    ended: Option<ExitStatus>,
}

/// A command for `program` that will die with us; give it arguments, then [`Process::start`] it.
pub fn command(program: impl AsRef<OsStr>) -> Command {
    let mut command = if can_set_parent_death_signal() {
        let mut command = Command::new("setpriv");
        command.args(["--pdeathsig", "KILL", "--"]).arg(program).process_group(0);
        command
    } else {
        Command::new(program)
    };
    command.stdin(Stdio::null());
    command
}

/// Runs `work` until it is done or somebody asks us to end: Ctrl-C or SIGTERM, which containers
/// are stopped by. Says whether it was done.
///
/// # Errors
/// When the signals cannot be awaited.
pub async fn until_asked_to_end<T>(work: impl Future<Output = T>) -> io::Result<Option<T>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    Ok(tokio::select! {
        // Work that waits for the same signal itself may end in its own way.
        biased;
        done = work => Some(done),
        _ = terminate.recv() => None,
        _ = interrupt.recv() => None,
        _ = hang_up.recv() => None,
    })
}

// === impl Process ===

impl Process {
    /// Starts a [`command`].
    ///
    /// # Errors
    /// As [`Command::spawn`].
    pub fn start(command: Command) -> io::Result<Self> {
        Ok(Self { child: spawn(command)?, ended: None })
    }

    /// The process id; of the program itself, for `setpriv` becomes it.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// How it ended, if it has.
    ///
    /// # Errors
    /// As [`Child::try_wait`].
    pub fn ended(&mut self) -> io::Result<Option<ExitStatus>> {
        if self.ended.is_none() {
            self.ended = self.child.try_wait()?;
        }
        Ok(self.ended)
    }

    /// Asks it to end (SIGTERM), kills it after `grace`, and reaps it. Blocks.
    ///
    /// # Errors
    /// As [`Child::wait`].
    pub fn stop(&mut self, grace: Duration) -> io::Result<ExitStatus> {
        let deadline = Instant::now() + grace;
        if self.ended()?.is_none() {
            self.signal(Signal::TERM);
        }
        loop {
            if let Some(status) = self.ended()? {
                return Ok(status);
            }
            if Instant::now() >= deadline {
                self.signal(Signal::KILL);
                let status = self.child.wait()?;
                self.ended = Some(status);
                return Ok(status);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Kills it at once, as `kill -9` does.
    ///
    /// # Errors
    /// As [`Child::wait`].
    pub fn kill(&mut self) -> io::Result<ExitStatus> {
        self.stop(Duration::ZERO)
    }

    fn signal(&self, signal: Signal) {
        // Not reaped yet, so the id is still its own; a process that is gone is what we want.
        let id = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw);
        if let Some(id) = id {
            let _ = if can_set_parent_death_signal() {
                kill_process_group(id, signal)
            } else {
                kill_process(id, signal)
            };
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.stop(GRACE);
    }
}

/// Spawns on a thread that lives as long as the process: the kernel sends the parent-death signal
/// when the *thread* that spawned ends, and a runtime ends idle threads.
fn spawn(command: Command) -> io::Result<Child> {
    type Job = (Command, mpsc::Sender<io::Result<Child>>);
    static SPAWNER: OnceLock<mpsc::Sender<Job>> = OnceLock::new();
    let spawner = SPAWNER.get_or_init(|| {
        let (jobs, queue) = mpsc::channel::<Job>();
        std::thread::spawn(move || {
            for (mut command, answer) in queue {
                let _ = answer.send(command.spawn());
            }
        });
        jobs
    });
    let (answer, spawned) = mpsc::channel();
    spawner.send((command, answer)).map_err(|_| io::ErrorKind::BrokenPipe)?;
    spawned.recv().map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?
}

fn can_set_parent_death_signal() -> bool {
    static CAN: OnceLock<bool> = OnceLock::new();
    *CAN.get_or_init(|| {
        cfg!(target_os = "linux")
            && Command::new("setpriv")
                .args(["--pdeathsig", "KILL", "--", "true"])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .status()
                .is_ok_and(|status| status.success())
    })
}
