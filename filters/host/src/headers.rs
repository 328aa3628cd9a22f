//! Headers, in the phases where they can be read and changed.

use std::marker::PhantomData;
use std::time::Duration;

use proxy_wasm::{hostcalls, types::MapType};
use voxgate_policy::request::RequestHead;
use voxgate_policy::time::UnixMillis;

use crate::ending::is_from_upstream;
use crate::held_body::HeldBody;
use crate::stream::StreamHandle;

/// A header that must not be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// The name is not a lower-case token (RFC 9110 §5.1, RFC 9113 §8.2.1); pseudo-headers can't
    /// be set.
    #[error("a header name must be a lower-case token")]
    Name,
    /// The value holds a control character (RFC 9110 §5.5). Envoy checks it in debug builds only,
    /// so a line break here would start a header of the client's choice upstream.
    #[error("a header value must not hold control characters")]
    Value,
}

/// The request headers, while they can be read and changed: until the request goes on.
pub struct RequestHeaders<'a> {
    stream: &'a StreamHandle,
}

impl<'a> RequestHeaders<'a> {
    /// Only where Envoy holds the headers for this stream, and this stream is the effective
    /// context; each SDK status that panics is for the opposite.
    pub(crate) fn new(stream: &'a StreamHandle) -> Self {
        Self { stream }
    }

    /// All headers, in one call of the host.
    ///
    /// There is no limit of number or size but the listener's own (2,000 headers and 1.2 MB were
    /// read on Envoy 1.40.0). Names are UTF-8, or the SDK would panic: Envoy's codecs answer 400 to
    /// anything but tokens.
    pub fn head(&self) -> RequestHead {
        RequestHead::new(hostcalls::get_map_bytes(MapType::HttpRequestHeaders).unwrap_or_default())
    }

    /// Sets a header, in place of all of that name.
    ///
    /// Every change clears the route cache, so a route can match what was set; the route is looked
    /// up again only when it is next needed, so several changes cost one look-up. (Replacing the
    /// whole map at once is no alternative: the host reads a map of more than 1024 pairs as empty.)
    ///
    /// # Errors
    /// [`HeaderError`]; nothing is changed.
    pub fn set(&mut self, name: &str, value: &[u8]) -> Result<(), HeaderError> {
        set(MapType::HttpRequestHeaders, name, value)
    }

    /// Removes all headers of a name.
    ///
    /// # Errors
    /// [`HeaderError::Name`]; nothing is changed.
    pub fn remove(&mut self, name: &str) -> Result<(), HeaderError> {
        remove(MapType::HttpRequestHeaders, name)
    }

    /// The body, if Envoy holds the whole of it and the filter was handed all of that.
    pub fn held_body(&mut self) -> Option<HeldBody<'_>> {
        HeldBody::new(self.stream)
    }

    /// The stream, to resume it later.
    pub fn stream(&self) -> StreamHandle {
        self.stream.clone()
    }

    /// Changes the plugin's timer, see [`RootHost::set_tick_period`](crate::RootHost), so that a
    /// stream that waits is looked after soon.
    pub fn set_tick_period(&mut self, period: Duration) {
        self.stream.timer().set_period(period);
    }

    /// The host's wall clock.
    pub fn now(&self) -> UnixMillis {
        crate::now()
    }
}

/// The request trailers, while they can be read and changed.
pub struct RequestTrailers(());

impl RequestTrailers {
    /// Only in the request trailer phase.
    pub(crate) fn new() -> Self {
        Self(())
    }

    /// All names, repeated ones as often as they stand.
    pub fn names(&self) -> Vec<String> {
        let trailers = hostcalls::get_map_bytes(MapType::HttpRequestTrailers).unwrap_or_default();
        trailers.into_iter().map(|(name, _)| name).collect()
    }

    /// Removes all trailers of a name.
    ///
    /// # Errors
    /// [`HeaderError::Name`]; nothing is changed.
    pub fn remove(&mut self, name: &str) -> Result<(), HeaderError> {
        remove(MapType::HttpRequestTrailers, name)
    }
}

/// The response headers, while they can be read and changed.
pub struct ResponseHeaders<'a> {
    stream: &'a StreamHandle,
}

impl<'a> ResponseHeaders<'a> {
    /// Only in the response header phase.
    pub(crate) fn new(stream: &'a StreamHandle) -> Self {
        Self { stream }
    }

    /// The stream, to look after it later with
    /// [`RootHost::look_after`](crate::RootHost::look_after).
    pub fn stream(&self) -> StreamHandle {
        self.stream.clone()
    }

    /// The first value of a header.
    pub fn get(&self, name: &str) -> Option<Vec<u8>> {
        hostcalls::get_map_value_bytes(MapType::HttpResponseHeaders, name).ok().flatten()
    }

    /// Whether an upstream sent it; else a later filter did, or Envoy itself.
    pub fn is_from_upstream(&self) -> bool {
        is_from_upstream()
    }

    /// The status code.
    pub fn status(&self) -> Option<u16> {
        std::str::from_utf8(&self.get(":status")?).ok()?.parse().ok()
    }

    /// Sets a header, in place of all of that name.
    ///
    /// # Errors
    /// [`HeaderError`]; nothing is changed.
    pub fn set(&mut self, name: &str, value: &[u8]) -> Result<(), HeaderError> {
        set(MapType::HttpResponseHeaders, name, value)
    }

    /// Adds a header beside those of that name. Not for one whose values are a list that clients read
    /// as one, such as `cache-control`: get, and set.
    ///
    /// # Errors
    /// [`HeaderError`]; nothing is changed.
    pub fn add(&mut self, name: &str, value: &[u8]) -> Result<(), HeaderError> {
        check_name(name)?;
        check_value(value)?;
        let _ = hostcalls::add_map_value_bytes(MapType::HttpResponseHeaders, name, value);
        Ok(())
    }

    /// Removes all headers of a name.
    ///
    /// # Errors
    /// [`HeaderError::Name`]; nothing is changed.
    pub fn remove(&mut self, name: &str) -> Result<(), HeaderError> {
        remove(MapType::HttpResponseHeaders, name)
    }
}

/// The response trailers, while they can be read and changed.
pub struct ResponseTrailers<'a>(PhantomData<&'a mut ()>);

impl ResponseTrailers<'_> {
    /// Only in the response trailer phase.
    pub(crate) fn new() -> Self {
        Self(PhantomData)
    }

    /// The first value of a trailer, such as `grpc-status`. A gRPC response without messages has it
    /// among its headers.
    pub fn get(&self, name: &str) -> Option<Vec<u8>> {
        hostcalls::get_map_value_bytes(MapType::HttpResponseTrailers, name).ok().flatten()
    }

    /// Sets a trailer, in place of all of that name.
    ///
    /// # Errors
    /// [`HeaderError`]; nothing is changed.
    pub fn set(&mut self, name: &str, value: &[u8]) -> Result<(), HeaderError> {
        set(MapType::HttpResponseTrailers, name, value)
    }
}

pub(crate) fn set(map: MapType, name: &str, value: &[u8]) -> Result<(), HeaderError> {
    check_name(name)?;
    check_value(value)?;
    let _ = hostcalls::set_map_value_bytes(map, name, Some(value));
    Ok(())
}

pub(crate) fn remove(map: MapType, name: &str) -> Result<(), HeaderError> {
    check_name(name)?;
    let _ = hostcalls::remove_map_value(map, name);
    Ok(())
}

pub(crate) fn check_name(name: &str) -> Result<(), HeaderError> {
    let is_token_byte =
        |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9') || b"!#$%&'*+-.^_`|~".contains(&byte);
    if !name.is_empty() && name.bytes().all(is_token_byte) {
        Ok(())
    } else {
        Err(HeaderError::Name)
    }
}

pub(crate) fn check_value(value: &[u8]) -> Result<(), HeaderError> {
    if value.iter().any(|&byte| byte < b' ' && byte != b'\t' || byte == 0x7f) {
        Err(HeaderError::Value)
    } else {
        Ok(())
    }
}
