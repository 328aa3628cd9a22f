//! What a gate costs to keep: printed, not judged.
//! `cargo test -p voxgate-policy --release --lib -- --nocapture shed::gate::tests::cost`

use super::*;

fn encode(gate: &Gate) -> Vec<u8> {
    postcard::to_allocvec(gate).expect("numbers can be encoded")
}

fn decode(bytes: &[u8]) -> Gate {
    postcard::from_bytes(bytes).expect("it was encoded")
}

/// Requests of a few seconds of audio, by hashes.
fn busy(in_flight: u64, queued: u64, terms: &GateTerms) -> Gate {
    let hash = |it: u64| it.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let tier = |it: u64| TierKey::of(["basic", "premium"][(it % 2) as usize]);
    let one = |it: u64| of(hash(it % 50), hash(it), tier(it), 2000 + it % 5000);
    let mut gate = Gate::default();
    (0..in_flight).for_each(|it| gate.force(&one(it), terms, NOW));
    for it in in_flight..in_flight + queued {
        gate.queue.push(Waiting::new(&one(it), it % 2 == 0, terms, NOW));
    }
    gate
}

#[wasm_bindgen_test(unsupported = test)]
fn a_gate_is_the_same_after_it_was_kept() {
    let terms = basic(10);
    let mut gate = busy(20, 10, &terms);
    gate.advance(&terms, later(7));
    assert_eq!(decode(&encode(&gate)), gate);
    assert_eq!(encode(&Gate::default()).len(), 3);
}

#[wasm_bindgen_test(unsupported = test)]
fn a_request_takes_few_bytes() {
    let terms = basic(10);
    let size = |in_flight, queued| encode(&busy(in_flight, queued, &terms)).len();
    assert!(size(1000, 0) < 27 * 1000);
    assert!(size(0, 500) < 33 * 500);
}

#[cfg(not(target_arch = "wasm32"))]
#[test]
fn what_a_call_takes() {
    use std::hint::black_box;
    use std::time::Instant;

    fn micros<T>(mut call: impl FnMut() -> T) -> f64 {
        let mut best = f64::MAX;
        for _ in 0..if cfg!(debug_assertions) { 1 } else { 200 } {
            let start = Instant::now();
            black_box(call());
            best = best.min(start.elapsed().as_secs_f64() * 1e6);
        }
        best
    }

    println!(
        "in flight, queued: bytes; µs of decode, encode, arrive, all three, advance, standing"
    );
    for (in_flight, queued) in [
        (0, 0),
        (10, 0),
        (100, 0),
        (1000, 0),
        (4000, 0),
        (100, 10),
        (100, 100),
        (1000, 100),
        (4000, 500),
    ] {
        // Full: the next one waits, or is admitted if nobody does.
        let capacity = if queued > 0 { 10 } else { u64::MAX };
        let known = ["basic", "premium", "free"].map(|it| tier(TierKey::of(it), 1, 10));
        let terms = terms(capacity, &known);
        let full = busy(in_flight, queued, &terms);
        let kept = encode(&full);
        let new = ask(1 << 60, TierKey::of("basic"), 1);
        let last = full.queue.last().map_or(0, |it| it.entry.id);
        let whole = || {
            let mut gate = decode(&kept);
            gate.arrive(&new, &terms, later(1));
            encode(&gate)
        };
        let decoding = micros(|| decode(&kept));
        let copying = micros(|| full.clone());
        println!(
            "{in_flight:>4} {queued:>4}: {:>6}; {decoding:>7.2} {:>7.2} {:>7.2} {:>7.2} {:>7.2} {:>7.2}",
            kept.len(),
            micros(|| encode(&full)),
            micros(|| full.clone().arrive(&new, &terms, later(1))) - copying,
            micros(whole),
            micros(|| full.clone().advance(&terms, later(1))) - copying,
            micros(|| full.standing(last, &terms)),
        );
    }
}
