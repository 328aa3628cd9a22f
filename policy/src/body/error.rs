//! Why a body cannot be read, and where.

/// A body that cannot be read in one way only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{what} at byte {offset}")]
pub struct BodyError {
    /// What is wrong. It never holds any of the body.
    pub what: Malformed,
    /// How many bytes of the body, decoded if it was encoded, come before the place.
    pub offset: u64,
}

/// What is wrong with a body.
///
/// Each is refused because servers read it in different ways, or because reading on would take more
/// memory than a request is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// The body ends within a value.
    #[error("the body ends too early")]
    Truncated,

    // --- text
    /// A text that is not UTF-8: servers guess another charset, refuse it, or put in `U+FFFD`.
    #[error("a text is not UTF-8")]
    NotUtf8,

    // --- JSON
    /// RFC 8259 §2: a byte that no document has there; also a byte order mark (§8.1), and whatever
    /// follows a document.
    #[error("not JSON")]
    Json,
    /// RFC 8259 §7: a control character that is not escaped.
    #[error("a control character in a string")]
    ControlCharacter,
    /// RFC 8259 §7.
    #[error("an escape that JSON does not have")]
    Escape,
    /// RFC 8259 §8.2: servers refuse half a surrogate pair, or put in `U+FFFD`.
    #[error("half a surrogate pair")]
    LoneSurrogate,
    /// [`MAX_DEPTH`](super::json::MAX_DEPTH).
    #[error("too many objects or arrays in one another")]
    TooDeep,
    /// [`MAX_KEY_BYTES`](super::json::MAX_KEY_BYTES).
    #[error("a key is too long")]
    KeyTooLong,
    /// [`MAX_NUMBER_BYTES`](super::json::MAX_NUMBER_BYTES).
    #[error("a number is too long")]
    NumberTooLong,
    /// RFC 8259 §4: servers take the first, the last or all of them.
    #[error("a key is repeated")]
    DuplicateKey,
    /// More values at places that matter than are looked at.
    #[error("the body has more than 1000000 values")]
    TooManyValues,
    /// JSON: a key that a rule names, in other letters; some servers take one for the other.
    #[error("a key is spelt in other letters than the API's")]
    KeyInOtherCase,

    // --- flat formats: forms and queries
    /// A field that may stand once: servers take the first, the last or all of them.
    #[error("a field that may stand once is repeated")]
    DuplicateField,
    /// [`MAX_FIELDS`](super::MAX_FIELDS).
    #[error("too many fields")]
    TooManyFields,
    /// A field `_charset_`, which a few servers read the others by (RFC 7578 §4.6).
    #[error("a field that names a charset")]
    CharsetField,
    /// [`MAX_NAME_BYTES`](super::form::MAX_NAME_BYTES).
    #[error("the name of a field is too long")]
    NameTooLong,
    /// WHATWG URL §1.3: a `%` without two hexadecimal digits.
    #[error("a `%` without two hexadecimal digits")]
    PercentEscape,
    /// A bare `;` in a form or query: python-multipart before 0.0.30 (CVE-2026-53538) and Python
    /// before 3.9.2 (CVE-2021-23336) end a field there, also within a value.
    #[error("a `;` that is not written as `%3B`")]
    BareSemicolon,

    // --- multipart/form-data
    /// The `content-type` of the body: not exactly one boundary as RFC 2046 §5.1.1 has it, or a
    /// charset other than UTF-8.
    #[error("the content type of the form is not as RFC 2046 has it, or not in UTF-8")]
    FormContentType,
    /// Bytes before the first delimiter: some servers skip them, some do not.
    #[error("the body does not begin with its boundary")]
    Preamble,
    /// The boundary stands in a part or in its headers, where it is no delimiter: RFC 2046 §5.1.1
    /// forbids it.
    #[error("the boundary stands where it is not a delimiter between two CR LF")]
    Delimiter,
    /// Bytes after the last delimiter.
    #[error("something follows the last delimiter")]
    Epilogue,
    /// A header of a part that is no `name: value` with a CR LF, is folded, or has a control
    /// character.
    #[error("a header of a part is malformed")]
    PartHeader,
    /// [`MAX_HEADERS`](super::multipart::MAX_HEADERS) or
    /// [`MAX_HEADER_BYTES`](super::multipart::MAX_HEADER_BYTES).
    #[error("the headers of a part are too many or too long")]
    PartHeadersTooLong,
    /// A header that stands twice in a part.
    #[error("a header of a part is repeated")]
    DuplicatePartHeader,
    /// Not exactly one `content-disposition: form-data` with one `name`, or with parameters that
    /// servers read in different ways.
    #[error("the content-disposition of a part can be read in more than one way")]
    Disposition,
    /// A transfer encoding that some servers decode (RFC 7578 §4.7), or a `content-encoding`.
    #[error("a part is encoded")]
    PartEncoding,
    /// A part that has parts (RFC 7578 §4.3), is in a charset other than UTF-8, or is a file for
    /// some servers and a text for others.
    #[error("the content type of a part can be read in more than one way")]
    PartContentType,
    /// The `content-length` of a part, which a few servers go by, is not its length.
    #[error("the content-length of a part is not its length")]
    PartLength,

    // --- gzip
    /// RFC 1952 §2.3.
    #[error("not a gzip header")]
    GzipHeader,
    /// RFC 1951.
    #[error("the compressed data is malformed")]
    Deflate,
    /// The CRC or the length at the end is not that of what was decoded.
    #[error("the compressed data ends in another checksum or length")]
    GzipTrailer,
    /// Bytes after the first gzip member: some servers decode them, some skip them.
    #[error("something follows the compressed data")]
    AfterGzip,
    /// More than `max_decoded_bytes`.
    #[error("the decoded body is too large")]
    DecodedTooLarge,
}
