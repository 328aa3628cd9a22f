//! The `streams` section as written.

use serde::{Deserialize, Serialize};

use super::DurationSpec;

/// How generated streams reach the listener. With the section there, even empty, they are measured and
/// protected; nothing is held that `coalesce` does not name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct StreamsSpec {
    /// The listener that is simulated to find underruns.
    pub listener: ListenerSpec,
    /// What is kept from streams on their way.
    pub protect: ProtectSpec,
    /// What becomes of a stream that falls silent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stall: Option<StallSpec>,
    /// When a stream is slow enough to leave a snapshot.
    pub slow: SlowSpec,
    /// Chatty streams that are put together; the first rule that matches decides. Without any, nothing is
    /// ever held.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub coalesce: Vec<CoalesceSpec>,
    /// What the rendered EnvoyFilter sets on the port: Envoy's own limits that cut streams.
    pub connection: ConnectionSpec,
}

/// A listener's player, simulated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ListenerSpec {
    /// Audio that it gathers before it begins to play: 0 s to 10 s.
    pub start: DurationSpec,
    /// How much leading silence is looked through for the first audible sample, of WAV and PCM: 0 s to
    /// 10 s. What is silent for longer is audible from its first sample.
    pub silence: DurationSpec,
    /// Missing audio at a time from which a stream is not continuous: 10 ms to 10 s.
    pub hole: DurationSpec,
}

impl Default for ListenerSpec {
    fn default() -> Self {
        Self {
            start: DurationSpec(std::time::Duration::from_millis(100)),
            silence: DurationSpec::from_secs(2),
            hole: DurationSpec(std::time::Duration::from_millis(100)),
        }
    }
}

/// What is kept from streams on their way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ProtectSpec {
    /// Adds `Cache-Control: no-transform` to streams (RFC 9111 §5.2.2.6): Envoy's compressor passes them by.
    pub no_transform: bool,
    /// Sets `X-Accel-Buffering: no` on streams: nginx and those like it do not buffer them.
    pub no_accel_buffering: bool,
    /// Sets `Accept-Encoding: identity` on requests for audio: compressed audio cannot be measured, and
    /// compressing it costs time for nothing.
    pub identity_encoding: bool,
    /// Tells the client in `Server-Timing` when the answer began, and what stages before it took.
    pub server_timing: bool,
}

impl Default for ProtectSpec {
    fn default() -> Self {
        Self {
            no_transform: true,
            no_accel_buffering: true,
            identity_encoding: true,
            server_timing: true,
        }
    }
}

/// What becomes of a stream that falls silent. A WebSocket is left alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct StallSpec {
    /// How long nothing came, behind the first byte: 1 s to 1 h.
    pub after: DurationSpec,
    /// What is done with audio and whatever is no event stream.
    #[serde(default)]
    pub audio: StallAction,
    /// What is done with an event stream (`text/event-stream`).
    #[serde(default)]
    pub events: StallAction,
}

/// What is done with a silent stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum StallAction {
    /// It is counted and logged.
    #[default]
    Count,
    /// It is reset, so that the client need not wait for its own time-out.
    End,
}

/// When a stream is slow enough to leave a snapshot: one log line of timings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct SlowSpec {
    /// Its time to first audio, or its real-time factor, in percent of what is usual for its operation,
    /// model and length: 110 to 10,000; 0 for never.
    pub percent: u32,
    /// No time to first audio below this is slow: 0 s to 1 h. No real-time factor below 1 is.
    pub least: DurationSpec,
}

impl Default for SlowSpec {
    fn default() -> Self {
        Self { percent: 300, least: DurationSpec(std::time::Duration::from_millis(500)) }
    }
}

/// Streams whose chunks are put together.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CoalesceSpec {
    /// Its name, unique: letters, digits, `-`, `_` and `.`, 1 to 64 of them.
    pub name: String,
    /// Operations: names, `tts.*`, or `*`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub operations: Vec<String>,
    /// Content types of the response, without parameters: `audio/pcm`, `audio/*`. All, if there are none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub content_types: Vec<String>,
    /// Names of tiers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tiers: Vec<String>,
    /// When what is held goes on.
    pub mode: CoalesceMode,
    /// `playback`: while the simulated listener has at least this much audio left, chunks are held: 20 ms
    /// to 60 s. By default 200 ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub floor: Option<DurationSpec>,
    /// The most bytes that are held: 256 to 16,384. By default 8,192.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_bytes: Option<u32>,
    /// The longest time that anything is held: 5 ms to 2 s. By default 100 ms, of a ramp 400 ms. Envoy's
    /// timer is late by some 5 ms.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_delay: Option<DurationSpec>,
    /// `ramp`: how many frames (of 20 ms; of the format, where it has frames) each release has, the last
    /// number for all further ones: up to 32 numbers from 1 to 1,000. By default 4, 4, 8, 16, 25. What
    /// would run the listener dry goes on before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub frames: Vec<u32>,
}

/// When what is held goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum CoalesceMode {
    /// While the listener has enough to play.
    Playback,
    /// Every so often, or so many bytes: for events of language models.
    Interval,
    /// In releases that grow.
    Ramp,
}

/// What the rendered EnvoyFilter sets on the named port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ConnectionSpec {
    /// Nothing either way for so long ends a stream (`stream_idle_timeout` of the connection manager);
    /// WebSockets, too. 0 s to 24 h; 0 s: never, as Istio has it.
    pub idle_timeout: DurationSpec,
    /// How long a client may take to read what is left when the service is done (`stream_flush_timeout`): 0 s to
    /// 24 h.
    pub flush_timeout: DurationSpec,
    /// Bytes of one HTTP/2 stream that Envoy keeps for a client that does not read them yet, and that a
    /// client may send before Envoy has passed them on (`initial_stream_window_size`): 65,535 to 16,777,216.
    /// What is kept is heard even if the listener interrupts.
    pub http2_window: u32,
    /// Bytes that Envoy buffers of a connection (`per_connection_buffer_limit_bytes`): 32,768 to 16,777,216.
    pub buffer_limit: u32,
}

impl Default for ConnectionSpec {
    fn default() -> Self {
        Self {
            idle_timeout: DurationSpec::from_secs(3600),
            flush_timeout: DurationSpec::from_secs(30),
            http2_window: 262_144,
            buffer_limit: 262_144,
        }
    }
}
