//! What MERGE does to fields.

use super::harness::{manager_patch, patched};

#[test]
fn a_list_is_appended_to() {
    let it = patched(&manager_patch("upgrade_configs: [{upgrade_type: tls}]"));
    let upgrades = &it.manager(0)["upgrade_configs"];
    assert_eq!(upgrades[0]["upgrade_type"], "websocket");
    assert_eq!(upgrades[1]["upgrade_type"], "tls");
}

#[test]
fn a_duration_is_replaced_even_by_zero() {
    let it = patched(&manager_patch("stream_idle_timeout: 0s"));
    assert_eq!(it.manager(0)["stream_idle_timeout"], "0s");
    let it = patched(&manager_patch("stream_idle_timeout: 0.5s"));
    assert_eq!(it.manager(0)["stream_idle_timeout"], "0.500s", "no seconds of the old value stay");
}

#[test]
fn a_wrapper_of_zero_does_not_override() {
    let it = patched(&manager_patch("use_remote_address: false"));
    assert_eq!(it.manager(0)["use_remote_address"], true);
}

#[test]
fn a_bare_false_or_empty_string_does_not_override() {
    let it = patched(
        &(manager_patch("merge_slashes: true")
            + &manager_patch("merge_slashes: false, stat_prefix: ''")),
    );
    assert_eq!(it.manager(0)["merge_slashes"], true);
    assert_eq!(it.manager(0)["stat_prefix"], "inbound");
}

#[test]
fn messages_are_merged_field_by_field() {
    let it = patched(
        &(manager_patch("http2_protocol_options: {initial_stream_window_size: 65536}")
            + &manager_patch("http2_protocol_options: {max_concurrent_streams: 10}")),
    );
    let options = &it.manager(0)["http2_protocol_options"];
    assert_eq!(options["initial_stream_window_size"], 65536);
    assert_eq!(options["max_concurrent_streams"], 10);
}

#[test]
fn another_member_of_a_oneof_takes_the_place() {
    let it = patched(
        &(manager_patch("route_config: {name: inline}")
            + &manager_patch("rds: {route_config_name: fetched, config_source: {ads: {}}}")),
    );
    assert_eq!(it.manager(0)["rds"]["route_config_name"], "fetched");
    assert!(it.manager(0).get("route_config").is_none());
}

#[test]
fn the_filters_own_name_is_replaced() {
    let named = manager_patch("stat_prefix: x")
        .replace("      typed_config", "      name: other\n      typed_config");
    let it = patched(&named);
    assert_eq!(it.network(0), ["other"]);
    assert_eq!(it.network(1), ["http_connection_manager"]);
}
