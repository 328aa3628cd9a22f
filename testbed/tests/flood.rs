//! What is compared in `cargo xtask bench flood` works at all: each stands in front of a service that
//! it lets serve.

use anyhow::{Result, ensure};
use std::time::Duration;
use voxgate_testbed::bench::flood::{Ask, Class, Ends, Refusal, Tier, cases, run};

const LENGTH: Duration = Duration::from_secs(2);

fn ask(millis: u64, chars: usize, sample_rate: u32) -> Ask {
    let at = Duration::from_millis(millis);
    Ask { at, tier: Tier::Premium, tenant: 0, chars, sample_rate }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_stands_in_front_of_the_service_lets_it_serve() -> Result<()> {
    for name in cases() {
        let asks = [ask(0, 20, 16_000), ask(50, 20, 16_000)];
        let run = run(name, LENGTH, &asks).await?;
        let ends = run.ends(Class { tier: None, long: None });
        ensure!(ends == Ends { completed: 2, ..Ends::default() }, "{name}: {run:#?}");
        // Two times 20 characters of 70 ms.
        ensure!((run.goodput(false) - 1.4).abs() < 0.01, "{name}: {}", run.goodput(false));
        ensure!(run.crashes == 0, "{name}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_filter_a_few_long_texts_take_everybody_down() -> Result<()> {
    let mut asks: Vec<_> = (0..6).map(|number| ask(number * 10, 900, 32_000)).collect();
    asks.push(ask(1000, 20, 16_000));
    let run = run("no filter", LENGTH, &asks).await?;
    let ends = run.ends(Class { tier: None, long: None });
    ensure!((ends, run.crashes) == (Ends { failed: 7, ..Ends::default() }, 1), "{run:#?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_circuit_breaker_refuses_at_once_what_is_over_it() -> Result<()> {
    let asks: Vec<_> = (0..6).map(|number| ask(number * 10, 80, 16_000)).collect();
    let run = run("circuit breaker, max_requests 4", LENGTH, &asks).await?;
    let ends = run.ends(Class { tier: None, long: None });
    ensure!(ends == Ends { completed: 4, refused: 2, ..Ends::default() }, "{run:#?}");
    let overflow = Refusal { status: 503, why: "overflow".to_owned() };
    ensure!(run.refusals().into_iter().eq([(&overflow, 2)]), "{run:#?}");
    Ok(())
}
