//! Who asks, for what, and of what.

use std::rc::Rc;
use std::time::Duration;

use serde_json::{Value, json};
use voxgate_policy::facts::AudioMillis;
use voxgate_simulator::arrivals::Arrival;
use voxgate_simulator::model::GpuModel;

use crate::support::shedding;

/// What a character takes to speak: as the policy estimates it, and as the service does it.
pub const ESTIMATED_MILLIS: u64 = 80;
pub const SPOKEN_MILLIS: u64 = 70;

/// In Hz: what is asked for, and what is left of it.
pub const RATE: u32 = 32_000;
pub const LESSER_RATE: u32 = 16_000;

/// In seconds of audio.
pub const LIMIT: u64 = 110;
pub fn gpu() -> GpuModel {
    GpuModel {
        memory_mb: 16_384.0,
        first_byte_seconds: 0.2,
        first_byte_growth: 0.02,
        ..GpuModel::default()
    }
}

pub fn policy(limit: u64) -> Value {
    let mut policy = shedding(json!({
        "capacity": {
            "limit": limit,
            "tiers": {
                "premium": { "share": 4, "reserve": 20, "queue": { "max": 4, "wait": "1500ms" } },
                "standard": { "share": 2 },
                "basic": { "share": 1 },
            },
        },
        "load": {
            "busy": { "in_use": 50, "first_byte": 200, "reported": 80 },
            "overload": { "in_use": 80, "first_byte": 400, "reported": 95 },
            "dwell": "500ms",
        },
        "ladder": [
            {
                "name": "long-busy",
                "text_chars": { "above": 200 },
                "load": ["busy"],
                "rung": "degrade",
                "degrade": { "sample_rate": LESSER_RATE },
            },
            {
                "name": "long-overload",
                "text_chars": { "above": 200 },
                "load": ["overload"],
                "rung": "reject",
            },
            { "name": "basic-overload", "tiers": ["basic"], "load": ["overload"], "rung": "reject" },
        ],
    }));
    policy["facts"] = json!({ "chars_per_second": { "latin": 1000.0 / ESTIMATED_MILLIS as f64 } });
    let standard =
        json!({ "name": "standard", "scopes": ["tts.standard"], "allow": ["tts.synthesize"] });
    policy["tiers"].as_array_mut().expect("a list").insert(1, standard);
    policy
}

/// A calm time, a burst that is more than the service bears, and a calm time again.
pub fn trace() -> Vec<Arrival> {
    let phases = [(12, 350), (40, 90), (24, 200)];
    let gaps = phases.into_iter().flat_map(|(count, gap)| std::iter::repeat_n(gap, count));
    let mut at = 0;
    let arrival = |(number, gap): (u64, u64)| {
        at += gap;
        let is_long = number % 5 == 3;
        let chars = if is_long { 300 + number * 53 % 250 } else { 20 + number * 37 % 60 };
        let tier = ["basic", "premium", "standard", "basic"][number as usize % 4];
        Arrival {
            at: Duration::from_millis(at),
            tenant: Rc::from(format!("{tier}-{}", number % 3)),
            tier: Rc::from(tier),
            operation: Rc::from("tts.synthesize"),
            chars,
            estimate: AudioMillis(chars * ESTIMATED_MILLIS),
            audio: AudioMillis(chars * SPOKEN_MILLIS),
            sample_rate: RATE,
        }
    };
    (0..).zip(gaps).map(arrival).collect()
}
