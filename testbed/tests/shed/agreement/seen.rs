//! By the filter.

use anyhow::Result;
use serde_json::json;
use tokio::time::Instant;
use voxgate_simulator::arrivals::Arrival;
use voxgate_testbed::client::{Client, Request, Response};

use super::told::{Fate, Told};
use super::trace::{LESSER_RATE, RATE};
use crate::support::token_of;

/// Sends each when its time has come; tells when that really was.
pub async fn send(client: &Client, trace: &[Arrival]) -> Result<(Vec<Arrival>, Vec<Told>)> {
    // Signing takes its time, too.
    let asks: Vec<Request> = trace.iter().map(|arrival| ask(client, arrival)).collect();
    let began = Instant::now();
    let mut sent = Vec::new();
    let mut answers = Vec::new();
    for (arrival, request) in trace.iter().zip(asks) {
        tokio::time::sleep_until(began + arrival.at).await;
        sent.push(Arrival { at: began.elapsed(), ..arrival.clone() });
        answers.push(tokio::spawn(request.send()));
    }
    let mut told = Vec::new();
    for (answer, arrival) in answers.into_iter().zip(trace) {
        told.push(match answer.await? {
            Ok(response) => Told::by_filter(&response, arrival),
            Err(error) => Told { fate: Fate::Broken(error.to_string()), why: String::new() },
        });
    }
    Ok((sent, told))
}

fn ask(client: &Client, arrival: &Arrival) -> Request {
    let body = json!({
        "text": "x".repeat(arrival.chars as usize),
        "sample_rate": arrival.sample_rate,
        "response_format": "pcm",
    });
    client.post("/tts").bearer(token_of(&arrival.tenant, &arrival.tier)).json(&body)
}

impl Told {
    fn by_filter(response: &Response, arrival: &Arrival) -> Self {
        if response.status != 200 {
            let problem = response.json();
            let why = format!("status {}, {problem}", response.status);
            return Self { fate: Fate::refused(&problem), why };
        }
        let degraded = response.header("x-voxgate-degraded");
        let rate = if degraded.is_some() { LESSER_RATE } else { RATE };
        let (bytes, wanted) = (response.body.len(), arrival.audio.0 * u64::from(rate) / 1000 * 2);
        let fate = match degraded {
            // The simulator's job is as long as the service's.
            _ if bytes as u64 != wanted => Fate::Broken(format!("{bytes} bytes, not {wanted}")),
            Some(_) => Fate::Degraded,
            None => Fate::Passed,
        };
        let first_byte = response.time_to_first_byte.as_millis();
        Self { fate, why: format!("degraded {degraded:?}, first byte after {first_byte} ms") }
    }
}
