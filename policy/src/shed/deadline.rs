//! By when a first byte is wanted, carried from hop to hop.

#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::time::UnixMillis;

/// The header: milliseconds since the Unix epoch, as a decimal number. A service that asks another one
/// hands it on, as it does `traceparent`; so each hop knows how much of the time is left. Hosts whose
/// clocks differ see it differ by as much.
pub const DEADLINE_HEADER: &str = "x-voxgate-deadline";

/// How long a gRPC client waits, as a number and a unit.
pub const GRPC_TIMEOUT_HEADER: &str = "grpc-timeout";

/// The header is no number of milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("x-voxgate-deadline is not a time in milliseconds since 1970, as 1767225600000")]
pub struct BadDeadline;

/// Reads [`DEADLINE_HEADER`].
///
/// # Errors
/// [`BadDeadline`]: anything but 1 to 15 digits, white space around them apart.
pub fn parse_deadline(value: &[u8]) -> Result<UnixMillis, BadDeadline> {
    let digits = value.trim_ascii();
    if !(1..=15).contains(&digits.len()) || !digits.iter().all(u8::is_ascii_digit) {
        return Err(BadDeadline);
    }
    let number = std::str::from_utf8(digits).ok().and_then(|it| it.parse().ok());
    number.map(UnixMillis).ok_or(BadDeadline)
}

/// Reads `grpc-timeout` (gRPC over HTTP/2, "Timeout"): at most 8 digits and a unit. `None` for anything
/// else: it is the client's own, and gRPC servers ignore one they cannot read.
pub fn parse_grpc_timeout(value: &[u8]) -> Option<Duration> {
    let (unit, digits) = value.split_last()?;
    if !(1..=8).contains(&digits.len()) || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number: u64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    Some(match unit {
        b'H' => Duration::from_secs(number.saturating_mul(3600)),
        b'M' => Duration::from_secs(number.saturating_mul(60)),
        b'S' => Duration::from_secs(number),
        b'm' => Duration::from_millis(number),
        b'u' => Duration::from_micros(number),
        b'n' => Duration::from_nanos(number),
        _ => return None,
    })
}

/// The earliest of what the client's headers and its tier's budget allow.
///
/// # Errors
/// [`BadDeadline`].
pub fn deadline(
    header: Option<&[u8]>,
    grpc_timeout: Option<&[u8]>,
    budget: Option<Duration>,
    now: UnixMillis,
) -> Result<Option<UnixMillis>, BadDeadline> {
    let own = header.map(parse_deadline).transpose()?;
    let timeout = grpc_timeout.and_then(parse_grpc_timeout).map(|it| now.plus(it));
    let budget = budget.map(|it| now.plus(it));
    Ok([own, timeout, budget].into_iter().flatten().min())
}
