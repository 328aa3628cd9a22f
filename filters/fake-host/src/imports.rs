//! The functions that the SDK imports. Statuses are Envoy's; `10` is "internal failure".

mod data;
mod headers;
mod streams;
mod unplayed;

use std::slice;

use crate::callbacks;

const OK: u32 = 0;
const NOT_FOUND: u32 = 1;
const BAD_ARGUMENT: u32 = 2;
const SERIALIZATION_FAILURE: u32 = 3;
const CAS_MISMATCH: u32 = 8;
const INTERNAL_FAILURE: u32 = 10;

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

#[cfg(test)]
mod tests;
