//! Log, clock, timer, buffers, shared data, metrics, foreign functions.

use std::time::Duration;

use super::{BAD_ARGUMENT, CAS_MISMATCH, NOT_FOUND, OK, bytes, give, text};
use crate::foreign;
use crate::host::{Log, LogLevel};
use crate::state::{self, State};

impl State {
    pub(crate) fn write_shared(&mut self, key: &str, value: &[u8]) {
        self.next_version += 1;
        self.shared.insert(key.to_owned(), (value.to_vec(), self.next_version));
    }
}

#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn proxy_log(level: u32, data: *const u8, size: usize) -> u32 {
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
pub(super) unsafe extern "C" fn proxy_get_current_time_nanoseconds(time: *mut u64) -> u32 {
    // SAFETY: the SDK passes a place to write to.
    unsafe { *time = state::with(|state| state.now.as_nanos() as u64) };
    OK
}

#[unsafe(no_mangle)]
pub(super) extern "C" fn proxy_set_tick_period_milliseconds(period: u32) -> u32 {
    state::with(|state| {
        state.tick_period = Duration::from_millis(period.into());
        state.timer_starts += 1;
    });
    OK
}

#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn proxy_get_buffer_bytes(
    buffer: u32,
    start: usize,
    length: usize,
    data: *mut *mut u8,
    size: *mut usize,
) -> u32 {
    let content = state::with(|state| match buffer {
        0 | 1 | 4 if state.withholds_bodies => None,
        // Without one Envoy gives the empty buffer.
        0 => Some(state.active_stream().map_or_else(Vec::new, |it| it.body.readable().to_vec())),
        1 => {
            Some(state.active_stream().and_then(|it| it.response.chunk.clone()).unwrap_or_default())
        }
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
pub(super) unsafe extern "C" fn proxy_set_buffer_bytes(
    buffer: u32,
    start: usize,
    length: usize,
    data: *const u8,
    size: usize,
) -> u32 {
    // SAFETY: the SDK passes a slice.
    let bytes = unsafe { bytes(data, size) };
    state::with(|state| {
        if buffer != 0 {
            state.violation("changed another buffer than a request body");
            return BAD_ARGUMENT;
        }
        let is_in_root = state.current != state.context();
        let Some(stream) = state.active_stream() else { return BAD_ARGUMENT };
        if !stream.body.change(start, length, bytes) {
            return BAD_ARGUMENT;
        }
        if is_in_root && stream.body.is_too_large {
            state.violation("made a body too large in a callback of the root context");
        }
        OK
    })
}

#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn proxy_get_shared_data(
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
pub(super) unsafe extern "C" fn proxy_set_shared_data(
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
        if version != 0 && state.outrun.as_ref().is_some_and(|it| key.starts_with(it)) {
            let found = state.shared.get(&key).map(|(value, _)| value.clone());
            state.write_shared(&key, &found.unwrap_or_default());
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
pub(super) unsafe extern "C" fn proxy_call_foreign_function(
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
pub(super) unsafe extern "C" fn proxy_define_metric(
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
pub(super) extern "C" fn proxy_increment_metric(id: u32, offset: i64) -> u32 {
    state::with(|state| {
        let Some((kind, name)) = state.metrics.get(id as usize) else { return NOT_FOUND };
        if *kind == 0 && offset <= 0 {
            return BAD_ARGUMENT;
        }
        let value = state.metric_values.entry(name.clone()).or_default();
        let (sum, is_wrapped) = value.overflowing_add_signed(offset);
        *value = sum;
        if is_wrapped {
            state.violation("took a metric below zero, or past its end");
        }
        OK
    })
}

#[unsafe(no_mangle)]
pub(super) extern "C" fn proxy_record_metric(id: u32, value: u64) -> u32 {
    state::with(|state| {
        let Some((_, name)) = state.metrics.get(id as usize) else { return NOT_FOUND };
        state.metric_values.insert(name.clone(), value);
        OK
    })
}
