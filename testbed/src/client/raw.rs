//! Bytes on a connection: for requests that no HTTP library writes.

use super::{ClientError, within};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How long an answer may take.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What came back before the server closed the connection or its answer was whole.
#[derive(Debug, Clone)]
pub struct RawResponse {
    /// The status; `None` when the server closed without an answer.
    pub status: Option<StatusCode>,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, as long as `content-length` says; without one, all that came, not decoded.
    pub body: Bytes,
}

/// Writes `request` as it stands and reads one HTTP/1.1 response.
///
/// # Errors
/// When there is no connection or no whole answer within ten seconds.
pub async fn exchange(address: SocketAddr, request: &[u8]) -> Result<RawResponse, ClientError> {
    let answer = async {
        let mut stream = TcpStream::connect(address).await?;
        // A server that refuses the head may close before it has read the rest.
        let _ = stream.write_all(request).await;
        let mut received = Vec::new();
        loop {
            if let Some(response) = parse(&received) {
                return Ok(response);
            }
            let mut chunk = [0; 16 * 1024];
            match stream.read(&mut chunk).await {
                Ok(0) | Err(_) => return Ok(truncated(&received)),
                Ok(length) => received.extend_from_slice(&chunk[..length]),
            }
        }
    };
    within(TIMEOUT, answer).await?
}

/// A connection on which a test says and awaits one thing after another.
#[derive(Debug)]
pub struct Conversation(TcpStream);

impl Conversation {
    /// Connects.
    ///
    /// # Errors
    /// When nobody listens.
    pub async fn open(address: SocketAddr) -> Result<Self, ClientError> {
        Ok(Self(TcpStream::connect(address).await?))
    }

    /// Writes these bytes.
    ///
    /// # Errors
    /// When the connection is gone.
    pub async fn say(&mut self, bytes: impl AsRef<[u8]>) -> Result<(), ClientError> {
        Ok(self.0.write_all(bytes.as_ref()).await?)
    }

    /// Reads until what came ends with `end`, or the server closes; returns what came.
    ///
    /// # Errors
    /// When neither happens within ten seconds.
    pub async fn hear(&mut self, end: &str) -> Result<String, ClientError> {
        let mut heard = Vec::new();
        let hear = async {
            while !heard.ends_with(end.as_bytes()) {
                match self.0.read_u8().await {
                    Ok(byte) => heard.push(byte),
                    Err(_) => break,
                }
            }
        };
        within(TIMEOUT, hear).await?;
        Ok(String::from_utf8_lossy(&heard).into_owned())
    }
}

/// A request head and a body of JSON with a correct length; the headers' bytes are written as they
/// stand.
/// It asks for the connection to be closed, for that is the end of a response without a length.
pub fn post(path: &str, headers: &[(&[u8], &[u8])], body: &[u8]) -> Vec<u8> {
    let mut request = format!(
        "POST {path} HTTP/1.1\r\nhost: speech.test\r\nconnection: close\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n",
        body.len(),
    )
    .into_bytes();
    for (name, value) in headers {
        request.extend_from_slice(&[name, &b": "[..], value, b"\r\n"].concat());
    }
    request.extend_from_slice(b"\r\n");
    request.extend_from_slice(body);
    request
}

/// The response, once all of it is there.
fn parse(received: &[u8]) -> Option<RawResponse> {
    let (response, rest) = head(received)?;
    let length: usize = match response.headers.get("content-length") {
        Some(length) => length.to_str().ok()?.parse().ok()?,
        None => return None, // its end is the end of the connection
    };
    let body = Bytes::copy_from_slice(rest.get(..length)?);
    Some(RawResponse { body, ..response })
}

fn truncated(received: &[u8]) -> RawResponse {
    match head(received) {
        Some((response, rest)) => RawResponse { body: Bytes::copy_from_slice(rest), ..response },
        None => RawResponse { status: None, headers: HeaderMap::new(), body: Bytes::new() },
    }
}

fn head(received: &[u8]) -> Option<(RawResponse, &[u8])> {
    let mut headers = [httparse::EMPTY_HEADER; 100];
    let mut parsed = httparse::Response::new(&mut headers);
    let length = match parsed.parse(received) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) | Err(_) => return None,
    };
    let mut map = HeaderMap::new();
    for header in parsed.headers.iter() {
        let name = HeaderName::from_bytes(header.name.as_bytes()).ok()?;
        map.append(name, HeaderValue::from_bytes(header.value).ok()?);
    }
    let status = parsed.code.and_then(|code| StatusCode::from_u16(code).ok());
    let rest = received.get(length..)?;
    Some((RawResponse { status, headers: map, body: Bytes::new() }, rest))
}
