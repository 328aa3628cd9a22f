//! Many requests at once.

use super::{Client, ClientError, Request, Room};
use futures_util::stream::{FuturesUnordered, TryStreamExt};
use http::StatusCode;

/// Sends `requests` requests from `connections` connections of their own, as many at once as the
/// protocol can: with HTTP/1.1 one a connection, with HTTP/2 all of them. `build` makes each, and
/// is told its number. The statuses are in the order of the requests; each request's own timeout
/// bounds it, from when its turn comes.
///
/// # Errors
/// The first request's that has no whole answer; the others are given up.
pub async fn flood(
    client: &Client,
    connections: usize,
    requests: usize,
    build: impl Fn(&Client, usize) -> Request,
) -> Result<Vec<StatusCode>, ClientError> {
    let ask = |client: &Client, number: usize| {
        let request = build(client, number);
        async move { request.send().await.map(|response| (number, response.status)) }
    };
    let connections = connections.max(1);
    let floods: FuturesUnordered<_> = (0..connections.min(requests))
        .map(|first| {
            let client = Client::new(client.address, client.http2, Room::Ample);
            let numbers = (first..requests).step_by(connections);
            let ask = &ask;
            async move {
                if client.http2 {
                    let asking: FuturesUnordered<_> =
                        numbers.map(|number| ask(&client, number)).collect();
                    return asking.try_collect::<Vec<_>>().await;
                }
                let mut answers = Vec::new();
                for number in numbers {
                    answers.push(ask(&client, number).await?);
                }
                Ok(answers)
            }
        })
        .collect();
    let mut answers = floods.try_collect::<Vec<_>>().await?.concat();
    answers.sort_unstable_by_key(|(number, _)| *number);
    Ok(answers.into_iter().map(|(_, status)| status).collect())
}
