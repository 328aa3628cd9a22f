//! Chromium's protocol: calls with a number, answers with the same, and events between them, in JSON.

use super::BrowserError;
use crate::client::WebSocket;
use serde_json::{Value, json};
use std::collections::VecDeque;
use std::time::Duration;
use tokio_tungstenite::tungstenite::Message;

/// How long an answer or an event may take: a page that plays a stream has none before its end.
pub(super) const TIMEOUT: Duration = Duration::from_secs(120);

/// A conversation with one page.
#[derive(Debug)]
pub(super) struct DevTools {
    socket: WebSocket,
    calls: u64,
    /// Names of events that nobody has waited for yet; of what was complained about, the text.
    events: VecDeque<String>,
}

// === impl DevTools ===

impl DevTools {
    pub fn new(socket: WebSocket) -> Self {
        Self { socket, calls: 0, events: VecDeque::new() }
    }

    /// Calls, and gives the result.
    pub async fn call(
        &mut self,
        method: &'static str,
        parameters: Value,
    ) -> Result<Value, BrowserError> {
        self.calls += 1;
        let id = self.calls;
        if method == "Page.navigate" {
            // What is waited for next is to be of this page.
            self.events.clear();
        }
        let call = json!({ "id": id, "method": method, "params": parameters });
        self.socket.send(Message::text(call.to_string())).await?;
        loop {
            let mut message = self.next().await?;
            if message["id"] != id {
                continue;
            }
            return match message.get("error") {
                Some(problem) => {
                    Err(BrowserError::Protocol { method, problem: problem.to_string() })
                }
                None => Ok(message["result"].take()),
            };
        }
    }

    /// Waits for an event, which may have come since the last page was opened.
    pub async fn wait_for(&mut self, event: &str) -> Result<(), BrowserError> {
        loop {
            if let Some(at) = self.events.iter().position(|it| it == event) {
                self.events.remove(at);
                return Ok(());
            }
            self.next().await?;
        }
    }

    /// The next message; an event is remembered, a complaint is an error.
    async fn next(&mut self) -> Result<Value, BrowserError> {
        loop {
            let Message::Text(text) = self.socket.next().await? else { continue };
            let message: Value = serde_json::from_str(&text).map_err(|error| {
                BrowserError::Protocol { method: "anything", problem: error.to_string() }
            })?;
            let Some(event) = message["method"].as_str() else { return Ok(message) };
            let details = &message["params"];
            match event {
                "Runtime.exceptionThrown" => {
                    return Err(BrowserError::Page(exception(&details["exceptionDetails"])));
                }
                "Log.entryAdded" if details["entry"]["level"] == "error" => {
                    return Err(BrowserError::Page(details["entry"].to_string()));
                }
                _ => self.events.push_back(event.to_owned()),
            }
            return Ok(message);
        }
    }
}

/// What an exception says: its stack, if it has one.
pub(super) fn exception(details: &Value) -> String {
    let description = details["exception"]["description"].as_str();
    description.or(details["text"].as_str()).map_or_else(|| details.to_string(), ToOwned::to_owned)
}
