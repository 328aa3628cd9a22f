//! A WebSocket client.

use super::{ClientError, Request, Response, within};
use futures_util::{SinkExt, StreamExt};
use http::HeaderMap;
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message, http as ws_http};

/// An open WebSocket. The request's timeout bounds each wait.
#[derive(Debug)]
pub struct WebSocket {
    stream: WebSocketStream<TcpStream>,
    timeout: Duration,
}

/// What a server said to an upgrade.
#[derive(Debug)]
pub enum Upgrade {
    /// It speaks WebSocket now.
    Open(Box<WebSocket>),
    /// It answered as to an ordinary request.
    Refused(Box<Response>),
}

// === impl Upgrade ===

impl Upgrade {
    /// The WebSocket.
    ///
    /// # Panics
    /// When it was refused.
    pub fn unwrap_open(self) -> WebSocket {
        match self {
            Self::Open(socket) => *socket,
            Self::Refused(response) => panic!("refused: {response:?}"),
        }
    }

    /// The refusal.
    ///
    /// # Panics
    /// When it was not refused.
    pub fn unwrap_refused(self) -> Response {
        match self {
            Self::Open(_) => panic!("the upgrade was not refused"),
            Self::Refused(response) => *response,
        }
    }
}

// === impl WebSocket ===

impl WebSocket {
    /// Sends a message.
    ///
    /// # Errors
    /// When the connection is gone, or takes nothing more.
    pub async fn send(&mut self, message: Message) -> Result<(), ClientError> {
        Ok(within(self.timeout, self.stream.send(message)).await?.map_err(Box::new)?)
    }

    /// The next message.
    ///
    /// # Errors
    /// When none comes: [`Error::ConnectionClosed`] if the server has ended the conversation.
    pub async fn next(&mut self) -> Result<Message, ClientError> {
        let message = within(self.timeout, self.stream.next()).await?;
        Ok(message.unwrap_or(Err(Error::ConnectionClosed)).map_err(Box::new)?)
    }
}

pub(super) async fn open(request: Request) -> Result<Upgrade, ClientError> {
    let timeout = request.timeout;
    let mut handshake = request.websocket_uri().into_client_request().map_err(Box::new)?;
    for (name, value) in request.headers {
        handshake.headers_mut().append(name, value);
    }
    let stream = TcpStream::connect(request.client.address).await?;
    stream.set_nodelay(true)?;
    let sent = Instant::now();
    let answer = tokio_tungstenite::client_async(handshake, stream);
    match within(timeout, answer).await? {
        Ok((stream, _)) => Ok(Upgrade::Open(Box::new(WebSocket { stream, timeout }))),
        Err(Error::Http(response)) => Ok(Upgrade::Refused(Box::new(refusal(*response, sent)))),
        Err(error) => Err(Box::new(error).into()),
    }
}

/// The client keeps of a refusal's body only what came with its headers.
fn refusal(response: ws_http::Response<Option<Vec<u8>>>, sent: Instant) -> Response {
    let (head, body) = response.into_parts();
    Response {
        status: head.status,
        headers: head.headers,
        body: body.unwrap_or_default().into(),
        trailers: HeaderMap::new(),
        time_to_first_byte: sent.elapsed(),
    }
}
