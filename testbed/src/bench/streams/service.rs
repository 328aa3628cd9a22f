//! The service: it writes each chunk by itself, at once (`TCP_NODELAY`), over HTTP/1.1 or HTTP/2.

use super::pace::{LEAST, Wanted};
use super::sound::{Moment, chunk, opening};
use crate::server::Server;
use axum::Router;
use axum::body::Body;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use futures_util::stream::{self, Stream, StreamExt};
use http::{HeaderMap, StatusCode};
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;
use tokio::time::{Instant, sleep, sleep_until};

/// The header with a [`Wanted`].
pub(super) const WANTED: &str = "x-bench-wanted";

pub(super) async fn start() -> io::Result<Server> {
    Server::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), Router::new().fallback(speak)).await
}

/// The body is taken first: what is left of one would cost the connection.
async fn speak(headers: HeaderMap, _: Bytes) -> Response {
    let asked = Moment::now();
    let wanted = headers.get(WANTED).and_then(|it| serde_json::from_slice(it.as_bytes()).ok());
    let Some(wanted) = wanted else { return StatusCode::BAD_REQUEST.into_response() };
    ([("content-type", "audio/wav")], Body::from_stream(sound(wanted, asked))).into_response()
}

fn sound(wanted: Wanted, asked: Moment) -> impl Stream<Item = io::Result<Bytes>> {
    let first = stream::once(async move {
        sleep(Duration::from_millis(wanted.wait_ms) / 2).await;
        Ok(opening())
    });
    let paced = stream::unfold(
        (wanted.schedule().into_iter(), None),
        move |(mut schedule, begun): (std::vec::IntoIter<Duration>, Option<Instant>)| async move {
            let due = schedule.next()?;
            let begun = match begun {
                Some(begun) => {
                    // However late it is, the chunk before has left.
                    sleep_until((begun + due).max(Instant::now() + LEAST)).await;
                    begun
                }
                None => {
                    sleep((Duration::from_millis(wanted.wait_ms) / 2).max(LEAST)).await;
                    Instant::now()
                }
            };
            Some((Ok(chunk(asked)), (schedule, Some(begun))))
        },
    );
    first.chain(paced)
}
