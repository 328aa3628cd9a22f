//! What counts for good, by how a request ended: the table of `docs/filters/voice-quota.md`.

use super::*;
use crate::spec::{Refund, RefundsSpec};

const ALL: u64 = 1000;

fn share(meter: Meter, estimate: Option<u64>) -> Share {
    Share {
        rule: RuleId(0),
        meter,
        estimate: estimate.unwrap_or(ALL),
        is_estimate: estimate.is_some(),
        weight: 1000,
    }
}

fn outcome(ending: Ending) -> Outcome {
    Outcome {
        ending,
        bytes: 9999,
        audio_ms: Some(4000),
        tokens: Some(77),
        is_silent: false,
        expected_ms: 10_000,
        is_repeat: false,
    }
}

fn refunds(failed: Refund, silent: Refund, abandoned: Refund) -> RefundsSpec {
    RefundsSpec { failed, silent, abandoned }
}

/// The kept units and the reason for the rest, with the same refund for all.
fn settled(share: &Share, outcome: &Outcome, refund: Refund) -> (u64, &'static str) {
    let settled = share.settle(ALL, outcome, &refunds(refund, refund, refund));
    (settled.kept, settled.reason.as_str())
}

/// Those that are known before, and are given back by share of the audio, or whole.
const KNOWN: [(Meter, u64); 5] = [
    (Meter::Requests, ALL),
    (Meter::TextChars, 400),
    (Meter::VoiceCreations, ALL),
    (Meter::VoiceUses, ALL),
    (Meter::BatchLines, ALL),
];

#[wasm_bindgen_test(unsupported = test)]
fn what_is_known_before_is_kept_by_the_ending_and_the_refund() {
    for (meter, undelivered) in KNOWN {
        let share = share(meter, None);
        let rows = [
            (Ending::Complete, Refund::Full, ALL, "unused"),
            (Ending::Complete, Refund::Undelivered, ALL, "unused"),
            (Ending::Complete, Refund::None, ALL, "unused"),
            (Ending::Failed, Refund::Full, 0, "failed"),
            (Ending::Failed, Refund::Undelivered, undelivered, "failed"),
            (Ending::Failed, Refund::None, ALL, "failed"),
            (Ending::Abandoned, Refund::Full, 0, "abandoned"),
            (Ending::Abandoned, Refund::Undelivered, undelivered, "abandoned"),
            (Ending::Abandoned, Refund::None, ALL, "abandoned"),
        ];
        for (ending, refund, kept, reason) in rows {
            let found = settled(&share, &outcome(ending), refund);
            assert_eq!(found, (kept, reason), "{meter} {ending:?} {refund:?}");
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn seconds_and_tokens_are_what_the_answer_says() {
    for (meter, used) in [(Meter::AudioSeconds, 4000), (Meter::LlmTokens, 77)] {
        let share = share(meter, Some(300));
        for (ending, refund, kept, reason) in [
            (Ending::Complete, Refund::Full, used, "unused"),
            (Ending::Complete, Refund::Undelivered, used, "unused"),
            (Ending::Complete, Refund::None, used, "unused"),
            (Ending::Failed, Refund::Full, 0, "failed"),
            (Ending::Failed, Refund::Undelivered, used, "failed"),
            (Ending::Failed, Refund::None, ALL, "failed"),
            (Ending::Abandoned, Refund::Full, 0, "abandoned"),
            (Ending::Abandoned, Refund::Undelivered, used, "abandoned"),
            (Ending::Abandoned, Refund::None, ALL, "abandoned"),
        ] {
            let found = settled(&share, &outcome(ending), refund);
            assert_eq!(found, (kept, reason), "{meter} {ending:?} {refund:?}");
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn where_the_answer_does_not_say_the_best_estimate_counts() {
    let silent_format = Outcome { audio_ms: None, tokens: None, ..outcome(Ending::Complete) };
    for meter in [Meter::AudioSeconds, Meter::LlmTokens] {
        // The estimate, of which only a share was reserved.
        let large = share(meter, Some(5 * ALL));
        assert_eq!(settled(&large, &silent_format, Refund::Full).0, 5 * ALL);
        // One that was raised to the least that is reserved.
        let small = share(meter, Some(1));
        assert_eq!(settled(&small, &silent_format, Refund::Full).0, ALL);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn audio_that_was_sent_is_charged_by_its_own_length() {
    let heard = share(Meter::AudioSeconds, None);
    assert_eq!(settled(&heard, &outcome(Ending::Complete), Refund::Full).0, ALL);
    let text_answer = Outcome { audio_ms: None, expected_ms: 0, ..outcome(Ending::Abandoned) };
    assert_eq!(settled(&heard, &text_answer, Refund::Undelivered).0, ALL);
}

#[wasm_bindgen_test(unsupported = test)]
fn an_answer_without_sound_is_refunded_with_any_ending_but_failure() {
    for meter in Meter::ALL.into_iter().filter(|it| !it.is_held()) {
        let share = share(meter, None);
        for ending in [Ending::Complete, Ending::Abandoned, Ending::Failed] {
            let silent = Outcome { is_silent: true, audio_ms: Some(0), ..outcome(ending) };
            let refunds = refunds(Refund::None, Refund::Full, Refund::None);
            let found = share.settle(ALL, &silent, &refunds);
            let expected = match ending {
                Ending::Failed => (ALL, RefundReason::Failed),
                _ => (0, RefundReason::Silent),
            };
            assert_eq!((found.kept, found.reason), expected, "{meter} {ending:?}");
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn streams_are_released_by_every_ending() {
    let share = share(Meter::Streams, None);
    for ending in [Ending::Complete, Ending::Failed, Ending::Abandoned] {
        for refund in [Refund::Full, Refund::Undelivered, Refund::None] {
            for is_repeat in [false, true] {
                let outcome = Outcome { is_repeat, ..outcome(ending) };
                assert_eq!(settled(&share, &outcome, refund), (0, "released"));
            }
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_voice_slot_is_kept_only_by_success() {
    let share = share(Meter::VoiceSlots, None);
    for refund in [Refund::Full, Refund::Undelivered, Refund::None] {
        let kept = |ending| settled(&share, &outcome(ending), refund);
        assert_eq!(kept(Ending::Complete), (ALL, "unused"));
        assert_eq!(kept(Ending::Failed), (0, "failed"));
        assert_eq!(kept(Ending::Abandoned).0, 0);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_repeat_keeps_nothing() {
    for meter in Meter::ALL.into_iter().filter(|it| !it.is_held()) {
        for ending in [Ending::Complete, Ending::Failed, Ending::Abandoned] {
            let repeat = Outcome { is_repeat: true, ..outcome(ending) };
            let found = settled(&share(meter, None), &repeat, Refund::None);
            assert_eq!(found, (0, "repeated"), "{meter} {ending:?}");
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn what_was_not_delivered_is_reckoned_by_audio() {
    let share = share(Meter::TextChars, None);
    let kept = |change: fn(&mut Outcome)| {
        let mut outcome = outcome(Ending::Abandoned);
        change(&mut outcome);
        settled(&share, &outcome, Refund::Undelivered).0
    };
    assert_eq!(kept(|it| it.bytes = 0), 0, "nothing came");
    assert_eq!(kept(|it| it.audio_ms = Some(0)), 0, "nothing to hear came");
    assert_eq!(kept(|it| it.audio_ms = None), ALL, "the format does not tell");
    assert_eq!(kept(|it| it.expected_ms = 0), ALL, "nobody knows how much was to come");
    assert_eq!(kept(|it| it.audio_ms = Some(1)), 1, "rounded up");
    assert_eq!(kept(|it| it.audio_ms = Some(20_000)), ALL, "more than was expected");
    assert_eq!(kept(|it| it.audio_ms = Some(9_999)), ALL);
    assert_eq!(kept(|it| it.audio_ms = Some(9_990)), 999);
}

#[wasm_bindgen_test(unsupported = test)]
fn real_figures_are_weighted_as_the_estimate_was() {
    let share = Share { weight: 1500, ..share(Meter::LlmTokens, Some(9)) };
    assert_eq!(settled(&share, &outcome(Ending::Complete), Refund::Full).0, 116);
    let most = Outcome { tokens: Some(u64::MAX), ..outcome(Ending::Complete) };
    assert_eq!(settled(&share, &most, Refund::Full).0, u64::MAX);
}
