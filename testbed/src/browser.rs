//! A real Chromium without a window, that a test tells what to open and asks what came of it.
//!
//! It is told by Chromium's own protocol over a WebSocket
//! (<https://chromedevtools.github.io/devtools-protocol/>): the three calls of it that a test needs are less
//! than any crate for it, and our child is the browser itself, which so dies with us; of a `chromedriver` it
//! would be a grandchild that nobody ends.

mod devtools;

use crate::client::{Client, ClientError};
use crate::process::{self, Process};
use devtools::DevTools;
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
use serde_json::{Value, json};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Where `cargo xtask` says which Chromium there is; unset or empty when there is none.
pub const VARIABLE: &str = "CHROMIUM";

/// How long it may take to start: two seconds, but for a busy machine with cold disks.
const STARTUP: Duration = Duration::from_secs(90);

/// What keeps it to itself, and lets pages that nobody looks at run as if somebody did.
const ARGUMENTS: [&str; 20] = [
    "--headless",
    // Root cannot have one, and only our own pages are opened.
    "--no-sandbox",
    "--disable-gpu",
    // Containers have little of it.
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--disable-breakpad",
    "--no-first-run",
    "--no-default-browser-check",
    "--password-store=basic",
    "--use-mock-keychain",
    "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
    "--disable-backgrounding-occluded-windows",
    // Nobody clicks.
    "--autoplay-policy=no-user-gesture-required",
    // A device that takes sound in real time and is heard nowhere, whether the machine has another or not.
    "--disable-audio-output",
];

/// A running Chromium with one page. Dropping it ends it with all its children.
#[derive(Debug)]
pub struct Browser {
    page: DevTools,
    process: Process,
    profile: TempDir,
}

/// Why a browser cannot be used.
#[derive(thiserror::Error)]
pub enum BrowserError {
    /// The environment names none.
    #[error(
        "CHROMIUM names no Chromium; run the tests by `cargo xtask test e2e`, which looks for one, or set it"
    )]
    NoBinary,
    /// It ended, or did not open its door in time.
    #[error("Chromium does not start; it said:\n{said}")]
    NotReady {
        /// The end of its standard error.
        said: String,
    },
    /// Something is there that does not speak the protocol as it should.
    #[error("Chromium, asked for {method}: {problem}")]
    Protocol {
        /// What was asked for.
        method: &'static str,
        /// What came.
        problem: String,
    },
    /// The page threw an exception, or logged an error.
    #[error("the page: {0}")]
    Page(String),
    /// Some of its processes do not end.
    #[error("processes of Chromium were left, and killed")]
    Left,
    /// It did not answer.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A file or process could not be used.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// As [`std::fmt::Display`]: a test's `unwrap` prints this, and a stack in quotes is unreadable.
impl std::fmt::Debug for BrowserError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Display::fmt(self, formatter)
    }
}

// === impl Browser ===

impl Browser {
    /// Starts the Chromium that `$CHROMIUM` names, with a profile that goes away with it.
    ///
    /// # Errors
    /// When there is none, or it does not start in time.
    pub async fn start() -> Result<Self, BrowserError> {
        let binary = std::env::var_os(VARIABLE).map(PathBuf::from).filter(|path| path.is_file());
        let binary = binary.ok_or(BrowserError::NoBinary)?;
        let profile = tempfile::Builder::new().prefix("voxgate-chromium-").tempdir()?;
        let mut user_data = std::ffi::OsString::from("--user-data-dir=");
        user_data.push(profile.path());
        let mut command = process::command(binary);
        command
            .args(ARGUMENTS)
            .arg("--remote-debugging-port=0")
            .arg(user_data)
            .arg("about:blank")
            // Its caches and settings beside the profile.
            .env("HOME", profile.path())
            .env("XDG_CONFIG_HOME", profile.path())
            .env("XDG_CACHE_HOME", profile.path())
            .stdout(std::process::Stdio::null())
            .stderr(std::fs::File::create(profile.path().join("stderr"))?);
        let mut process = Process::start(command)?;
        let page = tokio::time::timeout(STARTUP, first_page(&mut process, &profile)).await;
        let Ok(Ok(page)) = page else {
            return Err(BrowserError::NotReady { said: said(&profile) });
        };
        let mut page = DevTools::new(page);
        for domain in ["Page.enable", "Runtime.enable", "Log.enable"] {
            page.call(domain, json!({})).await?;
        }
        Ok(Self { page, process, profile })
    }

    /// Opens a page and waits until it is loaded with all that it names.
    ///
    /// # Errors
    /// When it cannot be opened, or complains.
    pub async fn open(&mut self, url: &str) -> Result<(), BrowserError> {
        let opened = self.page.call("Page.navigate", json!({ "url": url })).await?;
        if let Some(problem) = opened["errorText"].as_str() {
            return Err(BrowserError::Page(format!("{url}: {problem}")));
        }
        self.page.wait_for("Page.loadEventFired").await
    }

    /// What a JavaScript expression is, once it is settled if it is a promise.
    ///
    /// # Errors
    /// When it throws, or the page complains meanwhile.
    pub async fn evaluate(&mut self, expression: &str) -> Result<Value, BrowserError> {
        let parameters =
            json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let mut answer = self.page.call("Runtime.evaluate", parameters).await?;
        match answer.get("exceptionDetails") {
            Some(details) => Err(BrowserError::Page(devtools::exception(details))),
            None => Ok(answer["result"]["value"].take()),
        }
    }

    /// Ends it with all its children.
    ///
    /// # Errors
    /// [`BrowserError::Left`] when some did not end by themselves.
    pub async fn finish(mut self) -> Result<(), BrowserError> {
        // It may be gone before it has answered.
        let _ = self.page.call("Browser.close", json!({})).await;
        self.end()
    }

    /// Its children end when it does, each by itself, and those that are busy a moment later.
    fn end(&mut self) -> Result<(), BrowserError> {
        let group = i32::try_from(self.process.id()).ok().and_then(Pid::from_raw);
        self.process.stop(process::GRACE)?;
        let deadline = Instant::now() + process::GRACE;
        while let Some(group) = group.filter(|group| test_kill_process_group(*group).is_ok()) {
            if Instant::now() >= deadline {
                let _ = kill_process_group(group, Signal::KILL);
                return Err(BrowserError::Left);
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.end();
        // Its profile goes after all that write to it.
        let _ = &self.profile;
    }
}

/// A WebSocket to the page that it starts with, once it has opened its door.
async fn first_page(
    process: &mut Process,
    profile: &TempDir,
) -> Result<crate::client::WebSocket, BrowserError> {
    loop {
        if process.ended()?.is_some() {
            return Err(BrowserError::NotReady { said: String::new() });
        }
        if let Some(page) = open_page(profile).await {
            return Ok(page);
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn open_page(profile: &TempDir) -> Option<crate::client::WebSocket> {
    let file = std::fs::read_to_string(profile.path().join("DevToolsActivePort")).ok()?;
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, file.lines().next()?.parse().ok()?));
    let client = Client::http1(address);
    // It answers no other host, lest a page find it by DNS.
    let authority = address.to_string();
    let pages = client.get("/json/list").authority(&authority).send().await.ok()?;
    let pages: Vec<Value> = serde_json::from_slice(&pages.body).ok()?;
    let id = pages.iter().find(|it| it["type"] == "page")?["id"].as_str()?;
    let socket = client.get(&format!("/devtools/page/{id}")).authority(&authority);
    match socket.timeout(devtools::TIMEOUT).websocket().await.ok()? {
        crate::client::Upgrade::Open(socket) => Some(*socket),
        crate::client::Upgrade::Refused(_) => None,
    }
}

/// The end of what it wrote to its standard error.
fn said(profile: &TempDir) -> String {
    let text = std::fs::read(profile.path().join("stderr")).unwrap_or_default();
    let text = String::from_utf8_lossy(&text).into_owned();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(20)..].join("\n")
}
