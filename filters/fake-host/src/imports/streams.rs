//! What concerns one stream, and the calls that a plugin makes.

use std::time::Duration;

use super::{BAD_ARGUMENT, NOT_FOUND, OK, SERIALIZATION_FAILURE, bytes, give, text};
use crate::host::Call;
use crate::pairs;
use crate::state::{self, Deferred, State, StreamPhase};
use crate::stream::Reply;

/// The stream type of a response; that of a request is 0.
const RESPONSE: u32 = 1;

impl State {
    pub(super) fn property(&self, path: &str) -> Result<Vec<u8>, u32> {
        let stream = self.streams.get(&self.context()).ok_or(NOT_FOUND)?;
        match path.split('\0').collect::<Vec<_>>()[..] {
            ["metadata", "filter_metadata", ref path @ ..] => {
                let value = path.iter().try_fold(&stream.metadata, |value, part| value.get(part));
                pairs::serialise(value.ok_or(NOT_FOUND)?).ok_or(SERIALIZATION_FAILURE)
            }
            ["connection", "mtls"] => Ok(vec![u8::from(stream.peer_uri_san.is_some())]),
            ["connection", "uri_san_peer_certificate"] => {
                Ok(stream.peer_uri_san.clone().ok_or(NOT_FOUND)?.into_bytes())
            }
            ["xds", "cluster_name"] => Ok(stream.cluster.clone().ok_or(NOT_FOUND)?.into_bytes()),
            ["response", "flags"] => Ok(stream.response.flags.to_le_bytes().to_vec()),
            ["response", "code_details"] => {
                Ok(stream.response.details.clone().ok_or(NOT_FOUND)?.into_bytes())
            }
            ["response", "code"] => {
                Ok(u64::from(stream.response.code.ok_or(NOT_FOUND)?).to_le_bytes().to_vec())
            }
            [key] => stream.filter_state.get(key).cloned().ok_or(NOT_FOUND),
            _ => Err(NOT_FOUND),
        }
    }
}

#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn proxy_get_property(
    path: *const u8,
    path_size: usize,
    data: *mut *mut u8,
    size: *mut usize,
) -> u32 {
    // SAFETY: the SDK passes a slice.
    let path = unsafe { text(path, path_size) };
    match state::with(|state| state.property(&path)) {
        // SAFETY: the SDK passes places to write to.
        Ok(value) => unsafe { give(&value, data, size) },
        Err(status) => status,
    }
}

#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn proxy_set_property(
    path: *const u8,
    path_size: usize,
    value: *const u8,
    value_size: usize,
) -> u32 {
    // SAFETY: the SDK passes slices.
    let (path, value) = unsafe { (text(path, path_size), bytes(value, value_size).to_vec()) };
    state::with(|state| match state.active_stream() {
        None => NOT_FOUND,
        Some(stream) => {
            stream.filter_state.insert(path, value);
            OK
        }
    })
}

#[unsafe(no_mangle)]
pub(super) extern "C" fn proxy_continue_stream(stream_type: u32) -> u32 {
    state::with(|state| {
        let context = state.context();
        let Some(stream) = state.streams.get_mut(&context) else {
            state.violation("resumed a stream outside of one");
            return OK;
        };
        if stream_type == RESPONSE {
            // Envoy resumes before it looks at the answer of a callback of the stream, and where no
            // response came yet it dies (seen on 1.40.0).
            if stream.response.stopped && stream.response.chunk.is_none() {
                state.deferred.push((context, Deferred::ContinueResponse));
            } else {
                state.violation("resumed a response that is not held");
            }
            return OK;
        }
        let held = stream.phase == StreamPhase::Held && !stream.answered;
        stream.request_open = false;
        if stream_type != 0 || !(held || stream.body.chunk.is_some()) {
            state.violation("resumed a request that is not held");
        } else {
            state.deferred.push((context, Deferred::Continue));
        }
        OK
    })
}

#[unsafe(no_mangle)]
pub(super) extern "C" fn proxy_close_stream(stream_type: u32) -> u32 {
    state::with(|state| {
        let context = state.context();
        let is_running = state.streams.get(&context).is_some_and(|it| it.response.code.is_some());
        if stream_type == RESPONSE && is_running {
            state.deferred.push((context, Deferred::ResetResponse));
        } else {
            state.violation("reset what is no response");
        }
        OK
    })
}

#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn proxy_send_local_response(
    status: u32,
    _details: *const u8,
    _details_size: usize,
    body: *const u8,
    body_size: usize,
    headers: *const u8,
    headers_size: usize,
    grpc_status: i32,
) -> u32 {
    // SAFETY: the SDK passes slices.
    let (body, headers) =
        unsafe { (bytes(body, body_size).to_vec(), pairs::from_vm(bytes(headers, headers_size))) };
    state::with(|state| {
        let context = state.context();
        let Some(stream) = state.streams.get_mut(&context) else {
            state.violation("replied outside of a stream");
            return OK;
        };
        if std::mem::replace(&mut stream.answered, true) {
            state.violation("replied twice, which hangs the stream");
            return OK;
        }
        if stream.phase == StreamPhase::Continued {
            state.violation("replied to a request that had gone on");
        }
        let reply = Reply {
            status: status as u16,
            headers,
            body,
            grpc_status: u32::try_from(grpc_status).ok(),
        };
        state.deferred.push((context, Deferred::Reply(reply)));
        OK
    })
}

#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn proxy_http_call(
    cluster: *const u8,
    cluster_size: usize,
    headers: *const u8,
    headers_size: usize,
    _body: *const u8,
    _body_size: usize,
    _trailers: *const u8,
    _trailers_size: usize,
    timeout: u32,
    token: *mut u32,
) -> u32 {
    // SAFETY: the SDK passes slices.
    let (cluster, headers) =
        unsafe { (text(cluster, cluster_size), pairs::from_vm(bytes(headers, headers_size))) };
    let has = |name: &str| headers.iter().any(|(key, _)| key == name);
    let complete = has(":method") && has(":path") && has(":authority");
    state::with(|state| {
        if timeout == 0 {
            state.violation("made a call that never times out");
        }
        if i32::try_from(timeout).is_err() || !complete || !state.clusters.contains(&cluster) {
            return BAD_ARGUMENT;
        }
        state.next_token += 1;
        let call = Call {
            token: state.next_token,
            root: state.context(),
            cluster,
            headers,
            timeout: Duration::from_millis(timeout.into()),
        };
        state.calls.push(call);
        // SAFETY: the SDK passes a place to write to.
        unsafe { *token = state.next_token };
        OK
    })
}

#[unsafe(no_mangle)]
pub(super) extern "C" fn proxy_set_effective_context(context: u32) -> u32 {
    state::with(|state| {
        if !state.context_exists(context) {
            return BAD_ARGUMENT;
        }
        state.effective = context;
        OK
    })
}
