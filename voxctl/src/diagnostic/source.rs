//! A text file as read, and positions in it.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use serde::Serialize;

/// The largest file that is read, 8 MiB: a Kubernetes object holds about 1 MB, and what is larger
/// is not a policy but a mistake.
pub const MAX_FILE_BYTES: u64 = 8 << 20;

/// The largest body that is read, 256 MiB: more than any rule waits for.
pub const MAX_BODY_BYTES: u64 = 256 << 20;

/// A file's text and the name to call it by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The path as the user wrote it, or `<stdin>`.
    pub name: String,
    /// The text, without a byte order mark.
    pub text: String,
}

/// A place in a text, counted from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Position {
    /// Line.
    pub line: usize,
    /// Character of the line.
    pub column: usize,
}

/// Why a file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The system says no.
    #[error("cannot read {name}: {error}")]
    Io {
        /// The file.
        name: String,
        /// The system's reason.
        error: io::Error,
    },
    /// Larger than [`MAX_FILE_BYTES`], or a body than [`MAX_BODY_BYTES`].
    #[error("{name} is larger than {} MiB, the most that is read", max >> 20)]
    TooLarge {
        /// The file.
        name: String,
        /// The most that is read, in bytes.
        max: u64,
    },
    /// Not UTF-8.
    #[error("{name} is not UTF-8 text (line {line}); save it as UTF-8")]
    NotUtf8 {
        /// The file.
        name: String,
        /// The line of the first wrong byte.
        line: usize,
    },
}

/// Reads a file of at most [`MAX_FILE_BYTES`]; `-` is standard input.
///
/// # Errors
/// [`ReadError::Io`] and [`ReadError::TooLarge`].
pub fn read_bytes(path: &Path) -> Result<Vec<u8>, ReadError> {
    read_up_to(MAX_FILE_BYTES, path)
}

/// Reads a file of at most [`MAX_BODY_BYTES`]; `-` is standard input.
///
/// # Errors
/// [`ReadError::Io`] and [`ReadError::TooLarge`].
pub fn read_body(path: &Path) -> Result<Vec<u8>, ReadError> {
    read_up_to(MAX_BODY_BYTES, path)
}

fn read_up_to(max: u64, path: &Path) -> Result<Vec<u8>, ReadError> {
    let name = name_of(path);
    let mut bytes = Vec::new();
    let read = match path == Path::new("-") {
        true => io::stdin().lock().take(max + 1).read_to_end(&mut bytes),
        false => File::open(path).and_then(|file| file.take(max + 1).read_to_end(&mut bytes)),
    };
    match read {
        Err(error) => Err(ReadError::Io { name, error }),
        Ok(_) if bytes.len() as u64 > max => Err(ReadError::TooLarge { name, max }),
        Ok(_) => Ok(bytes),
    }
}

fn name_of(path: &Path) -> String {
    match path == Path::new("-") {
        true => "<stdin>".to_owned(),
        false => path.display().to_string(),
    }
}

impl Source {
    /// Reads a file; `-` is standard input.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn read(path: &Path) -> Result<Self, ReadError> {
        Self::from_bytes(name_of(path), read_bytes(path)?)
    }

    /// Reads a file that holds bodies, up to [`MAX_BODY_BYTES`]; `-` is standard input.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn of_body(path: &Path) -> Result<Self, ReadError> {
        Self::from_bytes(name_of(path), read_body(path)?)
    }

    fn from_bytes(name: String, bytes: Vec<u8>) -> Result<Self, ReadError> {
        let text = String::from_utf8(bytes).map_err(|error| {
            let good = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let line = 1 + good.iter().filter(|it| **it == b'\n').count();
            ReadError::NotUtf8 { name: name.clone(), line }
        })?;
        let text = match text.strip_prefix('\u{feff}') {
            Some(rest) => rest.to_owned(),
            None => text,
        };
        Ok(Self { name, text })
    }

    /// Where the byte `offset` stands.
    pub fn position(&self, offset: usize) -> Position {
        let before = self.text.get(..offset).unwrap_or(&self.text);
        let line_start = before.rfind('\n').map_or(0, |it| it + 1);
        Position {
            line: 1 + before.matches('\n').count(),
            column: 1 + before[line_start..].chars().count(),
        }
    }
}
