//! Key files in a folder the user names.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use jsonwebtoken::jwk::JwkSet;

use super::{PrivateKey, SigningKey, is_secret};

/// The file of public keys in a key folder.
const JWKS: &str = "jwks.json";

/// Where a new key went.
#[derive(Debug)]
pub struct Stored {
    /// The private key, readable by its owner only.
    pub private: PathBuf,
    /// The JWK Set of all keys of the folder.
    pub jwks: PathBuf,
}

/// Why a key was not stored.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The system says no.
    #[error("cannot write {}: {error}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        error: io::Error,
    },
    /// There is a file that is no JWK Set.
    #[error("{} is there and is no JWK Set ({error}); move it away or choose another folder", path.display())]
    NotJwks {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        error: serde_json::Error,
    },
}

/// Writes `text`, which is `key`, into `folder` and adds its public half to the folder's JWK Set.
/// Adding a second key is how key rotation is tried.
///
/// # Errors
/// [`StoreError`]; no file is overwritten but the JWK Set.
pub fn store(folder: &Path, text: &PrivateKey, key: &SigningKey) -> Result<Stored, StoreError> {
    let short_kid: String = key.kid().chars().filter(char::is_ascii_alphanumeric).take(8).collect();
    let name = format!("dev-{}-{short_kid}.{}", key.alg.name().to_lowercase(), text.extension);
    let stored = Stored { private: folder.join(name), jwks: folder.join(JWKS) };
    fs::create_dir_all(folder).map_err(|error| io_error(folder, error))?;
    let mut set = read_jwks(&stored.jwks)?;
    set.keys.push(key.public.clone());
    write_new(&stored.private, &text.text, true)?;
    let secret = set.keys.iter().any(is_secret);
    let json = format!("{:#}\n", serde_json::json!(set));
    // Written beside and renamed, so that a server that watches it never reads half of it.
    let fresh = folder.join(format!(".{JWKS}.{}", std::process::id()));
    write_new(&fresh, &json, secret)?;
    fs::rename(&fresh, &stored.jwks).map_err(|error| io_error(&stored.jwks, error))?;
    Ok(stored)
}

fn read_jwks(path: &Path) -> Result<JwkSet, StoreError> {
    match fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map_err(|error| StoreError::NotJwks { path: path.to_owned(), error }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(JwkSet::default()),
        Err(error) => Err(io_error(path, error)),
    }
}

fn write_new(path: &Path, text: &str, secret: bool) -> Result<(), StoreError> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(if secret { 0o600 } else { 0o644 });
    }
    #[cfg(not(unix))]
    let _ = secret;
    let mut file = options.open(path).map_err(|error| io_error(path, error))?;
    file.write_all(text.as_bytes()).map_err(|error| io_error(path, error))
}

fn io_error(path: &Path, error: io::Error) -> StoreError {
    StoreError::Io { path: path.to_owned(), error }
}
