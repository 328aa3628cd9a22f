//! Denials as clients see them, and that nothing of a denied request reaches the service.

mod paths;
mod problems;
mod protocols;

use serde_json::{Value, json};

/// The tests' policy, with a WebSocket, a gRPC method, and a tenant whose tier is capped.
fn policy() -> Value {
    let mut policy = voxgate_testbed::fixture::policy();
    policy["tenants"] = json!({ "inline": [{ "id": "capped", "max_tier": "basic" }] });
    policy["operations"]["rules"] = json!([
        { "name": "ws", "methods": ["GET"], "path": "/ws", "operations": ["tts.synthesize"] },
        {
            "name": "grpc",
            "methods": ["POST"],
            "path": "/voxgate.testbed.v1.Speech/Speak",
            "operations": ["tts.synthesize"],
        },
    ]);
    policy
}
