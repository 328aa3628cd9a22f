//! `voxctl explain`.

mod answer;

use std::path::PathBuf;
use std::time::SystemTime;

use serde::Serialize;
use voxgate_policy::spec::IdentitySource;
use voxgate_policy::time::UnixMillis;

use super::validate::policy_or_errors;
use super::{CliResult, Exit, Output, one_standard_input};
use crate::diagnostic::{Source, read_body, read_bytes};
use crate::explain::{
    Explanation, GivenKeys, Header, Request, RequestBody, Surroundings, SurroundingsError, explain,
    from_har, from_raw,
};
use crate::tenants::{self, TenantsError};
use crate::validate::Valid;

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("request").required(true).args(["path", "raw", "har"]))]
pub struct Args {
    /// The policy, or an Istio resource that embeds it
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// The method; by default GET, or POST with a body
    #[arg(short = 'X', long)]
    method: Option<String>,
    /// The path, with its query if it has one
    #[arg(long)]
    path: Option<String>,
    /// A header; may be repeated
    #[arg(short = 'H', long = "header", value_name = "NAME: VALUE")]
    headers: Vec<Header>,
    /// The bearer token; --token-file keeps it out of the process list and the shell's history
    #[arg(long, conflicts_with = "token_file")]
    token: Option<String>,
    /// A file with the bearer token; `-` is standard input
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// The body as it is sent; `-` is standard input. Its type is a header:
    /// -H 'content-type: application/json'
    #[arg(long, value_name = "FILE")]
    body: Option<PathBuf>,
    /// A raw HTTP/1.1 request with its body; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["method", "headers", "token", "token_file", "body"])]
    raw: Option<PathBuf>,
    /// Every request of an HTTP archive; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["method", "headers", "token", "token_file", "body"])]
    har: Option<PathBuf>,
    /// The caller's mTLS identity, as spiffe://cluster.local/ns/NS/sa/SA
    #[arg(long, value_name = "URI")]
    peer: Option<String>,
    /// The time of the request, as 2026-01-31T12:00:00Z; by default now
    #[arg(long, value_parser = humantime::parse_rfc3339, value_name = "RFC3339")]
    now: Option<SystemTime>,
    /// The keys of an issuer whose JWK Set is remote; may be repeated
    #[arg(long, value_name = "ISSUER=FILE")]
    jwks: Vec<GivenKeys>,
    /// The document of the policy's `tenants.source`; `-` is standard input
    #[arg(long, value_name = "FILE")]
    tenants: Option<PathBuf>,
    /// Takes the token as verified by Envoy's jwt_authn (Istio: RequestAuthentication)
    #[arg(long)]
    verified_by_proxy: bool,
}

/// The answer for programs; documented in docs/voxctl.md.
#[derive(Serialize)]
struct Report {
    requests: Vec<Explanation>,
}

impl Args {
    pub fn run(self, output: &Output) -> CliResult {
        let files = [&self.body, &self.token_file, &self.raw, &self.har, &self.tenants];
        one_standard_input(
            files.into_iter().flatten().chain([&self.policy]).map(PathBuf::as_path),
        )?;
        let Some(Valid { policy, spec, .. }) = policy_or_errors(&self.policy, output)? else {
            return Ok(Exit::Unusable);
        };
        self.refuse_pointless(&spec.identity.source)?;
        let mut surroundings = Surroundings::new(self.peer.clone(), self.verified_by_proxy);
        for given in &self.jwks {
            let jwks = read_bytes(given.file.as_ref())?;
            surroundings.add_keys(&policy, &given.issuer, &jwks)?;
        }
        if let Some(file) = &self.tenants {
            match tenants::read(file, &policy) {
                Ok(table) => surroundings.add_tenants(table),
                Err(TenantsError::Invalid(source, error)) => {
                    output.notice(error.render(&source));
                    return Ok(Exit::Unusable);
                }
                Err(error) => return Err(error.into()),
            }
        }
        let now = unix_millis(self.now.unwrap_or_else(SystemTime::now))?;
        let requests: Vec<Explanation> = self
            .requests()?
            .iter()
            .map(|request| explain(&policy, request, &surroundings, now))
            .collect();
        let exit = exit(&requests);
        if output.json {
            output.print_json(&Report { requests })?;
        } else {
            for (i, request) in requests.iter().enumerate() {
                if i > 0 {
                    output.print("")?;
                }
                answer::print(request, output)?;
            }
        }
        Ok(exit)
    }

    /// Evidence that the policy would not look at: whoever gives it expects another answer.
    fn refuse_pointless(&self, sources: &[IdentitySource]) -> Result<(), SurroundingsError> {
        let refuse =
            |option, source_name| Err(SurroundingsError::NoSuchSource { option, source_name });
        if self.verified_by_proxy && !sources.contains(&IdentitySource::JwtAuthn) {
            return refuse("--verified-by-proxy", "jwt_authn");
        }
        if self.peer.is_some() && !sources.contains(&IdentitySource::TrustedPeers) {
            return refuse("--peer", "trusted_peers");
        }
        Ok(())
    }

    fn requests(self) -> Result<Vec<Request>, Box<dyn std::error::Error>> {
        if let Some(file) = &self.raw {
            return Ok(vec![from_raw(&read_body(file)?)?]);
        }
        if let Some(file) = &self.har {
            return Ok(from_har(&Source::of_body(file)?.text)?);
        }
        let token = match &self.token_file {
            Some(file) => Some(Source::read(file)?.text.trim().to_owned()),
            None => self.token,
        };
        let bearer =
            token.map(|it| Header::new("authorization", format!("Bearer {it}").as_bytes()));
        let headers: Vec<Header> = self.headers.into_iter().chain(bearer).collect();
        let body = match &self.body {
            Some(file) => RequestBody::Given(read_body(file)?),
            None => RequestBody::of_head_only(&headers),
        };
        let usual = if self.body.is_some() { "POST" } else { "GET" };
        let method = self.method.as_deref().unwrap_or(usual);
        let path = self.path.as_deref().unwrap_or("/");
        Ok(vec![Request::new(method, path, headers, body)])
    }
}

fn unix_millis(time: SystemTime) -> Result<UnixMillis, Box<dyn std::error::Error>> {
    let since = time.duration_since(SystemTime::UNIX_EPOCH)?;
    Ok(UnixMillis(u64::try_from(since.as_millis())?))
}

fn exit(requests: &[Explanation]) -> Exit {
    if requests.iter().any(|it| it.passes == Some(false)) {
        Exit::Refused
    } else if requests.iter().any(|it| it.passes.is_none()) {
        Exit::Unusable
    } else {
        Exit::Good
    }
}
