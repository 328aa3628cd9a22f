//! Sections in shadow mode.

use super::*;

#[wasm_bindgen_test(unsupported = test)]
fn headers_that_cannot_be_seen_are_refused_even_in_shadow_mode() {
    let policy = policy(|spec| spec["shadow"] = json!(["identity", "operations", "tiers"]));
    let (record, answer) = seen(&policy, &RequestHead::default());
    assert_eq!((record.outcome.as_str(), answer.unwrap().status), ("deny", 431));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_shadowed_section_passes_what_it_would_deny_and_no_other_does() {
    let requests = [
        ("identity", head("POST", "/tts", &[])),
        ("identity", post("/tts", "no.good.token")),
        ("operations", post("/metrics", &token_with("tts.basic"))),
        ("operations", post("/%zz", &token_with("tts.basic"))),
        ("tiers", post("/batch", &token_with("tts.basic"))),
    ];
    for shadowed in ["identity", "operations", "tiers"] {
        let policy = policy(|spec| spec["shadow"] = json!([shadowed]));
        for (section, request) in &requests {
            let decision = decided(&policy, request, &mut Known::default());
            let expected = if *section == shadowed { Outcome::WouldDeny } else { Outcome::Deny };
            assert_eq!(decision.outcome, expected, "{section} with {shadowed} in shadow");
            assert_eq!(decision.passes(), *section == shadowed);
        }
    }
}

/// A shadowed section used to end the evaluation, so a request that broke its rule too was spared
/// those that are enforced.
#[wasm_bindgen_test(unsupported = test)]
fn a_denial_in_shadow_mode_spares_no_request_the_enforced_ones() {
    let paths = [("operations", "/tts;x=1"), ("operations", "/metrics"), ("tiers", "/batch")];
    let tokens = [("identity", "no.good.token".to_owned()), ("", token_with("tts.basic"))];
    let sections = ["identity", "operations", "tiers"];
    for shadowed in (0..8).map(|set| {
        let is_in = |i: &usize| set & (1 << i) != 0;
        (0..3).filter(is_in).map(|i| sections[i]).collect::<Vec<_>>()
    }) {
        let policy = policy(|spec| spec["shadow"] = json!(shadowed));
        for (path_breaks, path) in paths {
            for (token_breaks, token) in &tokens {
                let decision = decided(&policy, &post(path, token), &mut Known::default());
                // Nobody has a tier to compare where the identity is not known.
                let broken = [*token_breaks, path_breaks]
                    .into_iter()
                    .filter(|it| !it.is_empty() && (*it != "tiers" || token_breaks.is_empty()));
                let enforced = broken.clone().any(|it| !shadowed.contains(&it));
                let expected = match (enforced, broken.count()) {
                    (true, _) => Outcome::Deny,
                    (false, 0) => Outcome::Allow,
                    (false, _) => Outcome::WouldDeny,
                };
                assert_eq!(decision.outcome, expected, "{path} {token_breaks:?} {shadowed:?}");
            }
        }
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_policy_on_trial_makes_no_request_wait_for_keys() {
    let jwks = json!({"remote": {"uri": "https://issuer.test/jwks.json", "cluster": "issuer"}});
    let policy = policy(|spec| {
        spec["identity"]["issuers"][0]["jwks"] = jwks;
        spec["shadow"] = json!(["identity"]);
    });
    let decision = decided(&policy, &post("/tts", &token_with("tts.basic")), &mut Known::default());
    assert_eq!((decision.outcome, decision.reason), (Outcome::WouldDeny, Reason::KeysUnavailable));
}
