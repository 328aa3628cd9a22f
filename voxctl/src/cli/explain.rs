//! `voxctl explain`.

use std::path::PathBuf;
use std::time::SystemTime;

use serde::Serialize;
use voxgate_policy::spec::IdentitySource;
use voxgate_policy::time::UnixMillis;

use super::validate::print_errors;
use super::{CliResult, DIM, Exit, GREEN, Output, RED, YELLOW};
use crate::diagnostic::{Source, read_bytes};
use crate::explain::{
    Explanation, GivenKeys, Header, Request, Surroundings, SurroundingsError, explain, from_har,
    from_raw,
};
use crate::validate;

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("request").required(true).args(["path", "raw", "har"]))]
pub struct Args {
    /// The policy, or an Istio resource that embeds it
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// The method
    #[arg(short = 'X', long, default_value = "GET")]
    method: String,
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
    /// A raw HTTP/1.1 request; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["method", "headers", "token", "token_file"])]
    raw: Option<PathBuf>,
    /// Every request of an HTTP archive; `-` is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["method", "headers", "token", "token_file"])]
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
        let source = Source::read(&self.policy)?;
        let validate::Valid { policy, spec, .. } = match validate::one_policy(&source) {
            Ok(valid) => valid,
            Err(errors) => {
                // Standard output is for explanations only.
                print_errors(&source, &errors, |text| {
                    output.notice(text);
                    Ok(())
                })?;
                return Ok(Exit::Unusable);
            }
        };
        self.refuse_pointless(&spec.identity.source)?;
        let mut surroundings = Surroundings::new(self.peer.clone(), self.verified_by_proxy);
        for given in &self.jwks {
            let jwks = read_bytes(given.file.as_ref())?;
            surroundings.add_keys(&policy, &given.issuer, &jwks)?;
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
                print(request, output)?;
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
            return Ok(vec![from_raw(&read_bytes(file)?)?]);
        }
        if let Some(file) = &self.har {
            return Ok(from_har(&Source::read(file)?.text)?);
        }
        let token = match &self.token_file {
            Some(file) => Some(Source::read(file)?.text.trim().to_owned()),
            None => self.token,
        };
        let bearer =
            token.map(|it| Header::new("authorization", format!("Bearer {it}").as_bytes()));
        let headers = self.headers.into_iter().chain(bearer).collect();
        Ok(vec![Request::new(&self.method, self.path.as_deref().unwrap_or("/"), headers)])
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

fn print(it: &Explanation, output: &Output) -> std::io::Result<()> {
    output.print(&it.request)?;
    // The decision is the last thing considered; below it is told in full.
    let considered = || it.considered.iter().filter(|it| it.subject != "decision");
    let width = considered().map(|it| it.subject.chars().count()).max().unwrap_or(0);
    for step in considered() {
        output.print(format_args!("  {DIM}{:width$}{DIM:#}  {}", step.subject, step.verdict))?;
    }
    if let Some(missing) = &it.missing_keys {
        return output.print(format_args!(
            "{YELLOW}undecided{YELLOW:#}: the keys of {issuer} are not at hand. A filter fetches \
             them from {uri}, and answers 503 if they do not come within {wait} s.\n\
             Next: add --jwks {issuer}=FILE",
            issuer = missing.issuer,
            uri = missing.uri,
            wait = missing.max_wait_seconds,
        ));
    }
    let Some(decision) = &it.decision else { return Ok(()) };
    let style = match decision.outcome.as_str() {
        "allow" => GREEN,
        "would_deny" => YELLOW,
        _ => RED,
    };
    let status = it.answer.as_ref().map(|it| format!(" {}", it.status)).unwrap_or_default();
    output.print(format_args!(
        "{style}{}{status}{style:#} by {}: {}",
        decision.outcome, decision.rule, decision.reason
    ))?;
    let Some(answer) = &it.answer else { return Ok(()) };
    output.print(format_args!("  {}", answer.detail))?;
    match &answer.www_authenticate {
        Some(challenge) => output.print(format_args!("  WWW-Authenticate: {challenge}")),
        None => Ok(()),
    }
}
