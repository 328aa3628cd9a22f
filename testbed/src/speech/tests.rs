mod gpu;
mod holds;

use super::*;
use crate::client::{Client, ClientError};
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;

const TEXT: &str = "Hello, 你好";

async fn speech() -> (Speech, Client) {
    let speech = Speech::start().await.unwrap();
    let client = Client::http1(speech.address());
    (speech, client)
}

fn tts() -> serde_json::Value {
    json!({ "text": TEXT })
}

#[tokio::test]
async fn the_same_text_is_the_same_sound_with_a_wav_header() {
    let (_speech, client) = speech().await;
    let first = client.post("/tts").json(&tts()).send().await.unwrap();
    let second = client.post("/tts").json(&tts()).send().await.unwrap();
    assert_eq!(first.header("content-type"), Some("audio/wav"));
    assert_eq!(first.body, second.body);
    assert_eq!(wav::samples_start(&first.body), Some(wav::HEADER_BYTES));
    let characters = TEXT.chars().count();
    assert_eq!(first.body.len(), wav::HEADER_BYTES + characters * (22_050 * 70 / 1000) * 2);
}

#[tokio::test]
async fn pcm_has_no_header() {
    let (_speech, client) = speech().await;
    let body = json!({ "input": "a", "response_format": "pcm", "model": "tts-1" });
    let response = client.post("/v1/audio/speech").json(&body).send().await.unwrap();
    assert_eq!(response.header("content-type"), Some("audio/pcm;rate=22050"));
    assert_eq!(response.body.len(), 22_050 * 70 / 1000 * 2);
}

#[tokio::test]
async fn a_text_that_is_empty_or_too_long_is_refused_with_its_length() {
    let (_speech, client) = speech().await;
    for (text, length) in [(String::new(), "0"), ("字".repeat(4097), "4097")] {
        let response = client.post("/tts").json(&json!({ "text": text })).send().await.unwrap();
        assert_eq!(response.status, 422);
        assert!(response.text().contains(&format!("has {length} characters")), "{response:?}");
    }
    let longest = json!({ "text": "字".repeat(4096) });
    assert_eq!(client.post("/tts").json(&longest).send().await.unwrap().status, 200);
}

#[tokio::test]
async fn a_batch_answers_line_by_line_and_a_bad_line_does_not_stop_it() {
    let (_speech, client) = speech().await;
    let jobs = "{\"text\":\"one\"}\n\nnonsense\n{\"text\":\"two\"}\n";
    let response = client.post("/batch").body(jobs).send().await.unwrap();
    let results: Vec<serde_json::Value> =
        response.text().lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(results.len(), 3);
    assert_eq!(results[0]["result"]["audio_ms"], 3 * (22_050 * 70 / 1000) * 1000 / 22_050);
    assert!(results[1]["result"]["error"].is_string());
    assert_eq!(results[2]["line"], 2);
}

#[tokio::test]
async fn what_was_received_is_told_with_repeated_headers_and_odd_bytes() {
    let (speech, _) = speech().await;
    for (protocol, client) in Client::both(speech.address()) {
        let response = client
            .post("/tts?speed=1")
            .header("x-request-id", protocol)
            .header("x-user-tier", "gold")
            .header("X-User-Tier", b"\xff\x80")
            .json(&tts())
            .send()
            .await
            .unwrap();
        let values: Vec<_> = response.headers.get_all("x-received-user-tier").iter().collect();
        assert_eq!(values, ["gold".as_bytes(), b"\xff\x80"]);

        let received = speech.wait_for(protocol, |received| received.complete).await.unwrap();
        assert_eq!(received.path, "/tts?speed=1");
        assert_eq!(received.headers.all("x-user-tier"), ["gold", r"\xff\x80"]);
        assert_eq!(received.body_bytes, tts().to_string().len() as u64);
        assert_eq!(response.header("x-received-bytes"), Some(&*received.body_bytes.to_string()));
        assert_eq!(received.status, Some(200));
        assert!(!received.client_gone);

        let path = format!("/_received?id={}", protocol.replace('/', "%2F"));
        let told = client.get(&path).send().await.unwrap().json();
        assert_eq!(told, serde_json::to_value(&received).unwrap());
        assert_eq!(received.body_sha256.unwrap().len(), 64);
    }
    let told = Client::http1(speech.address()).get("/_received").send().await.unwrap().json();
    assert_eq!(told["count"], 2);
}

#[tokio::test]
async fn a_listener_who_hangs_up_is_noticed() {
    for http2 in [false, true] {
        let speech = Speech::start().await.unwrap();
        let client = Client::both(speech.address())[usize::from(http2)].1.clone();
        let mut listening = client
            .post("/tts")
            .header("x-test-id", "gone")
            .header("x-test-real-time-factor", "1")
            .json(&json!({ "text": "a".repeat(1000) }))
            .stream()
            .await
            .unwrap();
        assert!(listening.next().await.unwrap().is_some());
        drop(listening);
        drop(client);
        let received = speech.wait_for("gone", |received| received.client_gone).await.unwrap();
        assert!(!received.complete);
    }
}

#[tokio::test]
async fn a_stream_comes_at_the_pace_asked_for() {
    let (_speech, client) = speech().await;
    let response = client
        .post("/tts")
        .header("x-test-first-chunk-ms", "80")
        .json(&tts())
        .send()
        .await
        .unwrap();
    assert!(response.time_to_first_byte >= Duration::from_millis(80), "{response:?}");
}

#[tokio::test]
async fn waiting_for_a_stream_or_a_websocket_ends_with_the_timeout() {
    let (_speech, client) = speech().await;
    let patience = Duration::from_secs(1);
    let hung = |error| matches!(error, ClientError::TimedOut(waited) if waited == patience);

    let text = json!({ "text": "a".repeat(1000) });
    let stalled = client.post("/tts").header("x-test-real-time-factor", "100").json(&text);
    let mut stream = stalled.timeout(patience).stream().await.unwrap();
    let stalled = loop {
        match stream.next().await {
            Ok(chunk) => assert!(chunk.is_some(), "it ended"),
            Err(error) => break error,
        }
    };
    assert!(hung(stalled));
    assert!(hung(stream.collect().await.unwrap_err()));

    let silent = client.get("/ws").timeout(patience).websocket().await.unwrap();
    assert!(hung(silent.unwrap_open().next().await.unwrap_err()));
}

#[tokio::test]
async fn a_stream_breaks_off_when_asked_to() {
    let (speech, client) = speech().await;
    let request = client
        .post("/tts")
        .header("x-test-break-after-chunks", "1")
        .header("x-test-id", "broken")
        .json(&json!({ "text": "a".repeat(100) }));
    let mut stream = request.stream().await.unwrap();
    assert!(stream.next().await.unwrap().is_some());
    assert!(stream.next().await.is_err());
    assert!(!speech.received_as("broken").unwrap().complete);
}

#[tokio::test]
async fn failures_are_spread_evenly() {
    let options = Options { failures_percent: 25, ..Options::default() };
    let speech = Speech::start_with(options).await.unwrap();
    let client = Client::http1(speech.address());
    let mut statuses = Vec::new();
    for _ in 0..8 {
        statuses.push(client.post("/tts").json(&tts()).send().await.unwrap().status.as_u16());
    }
    assert_eq!(statuses, [200, 200, 200, 500, 200, 200, 200, 500]);
    let asked = client.post("/tts").header("x-test-status", "503").send().await.unwrap();
    assert_eq!(asked.status, 503);
}

#[tokio::test]
async fn a_cloned_voice_is_listed() {
    let (_speech, client) = speech().await;
    let created = client.post("/v1/voices").body("audio").send().await.unwrap();
    assert_eq!(created.status, 201);
    let voices = client.get("/v1/voices").send().await.unwrap().text();
    assert!(voices.contains(created.json()["voice_id"].as_str().unwrap()), "{voices}");
}

#[tokio::test]
async fn a_voice_that_is_deleted_is_gone_and_its_id_is_not_given_again() {
    let (_speech, client) = speech().await;
    let created = client.post("/v1/voices").body("audio").send().await.unwrap().json();
    let id = created["voice_id"].as_str().unwrap().to_owned();
    let delete = |id: &str| client.request("DELETE", &format!("/v1/voices/{id}")).send();
    assert_eq!(delete(&id).await.unwrap().status, 200);
    assert_eq!(delete(&id).await.unwrap().status, 404);
    assert_eq!(delete("alloy").await.unwrap().status, 404);
    assert!(!client.get("/v1/voices").send().await.unwrap().text().contains(&id));
    let next = client.post("/v1/voices").body("audio").send().await.unwrap().json();
    assert_ne!(next["voice_id"], created["voice_id"]);
}

fn chat(more: serde_json::Value) -> serde_json::Value {
    let mut chat = json!({ "model": "m", "messages": [
        { "role": "system", "content": "Be kind." },
        { "role": "user", "content": [{ "type": "text", "text": "one two 三" }, { "type": "image_url" }] },
    ] });
    for (name, value) in more.as_object().unwrap() {
        chat[name] = value.clone();
    }
    chat
}

const CHAT: &str = "/v1/chat/completions";

#[tokio::test]
async fn a_chat_is_answered_with_tokens_that_can_be_counted() {
    let (_speech, client) = speech().await;
    let answer = client.post(CHAT).json(&chat(json!({}))).send().await.unwrap().json();
    assert_eq!(answer["choices"][0]["message"]["content"], "You said: one two 三");
    assert_eq!(answer["choices"][0]["finish_reason"], "stop");
    // 8 and 9 characters; 5 words.
    let usage = json!({ "prompt_tokens": 5, "completion_tokens": 5, "total_tokens": 10 });
    assert_eq!(answer["usage"], usage);

    let cut = chat(json!({ "max_tokens": 3 }));
    let answer = client.post(CHAT).json(&cut).send().await.unwrap().json();
    assert_eq!(answer["choices"][0]["message"]["content"], "You said: one");
    assert_eq!(answer["choices"][0]["finish_reason"], "length");
    assert_eq!(answer["usage"]["completion_tokens"], 3);
    assert_eq!(client.post(CHAT).json(&json!({})).send().await.unwrap().status, 400);
}

#[tokio::test]
async fn a_chat_streams_its_words_and_its_usage_only_if_it_is_asked_for() {
    let (_speech, client) = speech().await;
    for include_usage in [false, true] {
        let options = json!({ "include_usage": include_usage });
        let request = chat(json!({ "stream": true, "stream_options": options }));
        let response = client.post(CHAT).json(&request).send().await.unwrap();
        assert_eq!(response.header("content-type"), Some("text/event-stream"));
        let text = response.text();
        let mut events: Vec<_> =
            text.split_terminator("\n\n").map(|it| it.strip_prefix("data: ").unwrap()).collect();
        assert_eq!(events.pop(), Some("[DONE]"));
        let mut chunks: Vec<serde_json::Value> =
            events.into_iter().map(|it| serde_json::from_str(it).unwrap()).collect();
        if include_usage {
            let last = chunks.pop().unwrap();
            assert_eq!(last["choices"], json!([]));
            assert_eq!(last["usage"]["total_tokens"], 10);
        }
        assert!(chunks.iter().all(|it| it.get("usage").is_some() == include_usage), "{text}");
        let said: String =
            chunks.iter().filter_map(|it| it["choices"][0]["delta"]["content"].as_str()).collect();
        assert_eq!(said, "You said: one two 三");
        assert_eq!(chunks.last().unwrap()["choices"][0]["finish_reason"], "stop");
    }
}

#[tokio::test]
async fn a_chat_streams_at_the_pace_asked_for_and_breaks_off() {
    let (_speech, client) = speech().await;
    let request = client.post(CHAT).json(&chat(json!({ "stream": true })));
    let slow = request.clone().header("x-test-real-time-factor", "100");
    let mut stream = slow.timeout(Duration::from_millis(200)).stream().await.unwrap();
    assert!(stream.next().await.unwrap().is_some());
    assert!(matches!(stream.next().await, Err(ClientError::TimedOut(_))));
    let broken = request.header("x-test-break-after-chunks", "2").send().await;
    assert!(matches!(broken, Err(ClientError::Body(_))), "{broken:?}");
}

#[tokio::test]
async fn an_answer_without_sound_is_a_wav_header_and_no_more() {
    let (_speech, client) = speech().await;
    for (path, text) in [("/tts", "text"), ("/v1/audio/speech", "input")] {
        let request = client.post(path).header("x-test-empty", "1");
        let response = request.json(&json!({ text: TEXT })).send().await.unwrap();
        assert_eq!(
            (response.status.as_u16(), response.header("content-type")),
            (200, Some("audio/wav"))
        );
        assert_eq!(response.body.len(), wav::HEADER_BYTES);
    }
}

#[tokio::test]
async fn a_request_hangs_until_its_client_goes() {
    let (speech, _) = speech().await;
    for (protocol, client) in Client::both(speech.address()) {
        let request = client.post("/tts").header("x-test-hang", "1").header("x-test-id", protocol);
        let hung = request.json(&tts()).timeout(Duration::from_millis(200)).send().await;
        assert!(matches!(hung, Err(ClientError::TimedOut(_))), "{protocol}");
        let received = speech.wait_for(protocol, |it| it.client_gone).await.unwrap();
        assert_eq!(received.status, None);
    }
}

#[tokio::test]
async fn a_connection_is_reset_before_an_answer() {
    let (speech, _) = speech().await;
    for (protocol, client) in Client::both(speech.address()) {
        let request = client.post("/tts").header("x-test-reset", "1").json(&tts());
        let reset = request.send().await.unwrap_err();
        assert!(reset.to_string().contains("reset"), "{protocol}: {reset}");
        // Other connections live.
        assert_eq!(client.post("/tts").json(&tts()).send().await.unwrap().status, 200);
    }
}

#[tokio::test]
async fn an_answer_may_come_while_the_body_still_does() {
    let (speech, _) = speech().await;
    for (protocol, client) in Client::both(speech.address()) {
        let pieces = (0..20).map(|_| "a");
        let request =
            client.post("/tts").header("x-test-status", "503").header("x-test-id", protocol);
        let answer = request.pieces(pieces, Duration::from_millis(20)).stream().await.unwrap();
        assert_eq!(answer.status, 503);
        assert!(speech.received_as(protocol).unwrap().body_bytes < 20, "{protocol}");
    }
}

#[tokio::test]
async fn a_websocket_stays_open_and_silent_until_it_is_asked_again() {
    let (_speech, client) = speech().await;
    let request = client.get("/ws").timeout(Duration::from_millis(300));
    let mut socket = request.websocket().await.unwrap().unwrap_open();
    for text in ["first", "second"] {
        socket.send(Message::text(text)).await.unwrap();
        assert_eq!(socket.next().await.unwrap(), Message::text(text));
        while socket.next().await.unwrap() != Message::binary(bytes::Bytes::new()) {}
        assert!(matches!(socket.next().await, Err(ClientError::TimedOut(_))));
    }
}

#[tokio::test]
async fn a_websocket_speaks_in_binary_frames() {
    let (_speech, client) = speech().await;
    let mut socket = client.get("/ws").websocket().await.unwrap().unwrap_open();
    socket.send(Message::text("ab")).await.unwrap();
    assert_eq!(socket.next().await.unwrap(), Message::text("ab"));
    let mut bytes = 0;
    while let Message::Binary(frame) = socket.next().await.unwrap() {
        if frame.is_empty() {
            break;
        }
        bytes += frame.len();
    }
    assert_eq!(bytes, 2 * (22_050 * 70 / 1000) * 2);
}

#[tokio::test]
async fn a_grpc_call_is_answered_with_its_status_in_the_trailers() {
    let (speech, _) = speech().await;
    let client = Client::http2(speech.address());
    let response = client.grpc(grpc::PATH, b"hi").send().await.unwrap();
    assert_eq!(response.status, 200);
    assert_eq!(response.grpc_status(), Some("0"));
    assert_eq!(response.body, b"\0\0\0\0\x02hi"[..]);
}

#[tokio::test]
async fn a_service_that_is_dropped_closes_its_port_and_its_connections() {
    let (speech, client) = speech().await;
    client.get("/health").send().await.unwrap();
    drop(speech);
    assert!(client.get("/health").send().await.is_err());
}

#[tokio::test]
async fn espeak_speaks_at_the_rate_asked_for() {
    if Engine::Auto.installed() != Engine::Espeak {
        // Optional by design: without it the service uses its own tones, tested above.
        return;
    }
    let mut lengths = Vec::new();
    for sample_rate in [22_050, 16_000] {
        let options = Options { engine: Engine::Espeak, sample_rate, ..Options::default() };
        let speech = Speech::start_with(options).await.unwrap();
        let response =
            Client::http1(speech.address()).post("/tts").json(&tts()).send().await.unwrap();
        assert_eq!(response.status, 200);
        let samples = (response.body.len() - wav::HEADER_BYTES) / 2;
        lengths.push(samples as f64 / f64::from(sample_rate));
    }
    assert!(lengths[0] > 0.5, "{lengths:?}");
    assert!((lengths[0] - lengths[1]).abs() < 0.01, "{lengths:?}");
}
