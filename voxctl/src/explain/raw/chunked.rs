//! Bodies in chunks (RFC 9112 §7.1).

/// Why a body is not in chunks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChunkError {
    /// No size in hexadecimal digits where a chunk begins.
    #[error("no chunk size at byte {0}")]
    Size(usize),
    /// Neither CR LF nor LF after a chunk's data.
    #[error("the chunk that ends at byte {0} is longer than its size says")]
    TooLong(usize),
    /// The end comes before the last chunk, `0`.
    #[error("it ends before its last chunk, `0`")]
    Truncated,
}

/// The body; extensions of chunks and trailers are passed over. Lines may end in LF alone, as
/// editors leave them.
///
/// # Errors
/// [`ChunkError`].
pub fn decode(bytes: &[u8]) -> Result<Vec<u8>, ChunkError> {
    let mut body = Vec::new();
    let mut at = 0;
    loop {
        let rest = bytes.get(at..).ok_or(ChunkError::Truncated)?;
        let line = rest.iter().position(|it| *it == b'\n').ok_or(ChunkError::Truncated)?;
        let size = rest.get(..line).and_then(size).ok_or(ChunkError::Size(at))?;
        if size == 0 {
            return Ok(body);
        }
        let data = line + 1;
        let end = data.checked_add(size).ok_or(ChunkError::Size(at))?;
        body.extend(rest.get(data..end).ok_or(ChunkError::Truncated)?);
        at += end;
        at += match rest.get(end..) {
            Some([b'\r', b'\n', ..]) => 2,
            Some([b'\n', ..]) => 1,
            Some([]) | None => return Err(ChunkError::Truncated),
            _ => return Err(ChunkError::TooLong(at)),
        };
    }
}

fn size(line: &[u8]) -> Option<usize> {
    let digits = line.split(|it| *it == b';').next()?.trim_ascii();
    // `from_str_radix` takes a sign, too.
    let are_digits = digits.iter().all(u8::is_ascii_hexdigit);
    let digits = std::str::from_utf8(digits).ok().filter(|_| are_digits)?;
    usize::from_str_radix(digits, 16).ok()
}
