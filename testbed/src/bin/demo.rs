//! Plays the scenario through a real Envoy with the built filters; `cargo xtask demo` runs it.

use anyhow::{Context, Result};
use clap::Parser;
use std::path::PathBuf;
use std::process::ExitCode;
use voxctl::render::envoy::{Address, EnvoyOptions, NamedCluster, from_policy};
use voxctl::render::{Filter, PolicyDocument};
use voxgate_policy::spec::JwksSpec;
use voxgate_policy::testing;
use voxgate_testbed::envoy::{Envoy, Options};
use voxgate_testbed::jwks::Jwks;
use voxgate_testbed::process::until_asked_to_end;
use voxgate_testbed::scenario::{self, Played, Scenario};
use voxgate_testbed::speech::{self, Engine, Speech};

/// Plays a scenario through a real Envoy and shows each decision.
#[derive(Debug, Parser)]
struct Arguments {
    /// The Envoy
    #[arg(long, env = "ENVOY")]
    envoy: PathBuf,
    /// Where the built modules are
    #[arg(long, env = "VOXGATE_DIST", default_value = "dist")]
    wasm_dir: PathBuf,
    /// The policy
    #[arg(long, default_value = "envoyfilter-yaml/policies/speech.yaml")]
    policy: PathBuf,
    /// The scenario
    #[arg(long, default_value = "testbed/scenarios/speech.yaml")]
    scenario: PathBuf,
    /// Leave it running until Ctrl-C, and print curl lines to try
    #[arg(long)]
    keep: bool,
    /// Print the results as JSON
    #[arg(long)]
    json: bool,
}

/// What runs; dropped in this order, so that Envoy goes before what it calls.
struct Stage {
    envoy: Envoy,
    speech: Speech,
    _jwks: Jwks,
}

#[tokio::main]
async fn main() -> ExitCode {
    match until_asked_to_end(run(&Arguments::parse())).await {
        Ok(Some(Ok(code))) => code,
        Ok(Some(Err(error))) => failed(&error),
        Ok(None) => ExitCode::from(130),
        Err(error) => failed(&error.into()),
    }
}

fn failed(error: &anyhow::Error) -> ExitCode {
    eprintln!("error: {error:#}");
    ExitCode::FAILURE
}

async fn run(arguments: &Arguments) -> Result<ExitCode> {
    let yaml = std::fs::read_to_string(&arguments.scenario);
    let yaml = yaml.with_context(|| format!("no {}", arguments.scenario.display()))?;
    let mut scenario = Scenario::parse(&yaml)?;
    let has_clock = std::env::var_os("VOXGATE_CLOCK_LIB").is_some_and(|it| !it.is_empty());
    if !has_clock && let Some(first) = scenario.requests.iter().position(|it| it.days_later > 0) {
        let left = scenario.requests.len() - first;
        eprintln!(
            "the last {left} requests are skipped: Envoy's clock cannot be moved here, for that needs LD_PRELOAD, so Linux"
        );
        scenario.requests.truncate(first);
    }
    let mut stage = Stage::set(arguments, has_clock).await?;

    eprintln!("playing {} requests", scenario.requests.len());
    let show = |step: &Played| eprintln!("  {} {}: {}", step.seen.status, step.who, step.asks);
    let played = scenario::play(&scenario, &mut stage.envoy, &stage.speech, show).await?;
    if arguments.json {
        println!("{:#}", scenario::json(&scenario.title, &played));
    } else {
        println!("\n{}\n{}", scenario.title, scenario::table(&played));
    }
    if arguments.keep {
        // With --json, the standard output is one document.
        let hints = stage.hints(&scenario);
        if arguments.json {
            eprintln!("{hints}")
        } else {
            println!("{hints}")
        }
        until_asked_to_end(std::future::pending::<()>()).await?;
    }
    stage.envoy.finish().await?;
    let good = played.iter().all(|step| step.differences.is_empty());
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

// === impl Stage ===

impl Stage {
    async fn set(arguments: &Arguments, movable_clock: bool) -> Result<Self> {
        let engine = Engine::Auto.installed();
        let options = speech::Options { engine, ..speech::Options::default() };
        let speech = Speech::start_with(options).await?;
        eprintln!("speech service at http://{}, by {engine:?}", speech.address());

        let jwks = Jwks::serving(testing::jwks()).await?;
        eprintln!("key server at {}", jwks.uri());

        let policy = PolicyDocument::read(&arguments.policy)?;
        let to = |address: std::net::SocketAddr| address.to_string().parse::<Address>();
        let mut options = EnvoyOptions::new(to(speech.address())?, 0, 0);
        options.wasm_dir = std::path::absolute(&arguments.wasm_dir)?;
        options.access_log = Some("access.jsonl".into());
        // Every key set that the policy fetches comes from our key server.
        for issuer in &policy.spec.identity.issuers {
            if let Some(JwksSpec::Remote(remote)) = &issuer.jwks {
                let (name, address) = (remote.cluster.clone(), to(jwks.address())?);
                options.clusters.push(NamedCluster { name, address });
            }
        }
        let rendered = from_policy(&policy, &Filter::of(&policy), &options)?;
        for warning in rendered.warnings {
            eprintln!("warning: {warning}");
        }
        let envoy = Some(arguments.envoy.clone());
        let options = Options { envoy, movable_clock, ..Options::default() };
        let envoy = options.start(rendered.value).await?;
        eprintln!(
            "Envoy at http://{}, admin at http://{}; its filters are configured from {}",
            envoy.address(),
            envoy.admin_listener(),
            arguments.policy.display(),
        );
        Ok(Self { envoy, speech, _jwks: jwks })
    }

    /// What to try, for a shell.
    fn hints(&self, scenario: &Scenario) -> String {
        let base = format!("http://{}", self.envoy.address());
        let mut lines = vec!["Try it (tokens of development keys, good for an hour):\n".to_owned()];
        for (number, step) in scenario.requests.iter().enumerate() {
            lines.push(format!("# {}: {}", step.who, step.asks));
            let name = step.token.as_ref().map(|token| {
                lines.push(format!("TOKEN{number}='{}'", token.sign(self.envoy.now())));
                format!("$TOKEN{number}")
            });
            lines.push(format!("{}\n", step.request.to_curl(&base, name.as_deref())));
        }
        let (speech, admin) = (self.speech.address(), self.envoy.admin_listener());
        let body = r#"{"text": "A sentence that is heard as it is made."}"#;
        lines.extend([
            format!(
                "# What a listener hears, through Envoy and past it\nVOXGATE_TOKEN=$TOKEN0 cargo run -p voxctl -- stream {base}/tts --against http://{speech}/tts -H 'content-type: application/json' -d '{body}'\n"
            ),
            format!("What reached the service: curl -s http://{speech}/_received"),
            format!("Metrics: curl -s http://{admin}/stats/prometheus"),
            format!("Envoy's log: {}", self.envoy.folder().join("envoy.log").display()),
            "\nCtrl-C ends it.".to_owned(),
        ]);
        lines.join("\n")
    }
}
