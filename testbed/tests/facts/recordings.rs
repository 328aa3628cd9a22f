//! Large recordings of those who may bring them stream through: nothing is held, nothing is lost.

use super::bodies::{BOUNDARY, around, multipart_type, run};
use super::{assert_alive, policy, sha256};
use bytes::Bytes;
use serde_json::json;
use std::time::Duration;
use voxgate_testbed::client::Client;
use voxgate_testbed::fixture::{Fixture, token};

const MEGABYTE: u64 = 1 << 20;

/// A form with a recording of so many bytes.
fn form(length: usize) -> Vec<Bytes> {
    let begin = format!(
        "--{BOUNDARY}\r\ncontent-disposition: form-data; name=\"voice_file\"; filename=\"me.wav\"\r\n\
         content-type: audio/wav\r\n\r\nRIFF....WAVEfmt "
    );
    around(&begin, run(b'\x01', length), &format!("\r\n--{BOUNDARY}--\r\n"))
}

async fn upload(fixture: &Fixture, client: &Client, id: &str, length: usize, path: &str) {
    let pieces = form(length);
    let whole: Vec<u8> = pieces.concat();
    let (name, content_type) = multipart_type();
    let request = client.post(path).bearer(token("tts.premium")).header(name, content_type);
    let request = request.header("x-test-id", id).pieces(pieces, Duration::ZERO);
    let response = request.send().await.unwrap();
    assert_eq!(response.status, 201, "{id}: {}", response.text());
    let received = fixture.speech.received_as(id).unwrap();
    assert_eq!(received.body_sha256, Some(sha256(&whole)), "{id}");
}

/// Uploads of 30 MB by each protocol; how much more memory Envoy had at most, and the VMs have.
async fn growth(fixture: &Fixture, path: &str) -> (u64, u64) {
    for (protocol, client) in fixture.both() {
        upload(fixture, &client, &format!("the first over {protocol}"), 3_000_000, path).await;
    }
    let envoy = &fixture.envoy;
    envoy.forget_peak().unwrap();
    let (resident, memory) = (envoy.resident_bytes().unwrap(), envoy.wasm_memory_bytes().unwrap());
    for (protocol, client) in fixture.both() {
        upload(fixture, &client, protocol, 30_000_000, path).await;
        assert_alive(fixture, &client, protocol).await;
    }
    let peak = envoy.peak_resident_bytes().unwrap();
    (peak.saturating_sub(resident), envoy.wasm_memory_bytes().unwrap() - memory)
}

#[tokio::test]
async fn thirty_megabytes_stream_through_in_flat_memory() {
    let fixture = Fixture::of(policy()).start().await.unwrap();
    // What premium may bring is not limited here, so nobody reads it.
    let (resident, vm) = growth(&fixture, "/v1/voices").await;
    println!("Envoy grew by {resident} bytes, the VMs by {vm}");
    assert!(resident < 8 * MEGABYTE, "Envoy grew by {resident} bytes");
    assert_eq!(vm, 0, "the VMs grew");
    fixture.finish().await.unwrap();
}

#[tokio::test]
async fn so_they_do_while_they_are_hashed_for_the_log() {
    let mut policy = policy();
    policy["facts"] = json!({ "audit_voice_creations": true });
    let setup = Fixture::of(policy);
    let setup = setup.envoy(|options| options.allow_log.push("audit=voice.create".to_owned()));
    let fixture = setup.start().await.unwrap();
    let (resident, vm) = growth(&fixture, "/v1/voices").await;
    println!("Envoy grew by {resident} bytes, the VMs by {vm}");
    assert!(resident < 8 * MEGABYTE, "Envoy grew by {resident} bytes");
    assert_eq!(vm, 0, "the VMs grew");
    fixture.finish().await.unwrap();
}
