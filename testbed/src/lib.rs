//! What Voxgate is tried on: a speech service, a key server, a real Envoy, and real clients.
//!
//! Everything runs in-process for tests and as programs for the demo (`src/bin/`). A handle stops
//! what it started when it is dropped, also when a test panics or is killed.

pub mod bench;
pub mod browser;
pub mod client;
pub mod envoy;
pub mod exact;
pub mod fixture;
pub mod issuer;
pub mod jwks;
pub mod process;
pub mod scenario;
pub mod script;
pub mod server;
pub mod speech;
pub mod tenants;
