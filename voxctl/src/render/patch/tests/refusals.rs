//! What istiod drops or misreads in silence is refused here, with its place.

use super::harness::{documents, envoy_filter, http_patch, manager_patch, patches_of, refusal};

#[test]
fn a_field_envoy_does_not_have_is_refused_with_its_path() {
    let refused = refusal(&manager_patch("flush_interval: 1s"));
    assert!(
        refused
            .starts_with("test.yaml, document 1, spec.configPatches[0].patch.value.typed_config"),
        "{refused}"
    );
    assert!(refused.contains("flush_interval"), "{refused}");
}

#[test]
fn a_duration_in_gos_form_is_refused_naming_the_seconds_form() {
    for (written, seconds) in
        [("10ms", "0.010s"), ("1h", "3600s"), ("1m30s", "90s"), ("15us", "0.000015000s")]
    {
        let refused = refusal(&manager_patch(&format!("stream_idle_timeout: {written}")));
        assert!(
            refused.ends_with(&format!(
                "`{written}` is a duration only istiod reads, not Envoy; write `{seconds}`"
            )),
            "{refused}"
        );
        assert!(refused.contains("stream_idle_timeout"), "{refused}");
    }
}

#[test]
fn a_field_istio_does_not_have_is_refused_with_its_path() {
    let misspelt = http_patch("INSERT_FIRST", None, "x").replace("portNumber", "port");
    let refused = refusal(&misspelt);
    assert!(
        refused.starts_with("test.yaml, document 1, spec.configPatches[0].match.listener"),
        "{refused}"
    );
    assert!(refused.contains("unknown field `port`"), "{refused}");
}

#[test]
fn an_envoy_type_that_does_not_exist_is_refused() {
    let refused = refusal(
        &http_patch("INSERT_FIRST", None, "x").replace("buffer.v3.Buffer", "bufer.v3.Bufer"),
    );
    assert!(refused.contains("bufer"), "{refused}");
}

#[test]
fn what_no_code_of_istiod_applies_is_refused() {
    for (patch, says) in [
        (
            "- {applyTo: BOOTSTRAP, patch: {operation: MERGE, value: {}}}\n",
            "BOOTSTRAP cannot be applied here",
        ),
        (
            "- {applyTo: LISTENER, match: {context: WAYPOINT}, patch: {operation: REMOVE}}\n",
            "WAYPOINT cannot be applied here",
        ),
        (
            "- {applyTo: CLUSTER, match: {listener: {portNumber: 1}}, patch: {operation: REMOVE}}\n",
            "this match cannot be applied here",
        ),
        (
            "- {applyTo: LISTENER, match: {context: SIDECAR_INBOUND}, patch: {operation: ADD, value: {name: mine}}}\n",
            "spec.configPatches[0].patch.operation: a LISTENER to add cannot be applied here",
        ),
        (
            "- {applyTo: CLUSTER, match: {context: SIDECAR_INBOUND, cluster: {service: tts.ai.svc.cluster.local}}, patch: {operation: MERGE, value: {}}}\n",
            "spec.configPatches[0].match.cluster.service: this service cannot be applied here",
        ),
        (
            "- {applyTo: LISTENER, match: {listener: {portNumber: 70000}}, patch: {operation: REMOVE}}\n",
            "spec.configPatches[0].match.listener.portNumber: 70000 is not a port",
        ),
        ("- {applyTo: LISTENER, patch: {operation: MERGE}}\n", "this operation needs a value"),
    ] {
        let refused = refusal(patch);
        assert!(refused.contains(says), "{refused}");
    }
}

#[test]
fn target_refs_are_refused() {
    let yaml = envoy_filter("- {applyTo: LISTENER, patch: {operation: REMOVE}}\n")
        .replace("spec:\n", "spec:\n  targetRefs: [{kind: Gateway, name: x}]\n");
    let refused = patches_of(&yaml).unwrap_err().to_string();
    assert!(
        refused.starts_with("test.yaml, document 1, spec.targetRefs: targetRefs cannot"),
        "{refused}"
    );
}

#[test]
fn filter_class_is_ignored_by_istiod_and_warned_about() {
    let classed =
        http_patch("ADD", None, "x").replace("  patch:\n", "  patch:\n    filterClass: AUTHN\n");
    let (_, warnings) = patches_of(&envoy_filter(&classed)).unwrap();
    assert!(warnings[0].contains("istiod ignores filterClass"), "{warnings:?}");
}

#[test]
fn the_only_version_of_envoyfilter_is_v1alpha3() {
    let yaml = envoy_filter("[]").replace("v1alpha3", "v1beta1");
    let refused = documents(&yaml).unwrap_err().to_string();
    assert_eq!(
        refused,
        "test.yaml, document 1, apiVersion: `EnvoyFilter` has no version \
         `networking.istio.io/v1beta1`; write `networking.istio.io/v1alpha3`"
    );
}

#[test]
fn another_kind_is_refused_by_name_and_document() {
    let yaml = envoy_filter("[]")
        + "---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata: {name: x}\n";
    let refused = documents(&yaml).unwrap_err().to_string();
    assert!(
        refused
            .starts_with("test.yaml, document 2, kind: a `VirtualService` cannot be applied here"),
        "{refused}"
    );
}

#[test]
fn a_key_written_twice_is_refused() {
    let refused = documents("apiVersion: v1\nkind: A\nkind: B\n").unwrap_err().to_string();
    assert!(refused.contains("kind"), "{refused}");
}

#[test]
fn what_is_not_rendered_is_said_for_its_own_reason() {
    for (patch, says) in [
        (
            "- {applyTo: LISTENER, patch: {operation: ADD, value: {name: mine}}}\n",
            "istiod adds it to the outbound ones",
        ),
        (
            "- {applyTo: CLUSTER, match: {cluster: {service: keys.test}}, patch: {operation: MERGE, value: {}}}\n",
            "fits none of the clusters given with --cluster",
        ),
    ] {
        let unapplied = super::harness::patched(patch).unapplied;
        assert!(unapplied[0].contains(says), "{unapplied:?}");
    }
}
