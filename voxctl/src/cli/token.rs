//! `voxctl token`.

use std::io::{self, Read as _};
use std::path::PathBuf;
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Subcommand;
use serde_json::json;

use super::{CliResult, Exit, Output, YELLOW};
use crate::diagnostic::Source;
use crate::token::{self, Alg, Claim, HeaderField, KeyError, Lifetime, SigningKey, TokenRequest};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Makes a private key and adds its public half to the folder's jwks.json
    Keygen {
        /// What the key signs with
        #[arg(long, default_value = "RS256", ignore_case = true)]
        alg: Alg,
        /// The folder for the key and jwks.json; made if it is not there
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
    },
    /// Prints the JWK Set of private keys' public halves
    Jwks {
        /// Private keys as `keygen` makes them
        #[arg(required = true, value_name = "KEY")]
        keys: Vec<PathBuf>,
    },
    /// Signs a token
    Sign(SignArgs),
    /// Prints what the token on standard input says; verifies nothing
    Inspect,
}

#[derive(Debug, clap::Args)]
struct SignArgs {
    /// The private key: PKCS#8 PEM, or a JWK for HMAC
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// What to sign with; by default RS256, ES256, ES384, EdDSA, or what the JWK says
    #[arg(long, ignore_case = true)]
    alg: Option<Alg>,
    /// `iss`
    #[arg(long)]
    issuer: Option<String>,
    /// `aud`; may be repeated
    #[arg(long)]
    audience: Vec<String>,
    /// `sub`; names the tenant where the policy's `identity.claims.tenant` is `sub`. For another
    /// claim: --claim 'tenant="acme"'
    #[arg(long)]
    sub: Option<String>,
    /// `scope`: scopes with spaces between, as "tts.basic voice.clone"
    #[arg(long)]
    scope: Option<String>,
    /// `exp`, from now: `1h`; `-5m` has expired already
    #[arg(long, default_value = "1h", allow_hyphen_values = true, value_name = "DURATION")]
    expires: Lifetime,
    /// Leaves `exp` out
    #[arg(long, conflicts_with = "expires")]
    no_expiry: bool,
    /// Another claim, or another value for one, as 'plan="gold"'; may be repeated
    #[arg(long = "claim", value_name = "NAME=JSON")]
    claims: Vec<Claim>,
    /// Another header field, as `kid=other`; may be repeated
    #[arg(long = "header", value_name = "NAME=TEXT")]
    header: Vec<HeaderField>,
}

impl Args {
    pub fn run(self, output: &Output) -> CliResult {
        match self.command {
            Command::Keygen { alg, out } => keygen(alg, &out, output),
            Command::Jwks { keys } => {
                let keys: Result<Vec<_>, _> = keys.iter().map(|it| read(it, None)).collect();
                output.print_json(&token::jwks(&keys?))?;
                Ok(Exit::Good)
            }
            Command::Sign(args) => args.run(output),
            Command::Inspect => inspect(output),
        }
    }
}

fn keygen(alg: Alg, out: &std::path::Path, output: &Output) -> CliResult {
    warn(output);
    let text = token::generate(alg)?;
    let key = SigningKey::parse(&text.text, Some(alg))?;
    let stored = token::store(out, &text, &key)?;
    let (private, jwks) = (stored.private.display(), stored.jwks.display());
    if output.json {
        output.print_json(&json!({
            "alg": alg.name(),
            "kid": key.kid(),
            "private_key": private.to_string(),
            "jwks": jwks.to_string(),
        }))?;
    } else {
        output.print(format_args!("private key  {private}"))?;
        output.print(format_args!("JWK Set      {jwks}"))?;
        output.print(format_args!("kid          {}", key.kid()))?;
        output.notice(format_args!(
            "next: voxctl token sign --key {private} --alg {} --issuer https://issuer.test \
             --audience speech --claim 'tenant=\"acme\"' --scope tts.basic",
            alg.name()
        ));
    }
    Ok(Exit::Good)
}

impl SignArgs {
    fn run(self, output: &Output) -> CliResult {
        warn(output);
        let key = read(&self.key, self.alg)?;
        let request = TokenRequest {
            issuer: self.issuer,
            audiences: self.audience,
            subject: self.sub,
            scope: self.scope,
            expires: (!self.no_expiry).then_some(self.expires),
            claims: self.claims,
            header: self.header,
        };
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs();
        let contents = request.contents(&key, now);
        let token = contents.sign(&key)?;
        if output.json {
            let (header, claims) = (contents.header, contents.claims);
            output.print_json(&json!({ "token": token, "header": header, "claims": claims }))?;
        } else {
            output.print(token)?;
        }
        Ok(Exit::Good)
    }
}

/// Much larger than any token that a filter takes.
const MAX_TOKEN_INPUT: u64 = 1 << 20;

fn inspect(output: &Output) -> CliResult {
    let mut text = String::new();
    io::stdin().lock().take(MAX_TOKEN_INPUT).read_to_string(&mut text)?;
    let inspected = token::inspect(&text)?;
    output.notice("not verified: anybody can have written this");
    output.print_json(&inspected)?;
    Ok(Exit::Good)
}

#[derive(Debug, thiserror::Error)]
#[error("{file}: {error}")]
struct InFile {
    file: String,
    error: KeyError,
}

fn read(
    path: &std::path::Path,
    alg: Option<Alg>,
) -> Result<SigningKey, Box<dyn std::error::Error>> {
    let source = Source::read(path)?;
    SigningKey::parse(&source.text, alg).map_err(|error| InFile { file: source.name, error }.into())
}

fn warn(output: &Output) {
    output.notice(format_args!(
        "{YELLOW}WARNING: FOR DEVELOPMENT ONLY.{YELLOW:#} Whoever has this key can call as any \
         tenant. Never list it in a production policy."
    ));
}
