use voxgate_fake_host::{Action, Outcome};

use super::*;

#[test]
fn the_service_gets_the_true_identity_and_no_other() {
    let host = configured(inline());
    let bearer = format!("Bearer {}", token(&host, &SigningKey::es256()));
    let forged = ["x-user-tier", "x-voxgate-tenant", "x-voxgate-lane", "x-voxgate-", "x_user_tier"];
    let mut request = host.new_request().header(":method", "POST").header(":path", "/tts");
    for name in forged {
        request = request.header(name, "forged").header(name, b"\xff\xfe");
    }
    let stream = request.header("authorization", &bearer).header("x-other", b"\xff").send();
    assert_eq!(stream.outcome(), Outcome::Continued);
    let ours: Vec<_> =
        stream.headers().into_iter().filter(|(name, _)| name.starts_with("x")).collect();
    let expected = [
        ("x-other", &b"\xff"[..]),
        ("x-user-tier", b"basic"),
        ("x-voxgate-tenant", b"acme"),
        ("x-voxgate-operation", b"tts.synthesize"),
    ];
    let mut ours: Vec<_> = ours.iter().map(|(n, v)| (n.as_str(), v.as_slice())).collect();
    ours.sort();
    let mut expected = expected.to_vec();
    expected.sort();
    assert_eq!(ours, expected);
    assert!(stream.route_cache_clears() > 0, "a route must be able to match the tier");
}

#[test]
fn forged_trailers_go_and_others_stay() {
    let host = configured(inline());
    let bearer = format!("Bearer {}", token(&host, &SigningKey::es256()));
    let request = host.new_request().header(":method", "POST").header(":path", "/tts");
    let request = request.header("content-type", "application/json");
    let stream = request.header("authorization", &bearer).with_body().send();
    assert_eq!(stream.body(b"{}", false), Action::Pause);
    let sent = [("x-user-tier", "premium"), ("x_voxgate_tenant", "a"), ("grpc-x", "kept")];
    let (_, kept) = stream.trailers(&sent);
    assert_eq!(kept, [("grpc-x".to_owned(), b"kept".to_vec())]);
}

#[test]
fn forged_headers_go_from_preflights_and_shadowed_requests_too() {
    let host = start();
    let mut policy = policy(inline());
    policy["shadow"] = json!(["identity", "operations", "tiers"]);
    assert!(host.configure(policy.to_string()));
    let preflight = [("origin", "https://a.test"), ("access-control-request-method", "POST")];
    for (method, more) in [("OPTIONS", &preflight[..]), ("POST", &[])] {
        let mut headers =
            vec![(":method", method), (":path", "/batch"), ("x-user-tier", "premium")];
        headers.extend(more);
        let stream = host.request(&headers);
        assert_eq!(stream.outcome(), Outcome::Continued);
        assert_eq!(stream.header("x-user-tier"), None);
    }
    assert_eq!(host.logs().iter().filter(|it| it.message.contains("would_deny")).count(), 1);
}

#[test]
fn a_denial_is_a_problem_with_a_challenge() {
    let host = configured(inline());
    let stream = post(&host, "/batch", token(&host, &SigningKey::eddsa()));
    let reply = stream.reply();
    assert_eq!(reply.status, 403);
    assert_eq!(reply.header("content-type").as_deref(), Some("application/problem+json"));
    assert_eq!(
        reply.header("www-authenticate").as_deref(),
        Some(r#"Bearer realm="voxgate", error="insufficient_scope", scope="tts.premium""#)
    );
    assert!(reply.text().contains("tag:voxgate,2026:problem/insufficient-scope"));
    assert_eq!(decision(&stream, "outcome"), "deny");
    assert_eq!(decision(&stream, "needed_scope"), "tts.premium");
}

#[test]
fn a_grpc_caller_gets_a_grpc_status() {
    let host = configured(inline());
    let grpc = [(":method", "POST"), (":path", "/tts"), ("content-type", "application/grpc")];
    let reply = host.request(&grpc).reply();
    assert_eq!(
        (reply.grpc_status, reply.text().as_str()),
        (Some(16), "The request has no bearer token.")
    );
}

#[test]
fn each_hostile_token_is_refused_for_its_reason_and_each_valid_one_passes() {
    let host = configured(inline());
    for hostile in testing::hostile_tokens(now(&host)) {
        // Spaces at the ends of a header value are not part of it (RFC 9110 section 5.5).
        if hostile.token.trim_ascii() != hostile.token {
            continue;
        }
        let stream = post(&host, "/tts", &hostile.token);
        assert_eq!(stream.outcome(), Outcome::Replied, "{}", hostile.name);
        if !hostile.not_in_header && !hostile.token.contains(&b',') {
            assert_eq!(stream.reply().status, 401, "{}", hostile.name);
            assert_eq!(decision(&stream, "reason"), hostile.reason, "{}", hostile.name);
        }
        stream.end();
    }
    for valid in testing::valid_tokens(now(&host)) {
        let stream = post(&host, "/tts", &valid.token);
        assert_eq!(stream.outcome(), Outcome::Continued, "{}", valid.name);
    }
}

#[test]
fn a_signature_is_checked_once_a_token() {
    let host = configured(inline());
    let token = token(&host, &SigningKey::rs256());
    assert_eq!(decision(&post(&host, "/tts", &token), "source"), "token");
    // Whoever checked it again would now have nobody to ask.
    host.remove_function("verify_signature");
    assert_eq!(decision(&post(&host, "/tts", &token), "source"), "cache");
}

#[test]
fn a_cached_token_is_refused_once_it_expires() {
    let host = configured(inline());
    let token = token(&host, &SigningKey::es256());
    assert_eq!(post(&host, "/tts", &token).outcome(), Outcome::Continued);
    host.advance(std::time::Duration::from_secs(300 + testing::SKEW_SECONDS - 1));
    assert_eq!(post(&host, "/tts", &token).outcome(), Outcome::Continued);
    host.advance(std::time::Duration::from_secs(1));
    assert_eq!(decision(&post(&host, "/tts", &token), "reason"), "expired");
}

#[test]
fn what_jwt_authn_verified_needs_no_signature() {
    let host = configured(inline());
    host.remove_function("verify_signature");
    let mut claims = testing::claims(now(&host));
    let request = |claims: &Value| {
        let pseudo = host.new_request().header(":method", "POST").header(":path", "/tts");
        pseudo.metadata("envoy.filters.http.jwt_authn", "payload", claims.clone()).send()
    };
    assert_eq!(decision(&request(&claims), "source"), "jwt_authn");
    claims["middle_name"] = Value::Null;
    assert_eq!(decision(&request(&claims), "source"), "jwt_authn", "a null hides the payload");
    claims["iss"] = json!("https://other.test");
    assert_eq!(decision(&request(&claims), "reason"), "unknown_issuer");
}

#[test]
fn a_host_that_cannot_verify_is_told_at_load_and_where() {
    let host = start();
    host.remove_function("verify_signature");
    assert!(!host.configure(policy(inline()).to_string()));
    assert!(host.logged("identity.issuers[0].algorithms[0]: RS256 cannot be verified"));
    let mut policy = policy(inline());
    policy["identity"]["issuers"][0]["algorithms"] = json!(["EdDSA"]);
    assert!(host.configure(policy.to_string()), "Ed25519 needs no host");
}

#[test]
fn a_wrong_policy_is_refused_with_its_place_and_the_old_one_stays() {
    let host = configured(inline());
    let mut wrong = policy(inline());
    wrong["tiers"][1]["allow"] = json!(["tts.synthesise"]);
    assert!(!host.configure(wrong.to_string()));
    assert!(host.logged("tiers[1].allow[0]: `tts.synthesise` fits no operation; did you mean"));
    assert!(!host.configure("{\"version\": 1, \"tires\": []}"));
    assert!(host.logged("tires: unknown field `tires`"));
    assert!(!host.configure(""));
    let stream = post(&host, "/tts", token(&host, &SigningKey::es256()));
    assert_eq!(stream.outcome(), Outcome::Continued);
}

#[test]
fn decisions_are_counted_by_what_the_policy_knows() {
    let host = configured(inline());
    let name = |outcome, reason, tier, operation| {
        format!(
            "outcome=.={outcome};.;reason=.={reason};.;tier=.={tier};.;operation=.={operation};.;voxgate_decisions_total"
        )
    };
    let allowed = name("allow", "tier_allows", "basic", "tts.synthesize");
    let denied = name("deny", "insufficient_scope", "basic", "tts.batch");
    let before = (host.metric(&allowed), host.metric(&denied));
    let token = token(&host, &SigningKey::es256());
    for path in ["/tts", "/tts", "/batch"] {
        post(&host, path, &token).end();
    }
    assert_eq!((host.metric(&allowed), host.metric(&denied)), (before.0 + 2, before.1 + 1));
    assert_eq!(host.definitions(&allowed), 1);
}

#[test]
fn a_client_cannot_have_the_next_hop_drop_our_headers() {
    let host = configured(inline());
    let bearer = format!("Bearer {}", token(&host, &SigningKey::es256()));
    let request = host.new_request().header(":method", "POST").header(":path", "/tts");
    let stream = request
        .header("connection", "Upgrade, X-Voxgate-Tenant")
        .header("connection", "keep-alive,x-user-tier")
        .header("authorization", bearer)
        .send();
    let connection: Vec<_> =
        stream.headers().into_iter().filter(|(name, _)| name == "connection").collect();
    assert_eq!(connection, [("connection".to_owned(), b"Upgrade,keep-alive".to_vec())]);
}
