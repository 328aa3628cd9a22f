use std::ptr::null_mut;

use super::data::proxy_set_shared_data;
use super::headers::*;
use super::streams::proxy_set_effective_context;
use super::*;
use crate::body::{Body, DEFAULT_LIMIT};
use crate::response::Response;
use crate::state::{self, State, StreamPhase, StreamState};

/// A stream of this thread, and its callback running.
fn in_stream(request_open: bool) {
    state::with(|state| {
        *state = State::default();
        state.current = 7;
        let stream = StreamState {
            phase: StreamPhase::Held,
            request_open,
            headers: vec![("x-empty".into(), vec![]), ("x-bytes".into(), vec![0xff])],
            trailers: None,
            response: Response::default(),
            reply: None,
            answered: false,
            body: Body::new(DEFAULT_LIMIT),
            route_cache_clears: 0,
            filter_state: Default::default(),
            metadata: serde_json::json!({"filter_metadata": 1, "ns": {"null": null, "text": "t"}}),
            peer_uri_san: None,
            cluster: None,
        };
        state.streams.insert(7, stream);
    });
}

fn read(map: u32, name: &str) -> (u32, usize) {
    let (mut data, mut size) = (null_mut(), 0);
    // SAFETY: all pointers are to live values.
    let status =
        unsafe { proxy_get_header_map_value(map, name.as_ptr(), name.len(), &mut data, &mut size) };
    (status, size)
}

fn set(map: u32) -> u32 {
    // SAFETY: all pointers are to live values.
    unsafe { proxy_replace_header_map_value(map, "x".as_ptr(), 1, "y".as_ptr(), 1) }
}

fn read_all(map: u32) -> (u32, usize) {
    let (mut data, mut size) = (null_mut(), 0);
    // SAFETY: all pointers are to live values.
    let status = unsafe { proxy_get_header_map_pairs(map, &mut data, &mut size) };
    (status, size)
}

#[test]
fn open_headers_can_be_read_and_changed() {
    in_stream(true);
    assert_eq!(read(REQUEST_HEADERS, "X-Bytes"), (OK, 1));
    assert_eq!(read(REQUEST_HEADERS, "x-empty"), (OK, 0));
    assert_eq!(read(REQUEST_HEADERS, "x-none"), (NOT_FOUND, 0));
    assert_eq!(set(REQUEST_HEADERS), OK);
    assert_eq!(read(REQUEST_HEADERS, "x"), (OK, 1));
    assert_eq!(state::with(|state| state.stream(7).route_cache_clears), 1);
}

#[test]
fn headers_in_the_wrong_phase_fail_but_a_whole_map_is_empty() {
    in_stream(false);
    for map in [REQUEST_HEADERS, RESPONSE_HEADERS, RESPONSE_TRAILERS, CALL_RESPONSE_HEADERS] {
        assert_eq!(read(map, "x-bytes"), (BAD_ARGUMENT, 0));
        assert_eq!(set(map), BAD_ARGUMENT);
        assert_eq!(read_all(map), (OK, 0));
    }
}

#[test]
fn a_context_that_is_gone_cannot_be_entered() {
    in_stream(true);
    assert_eq!(proxy_set_effective_context(8), BAD_ARGUMENT);
    assert_eq!(proxy_set_effective_context(7), OK);
}

#[test]
fn a_null_in_metadata_cannot_be_serialised() {
    in_stream(true);
    let property = |path: &str| state::with(|state| state.property(path));
    assert_eq!(property("metadata\0filter_metadata\0ns\0text"), Ok(b"t".to_vec()));
    assert_eq!(property("metadata\0filter_metadata\0ns\0null"), Err(SERIALIZATION_FAILURE));
    assert_eq!(property("metadata\0filter_metadata\0ns"), Err(SERIALIZATION_FAILURE));
    assert_eq!(property("metadata\0filter_metadata\0other"), Err(NOT_FOUND));
}

#[test]
fn shared_data_checks_a_version_only_of_what_exists() {
    in_stream(true);
    let set = |version| {
        // SAFETY: all pointers are to live values.
        unsafe { proxy_set_shared_data("k".as_ptr(), 1, "v".as_ptr(), 1, version) }
    };
    assert_eq!(set(99), OK);
    assert_eq!(set(99), CAS_MISMATCH);
    assert_eq!(set(1), OK);
    assert_eq!(set(0), OK);
}

#[test]
fn whoever_is_outrun_changes_nothing_and_finds_the_key_written() {
    in_stream(true);
    state::with(|state| state.outrun = Some("k".into()));
    let set = |key: &str, version| {
        // SAFETY: all pointers are to live values.
        unsafe { proxy_set_shared_data(key.as_ptr(), 2, "v".as_ptr(), 1, version) }
    };
    let found = |key: &str| state::with(|state| state.shared.get(key).cloned());
    assert_eq!(set("k1", u32::MAX), CAS_MISMATCH, "another worker created it");
    assert_eq!(found("k1"), Some((vec![], 1)));
    assert_eq!(set("k1", 1), CAS_MISMATCH);
    assert_eq!(set("k1", 0), OK, "nothing is compared");
    assert_eq!(found("k1"), Some((b"v".to_vec(), 3)));
    assert_eq!(set("j1", u32::MAX), OK, "another key");
}

#[test]
fn what_envoy_punishes_silently_is_a_violation() {
    in_stream(true);
    let reply = || {
        let (none, size) = (std::ptr::null(), 0);
        // SAFETY: null stands for nothing.
        unsafe { streams::proxy_send_local_response(403, none, size, none, size, none, size, -1) }
    };
    assert_eq!(reply(), OK);
    assert_eq!(state::with(|state| state.violations.len()), 0);
    assert_eq!(reply(), OK);
    assert_eq!(streams::proxy_continue_stream(0), OK);
    let violations = state::with(|state| std::mem::take(&mut state.violations));
    assert_eq!(
        violations,
        ["replied twice, which hangs the stream", "resumed a request that is not held"]
    );
}

#[test]
fn a_body_is_changed_at_its_front_or_its_end_only() {
    in_stream(true);
    let set = |start, length, bytes: &str| {
        // SAFETY: all pointers are to live values.
        unsafe { data::proxy_set_buffer_bytes(0, start, length, bytes.as_ptr(), bytes.len()) }
    };
    let chunk = || state::with(|state| state.stream(7).body.chunk.clone()).map(String::from_utf8);
    assert_eq!(set(0, 0, "x"), BAD_ARGUMENT, "there is no body");
    state::with(|state| state.stream(7).body.chunk = Some(b"0123".to_vec()));
    for (start, length, bytes, expected) in [
        (0, 2, "", "23"),
        (0, 0, "ab", "ab23"),
        (0, 1, "c", "cb23"),
        (4, 0, "e", "cb23e"),
        (usize::MAX, 9, "f", "cb23ef"),
        (0, usize::MAX, "all", "all"),
    ] {
        assert_eq!(set(start, length, bytes), OK);
        assert_eq!(chunk(), Some(Ok(expected.to_owned())));
    }
    assert_eq!((set(1, 1, ""), set(2, 0, "x")), (BAD_ARGUMENT, BAD_ARGUMENT));
    assert_eq!(chunk(), Some(Ok("all".to_owned())));
}
