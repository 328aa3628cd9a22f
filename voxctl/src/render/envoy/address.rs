//! Addresses as they are given on the command line.

use std::str::FromStr;

/// A host name or IP address with a port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// A name, or an IP address without brackets.
    pub host: String,
    /// 1 to 65535.
    pub port: u16,
}

/// What is not an address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{written}` is not {expected}")]
pub struct BadAddress {
    /// As given.
    pub written: String,
    /// What is.
    pub expected: &'static str,
}

impl FromStr for Address {
    type Err = BadAddress;

    /// `HOST:PORT`; an IPv6 address stands in brackets, as `[::1]:8080`.
    fn from_str(written: &str) -> Result<Self, BadAddress> {
        let bad = || BadAddress {
            written: written.to_owned(),
            expected: "HOST:PORT, as 127.0.0.1:9000 or [::1]:9000",
        };
        let authority: http::uri::Authority = written.parse().map_err(|_| bad())?;
        let port = authority.port_u16().filter(|port| *port > 0).ok_or_else(bad)?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() || written.contains('@') {
            return Err(bad());
        }
        Ok(Self { host: host.to_owned(), port })
    }
}

/// A cluster of one address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedCluster {
    /// The name by which a filter or a route calls it, as `outbound|443||issuer.example.com`.
    pub name: String,
    /// Where it leads.
    pub address: Address,
}

impl FromStr for NamedCluster {
    type Err = BadAddress;

    /// `NAME=HOST:PORT`.
    fn from_str(written: &str) -> Result<Self, BadAddress> {
        match written.rsplit_once('=') {
            Some((name, address)) if !name.is_empty() => {
                Ok(Self { name: name.to_owned(), address: address.parse()? })
            }
            _ => Err(BadAddress {
                written: written.to_owned(),
                expected: "NAME=HOST:PORT, as 'outbound|443||issuer.example.com=127.0.0.1:9000'",
            }),
        }
    }
}
