//! Which hosts of URLs are of a private, local or otherwise special network.

use std::net::{Ipv4Addr, Ipv6Addr};

#[cfg(test)]
mod tests;

/// What a host of a URL is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Host {
    /// A name or an address of the internet.
    Public,
    /// A name or an address of a network that is not for everybody.
    Private,
    /// What clients read in different ways, or cannot read.
    Odd,
}

/// The longest name (RFC 1035 §2.3.4), and the longest of its labels, in bytes.
const MAX_NAME: usize = 253;
const MAX_LABEL: usize = 63;

/// Names that never leave a network: RFC 6761 §6.3, RFC 6762 §3, ICANN's `.internal`, RFC 8375, and
/// what clusters and routers use.
const PRIVATE_SUFFIXES: [&str; 7] =
    ["localhost", "local", "internal", "localdomain", "lan", "home.arpa", "intranet"];

/// What a host is, in lower case and without brackets.
pub fn name(host: &str) -> Host {
    let labels = host.strip_suffix('.').unwrap_or(host);
    let mut all = labels.split('.');
    let is_name = labels.len() <= MAX_NAME && all.clone().all(is_label);
    let Some(last) = all.next_back().filter(|_| is_name) else { return Host::Odd };
    // The WHATWG URL standard, "ends in a number checker": then it is an address in some spelling.
    if last.bytes().all(|it| it.is_ascii_digit()) || number(last).is_some() {
        return legacy_ipv4(labels).map_or(Host::Odd, ipv4);
    }
    let is_special = PRIVATE_SUFFIXES.iter().any(|suffix| {
        let before = labels.strip_suffix(suffix);
        before.is_some_and(|it| it.is_empty() || it.ends_with('.'))
    });
    if is_special || !labels.contains('.') { Host::Private } else { Host::Public }
}

/// Letters, digits and hyphens (RFC 1123 §2.1); underscores are in no name of a web server.
fn is_label(label: &str) -> bool {
    let is_inside = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-';
    !label.is_empty()
        && label.len() <= MAX_LABEL
        && label.bytes().all(is_inside)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

/// An address as `inet_aton` takes it: up to four parts, each decimal, octal (`0…`) or hexadecimal
/// (`0x…`), the last one filling what is left.
fn legacy_ipv4(host: &str) -> Option<Ipv4Addr> {
    let parts: Vec<u64> = host.split('.').take(5).map(number).collect::<Option<_>>()?;
    let (last, bytes) = parts.split_last()?;
    let missing = u32::try_from(bytes.len()).ok().and_then(|it| 4_u32.checked_sub(it))?;
    if missing == 0 || last.checked_shr(missing.checked_mul(8)?)? != 0 {
        return None;
    }
    let mut address = u32::try_from(*last).ok()?;
    for (byte, shift) in bytes.iter().zip([24_u32, 16, 8]) {
        address |= u32::from(u8::try_from(*byte).ok()?).checked_shl(shift)?;
    }
    Some(address.into())
}

fn number(part: &str) -> Option<u64> {
    if let Some(digits) = part.strip_prefix("0x") {
        return if digits.is_empty() { Some(0) } else { u64::from_str_radix(digits, 16).ok() };
    }
    if part.is_empty() || !part.bytes().all(|it| it.is_ascii_digit()) {
        return None;
    }
    match part.strip_prefix('0') {
        Some(octal) if !octal.is_empty() => u64::from_str_radix(octal, 8).ok(),
        _ => part.parse().ok(),
    }
}

/// IANA's special-purpose registry (RFC 6890 and what it lists since), and multicast.
pub fn ipv4(address: Ipv4Addr) -> Host {
    let [a, b, c, _] = address.octets();
    let is_special = match (a, b, c) {
        (0 | 10 | 127, _, _)
        | (100, 64..=127, _)
        | (169, 254, _)
        | (172, 16..=31, _)
        | (192, 0, 0 | 2)
        | (192, 88, 99)
        | (192, 168, _)
        | (198, 18 | 19, _)
        | (198, 51, 100)
        | (203, 0, 113)
        | (224.., _, _) => true,
        // Metadata of a cloud at an address of the internet: Azure's, Alibaba's is in 100.64/10.
        (168, 63, 129) => true,
        _ => false,
    };
    if is_special { Host::Private } else { Host::Public }
}

/// Global unicast (2000::/3) without what is set apart in it, and without addresses that hold an
/// IPv4 address which is private.
pub fn ipv6(address: Ipv6Addr) -> Host {
    let [a, b, c, d, .., g, h] = address.segments();
    let embedded =
        |high: u16, low: u16| ipv4(Ipv4Addr::from(u32::from(high) << 16 | u32::from(low)));
    match (a, b) {
        // NAT64 (RFC 6052 §2.1).
        (0x64, 0xff9b) if (c, d) == (0, 0) => embedded(g, h),
        // 6to4 (RFC 3056).
        (0x2002, _) => embedded(b, c),
        // Teredo, benchmarking, ORCHID and others (RFC 6890), and documentation.
        (0x2001, 0..=0x1ff | 0xdb8) | (0x3fff, 0..=0xfff) => Host::Private,
        (0x2000..=0x3fff, _) => Host::Public,
        _ => match address.to_ipv4_mapped() {
            Some(inner) => ipv4(inner),
            None => Host::Private,
        },
    }
}
