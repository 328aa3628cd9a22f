//! Bodies as clients write them.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use miniz_oxide::deflate::compress_to_vec;
use voxgate_testbed::client::{Client, Request};

pub const BOUNDARY: &str = "----boundary7MA4YWxk";

/// A request of which only the body matters.
#[derive(Debug, Clone)]
pub struct Case {
    pub name: &'static str,
    pub path: &'static str,
    pub headers: Vec<(&'static str, String)>,
    pub body: Bytes,
}

impl Case {
    /// The content type is the one of the path's API; none where there is no such path.
    pub fn new(name: &'static str, path: &'static str, body: impl Into<Bytes>) -> Self {
        let content_type = match path.rsplit('/').next() {
            Some("json" | "tts" | "speech") => "application/json",
            Some("jsonl" | "batch") => "application/jsonl",
            Some("form") => "application/x-www-form-urlencoded",
            Some("plain") => "text/plain; charset=utf-8",
            _ => return Self { name, path, headers: vec![multipart_type()], body: body.into() },
        };
        let headers = vec![("content-type", content_type.to_owned())];
        Self { name, path, headers, body: body.into() }
    }

    /// With these headers instead of its content type.
    pub fn headers(self, headers: &[(&'static str, &str)]) -> Self {
        let headers = headers.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Self { headers, ..self }
    }

    /// Compressed.
    pub fn gzipped(mut self) -> Self {
        self.headers.push(("content-encoding", "gzip".to_owned()));
        Self { body: gzip(&self.body).into(), ..self }
    }

    /// The head of the request, without the body.
    pub fn head(&self, client: &Client) -> Request {
        let request = client.post(self.path);
        self.headers.iter().fold(request, |request, (name, value)| request.header(name, value))
    }
}

/// Standard base64.
pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// A WAV file of 16-bit mono silence.
pub fn wav(milliseconds: u32, rate: u32) -> Vec<u8> {
    let data = rate / 1000 * milliseconds * 2;
    let mut wav = Vec::new();
    wav.extend_from_slice(b"RIFF");
    wav.extend_from_slice(&(36 + data).to_le_bytes());
    wav.extend_from_slice(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    wav.extend_from_slice(&rate.to_le_bytes());
    wav.extend_from_slice(&(rate * 2).to_le_bytes());
    wav.extend_from_slice(b"\x02\0\x10\0data");
    wav.extend_from_slice(&data.to_le_bytes());
    wav.resize(44 + data as usize, 0);
    wav
}

/// A part of a form: its name, the name of its file if it is one, and its content.
pub type Part<'a> = (&'a str, Option<&'a str>, &'a [u8]);

/// A `multipart/form-data` body with [`BOUNDARY`].
pub fn multipart(parts: &[Part<'_>]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, file, content) in parts {
        let file = file.map(|it| format!("; filename=\"{it}\"\r\ncontent-type: audio/wav"));
        let head = format!(
            "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"{name}\"{}\r\n\r\n",
            file.unwrap_or_default()
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    body
}

/// The content type of [`multipart`].
pub fn multipart_type() -> (&'static str, String) {
    ("content-type", format!("multipart/form-data; boundary={BOUNDARY}"))
}

/// A gzip file (RFC 1952) with the compressed `bytes`.
pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut file = b"\x1f\x8b\x08\0\0\0\0\0\0\xff".to_vec();
    file.extend_from_slice(&compress_to_vec(bytes, 6));
    file.extend_from_slice(&crc32(bytes).to_le_bytes());
    file.extend_from_slice(&(bytes.len() as u32).to_le_bytes());
    file
}

/// RFC 1952 §8, without its table.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 }
        })
    })
}

/// As many bytes of one kind, in slices that share their memory.
pub fn run(byte: u8, length: usize) -> Vec<Bytes> {
    const SLICE: usize = 64 * 1024;
    let slice = Bytes::from(vec![byte; SLICE]);
    let mut slices = vec![slice.clone(); length / SLICE];
    slices.push(slice.slice(..length % SLICE));
    slices
}

/// What begins and ends as written, with a long run in between.
pub fn around(begin: &str, middle: Vec<Bytes>, end: &str) -> Vec<Bytes> {
    let mut pieces = vec![Bytes::copy_from_slice(begin.as_bytes())];
    pieces.extend(middle);
    pieces.push(Bytes::copy_from_slice(end.as_bytes()));
    pieces
}
