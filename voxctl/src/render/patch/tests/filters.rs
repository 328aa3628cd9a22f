//! HTTP and network filters.

use super::harness::{http_patch, manager_patch, patched, refusal};

#[test]
fn insert_before_puts_the_filter_before_the_named_one() {
    let it = patched(&http_patch("INSERT_BEFORE", Some("router"), "new"));
    assert_eq!(it.http(0), ["fault", "cors", "new", "router"]);
    assert!(it.unapplied.is_empty());
}

#[test]
fn insert_before_without_a_name_puts_first() {
    let it = patched(&http_patch("INSERT_BEFORE", None, "new"));
    assert_eq!(it.http(0), ["new", "fault", "cors", "router"]);
}

#[test]
fn insert_after_puts_the_filter_after_the_named_one() {
    let it = patched(&http_patch("INSERT_AFTER", Some("fault"), "new"));
    assert_eq!(it.http(0), ["fault", "new", "cors", "router"]);
    let it = patched(&http_patch("INSERT_AFTER", Some("router"), "new"));
    assert_eq!(it.http(0), ["fault", "cors", "router", "new"]);
}

#[test]
fn insert_after_without_a_name_puts_last() {
    let it = patched(&http_patch("INSERT_AFTER", None, "new"));
    assert_eq!(it.http(0), ["fault", "cors", "router", "new"]);
}

#[test]
fn insert_first_puts_first_whatever_it_names() {
    let it = patched(&http_patch("INSERT_FIRST", Some("nowhere"), "new"));
    assert_eq!(it.http(0), ["new", "fault", "cors", "router"]);
}

#[test]
fn add_puts_after_the_router_where_envoy_will_refuse_it() {
    let it = patched(&http_patch("ADD", Some("router"), "new"));
    assert_eq!(it.http(0), ["fault", "cors", "router", "new"]);
}

#[test]
fn an_insert_at_a_name_that_is_not_there_is_silently_nothing() {
    for operation in ["INSERT_BEFORE", "INSERT_AFTER", "REPLACE", "REMOVE", "MERGE"] {
        let it = patched(&http_patch(operation, Some("nowhere"), "new"));
        assert_eq!(it.http(0), ["fault", "cors", "router"], "{operation}");
        let [warning] = it.unapplied.as_slice() else { panic!("{:?}", it.unapplied) };
        assert!(
            warning.starts_with(
                "test.yaml, document 1, spec.configPatches[0]: this patch matched nothing"
            ),
            "{warning}"
        );
    }
}

#[test]
fn a_filter_is_inserted_at_the_first_of_a_name_only() {
    let twice = http_patch("INSERT_FIRST", None, "envoy.filters.http.cors");
    let it = patched(&(twice + &http_patch("INSERT_BEFORE", Some("cors"), "new")));
    assert_eq!(it.http(0), ["new", "cors", "fault", "cors", "router"]);
}

#[test]
fn replace_takes_the_first_of_a_name_and_remove_all() {
    let twice = http_patch("INSERT_FIRST", None, "envoy.filters.http.cors");
    let it = patched(&(twice.clone() + &http_patch("REPLACE", Some("cors"), "new")));
    assert_eq!(it.http(0), ["new", "fault", "cors", "router"]);
    let it = patched(&(twice + &http_patch("REMOVE", Some("cors"), "ignored")));
    assert_eq!(it.http(0), ["fault", "router"]);
}

#[test]
fn replace_and_remove_without_a_name_do_nothing() {
    for operation in ["REPLACE", "REMOVE"] {
        let it = patched(&http_patch(operation, None, "new"));
        assert_eq!(it.http(0), ["fault", "cors", "router"]);
        assert_eq!(it.unapplied.len(), 1, "{operation}");
    }
}

#[test]
fn a_merge_meets_what_a_later_patch_inserts() {
    let merge = "- applyTo: HTTP_FILTER
  match: {listener: {portNumber: 8080, filterChain: {filter: {name: envoy.filters.network.http_connection_manager, subFilter: {name: new}}}}}
  patch:
    operation: MERGE
    value:
      typed_config: {'@type': type.googleapis.com/envoy.extensions.filters.http.buffer.v3.Buffer, max_request_bytes: 4096}
";
    let it = patched(&(merge.to_owned() + &http_patch("INSERT_BEFORE", Some("router"), "new")));
    let filter = &it.manager(0)["http_filters"][2];
    assert_eq!(filter["typed_config"]["max_request_bytes"], 4096);
    assert!(it.unapplied.is_empty());
}

#[test]
fn a_merge_without_a_sub_filter_goes_into_every_http_filter() {
    let rename = "- applyTo: HTTP_FILTER
  match: {listener: {portNumber: 8080}}
  patch: {operation: MERGE, value: {name: same}}
";
    assert_eq!(patched(rename).http(0), ["same", "same", "same"]);
}

#[test]
fn network_filters_merge_before_http_filters_are_patched() {
    let added = "http_filters: [{name: late, typed_config: {'@type': type.googleapis.com/envoy.extensions.filters.http.cors.v3.Cors}}]";
    let anchored = http_patch("INSERT_BEFORE", Some("router"), "new")
        .replace("envoy.filters.http.router", "late");
    let it = patched(&(anchored + &manager_patch(added)));
    assert_eq!(it.http(0), ["fault", "cors", "router", "new", "late"]);
}

#[test]
fn network_filters_are_inserted_like_http_filters() {
    let patch = |operation: &str| {
        format!(
            "- applyTo: NETWORK_FILTER
  match: {{listener: {{portNumber: 8080, filterChain: {{filter: {{name: envoy.filters.network.http_connection_manager}}}}}}}}
  patch:
    operation: {operation}
    value: {{name: new, typed_config: {{'@type': type.googleapis.com/envoy.extensions.filters.network.echo.v3.Echo}}}}
"
        )
    };
    assert_eq!(patched(&patch("INSERT_BEFORE")).network(0), ["new", "http_connection_manager"]);
    assert_eq!(patched(&patch("INSERT_AFTER")).network(0), ["http_connection_manager", "new"]);
    assert_eq!(patched(&patch("INSERT_FIRST")).network(0), ["new", "http_connection_manager"]);
    assert_eq!(patched(&patch("ADD")).network(0), ["http_connection_manager", "new"]);
    let it = patched(&patch("INSERT_BEFORE"));
    assert_eq!(it.network(1), ["http_connection_manager"], "the other port is left alone");
}

#[test]
fn merge_and_replace_list_does_nothing_to_filters() {
    let it = patched(&http_patch("MERGE_AND_REPLACE_LIST", Some("cors"), "renamed"));
    assert_eq!(it.http(0), ["fault", "cors", "router"]);
    assert_eq!(it.unapplied.len(), 1);
}

#[test]
fn a_merge_of_another_type_is_refused_as_istiod_would_drop_every_patch() {
    let refused = refusal(&http_patch("MERGE", Some("cors"), "cors"));
    assert_eq!(
        refused,
        "test.yaml, document 1, spec.configPatches[0]: the patch's configuration is a \
         `envoy.extensions.filters.http.buffer.v3.Buffer`, the one it meets a \
         `envoy.extensions.filters.http.cors.v3.Cors`; istiod panics over this and drops every \
         patch of the listener"
    );
}
