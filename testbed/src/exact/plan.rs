//! One stream: what is sent, how a client reads it, and what it is to find.

use super::{Check, Clients, Lost, Mode};
use crate::client::{ClientError, Request, Streaming, WebSocket};
use crate::script::{Ending, HEADER, Script};
use http::{HeaderMap, StatusCode, header};
use std::time::Duration;
use tokio_tungstenite::tungstenite::Message;

/// How long a client waits for the next bytes.
const PATIENCE: Duration = Duration::from_secs(20);

/// How a client speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Protocol {
    /// HTTP/1.1.
    Http1,
    /// HTTP/2.
    Http2,
    /// gRPC, a call whose answer is a stream.
    Grpc,
    /// A WebSocket, each piece a message.
    WebSocket,
}

/// How a client reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    /// As it comes.
    Steady,
    /// With a pause of so many milliseconds before each piece, and with little room for more.
    Slow(u64),
    /// Until it has so many bytes; then it goes.
    Leaves(usize),
}

/// One stream.
#[derive(Debug, Clone)]
pub struct Plan {
    /// How the client speaks.
    pub protocol: Protocol,
    /// What is done with it.
    pub mode: Mode,
    /// How the client reads.
    pub reader: Reader,
    /// Whether only the headers are asked for (`HEAD`).
    pub is_head: bool,
    /// What is sent.
    pub script: Script,
}

/// How a stream ended that came as it was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Heard {
    /// It came whole.
    Whole,
    /// The service broke it off, and the client was told.
    Broken,
    /// The client left.
    Left,
}

// === impl Protocol ===

impl Protocol {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Http1, Self::Http2, Self::Grpc, Self::WebSocket];

    /// Those there are where Envoy speaks HTTP/1.1 to the service.
    pub const OVER_HTTP1: [Self; 3] = [Self::Http1, Self::Http2, Self::WebSocket];
}

// === impl Plan ===

impl Plan {
    /// A stream that a steady client reads.
    pub fn new(protocol: Protocol, mode: Mode, script: Script) -> Self {
        Self { protocol, mode, reader: Reader::Steady, is_head: false, script }
    }

    /// Asks for the stream and compares it as it comes.
    ///
    /// # Errors
    /// What was wrong with it.
    pub async fn run(&self, clients: &Clients) -> Result<Heard, Lost> {
        match self.protocol {
            Protocol::WebSocket => self.over_websocket(clients).await,
            _ => self.over_http(clients).await,
        }
    }

    fn request(&self, clients: &Clients) -> Request {
        let mut client = clients.client(self.protocol).clone();
        if matches!(self.reader, Reader::Slow(_)) {
            client = client.scant();
        }
        let request = match self.protocol {
            Protocol::Grpc => client.grpc("/voxgate.testbed.v1.Speech/Speak", b"script"),
            Protocol::WebSocket => client.get("/ws"),
            _ if self.is_head => client.request("HEAD", "/script"),
            _ => client.post("/script").header("te", "trailers"),
        };
        // Whoever compresses on the way may; streams, nobody does.
        let request = request.header("accept-encoding", "gzip");
        let request = request.header(HEADER, self.script.to_header());
        request.bearer(clients.token(self.mode)).timeout(PATIENCE)
    }

    fn check(&self) -> Check {
        Check::of(if self.is_head { bytes::Bytes::new() } else { self.script.body() })
    }

    /// Whether the client goes now.
    async fn leaves(&self, check: &Check) -> bool {
        match self.reader {
            Reader::Steady => false,
            Reader::Slow(pause) => {
                tokio::time::sleep(Duration::from_millis(pause)).await;
                false
            }
            Reader::Leaves(at) => check.came() >= at,
        }
    }

    fn breaks(&self) -> bool {
        self.script.ending != Ending::Whole
    }

    async fn over_http(&self, clients: &Clients) -> Result<Heard, Lost> {
        let mut streaming = match self.request(clients).stream().await {
            Ok(streaming) => streaming,
            // Broken off before the client had the headers.
            Err(ClientError::Http(_)) if self.breaks() => return Ok(Heard::Broken),
            Err(error) => return Err(error.into()),
        };
        if streaming.status != self.script.status {
            // Envoy was told before it had the headers.
            let is_told = self.breaks() && streaming.status == StatusCode::SERVICE_UNAVAILABLE;
            return if is_told { Ok(Heard::Broken) } else { Err(Lost::Status(streaming.status)) };
        }
        self.compare_headers(&streaming.headers)?;
        let mut check = self.check();
        while !self.leaves(&check).await {
            match streaming.next().await {
                Ok(Some(chunk)) => check.take(&chunk)?,
                Ok(None) => return self.ended(&check, &streaming),
                Err(ClientError::Body(_) | ClientError::Reset) if self.breaks() => {
                    return Ok(Heard::Broken);
                }
                Err(error) => return Err(broken_off(&check, error)),
            }
        }
        Ok(Heard::Left)
    }

    fn compare_headers(&self, found: &HeaderMap) -> Result<(), Lost> {
        let sent = self.script.headers();
        let same = |name: http::HeaderName| sent.get(&name) == found.get(&name);
        let are_same = !self.script.may_have_body()
            || same(header::CONTENT_TYPE) && same(header::CONTENT_ENCODING);
        let length_is_kept = !self.script.length_told || same(header::CONTENT_LENGTH);
        if are_same && length_is_kept { Ok(()) } else { Err(Lost::Headers(found.clone())) }
    }

    fn ended(&self, check: &Check, streaming: &Streaming) -> Result<Heard, Lost> {
        let (came, sent) = (check.came(), check.sent());
        let status = streaming.trailers.get("grpc-status").or(streaming.headers.get("grpc-status"));
        if self.breaks() {
            let is_told = status.is_some_and(|status| status != "0");
            return if is_told { Ok(Heard::Broken) } else { Err(Lost::Untold { came }) };
        }
        if !check.is_whole() {
            return Err(Lost::CutShort { came, sent });
        }
        // Without a body there is nothing that they could follow.
        let trailers = if self.is_head { None } else { self.script.trailers() };
        for (name, value) in trailers.iter().flatten() {
            if streaming.trailers.get(name) != Some(value) {
                return Err(Lost::Trailers(streaming.trailers.clone()));
            }
        }
        Ok(Heard::Whole)
    }

    async fn over_websocket(&self, clients: &Clients) -> Result<Heard, Lost> {
        let mut socket = match self.request(clients).websocket().await {
            Ok(upgrade) => match upgrade {
                crate::client::Upgrade::Open(socket) => socket,
                crate::client::Upgrade::Refused(response) => {
                    return Err(Lost::Status(response.status));
                }
            },
            Err(error) => return Err(error.into()),
        };
        let mut check = self.check();
        let mut pieces = self.script.pieces(check.sent()).into_iter().enumerate();
        while !self.leaves(&check).await {
            match next_message(&mut socket).await {
                Ok(Some(message)) => {
                    let next = pieces.next().map(|(number, piece)| (number, piece.bytes));
                    let (number, sent) = next.unwrap_or((usize::MAX, 0));
                    if message.len() != sent {
                        return Err(Lost::Message { number, came: message.len(), sent });
                    }
                    check.take(&message)?;
                }
                Ok(None) if self.breaks() => return Err(Lost::Untold { came: check.came() }),
                Ok(None) if check.is_whole() => return Ok(Heard::Whole),
                Ok(None) => {
                    return Err(Lost::CutShort { came: check.came(), sent: check.sent() });
                }
                Err(ClientError::WebSocket(_)) if self.breaks() => return Ok(Heard::Broken),
                Err(error) => return Err(broken_off(&check, error)),
            }
        }
        Ok(Heard::Left)
    }
}

fn broken_off(check: &Check, error: ClientError) -> Lost {
    Lost::BrokenOff { came: check.came(), sent: check.sent(), error }
}

/// The next message; `None` when the server said farewell.
async fn next_message(socket: &mut WebSocket) -> Result<Option<bytes::Bytes>, ClientError> {
    loop {
        match socket.next().await {
            Ok(Message::Binary(message)) => return Ok(Some(message)),
            Ok(Message::Close(_)) => {
                // The answer is made already, and goes now. Envoy closes a second later
                // (`delayed_close_timeout`), which nobody need wait for.
                let _ = socket.send(Message::Close(None)).await;
                return Ok(None);
            }
            Ok(_) => {}
            Err(error) => return Err(error),
        }
    }
}
