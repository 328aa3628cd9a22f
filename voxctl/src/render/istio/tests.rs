use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    Filter, ModuleSource, PolicyDocument, Proxy, ResourceOptions, envoy_filter_resources,
    envoyfilter, trafficextension, wasmplugin,
};
use crate::render::{RenderError, Rendered};

fn policy(source: &str, anonymous: &str) -> PolicyDocument {
    let anonymous: Value = serde_json::from_str(anonymous).unwrap();
    PolicyDocument::new(json!({
        "version": 1,
        "identity": {
            "source": [source],
            "issuers": [{"issuer": "https://i.test", "audiences": ["speech"], "jwks": {"inline": {"keys": []}}}],
            "anonymous": anonymous,
        },
        "operations": {"rules": [{"name": "tts", "path": "/tts", "operations": ["tts.synthesize"]}]},
        "tiers": [{"name": "basic", "allow": ["*"]}],
    }))
    .unwrap()
}

fn options(module: &str, sha256: Option<&str>) -> ResourceOptions {
    ResourceOptions {
        filter: Filter::JwtTier,
        namespace: Some("ai".to_owned()),
        labels: BTreeMap::from([("app".to_owned(), "tts".to_owned())]),
        proxy: Proxy::Sidecar,
        port: 9090,
        module: ModuleSource::parse(module, sha256).unwrap(),
    }
}

const FILE: &str = "file:///modules/x.wasm";

fn kinds(resources: &[Value]) -> Vec<&str> {
    resources.iter().filter_map(|resource| resource["kind"].as_str()).collect()
}

#[test]
fn jwt_authn_and_no_anonymous_callers_need_three_resources() {
    let resources = envoy_filter_resources(&policy("jwt_authn", r#""deny""#), &options(FILE, None));
    assert_eq!(kinds(&resources), ["EnvoyFilter", "RequestAuthentication", "AuthorizationPolicy"]);
    assert_eq!(resources[1]["spec"]["jwtRules"][0]["jwks"], r#"{"keys":[]}"#);
}

#[test]
fn where_anonymous_callers_have_a_tier_nothing_makes_a_token_required() {
    let policy = policy("jwt_authn", r#"{"tier": "basic"}"#);
    let resources = envoy_filter_resources(&policy, &options(FILE, None));
    assert_eq!(kinds(&resources), ["EnvoyFilter", "RequestAuthentication"]);
}

#[test]
fn in_shadow_mode_istio_denies_no_caller_without_a_token() {
    let mut written = policy("jwt_authn", r#""deny""#).written;
    written["shadow"] = json!(["identity"]);
    let shadowed = PolicyDocument::new(written.clone()).unwrap();
    let resources = envoy_filter_resources(&shadowed, &options(FILE, None));
    assert_eq!(kinds(&resources), ["EnvoyFilter", "RequestAuthentication"]);
    let warnings = envoyfilter(&shadowed, &options(FILE, None)).unwrap().warnings;
    assert!(warnings[0].contains("answers 401 to bad and expired tokens"), "{warnings:?}");

    written["shadow"] = json!(["tiers"]);
    let enforced = PolicyDocument::new(written).unwrap();
    assert_eq!(envoy_filter_resources(&enforced, &options(FILE, None)).len(), 3);
}

#[test]
fn a_trusted_peer_without_a_token_is_not_locked_out() {
    let mut written = policy("jwt_authn", r#""deny""#).written;
    written["identity"]["source"] = json!(["trusted_peers", "jwt_authn"]);
    written["identity"]["trusted_peers"] = json!(["spiffe://cluster.local/ns/ai/sa/gateway"]);
    let trusting = PolicyDocument::new(written).unwrap();
    let rendered = wasmplugin(&trusting, &options(FILE, None)).unwrap();
    assert!(!rendered.value.contains("AuthorizationPolicy"), "{}", rendered.value);
    assert!(rendered.warnings[0].contains("would deny the trusted peers"), "{rendered:?}");
}

#[test]
fn a_policy_that_verifies_tokens_itself_needs_only_the_filter() {
    let resources = envoy_filter_resources(&policy("token", r#""deny""#), &options(FILE, None));
    assert_eq!(kinds(&resources), ["EnvoyFilter"]);
}

#[test]
fn a_file_stands_inline_and_a_fetched_module_goes_by_ecds() {
    let policy = policy("token", r#""deny""#);
    let inline = &envoy_filter_resources(&policy, &options(FILE, None))[0]["spec"]["configPatches"];
    let code = &inline[0]["patch"]["value"]["typed_config"]["config"]["vm_config"]["code"];
    assert_eq!(code["local"]["filename"], "/modules/x.wasm");
    assert_eq!(inline.as_array().unwrap().len(), 2);

    let sha256 = "ab".repeat(32);
    let remote = options("https://modules.test/x.wasm", Some(&sha256));
    let fetched = &envoy_filter_resources(&policy, &remote)[0]["spec"]["configPatches"];
    assert_eq!(fetched[1]["applyTo"], "EXTENSION_CONFIG");
    let extension = &fetched[1]["patch"]["value"];
    assert_eq!(extension["name"], fetched[0]["patch"]["value"]["name"]);
    let code = &extension["typed_config"]["config"]["vm_config"]["code"]["remote"];
    assert_eq!((&code["sha256"], &code["http_uri"]["timeout"]), (&json!(sha256), &json!("30s")));
}

#[test]
fn envoy_brings_bodies_and_has_room_for_what_is_held_and_one_read_more() {
    let mut written = policy("token", r#""deny""#).written;
    written["facts"] = json!({"max_held_bytes": 65536});
    let policy = PolicyDocument::new(written).unwrap();
    let patches =
        &envoy_filter_resources(&policy, &options(FILE, None))[0]["spec"]["configPatches"];
    let config = &patches[0]["patch"]["value"]["typed_config"]["config"];
    assert_eq!(config["allow_on_headers_stop_iteration"], true);
    assert_eq!(patches[1]["match"]["routeConfiguration"]["portNumber"], 9090);
    assert_eq!(patches[1]["patch"]["value"]["request_body_buffer_limit"], 65536 + 1024 * 1024);
}

#[test]
fn what_cannot_make_envoy_bring_bodies_is_refused_to_a_policy_that_reads_them() {
    let mut written = policy("token", r#""deny""#).written;
    written["identity"]["issuers"][0]["jwks"] =
        json!({"remote": {"uri": "https://i.test/keys", "cluster": "keys"}});
    written["operations"] = json!({"presets": ["glm-tts"]});
    written["tiers"][0]["scopes"] = json!(["tts"]);
    let reads = PolicyDocument::new(written).unwrap();
    assert!(envoyfilter(&reads, &options(FILE, None)).is_ok());
    for refused in [
        wasmplugin(&reads, &options(FILE, None)).unwrap_err(),
        trafficextension(&reads, &options(FILE, None)).unwrap_err(),
    ] {
        assert!(refused.to_string().contains("each such request would hang"), "{refused}");
    }
}

#[test]
fn an_image_without_a_checksum_is_warned_about() {
    let policy = policy("token", r#""deny""#);
    let rendered = wasmplugin(&policy, &options("oci://r.test/x:1", None)).unwrap();
    assert!(rendered.warnings[0].contains("is not pinned"), "{:?}", rendered.warnings);
    let pinned = format!("oci://r.test/x@sha256:{}", "ab".repeat(32));
    assert!(wasmplugin(&policy, &options(&pinned, None)).unwrap().warnings.is_empty());
}

#[test]
fn a_module_that_cannot_be_meant_is_refused() {
    for (module, sha256, says) in [
        ("x.wasm", None, "file:///…, https://… or oci://… is needed"),
        ("file://x.wasm", None, "absolute path"),
        (FILE, Some("ab".repeat(32)), "nothing checks the sum of a file"),
        ("https://r.test/x", None, "needed with http"),
        ("https://r.test/x", Some("AB".repeat(32)), "lowercase hexadecimal"),
        ("ftp://r.test/x", None, "is needed"),
    ] {
        let refused = ModuleSource::parse(module, sha256.as_deref()).unwrap_err().to_string();
        assert!(refused.contains(says), "{refused}");
    }
}

#[test]
fn the_policy_reaches_the_filter_as_the_very_same_json() {
    let policy = policy("token", r#""deny""#);
    let yaml = envoyfilter(&policy, &options(FILE, None)).unwrap().value;
    let read: Vec<Value> = serde_saphyr::from_multiple(&yaml).unwrap();
    let value = &read[0]["spec"]["configPatches"][0]["patch"]["value"]["typed_config"]["config"]["configuration"]
        ["value"];
    let carried: Value = serde_json::from_str(value.as_str().unwrap()).unwrap();
    assert_eq!(carried, policy.written);
    assert!(yaml.contains("value: |\n"), "readable, as a block: {yaml}");
}

#[test]
fn the_short_resources_carry_the_policy_as_an_object() {
    let policy = policy("jwt_authn", r#""deny""#);
    for (yaml, at) in [
        (wasmplugin(&policy, &options(FILE, None)).unwrap().value, "/spec/pluginConfig"),
        (trafficextension(&policy, &options(FILE, None)).unwrap().value, "/spec/wasm/pluginConfig"),
    ] {
        let read: Vec<Value> = serde_saphyr::from_multiple(&yaml).unwrap();
        assert_eq!(read[0].pointer(at), Some(&policy.written));
        assert_eq!(
            read[0]["spec"]["match"],
            json!([{"mode": "SERVER", "ports": [{"number": 9090}]}])
        );
        assert_eq!(read.len(), 3);
    }
}

#[test]
fn what_yaml_1_1_reads_as_a_boolean_is_quoted() {
    let mut policy = policy("token", r#""deny""#);
    policy.written["tiers"][0]["name"] = json!("yes");
    let yaml = wasmplugin(&policy, &options(FILE, None)).unwrap().value;
    assert!(yaml.contains("name: \"yes\"") || yaml.contains("name: 'yes'"), "{yaml}");
}

#[test]
fn pss_needs_the_module_with_software_crypto() {
    let mut written = policy("token", r#""deny""#).written;
    written["identity"]["issuers"][0]["algorithms"] = json!(["RS256", "PS384"]);
    let pss = PolicyDocument::new(written).unwrap();
    let default = ModuleSource::default_file(Filter::JwtTier, &pss);
    assert_eq!(default.url(), "file:///var/lib/voxgate/voxgate-jwt-tier-software-crypto.wasm");
    let by_default = ResourceOptions { module: default, ..options(FILE, None) };
    assert!(envoyfilter(&pss, &by_default).unwrap().warnings.is_empty());
    let warnings = envoyfilter(&pss, &options(FILE, None)).unwrap().warnings;
    assert!(warnings[0].starts_with("PS384 is verified by the module built with"), "{warnings:?}");

    // Envoy verifies: any module will do.
    let mut written = pss.written.clone();
    written["identity"]["source"] = json!(["jwt_authn"]);
    let verified = PolicyDocument::new(written).unwrap();
    assert!(envoyfilter(&verified, &options(FILE, None)).unwrap().warnings.is_empty());
}

/// A policy with quotas, and the options for voice-quota.
fn with_quotas() -> (PolicyDocument, ResourceOptions) {
    let mut written = policy("jwt_authn", r#""deny""#).written;
    written["quotas"] = json!({"rules": [
        {"name": "pace", "meter": "requests", "per": "10s", "default": {"limit": 10}},
    ]});
    let policy = PolicyDocument::new(written).unwrap();
    (policy, ResourceOptions { filter: Filter::VoiceQuota, ..options(FILE, None) })
}

#[test]
fn quotas_come_after_identity_and_bring_no_second_authentication() {
    let (policy, quotas) = with_quotas();
    let resources = envoy_filter_resources(&policy, &quotas);
    assert_eq!(kinds(&resources), ["EnvoyFilter"]);
    assert_eq!(resources[0]["metadata"]["name"], "voxgate-voice-quota");
    let patches = resources[0]["spec"]["configPatches"].as_array().unwrap();
    assert_eq!(patches.len(), 1, "what is held is jwt-tier's matter");
    let first = &envoy_filter_resources(&policy, &options(FILE, None))[0];
    // A higher priority is applied later, and so stands nearer to the router.
    let priority = |it: &Value| it["spec"]["priority"].as_i64().unwrap();
    assert!(priority(first) < priority(&resources[0]));
}

#[test]
fn all_workers_share_counters_by_the_name_of_the_vm() {
    let (policy, quotas) = with_quotas();
    let resources = envoy_filter_resources(&policy, &quotas);
    let config =
        &resources[0]["spec"]["configPatches"][0]["patch"]["value"]["typed_config"]["config"];
    assert_eq!(config["vm_config"]["vm_id"], "voxgate");
    assert_eq!(config["root_id"], "voice-quota");
    let allowed = &config["capability_restriction_config"]["allowed_capabilities"];
    for needed in ["proxy_get_shared_data", "proxy_set_shared_data", "proxy_on_response_body"] {
        assert!(allowed[needed].is_object(), "{needed}");
    }
    let first = &envoy_filter_resources(&policy, &options(FILE, None))[0];
    assert!(!first.to_string().contains("proxy_set_shared_data"), "jwt-tier keeps nothing there");
}

#[test]
fn what_cannot_name_a_vm_is_refused_to_quotas() {
    let (policy, quotas) = with_quotas();
    for (render, kind) in [
        (wasmplugin as fn(_, _) -> Result<Rendered<String>, RenderError>, "WasmPlugin"),
        (trafficextension, "TrafficExtension"),
    ] {
        let refused = render(&policy, &quotas).unwrap_err();
        assert!(matches!(refused, RenderError::NoVmId { .. }), "{refused}");
        assert!(refused.to_string().contains(kind), "{refused}");
        assert!(refused.to_string().contains("render an envoyfilter"), "{refused}");
    }
}

#[test]
fn quotas_that_nobody_would_enforce_are_warned_about() {
    let (policy, quotas) = with_quotas();
    assert_eq!(envoyfilter(&policy, &quotas).unwrap().warnings, Vec::<String>::new());
    let warnings = envoyfilter(&policy, &options(FILE, None)).unwrap().warnings;
    assert!(
        warnings[0].contains("render it, too, as an envoyfilter with --filter voice-quota"),
        "{warnings:?}"
    );
    let without = self::policy("token", r#""deny""#);
    let warnings = envoyfilter(&without, &quotas).unwrap().warnings;
    assert!(warnings[0].contains("voice-quota has nothing to do"), "{warnings:?}");
}

/// A policy that sheds, with this ladder, and the options for text-shed.
fn with_shedding(ladder: Value) -> (PolicyDocument, ResourceOptions) {
    let mut written = policy("token", r#""deny""#).written;
    written["shedding"] = json!({"ladder": ladder});
    let policy = PolicyDocument::new(written).unwrap();
    (policy, ResourceOptions { filter: Filter::TextShed, ..options(FILE, None) })
}

fn warnings(policy: &PolicyDocument, options: &ResourceOptions) -> Vec<String> {
    envoyfilter(policy, options).unwrap().warnings
}

#[test]
fn shedding_comes_after_quotas_and_keeps_what_is_in_flight_where_all_workers_see_it() {
    let (policy, shed) = with_shedding(json!([]));
    let filters = Filter::ALL.map(|filter| {
        let resources =
            envoy_filter_resources(&policy, &ResourceOptions { filter, ..shed.clone() });
        resources[0].clone()
    });
    assert!(filters.is_sorted_by_key(|it| it["spec"]["priority"].as_i64()));
    let [_, _, shed, _] = filters;
    assert_eq!(shed["metadata"]["name"], "voxgate-text-shed");
    let patches = shed["spec"]["configPatches"].as_array().unwrap();
    assert_eq!(patches.len(), 1, "what is held is jwt-tier's matter");
    let config = &patches[0]["patch"]["value"]["typed_config"]["config"];
    assert_eq!(config["vm_config"]["vm_id"], "voxgate");
    assert_eq!(config["root_id"], "text-shed");
    let allowed = &config["capability_restriction_config"]["allowed_capabilities"];
    for needed in ["proxy_get_shared_data", "proxy_set_shared_data", "proxy_set_buffer_bytes"] {
        assert!(allowed[needed].is_object(), "{needed}");
    }
}

#[test]
fn what_cannot_name_a_vm_is_refused_to_shedding() {
    let (policy, shed) = with_shedding(json!([]));
    for render in [wasmplugin, trafficextension] {
        let refused = render(&policy, &shed).unwrap_err().to_string();
        assert!(refused.starts_with("text-shed keeps what it counts"), "{refused}");
    }
}

#[test]
fn shedding_that_nobody_would_do_is_warned_about() {
    let (policy, shed) = with_shedding(json!([]));
    assert_eq!(warnings(&policy, &shed), Vec::<String>::new());
    let of_first = warnings(&policy, &options(FILE, None));
    assert_eq!(of_first.len(), 1, "{of_first:?}");
    assert!(of_first[0].starts_with("the policy's `shedding` section is enforced by another"));
    assert!(of_first[0].ends_with("render it, too, as an envoyfilter with --filter text-shed"));
    let without = warnings(&self::policy("token", r#""deny""#), &shed);
    assert_eq!(without, ["the policy has no `shedding`, so text-shed has nothing to do"]);
}

#[test]
fn a_sidecar_that_would_divert_to_its_own_container_is_warned_about() {
    let (policy, sidecar) =
        with_shedding(json!([{"name": "long", "load": ["busy"], "rung": "divert"}]));
    let told = warnings(&policy, &sidecar);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("all go to its own container"), "{told:?}");
    assert!(told[0].contains("--gateway"), "{told:?}");
    let gateway = ResourceOptions { proxy: Proxy::Gateway, ..sidecar };
    assert_eq!(warnings(&policy, &gateway), Vec::<String>::new());
}

#[test]
fn a_gateways_filters_stand_in_its_own_listener() {
    let (policy, _) = with_shedding(json!([]));
    let sha256 = "ab".repeat(32);
    for filter in Filter::ALL {
        for (proxy, context) in [(Proxy::Gateway, "GATEWAY"), (Proxy::Sidecar, "SIDECAR_INBOUND")] {
            // A module that is fetched brings a patch more.
            let options = options("https://modules.test/x.wasm", Some(&sha256));
            let options = ResourceOptions { filter, proxy, ..options };
            let resources = envoy_filter_resources(&policy, &options);
            let patches = resources[0]["spec"]["configPatches"].as_array().unwrap();
            assert!(patches.len() >= 2, "{filter}");
            assert!(patches.iter().all(|it| it["match"]["context"] == context), "{filter}");
        }
    }
}

/// A policy with streams, and the options for chunk-flush.
fn with_streams() -> (PolicyDocument, ResourceOptions) {
    let mut written = policy("token", r#""deny""#).written;
    written["streams"] = json!({});
    let policy = PolicyDocument::new(written).unwrap();
    (policy, ResourceOptions { filter: Filter::ChunkFlush, ..options(FILE, None) })
}

#[test]
fn streams_come_last_and_may_be_put_together_and_ended() {
    let (policy, streams) = with_streams();
    let resources = envoy_filter_resources(&policy, &streams);
    assert_eq!(kinds(&resources), ["EnvoyFilter"]);
    assert_eq!(resources[0]["metadata"]["name"], "voxgate-chunk-flush");
    assert_eq!(resources[0]["spec"]["priority"], 40);
    let filter = &resources[0]["spec"]["configPatches"][0];
    assert_eq!(filter["applyTo"], "HTTP_FILTER", "kustomize puts module and policy there");
    let config = &filter["patch"]["value"]["typed_config"]["config"];
    assert_eq!(config["root_id"], "chunk-flush");
    let allowed = &config["capability_restriction_config"]["allowed_capabilities"];
    for needed in ["proxy_on_response_body", "proxy_on_response_trailers", "proxy_close_stream"] {
        assert!(allowed[needed].is_object(), "{needed}");
    }
    assert!(allowed.get("proxy_set_shared_data").is_none(), "it keeps nothing there");
    assert!(allowed.get("proxy_set_buffer_bytes").is_none(), "it writes nothing into a stream");
}

#[test]
fn what_cannot_set_envoys_limits_is_refused_to_streams() {
    let (policy, streams) = with_streams();
    for render in [wasmplugin, trafficextension] {
        let refused = render(&policy, &streams).unwrap_err().to_string();
        assert!(refused.contains("cannot say that chunk-flush comes after jwt-tier"), "{refused}");
        assert!(refused.ends_with("render an envoyfilter"), "{refused}");
    }
}

#[test]
fn streams_that_nobody_would_look_after_are_warned_about() {
    let (policy, streams) = with_streams();
    assert_eq!(warnings(&policy, &streams), Vec::<String>::new());
    let of_first = warnings(&policy, &options(FILE, None));
    assert!(of_first[0].ends_with("render it, too, as an envoyfilter with --filter chunk-flush"));
    let without = warnings(&self::policy("token", r#""deny""#), &streams);
    assert_eq!(without, ["the policy has no `streams`, so chunk-flush has nothing to do"]);
}

#[test]
fn a_stall_that_envoy_would_end_first_is_warned_about() {
    let (policy, streams) = with_streams();
    let told = |after: &str, idle: &str| {
        let mut written = policy.written.clone();
        written["streams"] =
            json!({"stall": {"after": after}, "connection": {"idle_timeout": idle}});
        warnings(&PolicyDocument::new(written).unwrap(), &streams)
    };
    let [late] = &told("5m", "5m")[..] else { panic!("one warning") };
    assert!(late.starts_with("`streams.stall.after` is 5m, and Envoy ends"), "{late}");
    assert_eq!(told("299s", "5m"), Vec::<String>::new());
    assert_eq!(told("1h", "0s"), Vec::<String>::new());
}

#[test]
fn only_an_envoyfilter_is_rendered_for_a_gateway() {
    let policy = policy("token", r#""deny""#);
    let gateway = ResourceOptions { proxy: Proxy::Gateway, ..options(FILE, None) };
    for (render, kind) in [
        (wasmplugin as fn(_, _) -> Result<Rendered<String>, RenderError>, "WasmPlugin"),
        (trafficextension, "TrafficExtension"),
    ] {
        let refused = render(&policy, &gateway).unwrap_err().to_string();
        let says = format!("a {kind} is not rendered for a gateway; render an envoyfilter");
        assert_eq!(refused, says);
    }
}
