//! Answers by a [`Script`], on whatever path a request asks for one.

use super::api::Refusal;
use super::{Service, take, websocket};
use crate::script::{Ending, Hold, Piece, Script};
use crate::server::Connection;
use axum::body::Body;
use axum::extract::ws::{Message, WebSocket};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use http::StatusCode;
use http_body::Frame;
use http_body_util::StreamBody;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// The middleware. A WebSocket is opened first, and plays the script by [`play`].
pub(super) async fn answer_if_asked(
    State(service): State<Arc<Service>>,
    request: Request,
    next: Next,
) -> Response {
    let script = match Script::of_request(request.headers()) {
        Ok(Some(script)) if !websocket::is_upgrade(&request) => script,
        Ok(_) => return next.run(request).await,
        Err(error) => return Refusal::from(error).into_response(),
    };
    let connection = request.extensions().get::<Connection>().cloned();
    if let Err(refusal) = take::drain(request.into_body()).await {
        return refusal.into_response();
    }
    let (headers, trailers) = (script.headers(), script.trailers());
    let status = StatusCode::from_u16(script.status).unwrap_or(StatusCode::OK);
    if !script.may_have_body() {
        return (status, headers).into_response();
    }
    let pieces = Playing::new(script, service, connection.unwrap_or_default()).stream();
    let end = stream::iter(trailers.map(|it| Ok(Frame::trailers(it))));
    let frames = pieces.map(|piece| piece.map(Frame::data)).chain(end);
    (status, headers, Body::new(StreamBody::new(frames))).into_response()
}

/// Plays it into a WebSocket, each piece a message.
pub(super) async fn play(mut script: Script, service: Arc<Service>, mut socket: WebSocket) {
    if let Ending::Resets(at) = script.ending {
        // The server has handed the connection over, and cannot reset it any more.
        script.ending = Ending::Breaks(at);
    }
    let playing = Playing::new(script, service, Connection::default());
    let mut pieces = std::pin::pin!(playing.stream());
    while let Some(piece) = pieces.next().await {
        // Dropped, it is closed without a farewell.
        let Ok(piece) = piece else { return };
        if socket.send(Message::Binary(piece)).await.is_err() {
            return;
        }
    }
    let _ = socket.send(Message::Close(None)).await;
    // The client says farewell, too, and closes.
    while let Some(Ok(_)) = socket.recv().await {}
}

/// A script that is being played.
struct Playing {
    body: Bytes,
    pieces: std::vec::IntoIter<Piece>,
    sent: usize,
    hold: Option<Hold>,
    ending: Ending,
    is_over: bool,
    service: Arc<Service>,
    connection: Connection,
}

// === impl Playing ===

impl Playing {
    fn new(script: Script, service: Arc<Service>, connection: Connection) -> Self {
        let body = script.body();
        Self {
            pieces: script.pieces(body.len()).into_iter(),
            body,
            sent: 0,
            hold: script.hold,
            ending: script.ending,
            is_over: false,
            service,
            connection,
        }
    }

    fn stream(self) -> impl Stream<Item = io::Result<Bytes>> + Send {
        stream::unfold(self, |mut playing| async move {
            let piece = playing.next().await?;
            Some((piece, playing))
        })
    }

    async fn next(&mut self) -> Option<io::Result<Bytes>> {
        if self.is_over {
            return None;
        }
        let piece = self.pieces.next();
        let until = self.sent + piece.map_or(0, |piece| piece.bytes);
        let reaches = |at: usize| piece.is_none() || until > at;
        if let Some(hold) = self.hold.take_if(|hold| reaches(hold.at)) {
            self.service.holds.wait(&hold.name).await;
        }
        match self.ending {
            Ending::Breaks(at) if reaches(at) => {
                // hyper drops what it has not written yet when a body fails.
                tokio::time::sleep(Duration::from_millis(5)).await;
                self.is_over = true;
                return Some(Err(io::Error::other("broken off as the script says")));
            }
            Ending::Resets(at) if reaches(at) => {
                self.connection.reset();
                return std::future::pending().await;
            }
            _ => {}
        }
        let piece = piece?;
        match piece.pause {
            None => {}
            Some(Duration::ZERO) => tokio::task::yield_now().await,
            Some(pause) => tokio::time::sleep(pause).await,
        }
        self.sent = until;
        Some(Ok(self.body.split_to(piece.bytes)))
    }
}
