//! Header maps: legal in their phase only.

use super::{BAD_ARGUMENT, NOT_FOUND, OK, bytes, give, text};
use crate::pairs;
use crate::state::{self, Headers, State, StreamState};

pub(super) const REQUEST_HEADERS: u32 = 0;
pub(super) const REQUEST_TRAILERS: u32 = 1;
pub(super) const RESPONSE_HEADERS: u32 = 2;
pub(super) const RESPONSE_TRAILERS: u32 = 3;
pub(super) const CALL_RESPONSE_HEADERS: u32 = 6;

impl StreamState {
    fn readable(&self, map: u32) -> Option<&Headers> {
        match map {
            REQUEST_HEADERS => Some(&self.headers).filter(|_| self.request_open),
            REQUEST_TRAILERS => self.trailers.as_ref(),
            RESPONSE_HEADERS => self.response.headers.as_ref(),
            RESPONSE_TRAILERS => self.response.trailers.as_ref(),
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
        } else if let (REQUEST_TRAILERS, Some(trailers)) = (map, &mut stream.trailers) {
            change(trailers);
        } else if let (RESPONSE_HEADERS, Some(headers)) = (map, &mut stream.response.headers) {
            change(headers);
            stream.response.changes = headers.clone();
        } else if let (RESPONSE_TRAILERS, Some(trailers)) = (map, &mut stream.response.trailers) {
            change(trailers);
        }
        OK
    }
}

#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn proxy_get_header_map_pairs(
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
pub(super) unsafe extern "C" fn proxy_set_header_map_pairs(
    map: u32,
    data: *const u8,
    size: usize,
) -> u32 {
    // SAFETY: the SDK passes a slice.
    let headers = pairs::from_vm(unsafe { bytes(data, size) });
    state::with(|state| state.change(map, |all| *all = headers))
}

#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn proxy_get_header_map_value(
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
pub(super) unsafe extern "C" fn proxy_remove_header_map_value(
    map: u32,
    name: *const u8,
    size: usize,
) -> u32 {
    // SAFETY: the SDK passes a slice.
    let name = unsafe { text(name, size) }.to_ascii_lowercase();
    state::with(|state| state.change(map, |all| all.retain(|(key, _)| *key != name)))
}

#[unsafe(no_mangle)]
pub(super) unsafe extern "C" fn proxy_replace_header_map_value(
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
pub(super) unsafe extern "C" fn proxy_add_header_map_value(
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
