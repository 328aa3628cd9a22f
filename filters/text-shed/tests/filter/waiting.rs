//! Requests that wait.

use super::*;

/// A full host, and what fills it.
fn full() -> (FakeHost, Stream) {
    let host = plain();
    let stream = admitted(&host, &speech(90));
    (host, stream)
}

fn waits(host: &FakeHost, end: &str) -> bool {
    host.metric_names().contains(&format!("tier=.=premium;.;end=.={end};.;voxgate_shed_wait_ms"))
}

#[test]
fn one_that_waits_goes_on_after_another_left() {
    let (host, full) = full();
    let stream = held(&host, &speech(20));
    assert_eq!(here(&host), (1, 1));
    serve(full);
    // Nothing but the timer can resume it, and it goes off soon.
    assert_eq!(stream.outcome(), Outcome::Waiting);
    assert_eq!(host.tick_period(), Duration::from_millis(1));
    wait(&host, Duration::from_millis(1));
    assert_eq!(stream.outcome(), Outcome::Continued);
    let told = record(&stream);
    assert_eq!((&told["outcome"], &told["waited_ms"]), (&json!("pass"), &json!(1001)));
    assert!(waits(&host, "admitted"));
    serve(stream);
    assert_eq!(here(&host), (0, 0));
}

#[test]
fn a_chunk_of_its_body_lets_it_go_on_too_and_it_is_not_resumed_twice() {
    let (host, full) = full();
    let stream = request(&host, &speech(20)).header("content-length", "6").with_body().send();
    stream.body(b"ab", false);
    assert_eq!(stream.outcome(), Outcome::Waiting);
    serve(full);
    stream.body(b"cd", false);
    assert_eq!(stream.outcome(), Outcome::Continued);
    wait(&host, FAST);
    stream.body(b"ef", true);
    assert_eq!(stream.upstream_body(), b"abcdef");
    serve(stream);
    assert_eq!(here(&host), (0, 0));
}

#[test]
fn a_client_that_leaves_frees_its_place_in_the_queue() {
    let (host, full) = full();
    let queue: Vec<Stream> = (0..4).map(|_| held(&host, &speech(20))).collect();
    // Full as it is, it takes no more of the same tenant.
    assert_eq!(problem(&refused(&host, &speech(20)))["type"], problem_type("busy"));
    for stream in queue {
        stream.client_leaves();
    }
    assert!(waits(&host, "left"));
    assert_eq!(here(&host), (1, 0));
    held(&host, &speech(20)).client_leaves();
    serve(full);
    assert_eq!(here(&host), (0, 0));
}

fn problem_type(name: &str) -> String {
    format!("tag:voxgate,2026:problem/{name}")
}

#[test]
fn what_waited_for_as_long_as_it_may_is_refused() {
    let (host, _full) = full();
    let stream = held(&host, &speech(20));
    wait(&host, Duration::from_millis(1990));
    assert_eq!(stream.outcome(), Outcome::Waiting);
    wait(&host, FAST);
    assert_eq!(stream.reply().status, 503);
    assert!(stream.reply().header("retry-after").is_some());
    assert_eq!(decided(&host, ["reject", "waited_in_vain", "none", "premium", "busy"]), 1);
    assert!(waits(&host, "refused"));
    stream.end();
    assert_eq!(here(&host), (1, 0));
}

#[test]
fn one_whose_deadline_passes_while_it_waits_is_told_so() {
    let (host, _full) = full();
    let by = host.time().as_millis() + 1500;
    let stream = request(&host, &speech(20)).header("x-voxgate-deadline", by.to_string()).send();
    assert_eq!(stream.outcome(), Outcome::Waiting);
    wait(&host, Duration::from_millis(1490));
    assert_eq!(stream.outcome(), Outcome::Waiting);
    wait(&host, Duration::from_millis(20));
    assert_eq!(stream.reply().status, 504);
    stream.end();
    assert_eq!(here(&host), (1, 0));
}

#[test]
fn a_body_that_outgrows_the_buffer_waits_no_more() {
    let (host, full) = full();
    let stream = request(&host, &speech(20)).with_body().send();
    let piece = vec![b'x'; 64 * 1024];
    for _ in 0..12 {
        stream.body(&piece, false);
        assert_eq!(stream.outcome(), Outcome::Waiting);
    }
    stream.body(&piece, false);
    assert_eq!(stream.reply().status, 503);
    stream.end();
    // One that is known to be as long, and that nobody read before, does not even begin to.
    let long = Subject { operations: vec!["asr.transcribe".to_owned()], ..speech(0) };
    let long = Subject { input_audio_ms: 20_000, ..long };
    let ask =
        |length: &str| request(&host, &long).header("content-length", length).with_body().send();
    assert_eq!(ask("786433").outcome(), Outcome::Replied);
    assert_eq!(request(&host, &long).with_body().send().outcome(), Outcome::Replied);
    let fits = ask("786432");
    assert_eq!(fits.outcome(), Outcome::Waiting);
    fits.client_leaves();
    serve(full);
    assert_eq!(here(&host), (0, 0));
}

#[test]
fn a_body_is_degraded_while_its_request_waits_also_if_it_grows() {
    let host = with_ladder(json!([
        {"name": "leaner", "load": ["busy", "overload"], "rung": "degrade",
         "degrade": {"stream": true}},
    ]));
    let full = admitted(&host, &speech(90));
    let subject = in_json(speech(20));
    let stream = request(&host, &subject).header("content-length", "14").with_body().send();
    stream.body(br#"{"text":"#, false);
    // The timer goes off in the middle of it.
    wait(&host, FAST);
    stream.body(br#""hi"} "#, true);
    assert_eq!(stream.outcome(), Outcome::Waiting);
    wait(&host, FAST);
    assert_eq!(stream.outcome(), Outcome::Waiting);
    serve(full);
    wait(&host, FAST);
    assert_eq!(stream.outcome(), Outcome::Continued);
    let body: Value = serde_json::from_slice(&stream.upstream_body()).unwrap();
    assert_eq!(body, json!({"text": "hi", "stream": true}));
    assert_eq!(record(&stream)["outcome"], "degrade");
    serve(stream);
    // One whose turn comes, or whose time is over, before its body is there.
    let full = admitted(&host, &speech(90));
    let early = request(&host, &subject).with_body().send();
    early.body(br#"{"text":"#, false);
    serve(full);
    wait(&host, FAST);
    early.body(br#""hi"}"#, true);
    assert_eq!(early.outcome(), Outcome::Continued);
    serve(early);
    let full = admitted(&host, &speech(90));
    let late = request(&host, &subject).with_body().send();
    late.body(br#"{"text":"#, false);
    wait(&host, 2 * SLOW);
    late.body(br#""hi"}"#, true);
    assert_eq!(late.reply().status, 503);
    late.end();
    let gone = request(&host, &subject).with_body().send();
    gone.client_leaves();
    serve(full);
    assert_eq!(here(&host), (0, 0));
}

#[test]
fn the_shorter_goes_first_and_another_tenant_before_a_tenants_second() {
    let (host, full) = full();
    let of = |tenant: &str, seconds| Subject { tenant: Some(tenant.to_owned()), ..speech(seconds) };
    let [first, second, other, long] =
        [of("a", 50), of("a", 50), of("b", 50), of("c", 60)].map(|it| held(&host, &it));
    serve(full);
    wait(&host, FAST);
    let outcomes = [&first, &second, &other, &long].map(Stream::outcome);
    use Outcome::{Continued, Waiting};
    assert_eq!(outcomes, [Continued, Waiting, Continued, Waiting]);
    [first, second, other, long].into_iter().for_each(|it| drop(it.client_leaves()));
    assert_eq!(here(&host), (0, 0));
}

#[test]
fn the_timer_is_fast_only_while_something_waits_and_then_writes_only_changes() {
    let (host, full) = full();
    assert_eq!(host.tick_period(), SLOW);
    let stream = held(&host, &speech(20));
    assert_eq!(host.tick_period(), FAST);
    host.tick();
    let (writes, starts) = (host.shared_data_writes(), host.timer_starts());
    for _ in 0..90 {
        wait(&host, FAST);
    }
    assert_eq!((host.shared_data_writes(), host.timer_starts()), (writes, starts));
    held(&host, &speech(20)).client_leaves();
    assert_eq!(host.tick_period(), Duration::from_millis(1));
    // Those that come meanwhile do not put it off.
    held(&host, &speech(20)).client_leaves();
    let more = held(&host, &speech(20));
    assert_eq!((host.tick_period(), host.timer_starts()), (Duration::from_millis(1), starts + 1));
    [stream, more].into_iter().for_each(|it| drop(it.client_leaves()));
    host.tick();
    assert_eq!(host.tick_period(), SLOW);
    serve(full);
}

#[test]
fn a_push_while_one_waits_loses_nobody() {
    let (host, full) = full();
    let stream = held(&host, &speech(20));
    push(&host, |policy| {
        policy["tiers"].as_array_mut().unwrap().reverse();
        policy["shedding"]["capacity"]["limit"] = json!(200);
    });
    // The new capacity counts for those that come; all who wait have it from then on.
    let new = admitted(&host, &speech(20));
    wait(&host, FAST);
    assert_eq!(stream.outcome(), Outcome::Continued);
    assert_eq!(here(&host).0, 3);
    [full, stream, new].into_iter().for_each(serve);
    assert_eq!(here(&host), (0, 0));
    assert_eq!(host.definitions("voxgate_shed_retries_total"), 1);
}

#[test]
fn a_push_without_shedding_lets_those_that_wait_go_their_way() {
    let (host, full) = full();
    let [first, second] = [held(&host, &speech(20)), held(&host, &speech(20))];
    push(&host, |policy| policy["shedding"] = Value::Null);
    serve(admitted(&host, &speech(1000)));
    second.client_leaves();
    serve(full);
    wait(&host, FAST);
    assert_eq!(first.outcome(), Outcome::Continued);
    serve(first);
}

#[test]
fn a_socket_does_not_wait() {
    let (host, _full) = full();
    let socket = Subject { is_upgrade: true, ..speech(20) };
    assert_eq!(refused(&host, &socket).status, 503);
}

#[test]
fn a_clock_that_steps_keeps_nobody_for_ever() {
    let (host, full) = full();
    let stream = held(&host, &speech(20));
    let before = host.time();
    host.set_time(before - Duration::from_secs(3600));
    host.tick();
    assert_eq!(stream.outcome(), Outcome::Waiting);
    for _ in 0..200 {
        wait(&host, FAST);
    }
    assert_eq!(stream.reply().status, 503);
    stream.end();
    host.set_time(before + Duration::from_secs(3600));
    assert_eq!(here(&host), (1, 0));
    serve(full);
    assert_eq!(here(&host), (0, 0));
}
