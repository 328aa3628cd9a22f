//! Changes a request body where Envoy holds it.
//!
//! `proxy_set_buffer_bytes` can drop bytes at the front, or put some there or at the end; anything else
//! is BadArgument, on which the SDK panics (Envoy's `Buffer::copyFrom`, in
//! `source/extensions/common/wasm/context.cc`; dropping part of a buffer works since envoy#17280, of
//! 2021). So a body is changed by turning it once around: a piece is read and dropped at the front and
//! put at the end, with what has to change in it changed.
//!
//! What is turned is (`Context::decodeData` and `getBuffer`, there) the chunk itself as long as nothing
//! was paused for, and is passed on, or buffered, as it is when the callback returns; behind a chunk
//! that was paused for, it is the buffer of Envoy's filter manager, into which the next chunk has been
//! moved before the filter is asked. Both can be changed in that callback, the latter also in those for
//! trailers and in a tick.

mod splice;

use std::marker::PhantomData;

use proxy_wasm::hostcalls;
use proxy_wasm::types::{BufferType, MapType};
use voxgate_policy::shed::rewrite::Edit;

use self::splice::Splice;
use crate::body::{PIECE, pieces};
use crate::headers;
use crate::stream::StreamHandle;

const BODY: BufferType = BufferType::HttpRequestBody;

/// Headers and trailers that say something of a body's bytes, which is wrong when they have changed:
/// RFC 9530 (`content-digest`, `repr-digest`), RFC 3230 (`digest`) and RFC 1864 (`content-md5`), and the
/// signatures of RFC 9421, which cover them.
const OF_ITS_BYTES: [&str; 6] =
    ["content-digest", "repr-digest", "digest", "content-md5", "signature", "signature-input"];

/// The whole body of a request that Envoy holds; see
/// [`RequestHeaders::held_body`](crate::RequestHeaders::held_body).
pub struct HeldBody<'a> {
    stream: &'a StreamHandle,
    phase: PhantomData<&'a mut ()>,
}

/// Why a body is not what it should have become.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EditError {
    /// The edits are not in ascending order, or past the end of the body. Nothing was changed.
    #[error("an edit overlaps another one, or ends behind the body")]
    Range,
    /// The host gave less than it had told of. Whatever the filter decides, the request is answered
    /// 503, for its body is broken.
    #[error("the proxy did not give the whole body")]
    Torn,
    /// In a callback of the root context, which is that of a timer or of a call, the body would become
    /// longer than Envoy ever held. Nothing was changed.
    #[error("a body can grow only while it comes")]
    Grows,
}

// === impl HeldBody ===

impl<'a> HeldBody<'a> {
    /// While the request headers are held, and the stream is the effective context.
    pub(crate) fn new(stream: &'a StreamHandle) -> Option<Self> {
        let body = stream.body();
        let is_there = body.is_whole() && !body.is_broken();
        is_there.then_some(Self { stream, phase: PhantomData })
    }

    /// Its bytes.
    pub fn len(&self) -> usize {
        self.stream.body().held()
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All of it from the beginning, in pieces of at most [`PIECE`] bytes, each copied into the VM when
    /// it is asked for. If they are fewer bytes than [`len`](Self::len), the host withheld some.
    pub fn pieces(&self) -> impl Iterator<Item = Vec<u8>> + use<> {
        pieces(BODY, 0, self.len(), PIECE)
    }

    /// Makes edits, which must be in ascending order, in bytes of the body as it is now, and not
    /// overlap. Never more than a piece of it is in the VM.
    ///
    /// `content-length` is set right where the request has one. Where it has none, none is added: then
    /// the length goes by chunks (RFC 9112 §6.3) or frames (RFC 9113 §8.1.1), also upstream, and Envoy
    /// looks at nothing else. Headers and trailers that say something of the bytes, such as
    /// `content-digest`, are removed. What the edits make of a body that is encoded (`content-encoding`)
    /// is the caller's to know.
    ///
    /// A body that grows past Envoy's buffer limit is answered 413 by Envoy, whatever the filter
    /// decides: in the stream's own callbacks when they are over, but in others at once, within this
    /// call, which ends the stream while the filter cannot be told (seen on Envoy 1.40.0). So it cannot
    /// grow there: make edits when the last part of a body comes, then wait.
    ///
    /// # Errors
    /// [`EditError`]
    pub fn edit(self, edits: &[Edit]) -> Result<(), EditError> {
        let length = self.len();
        if edits.is_empty() {
            return Ok(());
        }
        let now = length_with(edits, length as u64)?;
        if self.stream.is_in_root() && now > self.stream.body().most_held() as u64 {
            return Err(EditError::Grows);
        }
        self.correct_headers(now);
        let Ok(now) = turn(length, edits) else {
            self.stream.set_body(self.stream.body().broken());
            return Err(EditError::Torn);
        };
        self.stream.set_body(self.stream.body().resized(now));
        Ok(())
    }

    fn correct_headers(&self, length: u64) {
        let (headers, trailers) = (MapType::HttpRequestHeaders, MapType::HttpRequestTrailers);
        let before = hostcalls::get_map_value_bytes(headers, "content-length");
        if before.is_ok_and(|it| it.is_some()) {
            let _ = headers::set(headers, "content-length", length.to_string().as_bytes());
        }
        for name in OF_ITS_BYTES {
            let _ = headers::remove(headers, name);
            if self.stream.body().has_trailers() {
                let _ = headers::remove(trailers, name);
            }
        }
    }
}

/// The length that edits give a body. An empty one is none to Envoy, so nothing can be added to it.
fn length_with(edits: &[Edit], length: u64) -> Result<u64, EditError> {
    let (mut from, mut now) = (0, length);
    for Edit { range, bytes } in edits {
        if range.start < from || range.end < range.start || range.end > length || length == 0 {
            return Err(EditError::Range);
        }
        from = range.end;
        let gone = range.end.saturating_sub(range.start);
        now = now.saturating_sub(gone).saturating_add(bytes.len() as u64);
    }
    Ok(now)
}

/// Turns the body once around; its length then.
fn turn(length: usize, edits: &[Edit]) -> Result<usize, EditError> {
    let mut splice = Splice::new(edits);
    let (mut left, mut now) = (length, 0_usize);
    let mut append = |bytes: &[u8]| {
        if !bytes.is_empty() {
            // At the end, wherever that is.
            let _ = hostcalls::set_buffer(BODY, usize::MAX, 0, bytes);
            now = now.saturating_add(bytes.len());
        }
    };
    while left > 0 {
        let size = left.min(PIECE);
        // Ok within the buffer, NotFound without one.
        let piece = hostcalls::get_buffer(BODY, 0, size).ok().flatten().unwrap_or_default();
        if piece.len() != size {
            return Err(EditError::Torn);
        }
        let _ = hostcalls::set_buffer(BODY, 0, size, &[]);
        splice.feed(&piece, &mut append);
        left = left.saturating_sub(size);
    }
    splice.finish(&mut append);
    Ok(now)
}
