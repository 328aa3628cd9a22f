//! Requests that repeat one another.

use super::*;

fn with_repeats(rules: Value) -> FakeHost {
    with(rules, |it| it["quotas"]["idempotency"] = json!({"window": "1h"}))
}

fn repeat(subject: Subject) -> Subject {
    Subject { repeat: Some([7; 16]), ..subject }
}

fn refunded(host: &FakeHost, reason: &str) -> u64 {
    let labels =
        [("rule", "chars"), ("meter", "text.chars"), ("reason", reason), ("tenant", "acme")];
    metric(host, "voxgate_quota_refunded_total", &labels)
}

#[test]
fn a_repeat_of_what_was_charged_takes_only_what_is_held() {
    let host = with_repeats(json!([chars(30), streams(1)]));
    // What failed was not charged, so the next is the first.
    let failed = granted(&host, &repeat(speech(20)));
    failed.respond_without_body(&[(":status", "500")]);
    failed.end();
    serve(granted(&host, &repeat(speech(20))), 2000);
    assert_eq!(used(&host, "chars"), (20, 0));
    let again = granted(&host, &repeat(speech(20)));
    assert_eq!((used(&host, "chars"), used(&host, "streams")), ((20, 0), (1, 1)));
    assert_eq!(denied(&host, &repeat(speech(20))), 429, "one at a time");
    serve(again, 2000);
    assert_eq!((used(&host, "chars"), used(&host, "streams")), ((20, 0), (0, 0)));
    assert_eq!(denied(&host, &speech(20)), 429, "another request is none");
    host.advance(seconds(3600));
    assert_eq!(denied(&host, &repeat(speech(20))), 429, "it is forgotten");
    let at_zero = [("operation", "tts.synthesize"), ("tier", "premium")];
    assert_eq!(metric(&host, "voxgate_quota_served_at_zero_total", &at_zero), 0);
}

#[test]
fn of_two_that_overtake_one_another_one_is_charged() {
    let host = with_repeats(json!([chars(100)]));
    let first = granted(&host, &repeat(speech(20)));
    let second = granted(&host, &repeat(speech(20)));
    assert_eq!(used(&host, "chars"), (40, 40));
    serve(second, 2000);
    serve(first, 2000);
    assert_eq!(used(&host, "chars"), (20, 0));
    assert_eq!(refunded(&host, "repeated"), 20);
}

#[test]
fn a_repeat_that_cannot_be_remembered_is_charged() {
    let host = with_repeats(json!([chars(100)]));
    host.outrun(Some("voxgate.repeat."));
    serve(granted(&host, &repeat(speech(20))), 2000);
    host.outrun(None);
    assert_eq!((used(&host, "chars"), store_errors(&host)), ((20, 0), 1));
    serve(granted(&host, &repeat(speech(20))), 2000);
    serve(granted(&host, &repeat(speech(20))), 2000);
    assert_eq!(used(&host, "chars"), (40, 0));
}

/// Each repeat of a deletion gave one voice back: three of them, and a tenant could make three more
/// than it may.
#[test]
fn a_voice_that_is_deleted_twice_by_one_key_is_given_back_once() {
    for others in [json!([]), json!([requests(100)])] {
        let mut rules = json!([rule("voices", "voice.slots", None, 5)]);
        rules.as_array_mut().unwrap().extend(others.as_array().unwrap().iter().cloned());
        let host = with_repeats(rules);
        let answer = |stream: Stream| {
            stream.respond_without_body(&[(":status", "200")]);
            stream.end();
        };
        for _ in 0..3 {
            answer(granted(&host, &of("voice.create")));
        }
        let [first, second] = [0, 1].map(|_| granted(&host, &repeat(of("voice.delete"))));
        answer(first);
        answer(second);
        answer(granted(&host, &repeat(of("voice.delete"))));
        assert_eq!(used(&host, "voices"), (2, 0));
        answer(granted(&host, &of("voice.delete")));
        assert_eq!(used(&host, "voices"), (1, 0));
    }
}
