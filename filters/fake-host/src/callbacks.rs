//! The SDK's exports, called the way Envoy calls into the VM.

use crate::state::{self, Deferred, Headers, StreamPhase};
use crate::stream::Reply;

unsafe extern "C" {
    safe fn proxy_on_memory_allocate(size: usize) -> *mut u8;
    safe fn proxy_on_context_create(context: u32, root: u32);
    safe fn proxy_on_vm_start(root: u32, size: usize) -> bool;
    safe fn proxy_on_configure(root: u32, size: usize) -> bool;
    safe fn proxy_on_tick(root: u32);
    safe fn proxy_on_request_headers(context: u32, count: usize, end_of_stream: bool) -> u32;
    safe fn proxy_on_request_body(context: u32, size: usize, end_of_stream: bool) -> u32;
    safe fn proxy_on_request_trailers(context: u32, count: usize) -> u32;
    safe fn proxy_on_response_headers(context: u32, count: usize, end_of_stream: bool) -> u32;
    safe fn proxy_on_response_body(context: u32, size: usize, end_of_stream: bool) -> u32;
    safe fn proxy_on_response_trailers(context: u32, count: usize) -> u32;
    safe fn proxy_on_http_call_response(
        root: u32,
        token: u32,
        headers: usize,
        body: usize,
        trailers: usize,
    );
    safe fn proxy_on_done(context: u32) -> bool;
    safe fn proxy_on_log(context: u32);
    safe fn proxy_on_delete(context: u32);
}

/// Memory that the SDK takes over.
pub(crate) fn allocate(size: usize) -> *mut u8 {
    proxy_on_memory_allocate(size)
}

pub(crate) fn create_context(context: u32, root: u32) {
    enter(context, || proxy_on_context_create(context, root));
}

pub(crate) fn vm_start(root: u32) -> bool {
    enter(root, || proxy_on_vm_start(root, 0))
}

pub(crate) fn configure(root: u32, size: usize) -> bool {
    enter(root, || proxy_on_configure(root, size))
}

pub(crate) fn tick(root: u32) {
    enter(root, || proxy_on_tick(root));
}

pub(crate) fn call_response(root: u32, token: u32, headers: usize, body: usize) {
    enter(root, || proxy_on_http_call_response(root, token, headers, body, 0));
}

pub(crate) fn request_headers(context: u32, count: usize, end_of_stream: bool) -> bool {
    enter(context, || proxy_on_request_headers(context, count, end_of_stream)) == 0
}

pub(crate) fn request_body(context: u32, size: usize, end_of_stream: bool) -> bool {
    enter(context, || proxy_on_request_body(context, size, end_of_stream)) == 0
}

pub(crate) fn request_trailers(context: u32) -> bool {
    enter(context, || proxy_on_request_trailers(context, 1)) == 0
}

pub(crate) fn response_headers(context: u32, headers: Headers, end_of_stream: bool) {
    let count = headers.len();
    state::with(|state| {
        let stream = state.stream(context);
        let status = headers.iter().find(|(name, _)| name == ":status");
        stream.response.code = status.and_then(|(_, it)| str::from_utf8(it).ok()?.parse().ok());
        stream.response.changes = headers.clone();
        stream.response.headers = Some(headers);
    });
    enter(context, || proxy_on_response_headers(context, count, end_of_stream));
    state::with(|state| state.stream(context).response.headers = None);
}

pub(crate) fn response_body(context: u32, size: usize, end_of_stream: bool) -> bool {
    enter(context, || proxy_on_response_body(context, size, end_of_stream)) == 0
}

pub(crate) fn response_trailers(context: u32, count: usize) -> bool {
    enter(context, || proxy_on_response_trailers(context, count)) == 0
}

/// A local reply passes the encoder filters, the one that made it included.
pub(crate) fn local_reply(context: u32, reply: &Reply) {
    let has_body = !reply.body.is_empty() && reply.grpc_status.is_none();
    response_headers(context, reply.as_headers(), !has_body);
    if has_body {
        let size = reply.body.len();
        state::with(|state| state.stream(context).response.chunk = Some(reply.body.clone()));
        response_body(context, size, true);
        state::with(|state| state.stream(context).response.chunk = None);
    }
}

pub(crate) fn end(context: u32) {
    enter(context, || proxy_on_log(context));
    enter(context, || proxy_on_done(context));
    enter(context, || proxy_on_delete(context));
}

/// One call into the VM. What it asks for happens to streams after it returned, as in Envoy.
fn enter<R>(context: u32, call: impl FnOnce() -> R) -> R {
    state::with(|state| {
        state.current = context;
        state.effective = 0;
    });
    let result = call();
    let deferred = state::with(|state| {
        state.current = 0;
        std::mem::take(&mut state.deferred)
    });
    for (context, action) in deferred {
        match action {
            Deferred::Continue => {
                state::with(|state| {
                    let stream = state.stream(context);
                    stream.phase = StreamPhase::Continued;
                    stream.body.flush();
                });
            }
            Deferred::ContinueResponse => {
                state::with(|state| state.stream(context).response.flush());
            }
            Deferred::ResetResponse => {
                state::with(|state| state.stream(context).response.reset());
            }
            Deferred::Reply(reply) => {
                state::with(|state| {
                    let stream = state.stream(context);
                    stream.phase = StreamPhase::Replied;
                    stream.request_open = false;
                    stream.reply = Some(reply.clone());
                });
                local_reply(context, &reply);
            }
        }
    }
    result
}
