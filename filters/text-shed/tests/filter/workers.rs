//! Several workers of a proxy. The fake host has one VM: two of its configurations stand for two
//! workers, for they share nothing but the proxy's data.

use super::*;

#[test]
fn what_one_worker_has_in_flight_is_no_room_in_another() {
    let host = plain();
    let here_before = admitted(&host, &speech(90));
    push(&host, |_| ());
    assert_eq!(refused(&host, &basic(20)).status, 503);
    let there = held(&host, &speech(20));
    serve(here_before);
    // It was not this worker that made room, and it finds out.
    wait(&host, FAST);
    assert_eq!(there.outcome(), Outcome::Continued);
    serve(there);
    assert_eq!(here(&host), (0, 0));
}

#[test]
fn what_a_dead_worker_had_is_free_after_its_lease() {
    let host = plain();
    let _lost = admitted(&host, &speech(90));
    let _waiting = held(&host, &speech(20));
    push(&host, |_| ());
    serve(admitted(&host, &basic(1)));
    host.kill_older();
    for _ in 0..14 {
        assert_eq!(here(&host).0, 1);
    }
    assert_eq!(refused(&host, &basic(20)).status, 503);
    (0..3).for_each(|_| wait(&host, SLOW));
    assert_eq!(here(&host), (0, 0));
    serve(admitted(&host, &basic(90)));
}

#[test]
fn what_a_worker_still_has_is_kept_past_its_lease() {
    let host = plain();
    let [long, second] = [admitted(&host, &speech(60)), admitted(&host, &speech(30))];
    push(&host, |_| ());
    (0..60).for_each(|_| wait(&host, SLOW));
    assert_eq!(here(&host), (2, 0));
    assert_eq!(refused(&host, &basic(20)).status, 503);
    [long, second].into_iter().for_each(serve);
    assert_eq!(here(&host), (0, 0));
}

#[test]
fn what_another_version_left_in_shared_data_is_as_good_as_nothing() {
    let host = plain();
    host.set_shared_data(
        &format!("voxgate.shed.1.online.{SERVICE}"),
        b"\xff\xff\xff of a later version",
    );
    let stream = admitted(&host, &speech(90));
    assert_eq!(here(&host), (1, 0));
    serve(stream);
}
