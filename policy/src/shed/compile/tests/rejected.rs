//! Values that are refused, with their path and what is accepted; the ladder apart.

use super::*;

/// Sets the value at a JSON Pointer in the section.
fn set(pointer: &str, value: Value) -> Value {
    changed(|section| {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        section.pointer_mut(parent).unwrap()[key] = value;
    })
}

#[wasm_bindgen_test(unsupported = test)]
fn a_wrong_value_is_refused_with_its_path_and_what_is_accepted() {
    for (pointer, value, says) in [
        ("/capacity/limit", json!(0), "capacity.limit: must be more than 0"),
        ("/capacity/batch_limit", json!(0), "capacity.batch_limit: must be more than 0"),
        ("/capacity/most", json!(0), "capacity.most: must be more than 0"),
        ("/capacity/least", json!(0), "capacity.least: must be more than 0"),
        ("/capacity/least", json!(241), "capacity.least: no request would fit into the capacity"),
        (
            "/capacity/tiers/premum",
            json!({}),
            "capacity.tiers.premum: there is no tier `premum`; did you mean `premium`?",
        ),
        ("/capacity/tiers/basic/share", json!(0), "basic.share: must be between 1 and 1000"),
        ("/capacity/tiers/basic/share", json!(1001), "basic.share: must be between 1 and 1000"),
        (
            "/capacity/tiers/basic/reserve",
            json!(71),
            "capacity.tiers: the tiers' reserves are 101 % of the capacity together",
        ),
        (
            "/capacity/tiers/basic/queue",
            json!({"max": 0, "wait": "1s"}),
            "basic.queue.max: must be between 1 and 512",
        ),
        (
            "/capacity/tiers/basic/queue",
            json!({"max": 463, "wait": "1s"}),
            "capacity.tiers: more than 512 requests may wait, of all tiers together",
        ),
        (
            "/capacity/tiers/basic/queue",
            json!({"max": 1, "wait": "9ms"}),
            "basic.queue.wait: must be between 10ms and 60s",
        ),
        (
            "/capacity/tiers/basic/queue",
            json!({"max": 1, "wait": "61s"}),
            "basic.queue.wait: must be between 10ms and 60s",
        ),
        ("/lease", json!("2900ms"), "lease: must be between 3s and 600s"),
        ("/lease", json!("601s"), "lease: must be between 3s and 600s"),
        ("/load/dwell", json!("99ms"), "load.dwell: must be between 100ms and 60s"),
        ("/load/busy/in_use", json!(0), "busy.in_use: must be between 1 and 100000 percent"),
        (
            "/load/overload/reported",
            json!(100_001),
            "overload.reported: must be between 1 and 100000 percent",
        ),
        (
            "/load/busy/first_byte",
            json!(100),
            "busy.first_byte: 100 percent is the baseline itself; write more",
        ),
        ("/load/overload/in_use", json!(59), "overload.in_use: must not be less than `busy`'s, 60"),
        (
            "/load/overload/first_byte",
            json!(149),
            "overload.first_byte: must not be less than `busy`'s, 150",
        ),
        (
            "/load/report_header",
            json!("X-Load"),
            "report_header: write the name of a header in low",
        ),
        (
            "/load/report_header",
            json!(""),
            "report_header: write the name of a header in lower case",
        ),
        ("/load/report_metrics", json!(["rps_fractional", ""]), "load.report_metrics[1]: "),
        ("/load/report_metrics", json!(["a b"]), "`a b` is no metric: a field such as"),
        ("/deadline/default", json!("0s"), "deadline.default: must be between 1ms and 3600s"),
        ("/deadline/tiers/premium", json!("2h"), "deadline.tiers.premium: must be between 1ms and"),
        ("/deadline/tiers/gold", json!("2s"), "deadline.tiers.gold: there is no tier `gold`; acce"),
    ] {
        let written = set(pointer, value.clone());
        assert_eq!(errors(&written).0.len(), 1, "{pointer} {value}");
        let error = only_error(&written);
        assert!(error.starts_with("shedding."), "{pointer} {value}: {error}");
        assert!(error.contains(says), "{pointer} {value}: {error}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn the_least_and_the_most_are_accepted() {
    for (pointer, value) in [
        ("/capacity/limit", json!(u64::MAX)),
        ("/capacity/least", json!(240)),
        ("/capacity/tiers/basic/reserve", json!(70)),
        ("/capacity/tiers/basic/queue", json!({"max": 462, "wait": "60s"})),
        ("/capacity/tiers/basic/queue", json!({"max": 1, "wait": "10ms"})),
        ("/lease", json!("10m")),
        ("/load/overload/in_use", json!(60)),
        ("/load/report_metrics", json!([])),
        ("/deadline/default", json!("1ms")),
    ] {
        let told = errors(&set(pointer, value.clone()));
        assert_eq!(told, (Vec::new(), Vec::new()), "{pointer} {value}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn unknown_members_and_words_are_refused_wherever_they_stand() {
    for (pointer, value, says) in [
        ("/ladders", json!([]), "unknown field `ladders`"),
        ("/capacity/limits", json!(1), "unknown field `limits`"),
        ("/capacity/tiers/basic/reserved", json!(1), "unknown field `reserved`"),
        ("/capacity/tiers/premium/queue/length", json!(1), "unknown field `length`"),
        ("/load/calm", json!({}), "unknown field `calm`"),
        ("/load/busy/cpu", json!(1), "unknown field `cpu`"),
        ("/ladder/0/when", json!({}), "unknown field `when`"),
        ("/ladder/0/text_chars/below", json!(1), "unknown field `below`"),
        ("/ladder/1/degrade/voice", json!("a"), "unknown field `voice`"),
        ("/deadline/tier", json!({}), "unknown field `tier`"),
        (
            "/capacity/unit",
            json!("tokens"),
            "expected one of `audio_seconds`, `text_chars`, `reque",
        ),
        ("/ladder/0/load", json!(["calm"]), "expected one of `normal`, `busy`, `overload`"),
        ("/ladder/3/reject", json!("no"), "expected `busy` or `text-too-long`"),
        // Its place is kept, and nothing does it yet.
        (
            "/ladder/0/rung",
            json!("defer"),
            "unknown variant `defer`, expected one of `pass`, `degrade`, `divert`, `reject`",
        ),
    ] {
        let error = only_error(&set(pointer, value));
        assert!(error.starts_with("shedding"), "{pointer}: {error}");
        assert!(error.contains(says), "{pointer}: {error}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn all_errors_are_told_at_once() {
    let written = changed(|it| {
        it["capacity"]["limit"] = json!(0);
        it["lease"] = json!("1ms");
        it["deadline"]["default"] = json!("0s");
        it["ladder"][0]["name"] = json!("");
    });
    let (all, shed) = errors(&written);
    assert_eq!((all.len(), &all), (4, &shed));
}
