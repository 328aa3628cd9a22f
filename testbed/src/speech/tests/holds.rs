use super::{speech, tts};
use crate::client::{Client, ClientError};
use std::time::Duration;

#[tokio::test]
async fn a_request_is_held_until_its_name_is_released() {
    let (speech, _) = speech().await;
    for (protocol, client) in Client::both(speech.address()) {
        let held = |name: &str| {
            let request = client.post("/tts").header("x-test-hold", name).json(&tts());
            tokio::spawn(request.send())
        };
        let (first, other) = (held(protocol), held("other"));
        speech.wait_for_held(protocol, 1).await.unwrap();
        speech.wait_for_held("other", 1).await.unwrap();
        let second = held(protocol);
        speech.wait_for_held(protocol, 2).await.unwrap();
        assert_eq!(speech.under_way(), 3);

        speech.release(protocol, 1);
        assert_eq!(first.await.unwrap().unwrap().status, 200);
        assert_eq!((speech.held(protocol), speech.held("other")), (1, 1));
        speech.release_all(protocol);
        assert_eq!(second.await.unwrap().unwrap().status, 200);
        assert_eq!(held(protocol).await.unwrap().unwrap().status, 200);
        speech.release("other", 1);
        assert_eq!(other.await.unwrap().unwrap().status, 200);
        speech.wait_for_under_way(0).await.unwrap();
    }
}

#[tokio::test]
async fn a_client_that_leaves_is_held_no_more() {
    let (speech, _) = speech().await;
    for (protocol, client) in Client::both(speech.address()) {
        let request = client.post("/tts").header("x-test-hold", "a").header("x-test-id", protocol);
        let left = request.json(&tts()).timeout(Duration::from_millis(200)).send().await;
        assert!(matches!(left, Err(ClientError::TimedOut(_))), "{protocol}");
        speech.wait_for_held("a", 0).await.unwrap();
        speech.wait_for_under_way(0).await.unwrap();
        assert!(speech.received_as(protocol).unwrap().client_gone);
    }
}
