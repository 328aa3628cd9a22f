use super::*;
use crate::speech::Speech;
use serde_json::json;
use std::collections::BTreeSet;

/// A request for a minute of speech, which takes a minute.
fn long(client: &Client, id: &str) -> Request {
    client
        .post("/tts")
        .header("x-test-id", id)
        .header("x-test-real-time-factor", "1")
        .json(&json!({ "text": "a".repeat(900) }))
}

#[tokio::test]
async fn a_client_leaves_when_it_is_told_to_and_the_service_notices() {
    let speech = Speech::start().await.unwrap();
    for (protocol, client) in Client::both(speech.address()) {
        let id = format!("{protocol} before");
        let before = long(&client, &id).header("x-test-hang", "1");
        let left = before.leave(Leave::BeforeHeaders(Duration::from_millis(100))).await.unwrap();
        assert!(left.is_none());
        assert_eq!(speech.wait_for(&id, |it| it.client_gone).await.unwrap().status, None);

        let id = format!("{protocol} when");
        let when = long(&client, &id).header("x-test-hang", "1");
        when.leave_when(speech.wait_for(&id, |it| it.body_sha256.is_some())).await.unwrap();
        assert_eq!(speech.wait_for(&id, |it| it.client_gone).await.unwrap().status, None);

        for (moment, bytes) in [(Leave::AfterHeaders, 0), (Leave::AfterBytes(5000), 5000)] {
            let id = format!("{protocol} {bytes}");
            let left = long(&client, &id).leave(moment).await.unwrap().unwrap();
            assert_eq!(left.status, 200);
            assert!((bytes..bytes + 4410).contains(&left.body.len()), "{}", left.body.len());
            let received = speech.wait_for(&id, |it| it.client_gone).await.unwrap();
            assert!(!received.complete);
        }
    }
}

#[tokio::test]
async fn a_client_that_is_answered_before_it_could_leave_says_so() {
    let speech = Speech::start().await.unwrap();
    let client = Client::http1(speech.address());
    let minute = Duration::from_secs(60);
    for moment in [Leave::BeforeHeaders(minute), Leave::AfterBytes(1_000_000)] {
        let request = client.post("/tts").json(&json!({ "text": "a" }));
        let stayed = request.leave(moment).await.unwrap_err();
        assert!(matches!(stayed, ClientError::Stayed { status } if status == 200), "{stayed}");
    }
}

#[tokio::test]
async fn a_flood_asks_from_its_connections_and_answers_in_order() {
    let speech = Speech::start().await.unwrap();
    for (protocol, client) in Client::both(speech.address()) {
        let statuses = flood(&client, 20, 200, |client, number| {
            let status = if number % 10 == 0 { "429" } else { "200" };
            client.post("/take/it").header("x-test-status", status).body("a")
        });
        let statuses = statuses.await.unwrap();
        assert_eq!(statuses.len(), 200, "{protocol}");
        let refused: Vec<_> = (0..200).filter(|it| statuses[*it] == 429).collect();
        assert_eq!(refused, (0..200).step_by(10).collect::<Vec<_>>(), "{protocol}");
    }
    assert_eq!(speech.count(), 400);
}

#[tokio::test]
async fn a_flood_asks_as_much_at_once_as_the_protocol_can() {
    for (http2, at_once) in [(false, 5), (true, 50)] {
        let speech = Speech::start().await.unwrap();
        let client = Client::new(speech.address(), http2, Room::Ample);
        let hanging = flood(&client, 5, 50, |client, number| {
            client
                .get("/take/it")
                .header("x-test-id", number.to_string())
                .header("x-test-hang", "1")
        });
        // Nobody is answered, so that all that can be asked at once is asked.
        let asked = tokio::time::timeout(Duration::from_millis(500), hanging).await;
        assert!(asked.is_err());
        let ids: BTreeSet<_> = speech.received().into_iter().filter_map(|it| it.id).collect();
        assert_eq!(ids.len(), at_once);
    }
}

#[tokio::test]
async fn a_flood_tells_of_a_request_without_an_answer() {
    let speech = Speech::start().await.unwrap();
    let client = Client::http1(speech.address());
    let lost = flood(&client, 3, 9, |client, number| {
        let reset = if number == 4 { "1" } else { "0" };
        client.get("/take/it").header("x-test-reset", reset)
    });
    assert!(matches!(lost.await, Err(ClientError::Http(_))));
    let none = flood(&client, 3, 0, |client, _| client.get("/health"));
    assert!(none.await.unwrap().is_empty());
}
