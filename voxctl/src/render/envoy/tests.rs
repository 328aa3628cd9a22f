use std::path::PathBuf;

use serde_json::Value;

use super::{Address, EnvoyOptions, NamedCluster, from_files, from_policy};
use crate::render::{Filter, PolicyDocument, RenderError, Rendered};

/// A folder with an (empty) module, and options that point there.
fn options() -> (tempfile::TempDir, EnvoyOptions) {
    let dir = tempfile::tempdir().unwrap();
    for filter in Filter::ALL {
        std::fs::write(dir.path().join(filter.module_file()), b"\0asm").unwrap();
    }
    let mut options = EnvoyOptions::new("127.0.0.1:9000".parse().unwrap(), 18080, 0);
    options.wasm_dir = dir.path().to_owned();
    (dir, options)
}

fn shipped(path: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../envoyfilter-yaml").join(path)
}

fn speech(options: &EnvoyOptions) -> Result<Rendered<Value>, RenderError> {
    let policy = PolicyDocument::read(&shipped("policies/speech.yaml")).unwrap();
    from_policy(&policy, &[Filter::JwtTier], options)
}

fn rendered(yaml: &str) -> Result<Rendered<Value>, RenderError> {
    let (dir, options) = options();
    let file = dir.path().join("own.yaml");
    std::fs::write(&file, yaml).unwrap();
    from_files(&[file], &options)
}

fn http_filters(config: &Value) -> Vec<&str> {
    let manager = &config["static_resources"]["listeners"][0]["filter_chains"][0]["filters"][0]["typed_config"];
    let filters = manager["http_filters"].as_array().unwrap();
    filters.iter().map(|filter| filter["name"].as_str().unwrap()).collect()
}

const ECDS: &str = "
apiVersion: networking.istio.io/v1alpha3
kind: EnvoyFilter
metadata: {name: x}
spec:
  configPatches:
  - applyTo: HTTP_FILTER
    match: {listener: {filterChain: {filter: {name: envoy.filters.network.http_connection_manager, subFilter: {name: envoy.filters.http.router}}}}}
    patch:
      operation: INSERT_BEFORE
      value:
        name: mine
        config_discovery:
          config_source: {ads: {}, initial_fetch_timeout: 0s, resource_api_version: V3}
          type_urls: [type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm]
";
const EXTENSION: &str = "
  - applyTo: EXTENSION_CONFIG
    patch:
      operation: ADD
      value:
        name: mine
        typed_config:
          '@type': type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm
          config:
            name: jwt-tier
            vm_config: {runtime: envoy.wasm.runtime.v8, code: {remote: {http_uri: {uri: 'https://r.test/x.wasm', timeout: 30s, cluster: _}, sha256: nil}}}
";

#[test]
fn the_filter_stands_before_the_router_of_a_listener_on_loopback() {
    let (_dir, options) = options();
    let config = speech(&options).unwrap().value;
    let filters = http_filters(&config);
    assert_eq!(filters.last(), Some(&"envoy.filters.http.router"));
    assert_eq!(filters.iter().rev().nth(1), Some(&"voxgate.jwt-tier"));
    let listener = &config["static_resources"]["listeners"][0];
    let socket = &listener["address"]["socket_address"];
    assert_eq!((&socket["address"], &socket["port_value"]), (&"127.0.0.1".into(), &18080.into()));
    assert_eq!(listener["name"], "virtualInbound");
}

const IN_ORDER: [&str; 5] = [
    "voxgate.jwt-tier",
    "voxgate.voice-quota",
    "voxgate.text-shed",
    "voxgate.chunk-flush",
    "envoy.filters.http.router",
];

#[test]
fn filters_stand_in_their_order_before_the_router_in_whatever_order_they_are_named() {
    let (_dir, mut options) = options();
    let policy = PolicyDocument::read(&shipped("policies/speech.yaml")).unwrap();
    let all = PolicyDocument::read(&shipped("policies/glm-tts.yaml")).unwrap();
    assert_eq!(Filter::of(&all), Filter::ALL);
    let mut filters = Filter::ALL;
    for _ in filters {
        filters.rotate_left(1);
        let config = from_policy(&policy, &filters, &options).unwrap().value;
        let found = http_filters(&config);
        assert_eq!(found[found.len() - IN_ORDER.len()..], IN_ORDER);
    }
    let issuer = "outbound|443||issuer.example.com=127.0.0.1:9001";
    options.clusters.push(issuer.parse().unwrap());
    let mut files = Filter::ALL.map(|it| shipped(&format!("filters/{it}.yaml")));
    for _ in Filter::ALL {
        files.rotate_left(1);
        let rendered = from_files(&files, &options).unwrap();
        assert_eq!(rendered.warnings, Vec::<String>::new());
        let found = http_filters(&rendered.value);
        assert_eq!(found[found.len() - IN_ORDER.len()..], IN_ORDER);
    }
}

#[test]
fn a_policy_without_a_section_runs_without_its_filter() {
    let mut written = PolicyDocument::read(&shipped("policies/speech.yaml")).unwrap().written;
    written.as_object_mut().unwrap().remove("quotas");
    let policy = PolicyDocument::new(written.clone()).unwrap();
    assert!(Filter::of(&policy).starts_with(&[Filter::JwtTier, Filter::TextShed]));
    written.as_object_mut().unwrap().remove("shedding");
    written.as_object_mut().unwrap().remove("streams");
    assert_eq!(Filter::of(&PolicyDocument::new(written.clone()).unwrap()), [Filter::JwtTier]);
    written["streams"] = serde_json::json!({});
    let policy = PolicyDocument::new(written).unwrap();
    assert_eq!(Filter::of(&policy), [Filter::JwtTier, Filter::ChunkFlush]);
}

#[test]
fn what_cuts_streams_is_set_in_the_listener_its_routes_and_the_services_cluster() {
    let (_dir, mut options) = options();
    options.clusters.push("other=127.0.0.1:9001".parse().unwrap());
    let mut written = PolicyDocument::read(&shipped("policies/speech.yaml")).unwrap().written;
    written["streams"] = serde_json::json!({"connection": {
        "idle_timeout": "90s", "flush_timeout": "1500ms", "http2_window": 65_536, "buffer_limit": 32_768,
    }});
    let policy = PolicyDocument::new(written).unwrap();
    let issuer = "outbound|443||issuer.example.com=127.0.0.1:9001".parse().unwrap();
    options.clusters.push(issuer);
    let rendered = from_policy(&policy, &Filter::of(&policy), &options).unwrap();
    assert_eq!(rendered.warnings, Vec::<String>::new());

    let resources = &rendered.value["static_resources"];
    let listener = &resources["listeners"][0];
    assert_eq!(listener.get("per_connection_buffer_limit_bytes"), None, "all ports share it");
    let manager = &listener["filter_chains"][0]["filters"][0]["typed_config"];
    assert_eq!(manager["stream_idle_timeout"], "90s");
    assert_eq!(manager["stream_flush_timeout"], "1.500s");
    let http2 = &manager["http2_protocol_options"];
    assert_eq!(http2["initial_stream_window_size"], 65_536);
    assert_eq!(http2["initial_connection_window_size"], 262_144);
    assert_eq!(manager["upgrade_configs"][0]["upgrade_type"], "websocket", "the rest stays");

    let route = &manager["route_config"]["virtual_hosts"][0]["routes"][0]["route"];
    assert_eq!((&route["timeout"], &route["idle_timeout"]), (&"0s".into(), &"90s".into()));
    let limits = resources["clusters"].as_array().unwrap().iter().map(|it| {
        (it["name"].as_str().unwrap(), it.get("per_connection_buffer_limit_bytes").cloned())
    });
    let limited: Vec<_> = limits.filter(|(_, limit)| limit.is_some()).collect();
    assert_eq!(limited, [("inbound|8080||", Some(32_768.into()))]);
}

#[test]
fn what_needs_istios_redirection_is_taken_away() {
    let (_dir, options) = options();
    let config = speech(&options).unwrap().value;
    let listener = &config["static_resources"]["listeners"][0];
    assert!(listener.get("use_original_dst").is_none());
    assert!(listener.get("listener_filters").is_none());
    assert!(listener["filter_chains"][0].get("filter_chain_match").is_none());
    assert_eq!(listener["filter_chains"][0]["name"], "0.0.0.0_8080");
}

#[test]
fn the_module_is_found_in_the_folder_by_absolute_path() {
    let (dir, options) = options();
    let text = speech(&options).unwrap().value.to_string();
    let module = dir.path().join("voxgate-jwt-tier.wasm");
    assert!(text.contains(&*module.to_string_lossy()));
}

#[test]
fn a_missing_module_is_an_error_that_says_how_to_get_it() {
    let (dir, options) = options();
    std::fs::remove_file(dir.path().join("voxgate-jwt-tier.wasm")).unwrap();
    let refused = speech(&options).unwrap_err().to_string();
    assert!(
        refused.contains("voxgate-jwt-tier.wasm; build it with `cargo xtask build`"),
        "{refused}"
    );
}

#[test]
fn every_cluster_a_policy_calls_must_be_given() {
    let (_dir, mut options) = options();
    let file = shipped("filters/jwt-tier.yaml");
    let refused = from_files(&[&file], &options).unwrap_err().to_string();
    assert!(
        refused.ends_with("add --cluster 'outbound|443||issuer.example.com=HOST:PORT'"),
        "{refused}"
    );
    let given: NamedCluster = "outbound|443||issuer.example.com=127.0.0.1:9001".parse().unwrap();
    options.clusters.push(given);
    let rendered = from_files(&[file], &options).unwrap();
    assert_eq!(rendered.warnings, Vec::<String>::new());
    let filters = http_filters(&rendered.value);
    assert_eq!(filters[..2], ["envoy.filters.http.jwt_authn", "envoy.filters.http.rbac"]);
}

#[test]
fn the_cluster_of_a_source_of_tenants_must_be_given() {
    let (_dir, mut options) = options();
    let policy = PolicyDocument::read(&shipped("policies/speech.yaml")).unwrap();
    let mut written = policy.written;
    written["tenants"]["source"] =
        serde_json::json!({"uri": "http://tenants.test/", "cluster": "tenants"});
    let policy = PolicyDocument::new(written).unwrap();
    let issuer = "outbound|443||issuer.example.com=127.0.0.1:9001".parse().unwrap();
    options.clusters.push(issuer);
    let refused = from_policy(&policy, &[Filter::JwtTier], &options).unwrap_err().to_string();
    assert!(refused.contains("for its tenants"), "{refused}");
    assert!(refused.ends_with("add --cluster 'tenants=HOST:PORT'"), "{refused}");
    options.clusters.push("tenants=127.0.0.1:9002".parse().unwrap());
    assert!(from_policy(&policy, &[Filter::JwtTier], &options).is_ok());
}

#[test]
fn an_extension_configuration_is_put_where_it_is_asked_for() {
    let rendered = rendered(&format!("{ECDS}{EXTENSION}")).unwrap();
    let text = rendered.value.to_string();
    assert!(!text.contains("config_discovery"));
    assert!(text.contains("voxgate-jwt-tier.wasm"));
    let [warning] = rendered.warnings.as_slice() else { panic!("{:?}", rendered.warnings) };
    assert!(
        warning.contains("lack `type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC`")
    );
}

#[test]
fn a_filter_that_waits_for_a_configuration_nobody_adds_is_refused() {
    let refused = rendered(ECDS).unwrap_err().to_string();
    assert!(
        refused.contains("the HTTP filter `mine` takes its configuration by ECDS"),
        "{refused}"
    );
}

#[test]
fn a_filter_after_the_router_is_warned_about() {
    let rendered = rendered(&ECDS.replace("INSERT_BEFORE", "INSERT_AFTER").replace("config_discovery:", "typed_config: {'@type': type.googleapis.com/envoy.extensions.filters.http.cors.v3.Cors}").replace("          config_source: {ads: {}, initial_fetch_timeout: 0s, resource_api_version: V3}\n          type_urls: [type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm]\n", "")).unwrap();
    assert!(
        rendered.warnings.iter().any(|w| w.contains("the last HTTP filter is `mine`")),
        "{:?}",
        rendered.warnings
    );
}

#[test]
fn statistics_get_the_labels_istio_would_give_them() {
    let (_dir, options) = options();
    let config = speech(&options).unwrap().value;
    let tags = config["stats_config"]["stats_tags"].as_array().unwrap();
    let tier = tags.iter().find(|tag| tag["tag_name"] == "tier").unwrap();
    assert_eq!(tier["regex"], r"(tier=\.=(.*?);\.;)");
    // Every label of every filter: one that is not here stays in the metric's name.
    for name in [
        "reason",
        "source",
        "result",
        "rule",
        "meter",
        "tenant",
        "percent",
        "error",
        "load",
        "service",
        "lane",
        "end",
        "size",
        "model",
        "continuity",
        "format",
        "direction",
        "pattern",
        "action",
        "stage",
        "up_to_ms",
    ] {
        assert!(tags.iter().any(|tag| tag["tag_name"] == name), "{name}");
    }
    // Nothing anchors Istio's expressions: `le` would be found in `rule=.=…`.
    let names: Vec<&str> = tags.iter().filter_map(|tag| tag["tag_name"].as_str()).collect();
    for (name, other) in names.iter().flat_map(|it| names.iter().map(move |other| (it, other))) {
        assert!(name == other || !other.ends_with(name), "{name} is found in {other}");
    }
}

#[test]
fn resources_for_two_workloads_or_ports_need_a_choice() {
    let filter = |spec: &str| {
        format!(
            "---\napiVersion: networking.istio.io/v1alpha3\nkind: EnvoyFilter\nmetadata: {{name: x}}\nspec: {{{spec}}}\n"
        )
    };
    let labels = |app: &str| filter(&format!("workloadSelector: {{labels: {{app: {app}}}}}"));
    let refused = rendered(&(labels("a") + &labels("b"))).unwrap_err().to_string();
    assert!(refused.contains("choose the workload with --label app=…"), "{refused}");
    let port = |port: u16| {
        filter(&format!(
            "configPatches: [{{applyTo: LISTENER, match: {{listener: {{portNumber: {port}}}}}, patch: {{operation: REMOVE}}}}]"
        ))
    };
    let refused = rendered(&(port(1) + &port(2))).unwrap_err().to_string();
    assert_eq!(refused, "--port: the patches are for the ports 1 and 2; choose one");
}

#[test]
fn addresses_are_host_and_port() {
    for (written, host, port) in
        [("127.0.0.1:80", "127.0.0.1", 80), ("[::1]:8080", "::1", 8080), ("tts.ai:9", "tts.ai", 9)]
    {
        assert_eq!(written.parse(), Ok(Address { host: host.to_owned(), port }));
    }
    for written in ["127.0.0.1", "tts:0", "tts:65536", ":80", "a@b:80", "http://tts:80", ""] {
        assert!(written.parse::<Address>().is_err(), "{written}");
    }
    let cluster: NamedCluster = "outbound|443||a=b=tts:1".parse().unwrap();
    assert_eq!(cluster.name, "outbound|443||a=b");
}

/// An EnvoyFilter for app=tts with this one patch, which is YAML in one line.
fn envoy_filter(patch: &str) -> String {
    format!(
        "---\napiVersion: networking.istio.io/v1alpha3\nkind: EnvoyFilter\nmetadata: {{name: x}}\n\
         spec:\n  workloadSelector: {{labels: {{app: tts}}}}\n  configPatches:\n  - {patch}\n"
    )
}

#[test]
fn where_no_patch_is_for_the_workload_there_is_nothing_to_run() {
    let empty = rendered("").unwrap_err().to_string();
    assert!(empty.starts_with("no EnvoyFilter patch here is for the workload"), "{empty}");

    let (dir, mut options) = options();
    options.labels = Some([("app".to_owned(), "asr".to_owned())].into());
    let file = dir.path().join("own.yaml");
    std::fs::write(&file, envoy_filter("{applyTo: LISTENER, patch: {operation: REMOVE}}")).unwrap();
    let refused = from_files(&[file], &options).unwrap_err().to_string();
    assert!(refused.contains("(namespace default, labels app=asr)"), "{refused}");
    assert!(refused.contains("EnvoyFilter `x` does not select this workload"), "{refused}");
}

#[test]
fn an_envoy_without_a_listener_is_refused() {
    let yaml = envoy_filter("{applyTo: LISTENER, patch: {operation: REMOVE}}");
    let refused = rendered(&yaml).unwrap_err().to_string();
    assert!(refused.contains("remove the inbound listener"), "{refused}");
}

#[test]
fn a_listener_without_filter_chains_is_warned_about() {
    let yaml = envoy_filter("{applyTo: FILTER_CHAIN, patch: {operation: REMOVE}}");
    let warnings = rendered(&yaml).unwrap().warnings;
    assert!(warnings[0].contains("leave the listener no filter chain"), "{warnings:?}");
}

#[test]
fn no_patch_makes_it_listen_beyond_loopback() {
    let address = "{socket_address: {address: 0.0.0.0, port_value: 15007}}";
    let yaml = envoy_filter(&format!(
        "{{applyTo: LISTENER, patch: {{operation: MERGE, value: \
         {{address: {address}, additional_addresses: [{{address: {address}}}]}}}}}}"
    ));
    let config = rendered(&yaml).unwrap().value;
    let listener = &config["static_resources"]["listeners"][0];
    assert_eq!(listener["address"]["socket_address"]["address"], "127.0.0.1");
    assert!(listener.get("additional_addresses").is_none());
    assert!(!config.to_string().contains("0.0.0.0\""), "{config:#}");
}

#[test]
fn ports_of_outbound_patches_are_not_the_workloads() {
    let patch = |context: &str, port: u32| {
        envoy_filter(&format!(
            "{{applyTo: FILTER_CHAIN, match: {{context: {context}, listener: {{portNumber: {port}}}}}, \
             patch: {{operation: MERGE, value: {{transport_socket_connect_timeout: 3s}}}}}}"
        ))
    };
    let yaml = patch("SIDECAR_INBOUND", 9090) + &patch("SIDECAR_OUTBOUND", 443);
    let config = rendered(&yaml).unwrap().value;
    let chain = &config["static_resources"]["listeners"][0]["filter_chains"][0];
    assert_eq!(chain["name"], "0.0.0.0_9090");

    let refused = rendered(&patch("ANY", 70_000)).unwrap_err().to_string();
    assert!(refused.contains("document 1, spec.configPatches[0].match.listener.portNumber: 70000"));
}

#[test]
fn a_missing_module_of_somebody_else_is_not_ours_to_build() {
    let foreign = format!("{ECDS}{EXTENSION}").replace("name: jwt-tier", "name: theirs");
    let refused = rendered(&foreign).unwrap_err().to_string();
    assert!(refused.contains("none of Voxgate's"), "{refused}");
    assert!(!refused.contains("cargo xtask"), "{refused}");
}

#[test]
fn the_checksum_of_an_image_is_not_that_of_its_module() {
    let sha256 = "ab".repeat(32);
    let of = |uri: &str| {
        let extension = EXTENSION.replace("https://r.test/x.wasm", uri);
        let extension = extension.replace("sha256: nil", &format!("sha256: {sha256}"));
        rendered(&format!("{ECDS}{extension}")).unwrap().warnings
    };
    let another = |warnings: &[String]| warnings.iter().any(|it| it.contains("is another"));
    assert!(another(&of("https://r.test/x.wasm")));
    assert!(!another(&of("oci://r.test/x:1")));
}

#[test]
fn pss_takes_the_module_that_can() {
    let (dir, options) = options();
    let mut written = PolicyDocument::read(&shipped("policies/speech.yaml")).unwrap().written;
    written["identity"]["issuers"][0]["algorithms"] = serde_json::json!(["PS256"]);
    let policy = PolicyDocument::new(written).unwrap();
    let file = "voxgate-jwt-tier-software-crypto.wasm";
    let refused = from_policy(&policy, &[Filter::JwtTier], &options).unwrap_err().to_string();
    assert!(refused.contains(file), "{refused}");
    std::fs::write(dir.path().join(file), b"\0asm").unwrap();
    let config = from_policy(&policy, &[Filter::JwtTier], &options).unwrap().value.to_string();
    assert!(config.contains(file));
}
