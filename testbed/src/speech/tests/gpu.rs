use crate::client::{Client, ClientError, Leave};
use crate::speech::synthesis::CHARACTER_MILLIS;
use crate::speech::{GpuStatus, Options, Speech, wav};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use voxgate_simulator::model::GpuModel;

/// Ten seconds of audio at 16 kHz fill the memory; one second of audio is made in 100 ms.
fn small() -> GpuModel {
    GpuModel {
        memory_mb: 200.0,
        weights_mb: 100.0,
        mb_per_audio_second_at_16k: 10.0,
        restart_seconds: 1.0,
        audio_seconds_per_second: 20.0,
        per_job_max_speed: 10.0,
        first_byte_seconds: 0.1,
        first_byte_per_audio_second: 0.0,
        first_byte_growth: 0.0,
        streams: true,
    }
}

async fn service(model: GpuModel) -> Speech {
    let options = Options {
        gpu: Some(model),
        sample_rate: 16_000,
        load_reports: true,
        name: Some("online".to_owned()),
        ..Options::default()
    };
    Speech::start_with(options).await.unwrap()
}

/// A text of about so many seconds.
fn text_of(seconds: u32) -> Value {
    json!({ "text": "a".repeat((seconds * 1000 / CHARACTER_MILLIS) as usize) })
}

fn gpu(speech: &Speech) -> GpuStatus {
    speech.gpu().unwrap()
}

async fn wait_until(speech: &Speech, wanted: impl Fn(&GpuStatus) -> bool) {
    let deadline = Instant::now() + Duration::from_secs(5);
    while !wanted(&gpu(speech)) {
        assert!(Instant::now() < deadline, "{:?}", gpu(speech));
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn sound_comes_when_and_as_fast_as_the_gpu_makes_it() {
    let speech = service(small()).await;
    for (protocol, client) in Client::both(speech.address()) {
        let began = Instant::now();
        let answer = client.post("/tts").json(&text_of(5)).send().await.unwrap();
        assert_eq!(answer.status, 200, "{protocol}");
        // 71 characters are 4.97 s.
        assert_eq!(answer.body.len(), wav::HEADER_BYTES + 4_970 * 16 * 2, "{protocol}");
        assert!(answer.time_to_first_byte >= Duration::from_millis(100), "{answer:?}");
        assert!(began.elapsed() >= Duration::from_millis(597), "{:?}", began.elapsed());
        assert_eq!(answer.header("x-served-by"), Some("online"));
        assert_eq!(gpu(&speech).jobs, 0);
    }
}

/// A pace cut the sound into chunks of its own, and held the first until it was full.
#[tokio::test]
async fn the_first_sound_leaves_when_it_is_there() {
    let speech = service(small()).await;
    for (protocol, client) in Client::both(speech.address()) {
        let mut stream = client.post("/tts").json(&text_of(5)).stream().await.unwrap();
        let first = stream.next().await.unwrap().unwrap();
        assert!(first.len() <= wav::HEADER_BYTES + 10 * 16 * 2, "{protocol}: {}", first.len());
    }
}

#[tokio::test]
async fn the_sample_rate_that_is_asked_for_takes_memory() {
    let speech = service(small()).await;
    let mut request = text_of(3);
    for (rate, memory) in [(json!(32e3), 60.0), (json!("8000"), 15.0), (json!(1), 30.0)] {
        request["sample_rate"] = rate;
        let client = Client::http1(speech.address());
        let mut stream = client.post("/tts").json(&request).stream().await.unwrap();
        let taken = gpu(&speech).memory_mb;
        assert!((taken - memory * 42.0 * 0.07 / 3.0).abs() < 0.01, "{taken} {memory}");
        stream.next().await.unwrap();
        drop(stream);
        wait_until(&speech, |gpu| gpu.jobs == 0).await;
    }
}

#[tokio::test]
async fn a_client_that_leaves_ends_its_job() {
    let speech = service(GpuModel { first_byte_seconds: 0.5, ..small() }).await;
    for (protocol, client) in Client::both(speech.address()) {
        for moment in [Leave::BeforeHeaders(Duration::from_millis(50)), Leave::AfterBytes(1000)] {
            let left = client.post("/tts").json(&text_of(9)).leave(moment).await;
            left.unwrap_or_else(|error| panic!("{protocol}: {error}"));
            wait_until(&speech, |gpu| gpu.jobs == 0 && gpu.memory_mb == 0.0).await;
        }
    }
    assert_eq!(gpu(&speech).crashes, 0);
}

#[tokio::test]
async fn memory_that_runs_out_resets_everybody_until_the_restart() {
    let speech = service(small()).await;
    for (protocol, client) in Client::both(speech.address()) {
        let before = gpu(&speech).crashes;
        let mut streaming = client.post("/tts").json(&text_of(8)).stream().await.unwrap();
        streaming.next().await.unwrap();
        let crash = client.post("/tts").json(&text_of(4)).send().await;
        assert!(matches!(crash, Err(ClientError::Http(_))), "{protocol}: {crash:?}");
        let broken = streaming.collect().await;
        assert!(matches!(broken, Err(ClientError::Body(_))), "{protocol}: {broken:?}");
        assert!(gpu(&speech).down, "{protocol}");
        // Nobody listens, for other paths neither.
        assert!(Client::http1(speech.address()).get("/health").send().await.is_err());

        wait_until(&speech, |gpu| !gpu.down).await;
        assert_eq!((gpu(&speech).crashes - before, gpu(&speech).jobs), (1, 0));
        let answer = client.post("/tts").json(&text_of(1)).send().await.unwrap();
        assert_eq!(answer.status, 200, "{protocol}");
    }
}

#[tokio::test]
async fn the_load_is_told_and_a_test_can_say_what() {
    let speech = service(small()).await;
    let client = Client::http2(speech.address());
    let answer = client.post("/tts").json(&text_of(7)).send().await.unwrap();
    // 70 of 200 MB beside 100 of weights, and half of the speed.
    let load = "TEXT application_utilization=0.500,mem_utilization=0.850";
    assert_eq!(answer.header("endpoint-load-metrics"), Some(load));

    let silent = Speech::start().await.unwrap();
    let client = Client::http2(silent.address());
    let answer = client.post("/tts").json(&text_of(1)).send().await.unwrap();
    assert_eq!(answer.header("endpoint-load-metrics"), None);
    let asked = client.post("/tts").header("x-test-load", "TEXT a=1");
    let asked = asked.header("x-test-load-trailer", "TEXT a=2").json(&text_of(1));
    let answer = asked.send().await.unwrap();
    assert_eq!(answer.header("endpoint-load-metrics"), Some("TEXT a=1"));
    assert_eq!(answer.trailers["endpoint-load-metrics"], "TEXT a=2");
}
