//! The functions that the SDK imports. Statuses are Envoy's; `10` is "internal failure".
//!
//! Calls that no filter makes are violations rather than plays: they would have to answer as Envoy
//! does to be of use.

use std::slice;
use std::time::Duration;

use crate::host::{Call, Log, LogLevel};
use crate::state::{self, Deferred, Headers, State, StreamPhase, StreamState};
use crate::stream::Reply;
use crate::{callbacks, foreign, pairs};

const OK: u32 = 0;
const NOT_FOUND: u32 = 1;
const BAD_ARGUMENT: u32 = 2;
const SERIALIZATION_FAILURE: u32 = 3;
const CAS_MISMATCH: u32 = 8;
const INTERNAL_FAILURE: u32 = 10;

const REQUEST_HEADERS: u32 = 0;
const RESPONSE_HEADERS: u32 = 2;
const CALL_RESPONSE_HEADERS: u32 = 6;

/// # Safety
/// `data` must point at `size` bytes, or be null.
unsafe fn bytes<'a>(data: *const u8, size: usize) -> &'a [u8] {
    // SAFETY: the caller's promise.
    if data.is_null() { &[] } else { unsafe { slice::from_raw_parts(data, size) } }
}

/// # Safety
/// As [`bytes`].
unsafe fn text(data: *const u8, size: usize) -> String {
    // SAFETY: the caller's promise.
    String::from_utf8_lossy(unsafe { bytes(data, size) }).into_owned()
}

/// Hands a value to the VM; an empty one as null, as Envoy does.
///
/// # Safety
/// `data` and `size` must be writable.
unsafe fn give(value: &[u8], data: *mut *mut u8, size: *mut usize) -> u32 {
    // SAFETY: the caller's promise; the SDK allocates as many bytes as asked for.
    unsafe {
        *size = value.len();
        *data = std::ptr::null_mut();
        if !value.is_empty() {
            *data = callbacks::allocate(value.len());
            std::ptr::copy_nonoverlapping(value.as_ptr(), *data, value.len());
        }
    }
    OK
}

impl StreamState {
    fn readable(&self, map: u32) -> Option<&Headers> {
        match map {
            REQUEST_HEADERS => Some(&self.headers).filter(|_| self.request_open),
            RESPONSE_HEADERS => self.response.as_ref(),
            _ => None,
        }
    }
}

impl State {
    fn readable(&self, map: u32) -> Option<&Headers> {
        match map {
            CALL_RESPONSE_HEADERS => self.call_response.as_ref().map(|(headers, _)| headers),
            _ => self.streams.get(&self.context())?.readable(map),
        }
    }

    fn change(&mut self, map: u32, change: impl FnOnce(&mut Headers)) -> u32 {
        let Some(stream) = self.active_stream().filter(|it| it.readable(map).is_some()) else {
            return BAD_ARGUMENT;
        };
        if map == REQUEST_HEADERS {
            stream.route_cache_clears += 1;
            change(&mut stream.headers);
        } else if let Some(response) = &mut stream.response {
            change(response);
            stream.response_changes = response.clone();
        }
        OK
    }

    pub(crate) fn write_shared(&mut self, key: &str, value: &[u8]) {
        self.next_version += 1;
        self.shared.insert(key.to_owned(), (value.to_vec(), self.next_version));
    }

    fn property(&self, path: &str) -> Result<Vec<u8>, u32> {
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
            [key] => stream.filter_state.get(key).cloned().ok_or(NOT_FOUND),
            _ => Err(NOT_FOUND),
        }
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_log(level: u32, data: *const u8, size: usize) -> u32 {
    // SAFETY: the SDK passes a slice.
    let message = unsafe { text(data, size) };
    let level = match level {
        0 => LogLevel::Trace,
        1 => LogLevel::Debug,
        2 => LogLevel::Info,
        3 => LogLevel::Warn,
        4 => LogLevel::Error,
        _ => LogLevel::Critical,
    };
    state::with(|state| state.logs.push(Log { level, message }));
    OK
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_get_current_time_nanoseconds(time: *mut u64) -> u32 {
    // SAFETY: the SDK passes a place to write to.
    unsafe { *time = state::with(|state| state.now.as_nanos() as u64) };
    OK
}

#[unsafe(no_mangle)]
extern "C" fn proxy_set_tick_period_milliseconds(period: u32) -> u32 {
    state::with(|state| {
        state.tick_period = Duration::from_millis(period.into());
        state.timer_starts += 1;
    });
    OK
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_get_buffer_bytes(
    buffer: u32,
    start: usize,
    length: usize,
    data: *mut *mut u8,
    size: *mut usize,
) -> u32 {
    let content = state::with(|state| match buffer {
        4 => state.call_response.as_ref().map(|(_, body)| body.clone()),
        7 => state.configuring.clone(),
        _ => None,
    });
    match content {
        None => NOT_FOUND,
        Some(content) if start > content.len() => BAD_ARGUMENT,
        Some(content) => {
            let end = start.saturating_add(length).min(content.len());
            // SAFETY: the SDK passes places to write to.
            unsafe { give(&content[start..end], data, size) }
        }
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_get_header_map_pairs(
    map: u32,
    data: *mut *mut u8,
    size: *mut usize,
) -> u32 {
    // In the wrong phase there is no map, and that reads as an empty one.
    let headers = state::with(|state| state.readable(map).map(pairs::to_vm)).unwrap_or_default();
    // SAFETY: the SDK passes places to write to.
    unsafe { give(&headers, data, size) }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_set_header_map_pairs(map: u32, data: *const u8, size: usize) -> u32 {
    // SAFETY: the SDK passes a slice.
    let headers = pairs::from_vm(unsafe { bytes(data, size) });
    state::with(|state| state.change(map, |all| *all = headers))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_get_header_map_value(
    map: u32,
    name: *const u8,
    name_size: usize,
    data: *mut *mut u8,
    size: *mut usize,
) -> u32 {
    // SAFETY: the SDK passes a slice.
    let name = unsafe { text(name, name_size) }.to_ascii_lowercase();
    let value = state::with(|state| {
        let headers = state.readable(map).ok_or(BAD_ARGUMENT)?;
        let (_, value) = headers.iter().find(|(key, _)| *key == name).ok_or(NOT_FOUND)?;
        Ok(value.clone())
    });
    match value {
        // SAFETY: the SDK passes places to write to.
        Ok(value) => unsafe { give(&value, data, size) },
        Err(status) => status,
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_remove_header_map_value(map: u32, name: *const u8, size: usize) -> u32 {
    // SAFETY: the SDK passes a slice.
    let name = unsafe { text(name, size) }.to_ascii_lowercase();
    state::with(|state| state.change(map, |all| all.retain(|(key, _)| *key != name)))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_replace_header_map_value(
    map: u32,
    name: *const u8,
    name_size: usize,
    value: *const u8,
    value_size: usize,
) -> u32 {
    // SAFETY: the SDK passes slices.
    let (name, value) =
        unsafe { (text(name, name_size).to_ascii_lowercase(), bytes(value, value_size).to_vec()) };
    state::with(|state| {
        state.change(map, |all| {
            all.retain(|(key, _)| *key != name);
            all.push((name, value));
        })
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_add_header_map_value(
    map: u32,
    name: *const u8,
    name_size: usize,
    value: *const u8,
    value_size: usize,
) -> u32 {
    // SAFETY: the SDK passes slices.
    let header =
        unsafe { (text(name, name_size).to_ascii_lowercase(), bytes(value, value_size).to_vec()) };
    state::with(|state| state.change(map, |all| all.push(header)))
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_get_property(
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
unsafe extern "C" fn proxy_set_property(
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
unsafe extern "C" fn proxy_get_shared_data(
    key: *const u8,
    key_size: usize,
    data: *mut *mut u8,
    size: *mut usize,
    version: *mut u32,
) -> u32 {
    // SAFETY: the SDK passes a slice.
    let key = unsafe { text(key, key_size) };
    match state::with(|state| state.shared.get(&key).cloned()) {
        None => NOT_FOUND,
        // SAFETY: the SDK passes places to write to.
        Some((value, current)) => unsafe {
            *version = current;
            give(&value, data, size)
        },
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_set_shared_data(
    key: *const u8,
    key_size: usize,
    value: *const u8,
    value_size: usize,
    version: u32,
) -> u32 {
    // SAFETY: the SDK passes slices.
    let (key, value) = unsafe { (text(key, key_size), bytes(value, value_size)) };
    state::with(|state| {
        if version != 0 && !state.interference.is_empty() {
            let (key, value) = state.interference.remove(0);
            state.write_shared(&key, &value);
        }
        // A version is only compared with an entry that exists.
        match state.shared.get(&key) {
            Some((_, current)) if version != 0 && version != *current => CAS_MISMATCH,
            _ => {
                state.write_shared(&key, value);
                OK
            }
        }
    })
}

#[unsafe(no_mangle)]
extern "C" fn proxy_continue_stream(stream_type: u32) -> u32 {
    state::with(|state| {
        let context = state.context();
        let Some(stream) = state.streams.get_mut(&context) else {
            state.violation("resumed a stream outside of one");
            return OK;
        };
        let held = stream.phase == StreamPhase::Held && !stream.answered;
        stream.request_open = false;
        if stream_type != 0 || !(held || stream.in_body) {
            state.violation("resumed a request that is not held");
        } else {
            state.deferred.push((context, Deferred::Continue));
        }
        OK
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_send_local_response(
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
unsafe extern "C" fn proxy_http_call(
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
extern "C" fn proxy_set_effective_context(context: u32) -> u32 {
    state::with(|state| {
        if !state.context_exists(context) {
            return BAD_ARGUMENT;
        }
        state.effective = context;
        OK
    })
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_call_foreign_function(
    name: *const u8,
    name_size: usize,
    arguments: *const u8,
    arguments_size: usize,
    data: *mut *mut u8,
    size: *mut usize,
) -> u32 {
    // SAFETY: the SDK passes slices.
    let (name, arguments) = unsafe { (text(name, name_size), bytes(arguments, arguments_size)) };
    if state::with(|state| state.missing_functions.contains(&name)) {
        return NOT_FOUND;
    }
    let result = match name.as_str() {
        "verify_signature" => foreign::verify_signature(arguments),
        "clear_route_cache" => {
            state::with(|state| state.active_stream().map(|it| it.route_cache_clears += 1));
            Some(Vec::new())
        }
        _ => return NOT_FOUND,
    };
    match result {
        // SAFETY: the SDK passes places to write to.
        Some(result) => unsafe { give(&result, data, size) },
        None => BAD_ARGUMENT,
    }
}

#[unsafe(no_mangle)]
unsafe extern "C" fn proxy_define_metric(
    kind: u32,
    name: *const u8,
    size: usize,
    id: *mut u32,
) -> u32 {
    // SAFETY: the SDK passes a slice and a place to write to.
    unsafe {
        let name = text(name, size);
        *id = state::with(|state| {
            state.metrics.push((kind, name));
            state.metrics.len() as u32 - 1
        });
    }
    OK
}

#[unsafe(no_mangle)]
extern "C" fn proxy_increment_metric(id: u32, offset: i64) -> u32 {
    state::with(|state| {
        let Some((kind, name)) = state.metrics.get(id as usize) else { return NOT_FOUND };
        if *kind == 0 && offset <= 0 {
            return BAD_ARGUMENT;
        }
        let value = state.metric_values.entry(name.clone()).or_default();
        *value = value.saturating_add_signed(offset);
        OK
    })
}

#[unsafe(no_mangle)]
extern "C" fn proxy_record_metric(id: u32, value: u64) -> u32 {
    state::with(|state| {
        let Some((_, name)) = state.metrics.get(id as usize) else { return NOT_FOUND };
        state.metric_values.insert(name.clone(), value);
        OK
    })
}

/// Imports that the SDK links but no filter of ours calls.
macro_rules! not_played {
    ($($name:ident($($argument:ty),*);)*) => {$(
        #[unsafe(no_mangle)]
        extern "C" fn $name($(_: $argument),*) -> u32 {
            state::with(|state| state.violation(concat!("called ", stringify!($name))));
            INTERNAL_FAILURE
        }
    )*};
}

type In = *const u8;
type Out = *mut u8;

not_played! {
    proxy_get_log_level(Out);
    proxy_set_buffer_bytes(u32, usize, usize, In, usize);
    proxy_register_shared_queue(In, usize, Out);
    proxy_resolve_shared_queue(In, usize, In, usize, Out);
    proxy_dequeue_shared_queue(u32, Out, Out);
    proxy_enqueue_shared_queue(u32, In, usize);
    proxy_close_stream(u32);
    proxy_grpc_call(In, usize, In, usize, In, usize, In, usize, In, usize, u32, Out);
    proxy_grpc_stream(In, usize, In, usize, In, usize, In, usize, Out);
    proxy_grpc_send(u32, In, usize, bool);
    proxy_grpc_cancel(u32);
    proxy_grpc_close(u32);
    proxy_get_status(Out, Out, Out);
    proxy_done();
    proxy_get_metric(u32, Out);
}

#[cfg(test)]
mod tests;
