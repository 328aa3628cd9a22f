//! What a file is by its first bytes.

/// How many bytes are looked at.
pub(super) const PREFIX_BYTES: usize = 16;

/// What formats of audio, and of video with audio, begin with, and where.
const SIGNATURES: [(usize, &[u8]); 12] = [
    (8, b"WAVE"),             // RIFF, RF64, BW64
    (0, b"fLaC"),             // FLAC
    (0, b"OggS"),             // Ogg: Vorbis, Opus, FLAC
    (0, b"ID3"),              // MP3 with a tag
    (4, b"ftyp"),             // MP4: M4A, MOV, 3GP
    (0, b"\x1a\x45\xdf\xa3"), // Matroska: WebM
    (0, b"caff"),             // Core Audio
    (8, b"AIFF"),
    (8, b"AIFC"),
    (0, b".snd"), // Sun AU
    (0, b"#!AMR"),
    (0, b"\x30\x26\xb2\x75"), // ASF: WMA
];

/// Whether a file that begins so is audio.
pub(super) fn is_audio(prefix: &[u8]) -> bool {
    let has = |(at, signature): (usize, &[u8])| {
        prefix.get(at..).is_some_and(|it| it.starts_with(signature))
    };
    // The eleven bits of a frame of MPEG audio (MP3) or ADTS (AAC).
    let has_frame_sync = matches!(prefix, [0xff, second, ..] if second & 0xe0 == 0xe0);
    has_frame_sync || SIGNATURES.into_iter().any(has)
}
