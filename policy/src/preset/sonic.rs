//! Sonic: a video is a task that goes to the Kafka topic `sonic-video-tasks`.
//!
//! The project (<https://github.com/jixiaozhong/Sonic>) ships a command line and no HTTP API. `/tasks`
//! is what Voxgate's testbed calls the service that takes tasks; the other paths are those of the
//! Kafka REST proxy (<https://docs.confluent.io/platform/current/kafka-rest/api.html>), v2 and v3.
//!
//! A task holds URLs of object storage and settings of the video, no text and no voice. `audio_url` is
//! what the face is to say, not a voice to speak with, so bodies are not read.

use super::{Preset, PresetRule, rule};

pub(super) const PRESET: Preset = Preset {
    name: "sonic",
    source: "https://github.com/jixiaozhong/Sonic (no HTTP API of its own); https://docs.confluent.io/platform/current/kafka-rest/api.html",
    voices: &[],
    rules: &RULES,
};

const RULES: [PresetRule; 3] = [
    rule("task", "POST", "/tasks", &["video.generate"]),
    rule("topic", "POST", "/topics/sonic-video-tasks", &["video.generate"]),
    rule(
        "records",
        "POST",
        "/v3/clusters/{cluster_id}/topics/sonic-video-tasks/records",
        &["video.generate"],
    ),
];
