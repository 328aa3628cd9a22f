//! The access log of a local Envoy: one JSON object a request, with what the filters decided.

use std::path::Path;

use serde_json::{Value, json};

/// Writes to `path`. Neither query nor `Authorization` is in it.
pub(super) fn to_file(path: &Path) -> Value {
    json!({
        "name": "envoy.access_loggers.file",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.access_loggers.file.v3.FileAccessLog",
            "path": path,
            "log_format": {"omit_empty_values": true, "json_format": {
                "time": "%START_TIME%",
                "method": "%REQ(:METHOD)%",
                "path": "%PATH(NQ)%",
                "protocol": "%PROTOCOL%",
                "status": "%RESPONSE_CODE%",
                "details": "%RESPONSE_CODE_DETAILS%",
                "flags": "%RESPONSE_FLAGS%",
                "bytes_received": "%BYTES_RECEIVED%",
                "bytes_sent": "%BYTES_SENT%",
                "duration_ms": "%DURATION%",
                "request_ms": "%REQUEST_DURATION%",
                "first_byte_ms": "%RESPONSE_DURATION%",
                "request_id": "%REQ(X-REQUEST-ID)%",
                "upstream": "%UPSTREAM_CLUSTER%",
                "grpc_status": "%GRPC_STATUS_NUMBER%",
                "tier": "%REQ(X-USER-TIER)%",
                "tenant": "%REQ(X-VOXGATE-TENANT)%",
                "operation": "%REQ(X-VOXGATE-OPERATION)%",
                // A property a filter sets is filter state under the prefix `wasm.`.
                "decision": "%FILTER_STATE(wasm.voxgate.decision:PLAIN)%",
                "quota": "%FILTER_STATE(wasm.voxgate.quota:PLAIN)%",
                "shed": "%FILTER_STATE(wasm.voxgate.shed:PLAIN)%",
                "stream": "%FILTER_STATE(wasm.voxgate.stream:PLAIN)%",
            }},
        },
    })
}
