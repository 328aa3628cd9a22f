//! The same stream in every mode over every protocol.

use anyhow::{Context, Result, ensure};
use futures_util::future::try_join_all;
use voxgate_testbed::exact::{Clients, Heard, Mode, Plan, Protocol};
use voxgate_testbed::script::{Content, Script};

/// A plan for each of `protocols` and each mode; what gRPC sends are messages.
pub fn everywhere(protocols: &[Protocol], script: &Script) -> Vec<Plan> {
    let plan = |protocol, mode| {
        let content = if protocol == Protocol::Grpc { Content::Grpc } else { script.content };
        Plan::new(protocol, mode, Script { content, ..script.clone() })
    };
    let of_protocol = |protocol| Mode::ALL.map(|mode| plan(protocol, mode));
    protocols.iter().copied().flat_map(of_protocol).collect()
}

/// Runs all at once; each is to end so.
pub async fn run_all(clients: &Clients, plans: &[Plan], wanted: Heard) -> Result<()> {
    let run = async |plan: &Plan| {
        let heard = plan.run(clients).await.with_context(|| format!("{plan:?}"))?;
        ensure!(heard == wanted, "{heard:?}, not {wanted:?}: {plan:?}");
        Ok(())
    };
    try_join_all(plans.iter().map(run)).await?;
    Ok(())
}
