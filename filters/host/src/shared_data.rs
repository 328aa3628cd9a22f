//! Values that all workers of a proxy share, by VM id. One mutex guards them all, nothing expires
//! and no key can be removed: few keys, with a prefix, small values.

use proxy_wasm::hostcalls;

/// How often [`update`] tries before it gives up: more workers than that would have to collide, each
/// time.
const MAX_ATTEMPTS: usize = 16;

/// A version no entry has, for "only if absent": an entry's version is checked if it exists, and
/// ignored if not. So two workers that both create an entry cannot overwrite each other.
const ABSENT: u32 = u32::MAX;

/// Others kept changing the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("other workers changed the shared value {MAX_ATTEMPTS} times in a row")]
pub struct Contended;

/// The value of a key; `None` if it was never set, or is empty.
pub fn get(key: &str) -> Option<Vec<u8>> {
    read(key).0
}

/// Replaces the value of a key by what `change` makes of it, atomically; `change` may run several
/// times.
///
/// # Errors
/// [`Contended`]; the value is not changed.
pub fn update(
    key: &str,
    mut change: impl FnMut(Option<&[u8]>) -> Vec<u8>,
) -> Result<Vec<u8>, Contended> {
    for _ in 0..MAX_ATTEMPTS {
        let (value, version) = read(key);
        let changed = change(value.as_deref());
        let expected = Some(version.unwrap_or(ABSENT));
        // Ok, or a version that is no longer the latest.
        if hostcalls::set_shared_data(key, Some(&changed), expected).is_ok() {
            return Ok(changed);
        }
    }
    Err(Contended)
}

/// Ok or NotFound, in every phase.
fn read(key: &str) -> (Option<Vec<u8>>, Option<u32>) {
    hostcalls::get_shared_data(key).unwrap_or_default()
}
