//! Values that are refused, with their path and what is accepted.

use super::*;

/// Sets the value at a JSON Pointer in the section.
fn set(pointer: &str, value: Value) -> Value {
    changed(|section| {
        let (parent, key) = pointer.rsplit_once('/').unwrap();
        let parent = section.pointer_mut(parent).unwrap();
        match (parent, key.parse::<usize>()) {
            (Value::Array(items), Ok(index)) => items[index] = value,
            (parent, _) => parent[key] = value,
        }
    })
}

#[wasm_bindgen_test(unsupported = test)]
fn a_wrong_value_is_refused_with_its_path_and_what_is_accepted() {
    for (pointer, value, says) in [
        ("/listener/start", json!("10001ms"), "listener.start: must be between 0ns and 10s"),
        ("/listener/silence", json!("11s"), "listener.silence: must be between 0ns and 10s"),
        ("/listener/hole", json!("9ms"), "listener.hole: must be between 10ms and 10s"),
        ("/listener/hole", json!("11s"), "listener.hole: must be between 10ms and 10s"),
        ("/stall/after", json!("999ms"), "stall.after: must be between 1s and 3600s"),
        ("/stall/after", json!("3601s"), "stall.after: must be between 1s and 3600s"),
        (
            "/slow/percent",
            json!(1),
            "slow.percent: must be between 110 and 10000 percent, or 0 for never",
        ),
        ("/slow/percent", json!(109), "slow.percent: must be between 110 and 10000 percent, or 0"),
        ("/slow/percent", json!(10_001), "slow.percent: must be between 110 and 10000 percent, or"),
        ("/slow/least", json!("61m"), "slow.least: must be between 0ns and 3600s"),
        ("/coalesce/0/name", json!(""), "coalesce[0].name: `` is not a rule name; write a-z, A-Z"),
        ("/coalesce/0/name", json!("a b"), "coalesce[0].name: `a b` is not a rule name; write a-z"),
        ("/coalesce/1/name", json!("chatty"), "coalesce[1].name: a second rule called `chatty`"),
        (
            "/coalesce/1/operations",
            json!(["tts.synthesise"]),
            "coalesce[1].operations[0]: `tts.synthesise` fits no operation; did you mean `tts.synthesize`?",
        ),
        (
            "/coalesce/0/tiers",
            json!(["basic", "premum"]),
            "coalesce[0].tiers[1]: there is no tier `premum`; did you mean `premium`?",
        ),
        (
            "/coalesce/0/content_types/1",
            json!("audio"),
            "coalesce[0].content_types[1]: `audio` is not a content type; write one in lower case without parameters, as `audio/pcm`, or `audio/*`",
        ),
        ("/coalesce/0/content_types/0", json!("Audio/pcm"), "content_types[0]: `Audio/pcm` is not"),
        (
            "/coalesce/0/content_types/0",
            json!("audio/pcm;a=b"),
            "content_types[0]: `audio/pcm;a=b`",
        ),
        ("/coalesce/0/content_types/0", json!("*/*"), "content_types[0]: `*/*` is not a content"),
        ("/coalesce/0/floor", json!("19ms"), "coalesce[0].floor: must be between 20ms and 60s"),
        ("/coalesce/0/floor", json!("61s"), "coalesce[0].floor: must be between 20ms and 60s"),
        (
            "/coalesce/1/floor",
            json!("200ms"),
            "coalesce[1].floor: only `mode: playback` has a floor",
        ),
        (
            "/coalesce/2/floor",
            json!("200ms"),
            "coalesce[2].floor: only `mode: playback` has a floor",
        ),
        (
            "/coalesce/0/max_bytes",
            json!(255),
            "coalesce[0].max_bytes: must be between 256 and 16384",
        ),
        ("/coalesce/0/max_bytes", json!(16_385), "[0].max_bytes: must be between 256 and 16384"),
        (
            "/coalesce/0/max_delay",
            json!("4ms"),
            "coalesce[0].max_delay: must be between 5ms and 2s",
        ),
        ("/coalesce/0/max_delay", json!("2001ms"), "[0].max_delay: must be between 5ms and 2s"),
        ("/coalesce/0/frames", json!([4]), "coalesce[0].frames: only `mode: ramp` has frames"),
        ("/coalesce/2/frames", json!([4]), "coalesce[2].frames: only `mode: ramp` has frames"),
        ("/coalesce/1/frames", json!([4, 0]), "coalesce[1].frames[1]: must be between 1 and 1000"),
        ("/coalesce/1/frames", json!([1001]), "coalesce[1].frames[0]: must be between 1 and 1000"),
        ("/coalesce/1/frames", json!(vec![4; 33]), "coalesce[1].frames: more than 32 numbers"),
        (
            "/connection/idle_timeout",
            json!("25h"),
            "connection.idle_timeout: must be between 0ns and 86400s",
        ),
        (
            "/connection/flush_timeout",
            json!("25h"),
            "flush_timeout: must be between 0ns and 86400s",
        ),
        (
            "/connection/http2_window",
            json!(65_534),
            "connection.http2_window: must be between 65535 and 16777216",
        ),
        ("/connection/http2_window", json!(16_777_217), "must be between 65535 and 16777216"),
        (
            "/connection/buffer_limit",
            json!(32_767),
            "connection.buffer_limit: must be between 32768 and 16777216",
        ),
        ("/connection/buffer_limit", json!(16_777_217), "must be between 32768 and 16777216"),
    ] {
        let told = only_error(&set(pointer, value));
        assert!(told.starts_with("streams."), "{told}");
        assert!(told.contains(says), "{told}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn bounds_themselves_are_accepted() {
    for (pointer, values) in [
        ("/listener/start", [json!("0s"), json!("10s")]),
        ("/listener/silence", [json!("0s"), json!("10s")]),
        ("/listener/hole", [json!("10ms"), json!("10s")]),
        ("/stall/after", [json!("1s"), json!("1h")]),
        ("/slow/percent", [json!(0), json!(110)]),
        ("/slow/percent", [json!(110), json!(10_000)]),
        ("/coalesce/0/floor", [json!("20ms"), json!("60s")]),
        ("/coalesce/0/max_bytes", [json!(256), json!(16_384)]),
        ("/coalesce/0/max_delay", [json!("5ms"), json!("2s")]),
        ("/coalesce/1/frames", [json!([1]), json!(vec![1000; 32])]),
        ("/connection/http2_window", [json!(65_535), json!(16_777_216)]),
        ("/connection/buffer_limit", [json!(32_768), json!(16_777_216)]),
    ] {
        for value in values {
            let (all, own) = errors(&set(pointer, value.clone()));
            assert_eq!((all, own), (Vec::new(), Vec::new()), "{pointer}: {value}");
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn what_does_not_fit_its_place_is_told_with_it() {
    for (pointer, value, path) in [
        ("/listener/start", json!(100), "streams.listener.start"),
        ("/coalesce/0/mode", json!("playbak"), "streams.coalesce[0].mode"),
        ("/stall/events", json!("keepalive"), "streams.stall.events"),
        ("/listener/stat", json!("1s"), "streams.listener.stat"),
    ] {
        let (all, own) = errors(&set(pointer, value));
        assert_eq!(all, own, "whoever reads it");
        assert!(all[0].starts_with(path), "{all:?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_rule_that_can_never_match_is_refused() {
    let rule = |name: &str, more: Value| {
        let mut rule = json!({"name": name, "mode": "interval"});
        rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        rule
    };
    for (first, second, is_hidden) in [
        (json!({}), json!({"tiers": ["basic"]}), true),
        (json!({"operations": ["tts.*"]}), json!({"operations": ["tts.sing", "tts.batch"]}), true),
        (json!({"content_types": ["audio/*"]}), json!({"content_types": ["audio/pcm"]}), true),
        (json!({"content_types": ["audio/pcm"]}), json!({"content_types": ["audio/pcm"]}), true),
        (json!({"tiers": ["basic", "premium"]}), json!({"tiers": ["premium"]}), true),
        (json!({"tiers": ["basic", "premium"]}), json!({}), false),
        (json!({"content_types": ["audio/pcm"]}), json!({"content_types": ["audio/*"]}), false),
        (json!({"operations": ["tts.sing"]}), json!({"operations": ["tts.*"]}), false),
        (json!({"content_types": ["audio/*"]}), json!({"tiers": ["basic"]}), false),
    ] {
        let written = changed(|it| {
            it["coalesce"] = json!([rule("first", first.clone()), rule("second", second.clone())]);
        });
        let (_, told) = errors(&written);
        let says = "streams.coalesce[1]: rule `second` can never match: `first`, which stands before it, takes every stream that fits it";
        assert_eq!(told.contains(&says.to_owned()), is_hidden, "{first} {second}: {told:?}");
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn there_are_no_more_rules_than_can_be_looked_through() {
    let told = only_error(&changed(|it| {
        let rule = |i: usize| json!({"name": i.to_string(), "mode": "interval", "content_types": [format!("a/{i}")]});
        it["coalesce"] = (0..65).map(rule).collect();
    }));
    assert_eq!(told, "streams.coalesce: more than 64 rules");
}
