//! A page that plays a stream and says what was heard; `testbed/page/`, as it was when this was built.
//!
//! It is served by the service itself, so that it has the origin of what it asks for: through a proxy as
//! well as without.

use axum::Router;
use axum::response::{IntoResponse, Redirect};
use axum::routing::get;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};

/// Where it is.
pub const PAGE: &str = "/listen/";

/// Its files: the path behind [`PAGE`], the content type, and the content.
const FILES: [(&str, &str, &str); 6] = [
    ("", HTML, include_str!("../../page/index.html")),
    ("page.css", "text/css; charset=utf-8", include_str!("../../page/page.css")),
    ("page.js", JAVASCRIPT, include_str!("../../page/page.js")),
    ("listen.js", JAVASCRIPT, include_str!("../../page/listen.js")),
    ("player.js", JAVASCRIPT, include_str!("../../page/player.js")),
    ("samples.js", JAVASCRIPT, include_str!("../../page/samples.js")),
];

const HTML: &str = "text/html; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

/// Serves it.
pub(super) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let home = get(|| async { Redirect::permanent(PAGE) });
    let routes = Router::new().route(PAGE.trim_end_matches('/'), home);
    FILES.into_iter().fold(routes, |routes, (path, content_type, content)| {
        let head = [(CONTENT_TYPE, content_type), (CACHE_CONTROL, "no-store")];
        let file = get(move || async move { (head, content).into_response() });
        routes.route(&format!("{PAGE}{path}"), file)
    })
}
