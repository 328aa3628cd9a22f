//! `voxctl render`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use clap::Subcommand;

use super::validate::print_errors;
use super::{CliResult, Exit, Output, YELLOW};
use crate::diagnostic::Source;
use crate::render::envoy::{self, Address, EnvoyOptions, NamedCluster};
use crate::render::{
    self, DEFAULT_PORT, Filter, ModuleSource, PolicyDocument, Proxy, RenderError, Rendered,
    ResourceOptions,
};
use crate::validate;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Prints an EnvoyFilter, and what has to stand beside it
    Envoyfilter(IstioArgs),
    /// Prints a TrafficExtension (Istio 1.30 and later), and what has to stand beside it
    Trafficextension(IstioArgs),
    /// Prints a WasmPlugin, and what has to stand beside it
    Wasmplugin(IstioArgs),
    /// Prints a complete Envoy bootstrap, to try a policy or Istio resources on this machine
    Envoy(EnvoyArgs),
}

#[derive(Debug, clap::Args)]
struct IstioArgs {
    /// The policy
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// The filter: jwt-tier, voice-quota, text-shed or chunk-flush
    #[arg(long, default_value_t = Filter::JwtTier)]
    filter: Filter,
    /// The namespace to write; without it `kubectl -n` or kustomize decides
    #[arg(long, value_name = "NS")]
    namespace: Option<String>,
    /// A label of the workload; may be repeated. Without any: every workload of the namespace
    #[arg(long = "label", value_name = "NAME=VALUE", value_parser = label)]
    labels: Vec<(String, String)>,
    /// For a gateway instead of the service's sidecar; then --port is the gateway's own
    #[arg(long)]
    gateway: bool,
    /// The port that the service's container listens on
    #[arg(long, default_value_t = DEFAULT_PORT, value_parser = clap::value_parser!(u16).range(1..))]
    port: u16,
    /// Where the proxy gets the module: file:///…, https://… or oci://…
    #[arg(long, value_name = "URL")]
    module: Option<String>,
    /// The SHA-256 of the module (https) or of the image's manifest (oci)
    #[arg(long, value_name = "HEX", requires = "module")]
    sha256: Option<String>,
}

#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("input").required(true).args(["policy", "envoyfilter"]))]
struct EnvoyArgs {
    /// The policy to run
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Istio resources to run instead; may be repeated
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with = "filters")]
    envoyfilter: Vec<PathBuf>,
    /// The service behind Envoy
    #[arg(long, value_name = "HOST:PORT")]
    upstream: Address,
    /// The port to listen on, on 127.0.0.1; 0 lets the system choose
    #[arg(long, value_name = "PORT")]
    listen: u16,
    /// The admin port, on 127.0.0.1; 0 lets the system choose
    #[arg(long, value_name = "PORT")]
    admin: u16,
    /// A filter to run (jwt-tier, voice-quota, text-shed, chunk-flush); may be repeated. Without any: all that the policy gives something to do
    #[arg(long = "filter", value_name = "NAME")]
    filters: Vec<Filter>,
    /// The folder of the modules voxgate-<filter>.wasm
    #[arg(long, value_name = "DIR", default_value = "dist")]
    wasm_dir: PathBuf,
    /// A cluster that a filter calls, as the server of a remote JWK Set; may be repeated
    #[arg(long = "cluster", value_name = "NAME=HOST:PORT")]
    clusters: Vec<NamedCluster>,
    /// Where the access log goes
    #[arg(long, value_name = "PATH")]
    access_log: Option<PathBuf>,
    /// The service's port in the mesh, which resources name; by default theirs, or 8080
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    port: Option<u16>,
    /// The workload's namespace; by default that of the resources
    #[arg(long, value_name = "NS")]
    namespace: Option<String>,
    /// A label of the workload; may be repeated. By default those that the resources select
    #[arg(long = "label", value_name = "NAME=VALUE", value_parser = label)]
    labels: Vec<(String, String)>,
}

fn label(text: &str) -> Result<(String, String), &'static str> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write NAME=VALUE, as app=glm-tts"),
    }
}

/// Each label once: a workload has one value of it.
fn unique(labels: Vec<(String, String)>) -> Result<BTreeMap<String, String>, RenderError> {
    let mut unique = BTreeMap::new();
    for (name, value) in labels {
        if let Some(other) = unique.insert(name.clone(), value.clone()) {
            let problem = format!("`{name}` is given twice, as `{other}` and as `{value}`");
            return Err(RenderError::Option { option: "--label", problem });
        }
    }
    Ok(unique)
}

type PrintResource = fn(&PolicyDocument, &ResourceOptions) -> Result<Rendered<String>, RenderError>;

impl Args {
    pub fn run(self, output: &Output) -> CliResult {
        match self.command {
            Command::Envoyfilter(args) => args.run(render::envoyfilter, output),
            Command::Trafficextension(args) => args.run(render::trafficextension, output),
            Command::Wasmplugin(args) => args.run(render::wasmplugin, output),
            Command::Envoy(args) => args.run(output),
        }
    }
}

impl IstioArgs {
    fn run(self, resource: PrintResource, output: &Output) -> CliResult {
        let Some(policy) = read_policy(&self.policy, output)? else { return Ok(Exit::Refused) };
        let module = match &self.module {
            Some(module) => ModuleSource::parse(module, self.sha256.as_deref())?,
            None => ModuleSource::default_file(self.filter, &policy),
        };
        let options = ResourceOptions {
            filter: self.filter,
            namespace: self.namespace,
            labels: unique(self.labels)?,
            proxy: if self.gateway { Proxy::Gateway } else { Proxy::Sidecar },
            port: self.port,
            module,
        };
        let rendered = resource(&policy, &options)?;
        warn(&rendered.warnings, output);
        if output.json {
            let resources: Vec<serde_json::Value> = serde_saphyr::from_multiple(&rendered.value)?;
            output.print_json(&resources)?;
        } else {
            output.print(rendered.value.trim_end())?;
        }
        Ok(Exit::Good)
    }
}

impl EnvoyArgs {
    fn run(self, output: &Output) -> CliResult {
        let labels = unique(self.labels)?;
        let options = EnvoyOptions {
            wasm_dir: self.wasm_dir,
            clusters: self.clusters,
            access_log: self.access_log,
            port: self.port,
            namespace: self.namespace,
            labels: Some(labels).filter(|it| !it.is_empty()),
            ..EnvoyOptions::new(self.upstream, self.listen, self.admin)
        };
        let rendered = match &self.policy {
            None => envoy::from_files(&self.envoyfilter, &options)?,
            Some(file) => {
                let Some(policy) = read_policy(file, output)? else { return Ok(Exit::Refused) };
                let filters = match self.filters.as_slice() {
                    [] => Filter::of(&policy),
                    some => some.to_vec(),
                };
                envoy::from_policy(&policy, &filters, &options)?
            }
        };
        warn(&rendered.warnings, output);
        output.print_json(&rendered.value)?;
        Ok(Exit::Good)
    }
}

/// The policy if it is valid; if not, its errors are shown.
fn read_policy(
    file: &Path,
    output: &Output,
) -> Result<Option<PolicyDocument>, Box<dyn std::error::Error>> {
    let source = Source::read(file)?;
    match validate::one_policy(&source) {
        Ok(valid) => Ok(Some(PolicyDocument { written: valid.written, spec: valid.spec })),
        Err(errors) => {
            print_errors(&source, &errors, |text| {
                output.notice(text);
                Ok(())
            })?;
            Ok(None)
        }
    }
}

fn warn(warnings: &[String], output: &Output) {
    for warning in warnings {
        output.notice(format_args!("{YELLOW}warning:{YELLOW:#} {warning}"));
    }
}
