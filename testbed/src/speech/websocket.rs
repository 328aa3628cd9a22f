//! Speech over a WebSocket: a text message in, the text back and its sound in binary frames; or, at
//! once, what a script says.

use super::api::checked;
use super::{Service, scripted};
use crate::script::Script;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Request, State};
use axum::response::Response;
use futures_util::StreamExt;
use http::{HeaderMap, header};
use std::sync::Arc;

pub(super) async fn speak(
    State(service): State<Arc<Service>>,
    headers: HeaderMap,
    upgrade: WebSocketUpgrade,
) -> Response {
    let upgrade = upgrade.max_message_size(64 * 1024);
    match Script::of_request(&headers).ok().flatten() {
        Some(script) => upgrade.on_upgrade(|socket| scripted::play(script, service, socket)),
        None => upgrade.on_upgrade(|socket| converse(service, socket)),
    }
}

/// Whether a request asks to become something else: here, only a WebSocket.
pub(super) fn is_upgrade(request: &Request) -> bool {
    request.headers().contains_key(header::UPGRADE)
}

async fn converse(service: Arc<Service>, mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        let spoken = match message {
            Message::Text(text) => say(&service, &mut socket, &text).await,
            Message::Binary(bytes) => socket.send(Message::Binary(bytes)).await,
            Message::Ping(_) | Message::Pong(_) => Ok(()),
            Message::Close(_) => return,
        };
        if spoken.is_err() {
            return;
        }
    }
}

async fn say(service: &Service, socket: &mut WebSocket, text: &str) -> Result<(), axum::Error> {
    let spoken = async { service.speak(checked(text)?, service.options.sample_rate).await };
    let mut sound = match spoken.await {
        Ok(sound) => sound,
        Err(refusal) => return socket.send(Message::text(refusal.to_string())).await,
    };
    socket.send(Message::text(text)).await?;
    while let Some(chunk) = sound.next().await.transpose().map_err(axum::Error::new)? {
        socket.send(Message::Binary(chunk)).await?;
    }
    // An empty frame says that the sound has ended.
    socket.send(Message::Binary(bytes::Bytes::new())).await
}
