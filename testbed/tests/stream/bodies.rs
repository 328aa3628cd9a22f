//! Bodies that are a case of their own, in every mode over every protocol.

use super::support::{everywhere, run_all};
use anyhow::{Result, bail};
use serde_json::{Value, json};
use voxgate_testbed::exact::{Heard, Lost, Protocol, Stage};
use voxgate_testbed::fixture::resource;
use voxgate_testbed::script::{Content, Cuts, Script};

const HTTP: [Protocol; 2] = [Protocol::Http1, Protocol::Http2];

#[tokio::test(flavor = "multi_thread")]
async fn bodies_of_any_length_and_in_any_pieces_come_whole() -> Result<()> {
    let stage = Stage::setup().start().await?;
    for (bytes, cuts) in [
        (0, Cuts::Whole),
        (1, Cuts::Whole),
        (700, Cuts::Bytes),
        (16_384, Cuts::Whole),
        (16_385, Cuts::Whole),
        (300_000, Cuts::Large),
        (2_000_000, Cuts::Whole),
        (64_000, Cuts::Frames),
    ] {
        for content in [Content::Pcm, Content::Events, Content::Noise] {
            let script = Script { content, bytes, cuts, ..Script::default() };
            run_all(&stage.clients, &everywhere(&Protocol::ALL, &script), Heard::Whole).await?;
        }
    }
    stage.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_body_has_none() -> Result<()> {
    let stage = Stage::setup().start().await?;
    for status in [204, 304] {
        let script = Script { status, ..Script::default() };
        run_all(&stage.clients, &everywhere(&HTTP, &script), Heard::Whole).await?;
    }
    for length_told in [false, true] {
        let script = Script { content: Content::Wav, length_told, ..Script::default() };
        let mut plans = everywhere(&HTTP, &script);
        plans.iter_mut().for_each(|plan| plan.is_head = true);
        run_all(&stage.clients, &plans, Heard::Whole).await?;
    }
    stage.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_length_that_was_told_is_kept() -> Result<()> {
    let stage = Stage::setup().start().await?;
    for content in [Content::Wav, Content::Mp3, Content::Deflated] {
        let script =
            Script { content, length_told: true, longest_pause_ms: 10, ..Script::default() };
        run_all(&stage.clients, &everywhere(&HTTP, &script), Heard::Whole).await?;
    }
    stage.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn trailers_come_behind_the_last_byte() -> Result<()> {
    let stage = Stage::setup().start().await?;
    for (bytes, longest_pause_ms) in [(0, 0), (1, 0), (30_000, 10), (3000, 50)] {
        let protocols = [Protocol::Http1, Protocol::Http2, Protocol::Grpc];
        let script = Script { bytes, longest_pause_ms, trailers: true, ..Script::default() };
        run_all(&stage.clients, &everywhere(&protocols, &script), Heard::Whole).await?;
    }
    stage.finish().await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_damaged_mislabelled_or_compressed_comes_as_it_is() -> Result<()> {
    let stage = Stage::setup().start().await?;
    let protocols = [Protocol::Http1, Protocol::Http2, Protocol::WebSocket];
    for content in Content::ORDINARY {
        for label in Content::ORDINARY {
            let label = Some(label.content_type().to_owned());
            let script = Script { content, label, damaged: true, ..Script::default() };
            run_all(&stage.clients, &everywhere(&protocols, &script), Heard::Whole).await?;
        }
    }
    stage.finish().await
}

/// Envoy's own compressor, which waits until it has enough to compress.
fn compressor() -> Value {
    resource::first_http_filter(json!({
        "name": "envoy.filters.http.compressor",
        "typed_config": {
            "@type": "type.googleapis.com/envoy.extensions.filters.http.compressor.v3.Compressor",
            "response_direction_config": { "common_config": {
                "content_type": ["text/html", "text/event-stream", "application/x-ndjson", "audio/wav"],
            } },
            "compressor_library": {
                "name": "gzip",
                "typed_config": {
                    "@type": "type.googleapis.com/envoy.extensions.compression.gzip.compressor.v3.Gzip",
                },
            },
        },
    }))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compressor_passes_streams_by() -> Result<()> {
    let setup = Stage::setup().resource(compressor()).envoy(|options| {
        // Of 1.40; older ones have no other, and without it streams are passed by anyway.
        options.allow_log.push("deprecated option .*CommonDirectionConfig.content_type".to_owned());
    });
    let stage = setup.start().await?;
    for content in [Content::Events, Content::AudioLines, Content::Wav, Content::Deflated] {
        let script = Script { content, longest_pause_ms: 5, ..Script::default() };
        run_all(&stage.clients, &everywhere(&HTTP, &script), Heard::Whole).await?;
    }
    // It does compress what is no stream.
    let page = Script { label: Some("text/html".to_owned()), ..Script::default() };
    for plan in everywhere(&HTTP, &page) {
        match plan.run(&stage.clients).await {
            Err(Lost::Headers(headers)) => assert_eq!(headers["content-encoding"], "gzip"),
            other => bail!("{other:?}: {plan:?}"),
        }
    }
    stage.finish().await
}
