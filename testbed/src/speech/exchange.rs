//! Records a request and its answer as they pass.

use super::Service;
use super::received::{Entry, Received, ReceivedHeaders, locked};
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use http_body::{Body as HttpBody, Frame, SizeHint};
use sha2::{Digest, Sha256};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

/// Request headers that the answer repeats, so that a person with curl sees what got through.
const ECHOED: [(&str, &str); 4] = [
    ("x-user-tier", "x-received-user-tier"),
    ("x-voxgate-tenant", "x-received-tenant"),
    ("x-voxgate-operation", "x-received-operation"),
    ("x-voxgate-lane", "x-received-lane"),
];

/// The middleware.
pub(super) async fn record(
    State(service): State<Arc<Service>>,
    request: Request,
    next: Next,
) -> Response {
    let (head, body) = request.into_parts();
    let entry = service.journal.open(Received {
        id: id(&head.headers),
        method: head.method.to_string(),
        path: head.uri.path_and_query().map_or_else(String::new, ToString::to_string),
        version: format!("{:?}", head.version),
        headers: ReceivedHeaders::of(&head.headers),
        ..Received::default()
    });
    let until_answered = Going::on(&entry, &service.under_way);
    let echoed = echoed(&head.headers);

    let body = Body::new(Incoming { body, entry: Arc::clone(&entry), hash: Sha256::new() });
    let mut response = next.run(Request::from_parts(head, body)).await;

    let received = {
        let mut received = locked(&entry);
        received.status = Some(response.status().as_u16());
        received.body_bytes
    };
    response.headers_mut().extend(echoed);
    response.headers_mut().insert("x-received-bytes", HeaderValue::from(received));
    let name = service.options.name.as_ref();
    if let Some(name) = name.and_then(|name| HeaderValue::try_from(name).ok()) {
        response.headers_mut().insert("x-served-by", name);
    }
    response.map(|body| Body::new(Outgoing { body, going: until_answered }))
}

fn id(headers: &HeaderMap) -> Option<String> {
    let id = headers.get("x-test-id").or(headers.get("x-request-id"))?;
    Some(String::from_utf8_lossy(id.as_bytes()).into_owned())
}

fn echoed(headers: &HeaderMap) -> HeaderMap {
    let mut echoed = HeaderMap::new();
    for (from, to) in ECHOED {
        for value in headers.get_all(from) {
            echoed.append(to, value.clone());
        }
    }
    echoed
}

/// Says that the caller went away, unless the answer was handed over first.
struct Going {
    entry: Entry,
    done: bool,
    under_way: Arc<AtomicUsize>,
}

// === impl Going ===

impl Going {
    fn on(entry: &Entry, under_way: &Arc<AtomicUsize>) -> Self {
        under_way.fetch_add(1, Ordering::SeqCst);
        Self { entry: Arc::clone(entry), done: false, under_way: Arc::clone(under_way) }
    }

    fn done(&mut self) {
        self.done = true;
        locked(&self.entry).complete = true;
    }
}

impl Drop for Going {
    fn drop(&mut self) {
        if !self.done {
            locked(&self.entry).client_gone = true;
        }
        self.under_way.fetch_sub(1, Ordering::SeqCst);
    }
}

/// A request body that is counted and hashed as the service reads it.
struct Incoming {
    body: Body,
    entry: Entry,
    hash: Sha256,
}

impl HttpBody for Incoming {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        let frame = ready!(Pin::new(&mut this.body).poll_frame(context));
        match &frame {
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    this.hash.update(data);
                    locked(&this.entry).body_bytes += data.len() as u64;
                }
                if let Some(trailers) = frame.trailers_ref() {
                    locked(&this.entry).trailers = ReceivedHeaders::of(trailers);
                }
            }
            Some(Err(_)) => {}
            None => {
                let hash = this.hash.finalize_reset();
                let hexadecimal = hash.iter().map(|byte| format!("{byte:02x}")).collect();
                locked(&this.entry).body_sha256 = Some(hexadecimal);
            }
        }
        Poll::Ready(frame)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// An answer that knows whether it was taken to its end.
struct Outgoing {
    body: Body,
    going: Going,
}

impl HttpBody for Outgoing {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let frame = ready!(Pin::new(&mut self.body).poll_frame(context));
        // The server does not ask again after the last frame of a body of known length.
        if frame.is_none() || self.body.is_end_stream() {
            self.going.done();
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Outgoing {
    fn drop(&mut self) {
        // An empty body is never asked for a frame.
        if self.body.is_end_stream() {
            self.going.done();
        }
    }
}
