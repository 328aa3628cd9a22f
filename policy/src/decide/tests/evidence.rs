//! Whose word counts: the proxy's, a peer's, the token's.

use super::*;

#[wasm_bindgen_test(unsupported = test)]
fn a_second_authorization_is_refused_whatever_else_identifies_the_caller() {
    let policy = policy(|spec| spec["identity"]["source"] = json!(["jwt_authn"]));
    let good = format!("Bearer {}", token_with("tts.basic"));
    let payload = pairs(&[("iss", testing::ISSUER.as_bytes())]);
    for values in [
        vec!["Basic YTpi", &good],
        vec![&format!("Basic YTpi,{good}")],
        vec![&format!("Digest a=\"b\", c=\"d\", {good}")],
        vec![&format!("{good},Basic YTpi")],
    ] {
        let headers: Vec<_> = values.iter().map(|it| ("authorization", *it)).collect();
        let mut known = Known { payload: Some(payload.clone()), ..Known::default() };
        let decision = decided(&policy, &head("POST", "/tts", &headers), &mut known);
        assert_eq!(decision.reason.as_str(), "repeated_authorization", "{values:?}");
    }
    let digest = [("authorization", "Digest username=\"a\", realm=\"b\"")];
    let decision = decided(&policy, &head("POST", "/tts", &digest), &mut Known::default());
    assert_eq!(decision.reason.as_str(), "missing_token", "commas of another scheme");
}

/// A map of strings as Envoy serialises it.
fn pairs(members: &[(&str, &[u8])]) -> Vec<u8> {
    let length = |it: usize| u32::try_from(it).unwrap().to_le_bytes();
    let mut bytes = length(members.len()).to_vec();
    for (name, value) in members {
        bytes.extend([length(name.len()), length(value.len())].concat());
    }
    for (name, value) in members {
        bytes.extend([name.as_bytes(), b"\0", value, b"\0"].concat());
    }
    bytes
}

fn exp() -> [u8; 8] {
    (NOW.0 as f64 / 1000.0 + 60.0).to_le_bytes()
}

#[wasm_bindgen_test(unsupported = test)]
fn what_the_proxy_verified_is_believed_from_listed_issuers_only() {
    let policy = policy(|spec| spec["identity"]["source"] = json!(["jwt_authn"]));
    let decide_with = |payload: Vec<u8>| {
        let mut known = Known { payload: Some(payload), ..Known::default() };
        decided(&policy, &head("POST", "/tts", &[]), &mut known)
    };
    let exp = exp();
    let claims: &[(&str, &[u8])] = &[
        ("iss", testing::ISSUER.as_bytes()),
        ("aud", testing::AUDIENCE.as_bytes()),
        ("exp", &exp),
        ("tenant", b"acme"),
        ("scope", b"tts.basic"),
    ];
    let decision = decide_with(pairs(claims));
    assert_eq!(
        (decision.outcome, decision.source.unwrap().as_str()),
        (Outcome::Allow, "jwt_authn")
    );

    let with = |name: &str, value: &'static [u8]| {
        let changed = claims.iter().map(|(n, v)| (*n, if *n == name { value } else { *v }));
        decide_with(pairs(&changed.collect::<Vec<_>>())).reason.as_str()
    };
    assert_eq!(with("iss", b"https://other.test"), "unknown_issuer");
    assert_eq!(with("aud", b"billing"), "wrong_audience");
    assert_eq!(with("exp", &[0; 8]), "expired");
    assert_eq!(with("tenant", b""), "no_tenant");
    assert_eq!(decide_with(b"garbage".to_vec()).reason.as_str(), "unreadable_payload");
}

#[wasm_bindgen_test(unsupported = test)]
fn a_payload_that_cannot_be_read_as_a_whole_is_read_claim_by_claim() {
    let policy = policy(|spec| spec["identity"]["source"] = json!(["jwt_authn"]));
    let claims = [
        ("iss", testing::ISSUER.as_bytes().to_vec()),
        ("aud", testing::AUDIENCE.as_bytes().to_vec()),
        ("exp", exp().to_vec()),
        ("tenant", b"acme".to_vec()),
        ("scope", b"tts.basic".to_vec()),
    ];
    let mut known = Known { claims: claims.into(), ..Known::default() };
    let decision = decided(&policy, &head("POST", "/tts", &[]), &mut known);
    assert_eq!(
        (decision.outcome, decision.source.unwrap().as_str()),
        (Outcome::Allow, "jwt_authn")
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn a_mesh_that_trusts_the_proxy_alone_refuses_a_token_the_proxy_did_not_verify() {
    let policy = policy(|spec| spec["identity"]["source"] = json!(["jwt_authn"]));
    let (record, answer) = seen(&policy, &post("/tts", &token_with("tts.basic")));
    assert_eq!((record.reason, answer.unwrap().status), ("not_verified_by_proxy", 401));
}

#[wasm_bindgen_test(unsupported = test)]
fn identity_headers_are_believed_from_listed_peers_only() {
    let policy = policy(|spec| {
        spec["identity"]["source"] = json!(["trusted_peers", "token"]);
        spec["identity"]["trusted_peers"] = json!(["spiffe://cluster.local/ns/edge/sa/*"]);
    });
    let forwarded = [("x-user-tier", "premium"), ("x-voxgate-tenant", "acme")];
    let from = |peer, headers: &[(&str, &str)]| {
        let mut known = Known { peer, ..Known::default() };
        let decision = decided(&policy, &head("POST", "/batch", headers), &mut known);
        Record::new(&decision, &policy)
    };
    let edge = Some("spiffe://cluster.local/ns/edge/sa/gateway");
    let record = from(edge, &forwarded);
    assert_eq!((record.outcome.as_str(), record.source), ("allow", Some("trusted_peer")));
    assert_eq!(record.tenant.as_deref(), Some("acme"));
    for peer in [None, Some("spiffe://cluster.local/ns/other/sa/gateway"), Some("")] {
        assert_eq!(from(peer, &forwarded).reason, "missing_token", "{peer:?}");
    }
    assert_eq!(from(edge, &[("x-user-tier", "admin")]).reason, "peer_headers");
    let twice = [("x-user-tier", "basic"), ("x-user-tier", "premium")];
    assert_eq!(from(edge, &twice).reason, "peer_headers");
    assert_eq!(from(None, &twice).reason, "missing_token", "a stranger's are not even looked at");
    let no_tenant = [("x-user-tier", "basic"), ("x-voxgate-tenant", "")];
    assert_eq!(from(edge, &no_tenant).reason, "peer_headers");
    assert_eq!(from(edge, &[]).reason, "missing_token");
}
