use super::*;
use crate::client::Client;
use crate::speech::PAGE;

fn piece(millis: u64, bytes: &'static [u8]) -> (Duration, Bytes) {
    (Duration::from_millis(millis), Bytes::from_static(bytes))
}

#[tokio::test]
async fn a_recording_is_played_as_it_is_written_and_says_when() {
    let speech = Speech::start().await.unwrap();
    let recording = Recording::new("audio/mpeg", [piece(0, b"one"), piece(120, b"two")]);
    assert_eq!(recording.body(), b"onetwo");
    speech.record("a", recording);
    for (protocol, client) in Client::both(speech.address()) {
        let request = client.post("/any/path").header("x-test-recording", "a").body("a question");
        let mut answer = request.stream().await.unwrap();
        assert_eq!(answer.status, 200, "{protocol}");
        assert_eq!(answer.headers["content-type"], "audio/mpeg");
        assert_eq!(answer.next().await.unwrap().unwrap(), "one");
        assert_eq!(answer.next().await.unwrap().unwrap(), "two");
        assert_eq!(answer.next().await.unwrap(), None);
        let played = speech.played("a").unwrap();
        assert_eq!(played.pieces.len(), 2);
        assert!(played.pieces[1] - played.begun >= Duration::from_millis(120), "{played:?}");
    }
    let unknown = Client::http1(speech.address()).post("/tts").header("x-test-recording", "b");
    assert_eq!(unknown.send().await.unwrap().status, 404);
}

#[tokio::test]
async fn a_recording_breaks_off_behind_its_last_piece_and_may_say_no_type() {
    let speech = Speech::start().await.unwrap();
    speech.record("a", Recording::at_once("", &b"one"[..]).broken_off());
    for (protocol, client) in Client::both(speech.address()) {
        let request = client.get("/").header("x-test-recording", "a");
        let mut answer = request.stream().await.unwrap();
        assert!(
            answer.headers.get("content-type").is_none_or(|it| it == "application/octet-stream")
        );
        assert_eq!(answer.next().await.unwrap().unwrap(), "one", "{protocol}");
        assert!(answer.next().await.is_err(), "{protocol}");
    }
}

#[tokio::test]
async fn the_page_is_served_with_all_its_files() {
    let speech = Speech::start().await.unwrap();
    let client = Client::http1(speech.address());
    let page = client.get(PAGE).send().await.unwrap().text();
    for file in ["page.css", "page.js"] {
        assert!(page.contains(&format!("\"{file}\"")), "{file}");
    }
    for (file, content_type) in [("page.css", "text/css"), ("samples.js", "text/javascript")] {
        let answer = client.get(&format!("{PAGE}{file}")).send().await.unwrap();
        assert_eq!(answer.status, 200);
        assert!(answer.header("content-type").unwrap().starts_with(content_type));
    }
    let home = client.get(PAGE.trim_end_matches('/')).send().await.unwrap();
    assert_eq!((home.status.as_u16(), home.header("location")), (308, Some(PAGE)));
    assert_eq!(speech.count(), 0, "these are no requests to the service");
}
