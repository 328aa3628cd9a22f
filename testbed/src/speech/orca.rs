//! What the service says of its own load, as ORCA has it for native HTTP: `endpoint-load-metrics:
//! TEXT name=value,…` (Envoy, `source/common/orca/orca_parser.h`; gRFC A51 has the names).

use super::Service;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::{HeaderMap, HeaderName};
use http_body_util::BodyExt;
use std::future::ready;
use std::sync::Arc;

const NAME: HeaderName = HeaderName::from_static("endpoint-load-metrics");

/// Tells what the GPU says, if it is to; or what the request wants to hear, in the headers
/// (`x-test-load`) or in the trailers (`x-test-load-trailer`, HTTP/2).
pub(super) async fn report(
    State(service): State<Arc<Service>>,
    request: Request,
    next: Next,
) -> Response {
    let header = request.headers().get("x-test-load").cloned();
    let trailer = request.headers().get("x-test-load-trailer").cloned();
    let mut response = next.run(request).await;
    let card = service.card.as_ref().filter(|_| service.options.load_reports);
    if let Some(load) = header.or_else(|| card.map(|card| card.load_report())) {
        response.headers_mut().insert(NAME, load);
    }
    let Some(load) = trailer else { return response };
    let trailers = HeaderMap::from_iter([(NAME, load)]);
    response.map(|body| Body::new(body.with_trailers(ready(Some(Ok::<_, axum::Error>(trailers))))))
}
