//! Values that all workers of a proxy share, by VM id. One mutex guards them all, nothing expires
//! and no key can be removed: few keys, with a prefix, small values.

use proxy_wasm::hostcalls;
use voxgate_policy::quota::store;

/// How often [`update`] tries before it gives up: more workers than that would have to collide, each
/// time.
const MAX_ATTEMPTS: usize = 16;

/// A version no entry has, for "only if absent". The host compares versions under its one mutex, but
/// only with an entry that exists: of two workers that both create one the first does, whatever the
/// version, and the second finds an entry whose version is not this. Versions count up from 1 and
/// skip 0, so it would take 2³² writes to meet it. (Four workers of Envoy 1.40.0 that raced to create
/// 3,000 entries, 240 times, created each once, and lost none of 48,000 increments.)
const ABSENT: u32 = u32::MAX;

/// Which state of an entry was [read](read()): that of the last write, or that there was none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Version(u32);

/// The entry was written since it was read; nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("another worker wrote the shared value first")]
pub struct Conflict;

/// Others kept changing the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("other workers changed the shared value {MAX_ATTEMPTS} times in a row")]
pub struct Contended;

/// The value of a key; `None` if it was never set, or is empty.
pub fn get(key: &str) -> Option<Vec<u8>> {
    read(key).0.filter(|value| !value.is_empty())
}

/// The value of a key, `None` if it was never written, and which state of it that is, for
/// [`write`](write()).
pub fn read(key: &str) -> (Option<Vec<u8>>, Version) {
    // Ok or NotFound, in every phase. An empty value has a version, but no bytes.
    match hostcalls::get_shared_data(key).unwrap_or_default() {
        (value, Some(version)) => (Some(value.unwrap_or_default()), Version(version)),
        (value, None) => (value, Version(ABSENT)),
    }
}

/// Writes a key if nobody did since it was [read](read()) as `version`; where it was absent, only
/// if it still is. Of several that write the same version exactly one does; it must read again to
/// write again.
///
/// # Errors
/// [`Conflict`]; the value is not changed.
pub fn write(key: &str, value: &[u8], version: Version) -> Result<(), Conflict> {
    // Ok, or a version that is no longer the latest.
    hostcalls::set_shared_data(key, Some(value), Some(version.0)).map_err(|_| Conflict)
}

/// The shared values as cells that a quota's store keeps its counters in.
#[derive(Clone, Copy, Debug)]
pub struct SharedData;

impl store::Cells for SharedData {
    fn read(&self, key: &str) -> (Option<Vec<u8>>, store::Version) {
        let (value, Version(version)) = read(key);
        (value, store::Version((version != ABSENT).then_some(version)))
    }

    fn write(
        &self,
        key: &str,
        value: &[u8],
        store::Version(version): store::Version,
    ) -> Result<(), store::Conflict> {
        write(key, value, Version(version.unwrap_or(ABSENT))).map_err(|_| store::Conflict)
    }
}

/// Replaces the value of a key by what `change` makes of it, atomically; `change` may run several
/// times. An empty value is given to it as none.
///
/// # Errors
/// [`Contended`]; the value is not changed.
pub fn update(
    key: &str,
    mut change: impl FnMut(Option<&[u8]>) -> Vec<u8>,
) -> Result<Vec<u8>, Contended> {
    for _ in 0..MAX_ATTEMPTS {
        let (value, version) = read(key);
        let changed = change(value.as_deref().filter(|value| !value.is_empty()));
        if write(key, &changed, version).is_ok() {
            return Ok(changed);
        }
    }
    Err(Contended)
}
